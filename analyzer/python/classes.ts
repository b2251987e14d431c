/**
 * The class hierarchy: bases, method resolution order, subclasses, abstract methods. Boundary: what the source says;
 * a base from a module whose source is not given stays a dotted name.
 */
import type { Code, TypeExpression } from "./code.ts";
import type { Definition, Resolver } from "./resolve.ts";

/** A class of the analysed source, or the dotted name of one that is not analysed. */
export type Base = Code | string;

const NO_BASES = new Set(["typing.Generic", "typing.Protocol", "typing_extensions.Protocol", "abc.ABC", "builtins.object"]);

const NAMED_TUPLE_MAKERS = new Set(["collections.namedtuple", "typing.NamedTuple"]);

export class Classes {
  private readonly orders = new Map<Code, readonly Base[]>();
  private readonly bases = new Map<Code, readonly Base[]>();
  private readonly metaclasses = new Map<Code, Code | null>();
  private readonly subclasses = new Map<Code, readonly Code[]>();
  private readonly withoutObjects = new Map<Code, boolean>();
  private readonly definers = new Map<Code, Map<string, Code | null>>();
  private readonly externals = new Map<Code, readonly string[]>();

  constructor(readonly resolver: Resolver) {}

  /** The class of a class, where one of its bases names it and its source is given. */
  metaclassOf(code: Code): Code | null {
    const known = this.metaclasses.get(code);
    if (known !== undefined) return known;
    const named = this.orderOf(code).flatMap((base) =>
      typeof base === "string" || base.metaclass === null ? [] : this.resolveBase(base, base.metaclass),
    );
    const found = named.find((base) => typeof base !== "string") ?? null;
    this.metaclasses.set(code, found);
    return found;
  }

  /** Direct bases, in order. `object` and what only types are (`Generic[T]`, `Protocol`, `ABC`) are left out. */
  basesOf(code: Code): readonly Base[] {
    const known = this.bases.get(code);
    if (known) return known;
    this.bases.set(code, []);
    const found = code.bases.flatMap((base) => this.resolveBase(code, base)).filter((base) => base !== code && !isTypingOnly(base));
    const distinct = [...new Set(found)];
    this.bases.set(code, distinct);
    return distinct;
  }

  /** Says the bases of a class that a call makes: its source does not. */
  define(code: Code, bases: readonly Base[]): void {
    this.bases.set(
      code,
      [...new Set(bases)].filter((base) => !isTypingOnly(base)),
    );
  }

  private resolveBase(code: Code, base: TypeExpression): Base[] {
    if (base.kind === "subscript") return this.resolveBase(code, base.base);
    if (base.kind !== "name") return [];
    const scope = code.parent ?? code.unit.code;
    const definitions = this.resolver.pathIn(scope, base.path);
    if (definitions.length === 0) return [`builtins.${base.path.join(".")}`];
    return definitions.flatMap((definition): Base[] => {
      if (definition.kind === "class") return [definition.code];
      if (definition.kind === "external") return [definition.name];
      if (definition.kind !== "variable") return [];
      const base = this.namedTuple(definition) ?? builtinType(definition) ?? `${definition.unit.module}.${definition.name}`;
      return [base];
    });
  }

  /** What makes a base that is a variable, `Base = namedtuple("Base", fields)`; null where it is anything else. */
  private namedTuple({ unit, name }: Extract<Definition, { readonly kind: "variable" }>): string | null {
    const called = unit.code.body.statements.flatMap(({ names, calls }) => (names.includes(name) ? calls : []));
    const made = called.flatMap((path) => this.resolver.pathIn(unit.code, path));
    const found = made.find((definition) => definition.kind === "external" && NAMED_TUPLE_MAKERS.has(definition.name));
    return found?.kind === "external" ? found.name : null;
  }

  /** The method resolution order (C3), the class itself first; where C3 has no answer (a cycle), depth first. */
  orderOf(code: Code): readonly Base[] {
    const known = this.orders.get(code);
    if (known) return known;
    const order = this.linearise(code, new Set()) ?? [code, ...this.ancestors(code, new Set([code]))];
    this.orders.set(code, order);
    return order;
  }

  private linearise(code: Code, running: Set<Code>): readonly Base[] | null {
    const known = this.orders.get(code);
    if (known) return known;
    if (running.has(code)) return null;
    running.add(code);
    const bases = this.basesOf(code);
    const lists: Base[][] = [];
    for (const base of bases) {
      const order = typeof base === "string" ? [base] : this.linearise(base, running);
      if (!order) return null;
      lists.push([...order]);
    }
    running.delete(code);
    const merged = merge([...lists, [...bases]]);
    return merged && [code, ...merged];
  }

  private ancestors(code: Code, seen: Set<Base>): Base[] {
    return this.basesOf(code).flatMap((base) => {
      if (seen.has(base)) return [];
      seen.add(base);
      return typeof base === "string" ? [base] : [base, ...this.ancestors(base, seen)];
    });
  }

  isSubclass(code: Code, base: Base): boolean {
    return this.orderOf(code).includes(base);
  }

