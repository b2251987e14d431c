/**
 * Statements of the library that change something defined elsewhere: `@register("x")` over a class, `registry.add(X)`,
 * `Class.attribute = ...`. A variable is evaluated with the statements of its own module; these are the others.
 * Boundary: an index from what is changed to the statements; evaluating them is `flow.ts`.
 */
import type { Binding, Code, Instruction, Unit } from "../../../../python/code.ts";
import type { FunctionInModule } from "../../../../python/modules.ts";
import type { Definition, Resolver } from "../../../../python/resolve.ts";

export interface Statement {
  readonly unit: Unit;
  readonly index: number;
}

/** What a definition is known by: a variable by its module and name, and where it is called itself by CALLED after them; a class or function by its code. */
type Key = Code | string;

/** Methods that put something into what they are called on. */
export const WRITES: ReadonlySet<string> = new Set(["append", "add", "extend", "insert", "update", "setdefault", "register"]);

export class Effects {
  private readonly index = new Map<Key, readonly Statement[]>();
  private readonly modules = new Map<string, Map<Key, Statement[]>>();
  private readonly writers = new Map<Unit, Map<string, Code[]>>();

  private reductions: readonly Statement[] | null = null;

  private constructor(private readonly resolver: Resolver) {}

  /** Those of a library: the same for everything that is inferred of it. */
  static of(resolver: Resolver): Effects {
    const known = OF_LIBRARIES.get(resolver) ?? new Effects(resolver);
    OF_LIBRARIES.set(resolver, known);
    return known;
  }

  /**
   * Statements anywhere in the library that change a variable: calls on it, calls of functions that write it, and of what the same call gave
   * (`build, register = setup()`).
   */
  onVariable(unit: Unit, name: string): readonly Statement[] {
    const line = unit.bindings.get(name)?.find((binding) => binding.kind === "assignment")?.line;
    if (line === undefined) return [];
    const found = [...this.statements(variableKey(unit, name))];
    for (const writer of this.everyWriter(unit, name)) found.push(...this.statements(writer));
    for (const [other, bindings] of unit.bindings)
      if (other !== name && bindings.some((binding) => binding.kind === "assignment" && binding.line === line))
        found.push(...this.statements(calledKey(unit, other)));
    return found;
  }

  /** Statements that call a class's own methods, or store to its attributes, from the top of a module. A class that a stub describes is compiled. */
  onClass(code: Code): readonly Statement[] {
    if (code.unit.path.endsWith(".pyi")) return [];
    return this.statements(code);
  }

  /**
   * Statements of the library that register reductions with copyreg, or call functions of their module that may. All of them: which classes they are
   * about is only known when they are followed.
   */
  onReductions(): readonly Statement[] {
    this.reductions ??= this.resolver.modules.libraryModulesWith(/\b(copyreg|copy_reg)\b/, ["copyreg", "copy_reg"]).flatMap((module) => {
      const unit = this.resolver.modules.unit(module);
      if (!unit) return [];
      const names = [...unit.bindings].flatMap(([name, bindings]) => (bindings.some(isOfCopyreg) ? [name] : []));
      const mention = new RegExp(`\\b(copyreg|copy_reg${names.map((name) => `|${name}`).join("")})\\b`);
      return unit.code.body.statements.flatMap(({ calls }, index) => {
        const isMeant = calls.some((path) =>
          this.resolver.path(unit, path.at(-1) === "[]" ? path.slice(0, -1) : path).some((definition) => {
            if (definition.kind === "external") return REGISTERS.test(definition.name);
            return definition.kind === "function" && definition.code.unit === unit && mention.test(definition.code.text);
          }),
        );
        return isMeant ? [{ unit, index }] : [];
      });
    });
    return this.reductions;
  }

  private statements(key: Key): readonly Statement[] {
    const known = this.index.get(key);
    if (known) return known;
    const found = [...this.modulesAbout(key)].flatMap((module) => this.effectsOf(module).get(key) ?? []);
    this.index.set(key, found);
    return found;
  }

  /**
   * The library's modules whose text may have such a statement, under whatever name. Of a function the call itself counts, of a variable or a class
   * only calls of what it has.
   */
  private modulesAbout(key: Key): ReadonlySet<string> {
    const { modules } = this.resolver;
    const isCalled = typeof key === "string" ? key.endsWith(CALLED) : key.kind === "function";
    const found = new Set<string>();
    const addCalls = (name: string) => {
      for (const each of modules.namesOf(name)) for (const module of modules.modulesCalling(each)) found.add(module);
    };
    for (const name of modules.namesOf(nameOf(key))) {
      for (const module of isCalled ? modules.modulesCalling(name) : modules.modulesCallingMethodsOf(name)) found.add(module);
      if (!isCalled) for (const alias of modules.namesOfMethodsOf(name)) addCalls(alias);
    }
    for (const name of this.namesMadeOf(key)) addCalls(name);
    return found;
  }

