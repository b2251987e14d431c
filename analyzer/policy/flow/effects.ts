/**
 * Statements of the library that change something defined elsewhere: `@register("x")` over a class, `registry.add(X)`,
 * `Class.attribute = ...`. A variable is evaluated with the statements of its own module; these are the others.
 * Boundary: an index from what is changed to the statements; evaluating them is `flow.ts`.
 */
import type { Code, Instruction, Unit } from "../../python/code.ts";
import type { Definition, Resolver } from "../../python/resolve.ts";

export interface Statement {
  readonly unit: Unit;
  readonly index: number;
}

/** What a definition is known by: a variable by its module and name, a class or function by its code. */
type Key = Code | string;

const WRITES = new Set(["append", "add", "extend", "insert", "update", "setdefault", "register"]);

export class Effects {
  private readonly index = new Map<Key, readonly Statement[]>();
  private readonly modules = new Map<string, Map<Key, Statement[]>>();
  private readonly writers = new Map<Unit, Map<string, Code[]>>();

  private constructor(private readonly resolver: Resolver) {}

  /** Those of a library: the same for everything that is inferred of it. */
  static of(resolver: Resolver): Effects {
    const known = OF_LIBRARIES.get(resolver) ?? new Effects(resolver);
    OF_LIBRARIES.set(resolver, known);
    return known;
  }

  /** Statements anywhere in the library that change a variable: calls on it, and calls of functions that write it. */
  onVariable(unit: Unit, name: string): readonly Statement[] {
    if (!unit.bindings.get(name)?.some((binding) => binding.kind === "assignment")) return [];
    const found = [...this.statements(variableKey(unit, name))];
    for (const writer of this.writersOf(unit).get(name) ?? []) found.push(...this.statements(writer));
    return found;
  }

  /** Statements that call a class's own methods, or store to its attributes, from the top of a module. */
  onClass(code: Code): readonly Statement[] {
    return this.statements(code);
  }

  private statements(key: Key): readonly Statement[] {
    const known = this.index.get(key);
    if (known) return known;
    const found = this.modulesAbout(key).flatMap((module) => this.effectsOf(module).get(key) ?? []);
    this.index.set(key, found);
    return found;
  }

  /**
   * The library's modules whose text may have such a statement. Of a function the call itself counts, of a variable or a class
   * only calls of what it has.
   */
  private modulesAbout(key: Key): readonly string[] {
    const { modules } = this.resolver;
    const isFunction = typeof key !== "string" && key.kind === "function";
    return isFunction ? modules.modulesCalling(nameOf(key)) : modules.modulesCallingMethodsOf(nameOf(key));
  }

  /** The statements at the top of a module, by what their calls are about. */
  private effectsOf(module: string): Map<Key, Statement[]> {
    const known = this.modules.get(module);
    if (known) return known;
    const index = new Map<Key, Statement[]>();
    this.modules.set(module, index);
    const unit = this.resolver.modules.unit(module);
    unit?.code.body.statements.forEach((statement, position) => {
      const keys = new Set(statement.calls.flatMap((path) => this.keysOf(unit, path)));
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

function nameOf(key: Key): string {
  return typeof key === "string" ? key.slice(key.indexOf(":") + 1) : key.name;
}

function keyOf(definition: Definition): Key | null {
  if (definition.kind === "class" || definition.kind === "function") return definition.code;
  return definition.kind === "variable" ? variableKey(definition.unit, definition.name) : null;
}

function variableKey(unit: Unit, name: string): string {
  return `${unit.module}:${name}`;
}

/** Module-level names that a function, or a function inside it, writes into. */
function writtenNames(code: Code): string[] {
  const { instructions } = code.body;
  const names = new Map<number, string>();
  for (const instruction of instructions) if (instruction.op === "name") names.set(instruction.into, instruction.name);
  const written = instructions.flatMap((instruction) => {
    const register = writtenRegister(instruction);
    const name = register === null ? undefined : names.get(register);
    return name === undefined ? [] : [name];
  });
  const inner = instructions.flatMap((instruction) => (instruction.op === "function" ? writtenNames(instruction.code) : []));
  return [...new Set([...written, ...inner])];
}

function writtenRegister(instruction: Instruction): number | null {
  if (instruction.op === "set-item" || instruction.op === "store") return instruction.object;
  return instruction.op === "load" && WRITES.has(instruction.attribute) ? instruction.object : null;
}
