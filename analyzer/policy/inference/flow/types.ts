/**
 * Annotations to values: what an annotated parameter or attribute may hold. A class of the library stands for itself
 * and every subclass in the library; one of a dependency for itself. Boundary: only annotations in the library are
 * believed; those of dependencies name base classes of half the world, so that of them only what pickles of Python's own containers look up is.
 */
import type { Code, TypeExpression } from "../../../python/code.ts";
import type { Definition } from "../../../python/resolve.ts";
import type { Node } from "../graph/graph.ts";
import { isTypedDict } from "./classes/fields.ts";
import { elementInto } from "./containers.ts";
import { type Flow, KEYS } from "./flow.ts";
import { isContainer, nativeType } from "./models/natives.ts";

/** What is annotated, for the reasons. */
export interface Annotated {
  readonly what: string;
  /** Values are classes, not their objects: inside `Type[...]`. */
  readonly isClass?: boolean;
  /** The annotation names the type itself, not a base of it. */
  readonly isExact?: boolean;
  /** Only containers of Python's that pickle by a name are believed, and not what they are said to hold. */
  readonly isForeign?: boolean;
  /** What is annotated is a module's variable of this name, which never changes. */
  readonly constant?: string;
}

/** Lets a node hold what the annotation says. */
export function seedType(flow: Flow, scope: Code, type: TypeExpression, into: Node, annotated: Annotated): void {
  new Seeder(flow, scope, annotated).seed(type, into, 0);
}

/**
 * A class with more subclasses than this is an interface of the whole library (its modules, its data sets): which of
 * them an attribute holds is said by what the program makes, not by the annotation.
 */
export const OPEN_SUBCLASSES = 100;

const WRAPPERS = /^(Optional|Union|Final|ClassVar|Required|NotRequired|Awaitable|Coroutine)$/;
const SEQUENCES =
  /^(List|list|Sequence|MutableSequence|Iterable|Iterator|Collection|Set|set|FrozenSet|frozenset|AbstractSet|MutableSet|Deque|deque|Tuple|tuple|Generator)$/;
const MAPPINGS = /^(Dict|dict|Mapping|MutableMapping|OrderedDict|DefaultDict|defaultdict|Counter|ChainMap)$/;
/** `name: Callable` in a stub: a function of that name. */
const CALLABLE = /^(typing|collections\.abc)\.Callable$/;
const TYPING = /^(typing|typing_extensions|collections\.abc|builtins|collections)\./;

class Seeder {
  constructor(
    private readonly flow: Flow,
    private readonly scope: Code,
    private readonly annotated: Annotated,
  ) {}

  seed(type: TypeExpression, into: Node, depth: number): void {
    if (depth > 8) return;
    if (type.kind === "union" || type.kind === "list") for (const item of type.items) this.seed(item, into, depth + 1);
    else if (type.kind === "subscript") this.subscript(type, into, depth);
    else for (const definition of this.resolve(type.path)) this.definition(definition, into, type.line, depth);
  }

  private resolve(path: readonly string[]): readonly Definition[] {
    const found = this.flow.resolver.pathIn(this.scope, path);
    return found.length > 0 ? found : [{ kind: "external", name: `builtins.${path.join(".")}` }];
  }

  private subscript(type: Extract<TypeExpression, { kind: "subscript" }>, into: Node, depth: number): void {
    const { base, items } = type;
    if (base.kind !== "name") return;
    for (const definition of this.resolve(base.path)) {
      const name = definition.kind === "external" ? definition.name : "";
      const last = TYPING.test(name) ? (name.split(".").at(-1) ?? "") : "";
      // What follows the type says something about it.
      if (last === "Annotated") for (const item of items.slice(0, 1)) this.seed(item, into, depth + 1);
      else if (WRAPPERS.test(last)) for (const item of items) this.seed(item, into, depth + 1);
      else if (last === "Type" || last === "type") {
        const classes = new Seeder(this.flow, this.scope, { ...this.annotated, isClass: true });
        for (const item of items) classes.seed(item, into, depth + 1);
      } else if (SEQUENCES.test(last)) this.container(last, items, null, into, type.line, depth);
      else if (MAPPINGS.test(last)) this.container(last, items.slice(1), items[0] ?? null, into, type.line, depth);
      else if (!TYPING.test(name)) this.definition(definition, into, type.line, depth);
    }
  }

  private container(
    name: string,
    items: readonly TypeExpression[],
    key: TypeExpression | null,
    into: Node,
    line: number,
    depth: number,
  ): void {
    const type = CONTAINER_TYPES[name.toLowerCase()] ?? "builtins.list";
    if (this.annotated.isForeign && OF_OPCODES.has(type)) return;
    const value = this.flow.values.container(type, `${this.scope.unit.module}:${line}:${this.annotated.what}:${depth}`);
    this.flow.graph.add(into, value, this.origin(line));
    const isTuple = type === "builtins.tuple" && !items.some((item) => item.kind === "name" && item.path[0] === "...");
    items.forEach((item, index) => {
      this.seed(item, elementInto(this.flow, value, isTuple ? String(index) : null), depth + 1);
    });
    if (key) this.seed(key, this.flow.field(value, KEYS), depth + 1);
  }

