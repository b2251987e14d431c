/**
 * What saves in the library, found before anything runs: functions that call a pickler, classes with a method that does, and whoever
 * hands them what they save (`save_checkpoint({"net": net}, path)`). Boundary: instructions and names, whatever the flow knows of
 * them; running what is found is `checkpoint.ts`.
 */
import type { Code, Register, TypeExpression, Unit } from "../../../python/code.ts";
import type { Definition } from "../../../python/resolve.ts";
import { mayComeFromCaller } from "../flow/callers/handed-on.ts";
import type { Flow } from "../flow/flow.ts";
import { FILLS_CHECKPOINT, isPickler, isPicklerClass, MAY_SAVE, PICKLING, SAVES_TENSORS, savedArgument } from "../flow/models/saves.ts";
import { definitionsOf, originsOf } from "../flow/register-origins.ts";
import { OPEN_SUBCLASSES } from "../flow/types.ts";
import { functionsOf } from "../flow/writers/foreign-stores.ts";

/** A function of the library that saves, a class with a method that does, or a module that does at its top. */
export interface Saver {
  readonly code: Code;
  /** Where all it saves are the tensors of something: the line of the call. */
  readonly tensorsAt: number | null;
}

/** So many functions and classes may stand between what is saved and the call that saves it. */
const DEPTH = 4;

/**
 * What saves in the library. Of those that save nothing but tensors only the first: what another would say is the same.
 * A subclass runs with the class that saves.
 */
export function saversOf(flow: Flow): Saver[] {
  const search = new Search(flow);
  search.start();
  for (let depth = 0; depth < DEPTH; depth++) if (!search.goOn()) break;
  const { tensors, saving } = search;
  const withOthers = new Set([...saving].flatMap((code) => classAndSubclasses(flow, code).filter((each) => each !== code)));
  return [...tensors, ...[...saving].filter((code) => !withOthers.has(code)).map((code) => ({ code, tensorsAt: null }))];
}

/** A class and its subclasses; of an interface of the whole library itself alone. */
export function classAndSubclasses(flow: Flow, class_: Code): readonly Code[] {
  if (class_.kind !== "class") return [class_];
  const subclasses = flow.classes.librarySubclasses(class_);
  return subclasses.length > OPEN_SUBCLASSES ? [class_] : [class_, ...subclasses];
}

/** What is looked for: picklers at first, then what hands on to one of those what it is handed. */
interface Sought {
  /** The last part of every name that it is written by. */
  readonly names: ReadonlySet<string>;
  isOne(definition: Definition): boolean;
  /** Which methods of what one makes save; null where one saves when it is called. */
  methodsOf(definition: Definition): ReadonlySet<string> | null;
}

/** What saves if some method of it is called, or of what it gives; null for what saves when it is called. */
type Methods = ReadonlySet<string> | null;

class Search {
  readonly tensors: Saver[] = [];
  readonly saving = new Set<Code>();
  /** Functions and classes whose callers have been looked for, or will be next. */
  private readonly handing = new Set<Code>();
  private next = new Map<Code, Methods>();
  private nextVariables: { readonly unit: Unit; readonly name: string; readonly methods: Methods }[] = [];

  constructor(private readonly flow: Flow) {}

  /** What calls picklers itself. */
  start(): void {
    const { flow } = this;
    const sought = { names: PICKLING, isOne: (definition: Definition) => this.isPickler(definition), methodsOf: () => null };
    for (const unit of this.unitsWith(MAY_SAVE)) {
      for (const class_ of unit.classes) if (flow.classes.externalBases(class_).some(isPicklerClass)) this.hand(class_, new Set(["dump"]));
      const names = namesIn(unit, sought);
      const mayMention = new RegExp(`${MAY_SAVE.source}${names.length > 0 ? `|\\b(?:${names.join("|")})\\b` : ""}`);
      for (const code of codesOf(unit)) {
        if (code.kind === "function" && !mayMention.test(code.text)) continue;
        if (code.kind === "function" && this.tensors.length === 0) {
          const tensorsAt = lineOfTensors(code);
          if (tensorsAt !== null) this.tensors.push({ code, tensorsAt });
        }
        if (code.name === FILLS_CHECKPOINT && code.parent?.kind === "class") this.saving.add(code.parent);
        this.look(code, sought);
      }
    }
  }

