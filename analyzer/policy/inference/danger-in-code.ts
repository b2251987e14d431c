/**
 * Whether calling a function or class of the analysed source can get to something dangerous: what it names, and what the
 * functions and classes that it names name in turn; where a pickle chooses the arguments, also what methods of those may do.
 * Boundary: names, and whatever has the name of a method; what holds what is not asked.
 */
import type { Classes } from "../../python/classes.ts";
import { type Code, functionsNamed, type Register } from "../../python/code.ts";
import type { Definition, Resolver } from "../../python/resolve.ts";
import { dangerOf } from "../danger.ts";

/** Functions that are looked through before one counts as dangerous for its size alone. */
const MOST_FUNCTIONS = 2_000;

/** What runs when a class is called. */
const CONSTRUCTORS = ["__new__", "__init__", "__post_init__", "__attrs_pre_init__", "__attrs_post_init__"];

/** What may be handed as an argument, to be called or to have its methods called. */
export interface Handed {
  /** Functions, and classes, of which objects may be handed as well. */
  readonly codes: ReadonlySet<Code>;
  /** The methods of those classes, by name. */
  readonly methods: ReadonlyMap<string, readonly Code[]>;
  /** A callable whose source is not known, if there is one. */
  readonly unread: string | null;
}

/** What an argument may be where it is one of these, or an object of one. */
export function handedOf(classes: Classes, codes: ReadonlySet<Code>, unread: string | null): Handed {
  const bases = new Set([...codes].flatMap((code) => (code.kind === "class" ? classes.orderOf(code) : [])));
  const methods = new Map<string, Code[]>();
  for (const base of bases) {
    if (typeof base === "string") continue;
    for (const each of base.body.instructions) {
      if (each.op !== "function") continue;
      const others = methods.get(each.code.name);
      if (others) others.push(each.code);
      else methods.set(each.code.name, [each.code]);
    }
  }
  return { codes, methods, unread };
}

/**
 * A dangerous callable that a call of the function or class names, itself or by way of others; null where there is none.
 * With `handed`, what such arguments let it get to counts as well.
 */
export function dangerIn(classes: Classes, called: Code, handed: Handed | null = null): string | null {
  return new Search(classes, handed).from(called);
}

class Search {
  private readonly seen = new Set<Code>();
  private readonly queue: Code[] = [];
  /** Names of methods that were looked for in what may be handed. */
  private readonly methods = new Set<string>();
  private callsHanded = false;

  constructor(
    private readonly classes: Classes,
    private readonly handed: Handed | null,
  ) {}

  from(called: Code): string | null {
    const danger = this.enter(called) ?? this.enterMethods((name) => IMPLICIT.test(name));
    if (danger !== null) return danger;
    for (let code = this.queue.pop(); code; code = this.queue.pop()) {
      const found = this.read(code);
      if (found !== null) return found;
    }
    return null;
  }

  private read(code: Code): string | null {
    const { definitions, methods, callsUnknown } = bodyOf(this.classes.resolver, code);
    for (const definition of definitions) {
      if (definition.kind === "external" && isDangerous(definition.name)) return definition.name;
      const inside = definition.kind === "function" || definition.kind === "class" ? this.enter(definition.code) : null;
      if (inside !== null) return inside;
    }
    if (this.handed === null) return null;
    const names = definitions.flatMap((definition) => (definition.kind === "external" ? [definition.name] : []));
    const fetches = names.some((name) => FETCHES.has(name));
    const fresh = new Set(methods.filter((name) => !this.methods.has(name)));
    for (const name of fresh) this.methods.add(name);
    const danger = fetches || fresh.size > 0 ? this.enterMethods((name) => fetches || fresh.has(name)) : null;
    if (danger !== null) return danger;
    return callsUnknown || names.some((name) => dangerOf(name) === "calls-callables") ? this.enterHanded() : null;
  }

  private enter(code: Code): string | null {
    if (this.seen.has(code)) return null;
    if (this.seen.size >= MOST_FUNCTIONS) return `more than ${MOST_FUNCTIONS} functions`;
    this.seen.add(code);
    if (code.kind === "function") this.queue.push(code);
    return code.kind === "class"
      ? firstOf(constructorsOf(this.classes, code), (each) => (typeof each === "string" ? each : this.enter(each)))
      : null;
  }

  /** What is handed may be called itself. */
  private enterHanded(): string | null {
    if (this.handed === null || this.callsHanded) return null;
    this.callsHanded = true;
    const danger = this.handed.unread ?? firstOf([...this.handed.codes], (code) => this.enter(code));
    return danger ?? this.enterMethods((name) => name === "__call__");
  }