  private origin(line: number): number {
    return this.flow.graph.origins.add({ kind: "annotation", text: this.annotated.what, file: this.scope.unit.path, line });
  }

  private definition(definition: Definition, into: Node, line: number, depth: number): void {
    const { flow } = this;
    switch (definition.kind) {
      case "class":
        if (isTypedDict(flow, definition.code)) this.typedDict(definition.code, into, line, depth);
        else this.class(definition.code, into, line);
        return;
      case "variable":
        for (const binding of definition.unit.bindings.get(definition.name) ?? []) {
          const type = binding.kind === "assignment" ? binding.type : null;
          if (type) new Seeder(flow, definition.unit.code, this.annotated).seed(type, into, depth + 1);
        }
        return;
      case "external":
        this.external(definition.name, into, line);
        return;
      default:
        return;
    }
  }

  /** Objects of a `TypedDict` are dicts. */
  private typedDict(code: Code, into: Node, line: number, depth: number): void {
    const { flow, annotated } = this;
    if (annotated.isForeign || annotated.isClass) return;
    const value = flow.values.container("builtins.dict", `${this.scope.unit.module}:${line}:${annotated.what}:${depth}`);
    flow.graph.add(into, value, this.origin(line));
    for (const base of flow.classes.orderOf(code)) {
      if (typeof base === "string") continue;
      for (const [name, { annotation }] of base.members)
        if (annotation !== null) new Seeder(flow, base, annotated).seed(annotation, elementInto(flow, value, name), depth + 1);
    }
  }

  private class(code: Code, into: Node, line: number): void {
    const { flow } = this;
    if (this.annotated.isForeign) return;
    const name = flow.nameOf(code);
    if (nativeType(name)?.own) {
      this.external(name, into, line);
      return;
    }
    const source = this.origin(line);
    const isOpen = flow.isOfLibrary(code) && !this.annotated.isExact;
    const candidates = isOpen ? [code, ...flow.classes.librarySubclasses(code)] : [code];
    const isInterface = candidates.length > OPEN_SUBCLASSES;
    if (isInterface)
      flow.notice(`${this.annotated.what}: any of ${candidates.length} classes, left to what the program makes`, this.scope, line, "left");
    if (flow.objects.isWorldClosed && !this.annotated.isClass && !this.annotated.isExact) {
      flow.objects.listenMade((value, made) => {
        if (flow.classes.isSubclass(made, code)) flow.graph.add(into, value, source);
      });
      return;
    }
    // What the user composes is known from what flows here, if the program makes it.
    if (isOpen && (isInterface || this.isOwnKind(code))) return;
    for (const candidate of candidates) {
      if (this.annotated.isClass) flow.graph.add(into, flow.classValue(candidate), source);
      else if (!flow.classes.hasNoObjects(candidate)) flow.graph.add(into, flow.objects.openInstance(candidate), source);
    }
  }

  /**
   * A class whose own methods take its own kind (`Module.add_module(module: Module)`) is composed by its user: what it is
   * given is not said by that it is of its kind.
   */
  private isOwnKind(code: Code): boolean {
    for (let scope: Code | null = this.scope; scope; scope = scope.parent)
      if (scope.kind === "class") return this.flow.classes.isSubclass(code, scope);
    return false;
  }

  private external(name: string, into: Node, line: number): void {
    const { graph, values } = this.flow;
    const source = this.origin(line);
    const native = nativeType(name);
    const isContained = native !== null && isContainer(native.type);
    if (this.annotated.isForeign && (this.annotated.isClass || !isContained || OF_OPCODES.has(native.type))) return;
    if (this.annotated.isClass) {
      if (!TYPING.test(name)) graph.add(into, values.external(name), source);
      return;
    }
    const { constant } = this.annotated;
    if (constant !== undefined && CALLABLE.test(name)) {
      graph.add(into, values.external(`${this.scope.unit.module}.${constant}`), source);
      return;
    }
    if (native && isContained) {
      graph.add(into, values.container(native.type, `${this.scope.unit.module}:${line}:${this.annotated.what}`), source);
    } else if (native) {
      // A scalar's annotation (`int`, `str`) says that there is nothing to look up.
      const known = constant !== undefined && native.constants.has(constant) ? constant : null;
      if (native.own && native.type !== "builtins.object") graph.add(into, values.native(native.type, known), source);
    } else if (!TYPING.test(name) && /(^|\.)[A-Z]\w*$/.test(name)) graph.add(into, values.unanalysed(name), source);
  }
}

/** Containers that need no name in a pickle. */
const OF_OPCODES: ReadonlySet<string> = new Set(["builtins.dict", "builtins.list", "builtins.tuple"]);

const CONTAINER_TYPES: Readonly<Record<string, string>> = {
  set: "builtins.set",
  abstractset: "builtins.set",
  mutableset: "builtins.set",
  frozenset: "builtins.frozenset",
  tuple: "builtins.tuple",
  deque: "collections.deque",
  dict: "builtins.dict",
  mapping: "builtins.dict",
  mutablemapping: "builtins.dict",
  ordereddict: "collections.OrderedDict",
  defaultdict: "collections.defaultdict",
  counter: "collections.Counter",
  chainmap: "collections.ChainMap",
};