  /** What calls those that were found last; false where there is nobody left to look for. */
  goOn(): boolean {
    const { flow } = this;
    const codes = new Map<Code, Methods>();
    for (const [code, methods] of this.next) for (const each of classAndSubclasses(flow, code)) codes.set(each, methods);
    const variables = this.nextVariables;
    if (codes.size === 0 && variables.length === 0) return false;
    this.next = new Map();
    this.nextVariables = [];
    const variableOf = (definition: Definition) =>
      definition.kind === "variable" ? variables.find(({ unit, name }) => unit === definition.unit && name === definition.name) : undefined;
    const sought: Sought = {
      names: new Set([...[...codes.keys()].map(({ name }) => name), ...variables.map(({ name }) => name)]),
      // A variable that is nothing but another name for a pickler is that.
      isOne: (definition) =>
        ("code" in definition ? codes.has(definition.code) : variableOf(definition) !== undefined) || this.isPickler(definition),
      methodsOf: (definition) => ("code" in definition ? codes.get(definition.code) : variableOf(definition)?.methods) ?? null,
    };
    const named = new RegExp(`\\b(?:${[...sought.names].join("|")})\\b`);
    for (const unit of this.unitsWith(named, [...sought.names])) {
      const mayMention = new RegExp(`\\b(?:${[...sought.names, ...namesIn(unit, sought)].join("|")})\\b`);
      for (const code of codesOf(unit))
        if (code.kind !== "function" || mayMention.test(code.text.slice(code.text.indexOf("(")))) this.look(code, sought);
    }
    return true;
  }

  private isPickler(definition: Definition): boolean {
    if (definition.kind === "external") return isPickler(definition.name);
    return (definition.kind === "function" || definition.kind === "class") && isPickler(this.flow.nameOf(definition.code));
  }

  private unitsWith(pattern: RegExp, words: readonly string[] = []): Unit[] {
    const { modules } = this.flow.resolver;
    return modules.libraryModulesWith(pattern, words).flatMap((module) => modules.unit(module) ?? []);
  }

  /** Notes what is sought in a code, or in the functions inside it. */
  private look(code: Code, sought: Sought): void {
    if (this.handing.has(ownerOf(code))) return;
    const { mentions, methods } = this.mentionsIn(code, sought);
    for (const { code: inner, from } of defaultsOf(code)) if (mentions.has(from)) this.add(inner, true, null);
    if (mentions.size === 0) return;
    if (code.kind === "module") this.lookAtTop(code, mentions, methods);
    else if (methods === null || this.callsOne(ownerOf(code), methods)) this.add(code, this.handsOn(code, mentions, methods), methods);
    else if (returnsOne(code, mentions)) this.hand(code, methods);
  }

  /** A module saves where it calls what is sought at its top; what it binds to that there saves elsewhere. */
  private lookAtTop(module: Code, mentions: ReadonlySet<Register>, methods: Methods): void {
    const isCalled = methods === null || this.callsOne(module, methods);
    for (const { names, instructions } of module.body.statements) {
      for (const instruction of instructions) {
        if (instruction.op === "call" && mentions.has(instruction.callee) && isCalled) this.saving.add(module);
        if (instruction.op !== "name" && instruction.op !== "load") continue;
        if (mentions.has(instruction.into)) for (const name of names) this.nextVariables.push({ unit: module.unit, name, methods });
      }
    }
  }

  /** Whether something in a code may call one of these methods, or something that it calls itself: `Job(cache).run()`. */
  private callsOne(code: Code, methods: ReadonlySet<string>): boolean {
    const called = new RegExp(`\\.\\s*(?:${[...methods].join("|")})\\s*\\(`);
    if (called.test(code.text)) return true;
    if (code.kind === "class") return false;
    const { resolver } = this.flow;
    return code.body.instructions.some((each) => {
      if (each.op !== "call") return false;
      const origins = originsOf(code, each.callee);
      return origins
        .flatMap((origin) => definitionsOf(resolver, code, origin))
        .some(
          (found) => "code" in found && this.flow.isOfLibrary(found.code) && !this.handing.has(found.code) && called.test(found.code.text),
        );
    });
  }