  /** Every subclass in the library, direct or not, in the order of the library's modules. */
  librarySubclasses(code: Code): readonly Code[] {
    const known = this.subclasses.get(code);
    if (known) return known;
    const children = this.childrenIn(this.resolver.modules.modulesWithSubclasses(code.name));
    const found = new Set<Code>();
    const queue = [...(children.get(code) ?? [])];
    for (let next = queue.shift(); next; next = queue.shift()) {
      if (found.has(next) || next === code) continue;
      found.add(next);
      queue.push(...(children.get(next) ?? []));
    }
    const subclasses = [...found];
    this.subclasses.set(code, subclasses);
    return subclasses;
  }

  /** Classes of some modules, by their direct bases. */
  private childrenIn(modules: readonly string[]): Map<Code, Code[]> {
    const children = new Map<Code, Code[]>();
    for (const code of modules.flatMap((module) => [...(this.resolver.modules.unit(module)?.classes ?? [])])) {
      for (const base of this.basesOf(code)) {
        if (typeof base === "string") continue;
        const known = children.get(base);
        if (known) known.push(code);
        else children.set(base, [code]);
      }
    }
    return children;
  }

  /** Every class of the library at the top of a module or inside another class. */
  libraryClasses(): Code[] {
    const { modules } = this.resolver;
    return modules.libraryModules().flatMap((module) => [...(modules.unit(module)?.classes ?? [])]);
  }

  /** The first class in the order that has `name` in its body. */
  definerOf(code: Code, name: string): Code | null {
    let definers = this.definers.get(code);
    if (!definers) {
      definers = new Map();
      this.definers.set(code, definers);
    }
    const known = definers.get(name);
    if (known !== undefined) return known;
    const found = this.orderOf(code).find((base) => typeof base !== "string" && base.members.has(name));
    const definer = typeof found === "object" ? found : null;
    definers.set(name, definer);
    return definer;
  }

  /** Whether there are no objects of the class itself: it is a protocol, a method is still abstract, or the constructor can only raise an exception. */
  hasNoObjects(code: Code): boolean {
    const known = this.withoutObjects.get(code);
    if (known !== undefined) return known;
    const definer = this.definerOf(code, "__init__");
    const found = (definer !== null && alwaysRaises(definer, "__init__")) || isProtocol(code) || this.isAbstract(code);
    this.withoutObjects.set(code, found);
    return found;
  }

  private isAbstract(code: Code): boolean {
    const order = this.orderOf(code).filter((base) => typeof base !== "string");
    if (!order.some(usesAbstractBaseClass)) return false;
    const seen = new Set<string>();
    for (const base of order) {
      for (const instruction of base.body.instructions) {
        if (instruction.op !== "function" || seen.has(instruction.code.name)) continue;
        if (instruction.code.decorators.some((decorator) => /(^|\.)abstract\w*$/.test(decorator))) return true;
      }
      for (const name of base.members.keys()) seen.add(name);
    }
    return false;
  }

  /** Bases, anywhere up, whose source is not given. */
  externalBases(code: Code): readonly string[] {
    const known = this.externals.get(code);
    if (known) return known;
    const found = this.orderOf(code).filter((base) => typeof base === "string");
    this.externals.set(code, found);
    return found;
  }
}

/** Whether a method that a class defines can only raise an exception. */
export function alwaysRaises(definer: Code, name: string): boolean {
  const definitions = definer.body.instructions.flatMap((each) => (each.op === "function" && each.code.name === name ? [each.code] : []));
  return definitions.length > 0 && definitions.every((code) => code.body.alwaysRaises);
}

function usesAbstractBaseClass(code: Code): boolean {
  const names = [code.metaclass, ...code.bases].map((type) => (type?.kind === "name" ? type.path.at(-1) : undefined));
  return names.includes("ABC") || names.includes("ABCMeta");
}

/** The builtin type that a module has another name for, in some branch at least (`unicode = str`, of a module that Python 2 could run, too). */
function builtinType({ unit, name }: Extract<Definition, { readonly kind: "variable" }>): string | null {
  for (const binding of unit.bindings.get(name) ?? []) {
    const [type, ...more] = (binding.kind === "assignment" && binding.path) || [];
    if (type !== undefined && more.length === 0 && DERIVED_BUILTINS.has(type) && !unit.bindings.has(type)) return `builtins.${type}`;
  }
  return null;
}

/** Builtin types of data that a class may be derived from. */
const DERIVED_BUILTINS = new Set(["bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"]);

/** Whether a class says itself that it is a protocol: it cannot be called then, though its subclasses can. */
function isProtocol({ bases }: Code): boolean {
  return bases.some((base) => {
    const type = base.kind === "subscript" ? base.base : base;
    return type.kind === "name" && type.path.at(-1) === "Protocol";
  });
}

function isTypingOnly(base: Base): boolean {
  return typeof base === "string" && NO_BASES.has(base);
}

/** C3's merge; null where there is no consistent order. */
function merge(lists: Base[][]): Base[] | null {
  const result: Base[] = [];
  let rest = lists.filter((list) => list.length > 0);
  while (rest.length > 0) {
    const next = rest.map((list) => list[0]).find((head) => head && rest.every((list) => !list.slice(1).includes(head)));
    if (!next) return null;
    result.push(next);
    rest = rest.map((list) => (list[0] === next ? list.slice(1) : list)).filter((list) => list.length > 0);
  }
  return result;
}