  /** The methods of those names that objects have which may be handed. */
  private enterMethods(isCalled: (name: string) => boolean): string | null {
    const called = [...(this.handed?.methods ?? [])].flatMap(([name, methods]) => (isCalled(name) ? methods : []));
    return firstOf(called, (method) => this.enter(method));
  }
}

/** What Python calls on an object that is used: all special methods but those that make, call, save or load it. */
const IMPLICIT = /^__(?!new__|init__|post_init__|call__|del__|reduce|getstate|setstate|getnewargs|init_subclass|copy|deepcopy)\w+__$/;

/** They get any attribute by its name. */
const FETCHES: ReadonlySet<string> = new Set(["builtins.getattr", "builtins.vars", "operator.attrgetter", "operator.methodcaller"]);

/** The functions that run when a class is called, and the dangerous among the classes without source that it derives from. */
function constructorsOf(classes: Classes, class_: Code): (Code | string)[] {
  const metaclass = classes.metaclassOf(class_);
  const definer = metaclass && classes.definerOf(metaclass, "__call__");
  return [
    ...classes.orderOf(class_).flatMap((base): (Code | string)[] => {
      if (typeof base === "string") return isDangerous(base) ? [base] : [];
      return CONSTRUCTORS.flatMap((name) => functionsNamed(base, name));
    }),
    ...(definer ? functionsNamed(definer, "__call__") : []),
  ];
}

function firstOf<T>(values: readonly T[], find: (value: T) => string | null): string | null {
  for (const value of values) {
    const found = find(value);
    if (found !== null) return found;
  }
  return null;
}

function isDangerous(name: string): boolean {
  const danger = dangerOf(name);
  return danger !== null && danger !== "calls-callables";
}

interface Body {
  /** What its dotted names mean. */
  readonly definitions: readonly Definition[];
  /** Attributes that it reads of what is no such name. */
  readonly methods: readonly string[];
  /** Whether it calls what is none. */
  readonly callsUnknown: boolean;
}

/** Each partial that is kept is searched from by itself, and most searches come to the same functions. */
const BODIES = new WeakMap<Resolver, Map<Code, Body>>();

/** Of a function, those of the functions inside it among them. */
function bodyOf(resolver: Resolver, code: Code): Body {
  const bodies = BODIES.get(resolver) ?? new Map<Code, Body>();
  BODIES.set(resolver, bodies);
  const body = bodies.get(code) ?? readBody(resolver, code);
  bodies.set(code, body);
  return body;
}

function readBody(resolver: Resolver, code: Code): Body {
  const paths = new Map<Register, readonly Definition[]>();
  const unknown = new Set<Register>(code.body.parameters);
  const definitions: Definition[] = [];
  const methods: string[] = [];
  let callsUnknown = false;
  const note = (into: Register, found: readonly Definition[]) => {
    paths.set(into, found);
    definitions.push(...found);
  };
  for (const instruction of code.body.instructions) {
    switch (instruction.op) {
      case "name":
        note(instruction.into, resolver.nameOrBuiltin(code.unit, instruction.name));
        break;
      case "import":
        note(instruction.into, resolver.imported(instruction.module, instruction.name));
        break;
      case "move":
        paths.set(instruction.into, paths.get(instruction.from) ?? []);
        if (unknown.has(instruction.from)) unknown.add(instruction.into);
        break;
      case "load": {
        const found = (paths.get(instruction.object) ?? []).flatMap((definition) => resolver.attribute(definition, instruction.attribute));
        note(instruction.into, found);
        if (found.length > 0) break;
        // A method, or whatever an object that is handed has there.
        methods.push(instruction.attribute);
        unknown.add(instruction.into);
        break;
      }
      case "function": {
        const inner = bodyOf(resolver, instruction.code);
        definitions.push(...inner.definitions);
        methods.push(...inner.methods);
        callsUnknown ||= inner.callsUnknown;
        paths.set(instruction.into, [{ kind: "function", code: instruction.code }]);
        break;
      }
      case "call": {
        const { callee } = instruction;
        const isNamed = (paths.get(callee) ?? []).some(({ kind }) => kind !== "variable");
        callsUnknown ||= unknown.has(callee) || !isNamed;
        unknown.add(instruction.into);
        break;
      }
      default:
        if ("into" in instruction) unknown.add(instruction.into);
    }
  }
  return { definitions, methods, callsUnknown };
}