  /** Variables beside a function or variable that are made of it: `register = partial(_register, "loss")`. */
  private namesMadeOf(key: Key): readonly string[] {
    const module = typeof key === "string" ? key.slice(0, key.indexOf(":")) : key.kind === "function" ? key.unit.module : null;
    const unit = module === null ? null : this.resolver.modules.unit(module);
    if (!unit) return [];
    const name = nameOf(key);
    return Array.from(
      unit.code.text.matchAll(new RegExp(`^(\\w+)[ \\t]*=[^=\\n][^\\n]*\\b${name}\\b`, "gm")),
      ([, made = ""]) => made,
    ).filter((made) => made !== name);
  }

  /** The statements at the top of a module, by what their calls are about. */
  private effectsOf(module: string): Map<Key, Statement[]> {
    const known = this.modules.get(module);
    if (known) return known;
    const index = new Map<Key, Statement[]>();
    this.modules.set(module, index);
    const unit = this.resolver.modules.unit(module);
    // Hundreds of functions may be under one decorator.
    const ofCalled = new Map<string, readonly Key[]>();
    unit?.code.body.statements.forEach((statement, position) => {
      const keys = new Set(statement.calls.flatMap((path) => this.keysOf(unit, path)));
      const called = statement.calls.flatMap((path) => {
        const found = ofCalled.get(path.join(".")) ?? this.keysOfCalled(unit, path);
        ofCalled.set(path.join("."), found);
        return found;
      });
      const others = called.filter((key) => !keys.has(key));
      if (others.length > 0 && !bindsResult(unit, statement.instructions)) for (const key of others) keys.add(key);
      for (const key of keys) index.set(key, [...(index.get(key) ?? []), { unit, index: position }]);
    });
    return index;
  }

  /** What a called path is about: the function itself, or the variable or class whose method it is. */
  private keysOf(unit: Unit, path: readonly string[]): Key[] {
    const whole = this.resolver.path(unit, path).filter((definition) => definition.kind === "function");
    const owner = path.length > 1 ? this.resolver.path(unit, path.slice(0, -1)) : [];
    return [...whole, ...owner].map(keyOf).filter((key) => key !== null);
  }

  /** Where it is a variable of the library that is called, the variable, and what that was made of. */
  private keysOfCalled(unit: Unit, path: readonly string[], depth = 0): Key[] {
    return this.resolver.path(unit, path).flatMap((definition): Key[] => {
      if (definition.kind !== "variable" || !this.resolver.modules.isOfLibrary(definition.unit)) return [];
      const { unit: made, name } = definition;
      const key = calledKey(made, name);
      if (depth === DEEPEST) return [key];
      const paths = made.bindings
        .get(name)!
        .flatMap((binding) => (binding.kind === "assignment" && binding.path !== null ? [binding.path] : []));
      const statements = paths.length > 0 ? [] : made.code.body.statements.filter((statement) => statement.names.includes(name));
      const named = statements
        .filter(({ calls }) => calls.length > 0)
        .flatMap(({ instructions }) => this.keysNamed(made, name, instructions));
      return [key, ...named, ...paths.flatMap((each) => [...this.keysOf(made, each), ...this.keysOfCalled(made, each, depth + 1)])];
    });
  }

  /** The functions of the library that instructions name, and variables that they hand on, alone or as what puts something into them. */
  private keysNamed(unit: Unit, but: string, instructions: readonly Instruction[]): Key[] {
    const handed = new Set(instructions.flatMap((each) => (each.op === "call" ? each.arguments.map(({ from }) => from) : [])));
    for (const each of instructions) if (each.op === "load" && WRITES.has(each.attribute) && handed.has(each.into)) handed.add(each.object);
    return instructions.flatMap((instruction) => {
      if (instruction.op !== "name" || instruction.name === but) return [];
      const found = this.resolver.name(unit, instruction.name);
      const isHanded = handed.has(instruction.into);
      return found
        .filter(({ kind }) => kind === "function" || (kind === "variable" && isHanded))
        .flatMap((definition) => keyOf(definition) ?? []);
    });
  }

  /** The functions that write a variable: of its own module, decorators of others, and decorators that call one of these. */
  private everyWriter(unit: Unit, name: string): ReadonlySet<Code> {
    const found = new Set(this.writersOf(unit).get(name));
    const { modules } = this.resolver;
    const key = variableKey(unit, name);
    const addUsing = (used: string, isFunction: boolean, isMeant: (definition: Definition) => boolean) => {
      for (const name of modules.namesOf(used))
        for (const each of modules.decoratorsUsing(name))
          for (const code of this.functionsIn(each))
            if (!found.has(code) && this.resolver.name(code.unit, name).some(isMeant) && handsOnTo(code, name, isFunction)) found.add(code);
    };
    addUsing(name, false, (definition) => keyOf(definition) === key);
    for (const writer of found) addUsing(writer.name, true, (definition) => keyOf(definition) === writer);
    return found;
  }