  private add(code: Code, handsOn: boolean, methods: Methods): void {
    const owner = ownerOf(code);
    this.saving.add(owner);
    if (handsOn) this.hand(owner, owner.kind === "class" ? this.savingMethods(owner, code, methods) : null);
  }

  private hand(code: Code, methods: Methods): void {
    const known = this.next.get(code);
    if (known != null && methods !== null) for (const each of known) (methods as Set<string>).add(each);
    if (this.handing.has(code) && known === undefined) return;
    this.handing.add(code);
    this.next.set(code, methods !== null && [...methods].some((name) => /^__\w+__$/.test(name)) ? null : methods);
  }

  /** The methods of a class that lead to one that saves, and names that its body binds to what does; `code` is one of them, or that body. */
  private savingMethods(class_: Code, code: Code, methods: Methods): Set<string> {
    const names = new Set(code === class_ ? boundIn(class_) : [code.name]);
    const called = methods === null || methods.size === 0 ? null : new RegExp(`\\.\\s*(?:${[...methods].join("|")})\\s*\\(`);
    const own = classAndSubclasses(this.flow, class_).flatMap((each) =>
      each.body.instructions.flatMap((instruction) => (instruction.op === "function" ? [instruction.code] : [])),
    );
    for (const each of own) if (called?.test(each.text)) names.add(each.name);
    for (let size = 0; size < names.size; ) {
      size = names.size;
      const leads = new RegExp(`\\b(?:self|cls|super\\(.*\\))\\s*\\.\\s*(?:${[...names].join("|")})\\b`);
      for (const each of own) if (!names.has(each.name) && leads.test(each.text)) names.add(each.name);
    }
    return names;
  }

  /** Whether a code may save what its caller hands it, or what the object holds that it is a method of. */
  private handsOn(code: Code, mentions: ReadonlySet<Register>, methods: Methods): boolean {
    if (code.kind === "class") return true;
    if (code.parameters.length === 0) return false;
    const { instructions } = code.body;
    const loads = new Map(instructions.flatMap((each) => (each.op === "load" ? [[each.into, each.attribute] as const] : [])));
    const called = new Set<Register>();
    for (const instruction of instructions) {
      if (instruction.op !== "call") continue;
      const isMention = mentions.has(instruction.callee);
      if (!isMention && !methods?.has(loads.get(instruction.callee) ?? "")) continue;
      called.add(instruction.callee);
      const saved = isMention ? this.savedPlace(code, instruction.callee) : null;
      const positional = instruction.arguments.filter(({ kind }) => kind === "positional");
      for (const argument of instruction.arguments) {
        const isSaved = saved === null || argument.kind.includes("star") || argument === positional[saved[0]] || argument.name === saved[1];
        if (isSaved && mayComeFromCaller(code, argument.from)) return true;
      }
    }
    // What is done with one that is not called at once is not followed here.
    return [...mentions].some((register) => !called.has(register));
  }

  /** Which argument is saved by what a register holds, where that is a pickler. */
  private savedPlace(code: Code, register: Register): readonly [number, string] | null {
    for (const origin of originsOf(code, register)) {
      for (const definition of definitionsOf(this.flow.resolver, code, origin)) {
        const name = definition.kind === "external" ? definition.name : "code" in definition ? this.flow.nameOf(definition.code) : "";
        const place = savedArgument(name);
        if (place !== null) return place;
      }
    }
    return null;
  }