  private functionsIn({ module, name }: FunctionInModule): Code[] {
    const bindings = this.resolver.modules.unit(module)?.bindings.get(name) ?? [];
    return bindings.flatMap((binding) => (binding.kind === "function" ? [binding.code] : []));
  }

  /** Functions of a module that put something into one of its variables, by variable. */
  private writersOf(unit: Unit): Map<string, Code[]> {
    const known = this.writers.get(unit);
    if (known) return known;
    const writers = new Map<string, Code[]>();
    this.writers.set(unit, writers);
    for (const bindings of unit.bindings.values()) {
      for (const binding of bindings) {
        if (binding.kind !== "function") continue;
        for (const name of writtenNames(binding.code)) writers.set(name, [...(writers.get(name) ?? []), binding.code]);
      }
    }
    return writers;
  }
}

const OF_LIBRARIES = new WeakMap<Resolver, Effects>();

const REGISTERS = /^copy_?reg\.(pickle|dispatch_table)$/;

function isOfCopyreg(binding: Binding): boolean {
  return binding.kind === "import" && /^copy_?reg$/.test(binding.module);
}

/** So many variables are followed that are each made of the next. */
const DEEPEST = 3;
/** How the key of a variable ends that is called itself. */
const CALLED = "()";

function nameOf(key: Key): string {
  return typeof key === "string" ? key.slice(key.indexOf(":") + 1).replace(CALLED, "") : key.name;
}

function calledKey(unit: Unit, name: string): Key {
  return `${variableKey(unit, name)}${CALLED}`;
}

function keyOf(definition: Definition): Key | null {
  if (definition.kind === "class" || definition.kind === "function") return definition.code;
  return definition.kind === "variable" ? variableKey(definition.unit, definition.name) : null;
}

function variableKey(unit: Unit, name: string): string {
  return `${unit.module}:${name}`;
}

/** Whether a variable of the module is what a call of these instructions gives: nothing is registered by what is computed. */
function bindsResult(unit: Unit, instructions: readonly Instruction[]): boolean {
  const given = new Set<number>();
  return instructions.some((instruction) => {
    if (instruction.op === "call") given.add(instruction.into);
    else if (instruction.op === "item" && given.has(instruction.object)) given.add(instruction.into);
    if (instruction.op !== "bind" || !given.has(instruction.from)) return false;
    return unit.bindings.get(instruction.name)?.every(({ kind }) => kind === "assignment") ?? false;
  });
}

/** Module-level names that a function, or a function inside it, writes into. */
function writtenNames(code: Code): string[] {
  const { instructions } = code.body;
  const names = new Map<number, string>();
  for (const instruction of instructions) {
    if (instruction.op === "name") names.set(instruction.into, instruction.name);
    // `TABLES[kind][name] = ...`
    const around = instruction.op === "item" ? names.get(instruction.object) : undefined;
    if (instruction.op === "item" && around !== undefined) names.set(instruction.into, around);
  }
  const written = instructions.flatMap((instruction) => {
    const register = writtenRegister(instruction);
    const name = register === null ? undefined : names.get(register);
    return name === undefined ? [] : [name];
  });
  const inner = instructions.flatMap((instruction) => (instruction.op === "function" ? writtenNames(instruction.code) : []));
  return [...new Set([...written, ...inner])];
}

/**
 * Whether a function, or one inside it, puts a parameter of its own into what has a module-level name, or hands it to that: `TABLE[name] = c`,
 * `TABLE.register(name)(c)`, `register(c)`. What a wrapper does with what it was called with is not done where it decorates.
 */
function handsOnTo(code: Code, name: string, isFunction: boolean): boolean {
  const { instructions, parameters } = code.body;
  const meant = new Set<number>();
  /** What puts into it what it is called with. */
  const taking = new Set<number>();
  for (const instruction of instructions) {
    switch (instruction.op) {
      case "name":
        if (instruction.name === name) (isFunction ? taking : meant).add(instruction.into);
        break;
      case "item":
        if (meant.has(instruction.object)) meant.add(instruction.into);
        break;
      case "load":
        if (meant.has(instruction.object)) (WRITES.has(instruction.attribute) ? taking : meant).add(instruction.into);
        break;
      case "set-item":
        if (meant.has(instruction.object) && parameters.includes(instruction.from)) return true;
        break;
      case "call":
        if (!taking.has(instruction.callee)) break;
        if (instruction.arguments.some(({ from, kind }) => kind === "positional" && parameters.includes(from))) return true;
        taking.add(instruction.into);
        break;
      case "function":
        if (handsOnTo(instruction.code, name, isFunction)) return true;
        break;
    }
  }
  return false;
}

function writtenRegister(instruction: Instruction): number | null {
  if (instruction.op === "set-item" || instruction.op === "store") return instruction.object;
  return instruction.op === "load" && WRITES.has(instruction.attribute) ? instruction.object : null;
}