  /** The registers of a code that hold what is sought, by way of names, of annotations, or inside functions in it; and which methods save then. */
  private mentionsIn(code: Code, sought: Sought): { readonly mentions: Set<Register>; readonly methods: Methods } {
    const { resolver } = this.flow;
    const mentions = new Set<Register>();
    const methods = new Set<string>();
    let isCallEnough = false;
    const note = (definitions: readonly Definition[], register: Register) => {
      for (const definition of definitions) {
        if (!sought.isOne(definition)) continue;
        const found = sought.methodsOf(definition);
        mentions.add(register);
        if (found === null) isCallEnough = true;
        else for (const name of found) methods.add(name);
      }
    };
    const own = new Set(namesIn(code.unit, sought));
    for (const instruction of code.body.instructions) {
      if (instruction.op === "move" && mentions.has(instruction.from)) mentions.add(instruction.into);
      else if (instruction.op === "function" && code.kind === "function") {
        const inside = this.mentionsIn(instruction.code, sought);
        if (inside.mentions.size === 0) continue;
        mentions.add(instruction.into);
        if (inside.methods === null) isCallEnough = true;
        else for (const name of inside.methods) methods.add(name);
      }
      const last =
        instruction.op === "name" || instruction.op === "import"
          ? instruction.name
          : instruction.op === "load"
            ? instruction.attribute
            : null;
      if (last === null || !("into" in instruction)) continue;
      if (!sought.names.has(last) && !(instruction.op === "name" && own.has(last))) continue;
      note(definitionsOf(resolver, code, instruction), instruction.into);
    }
    code.parameters.forEach(({ annotation }, index) => {
      const register = code.body.parameters[index];
      if (annotation === null || register === undefined) return;
      for (const path of pathsIn(annotation))
        if (sought.names.has(path.at(-1) ?? "") || own.has(path.at(-1) ?? "")) note(resolver.pathIn(code, path), register);
    });
    return { mentions, methods: isCallEnough ? null : methods };
  }
}

function ownerOf(code: Code): Code {
  return code.kind === "function" && code.parent?.kind === "class" ? code.parent : code;
}

/** Whether a function gives its caller what it makes of one of these. */
function returnsOne(code: Code, mentions: ReadonlySet<Register>): boolean {
  return code.body.instructions.some(
    (each) => each.op === "return" && originsOf(code, each.from).some((origin) => origin.op === "call" && mentions.has(origin.callee)),
  );
}

/** The names that the body of a class binds to something that is no function. */
function boundIn(class_: Code): string[] {
  return [...class_.members].flatMap(([name, { isAssigned }]) => (isAssigned ? [name] : []));
}

/** The names in an annotation. */
function pathsIn(type: TypeExpression): (readonly string[])[] {
  if (type.kind === "name") return [type.path];
  const items = type.items.flatMap(pathsIn);
  return type.kind === "subscript" ? [...pathsIn(type.base), ...items] : items;
}

/** What of a module runs on its own: its top, bodies of classes, functions and methods. */
function codesOf(unit: Unit): Code[] {
  return [unit.code, ...unit.classes, ...functionsOf(unit.code)];
}

/** Names that a module has for what is sought under another name: `from pickle import dump as write`. */
function namesIn({ bindings }: Unit, { names }: Sought): string[] {
  const isSought = (name: string | null | undefined) => name !== null && name !== undefined && names.has(name);
  return [...bindings].flatMap(([name, found]) =>
    found.some((each) => (each.kind === "import" ? isSought(each.name) : each.kind === "assignment" && isSought(each.path?.at(-1))))
      ? [name]
      : [],
  );
}

/** The functions that a code makes, each with what one of their defaults is. */
function defaultsOf(code: Code): { readonly code: Code; readonly from: Register }[] {
  return code.body.instructions.flatMap((each) => (each.op === "function" ? each.defaults.map((from) => ({ code: each.code, from })) : []));
}

/** The line on which a function asks something for the method that saves its tensors. */
function lineOfTensors(code: Code): number | null {
  for (const instruction of code.body.instructions) {
    if (instruction.op === "load" && instruction.attribute === SAVES_TENSORS) return instruction.line;
    const inside = instruction.op === "function" ? lineOfTensors(instruction.code) : null;
    if (inside !== null) return inside;
  }
  return null;
}
