/**
 * What is inside containers, and how it gets in and out: displays, subscripts, iteration. Elements are kept
 * by constant key where the source writes one, and together otherwise. Boundary: methods of containers are
 * `container-methods.ts`, operators `operators.ts`.
 */
import { COMPUTED, type Instruction, isEmpty, NOTHING, type Register } from "../../../python/code.ts";
import { IS_UNKNOWN } from "../../../python/constant-kinds.ts";
import type { Node } from "../graph/graph.ts";
import type { Passed } from "./arguments.ts";
import { storeAttribute } from "./attributes.ts";
import { invoke } from "./calls.ts";
import { isEnumeration, memberOf } from "./classes/enumerations.ts";
import { isNamedTuple } from "./classes/fields.ts";
import { callMetaclass } from "./classes/metaclasses.ts";
import { ANY, type Flow, KEYS, SOME } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { familyOf, isContainer, looksLikeClass } from "./models/natives.ts";
import { enterStandard } from "./models/standard-objects.ts";
import { isGlobals, moduleNamed, readGlobals, writeGlobals } from "./names/reflection.ts";
import type { Value } from "./values.ts";

type Op<Name> = Extract<Instruction, { readonly op: Name }>;

/** More constant keys than this in one container are not kept apart: tables of thousands of entries stay small. */
const KEPT_KEYS = 64;

/** Where an element is put. Every element is also in ANY. */
export function elementInto(flow: Flow, container: Value, key: string | null): Node {
  const any = flow.field(container, ANY);
  if (key === null && joinSomeWithAny(flow, container, any)) return any;
  const node = flow.field(container, key === null ? SOME : `[${key}]`);
  flow.graph.edge(node, any);
  return node;
}

/** Makes SOME and ANY one, of a list or set in which there are no elements with keys yet; tells whether they are. */
function joinSomeWithAny(flow: Flow, container: Value, any: Node): boolean {
  const data = flow.data(container);
  if (data.kind !== "container" || !KEYLESS.has(data.type)) return false;
  const some = flow.knownField(container, SOME);
  if (some !== null) return flow.graph.find(some) === flow.graph.find(any);
  if (flow.elementFields(container).some(([name]) => name !== ANY)) return false;
  flow.graph.alias(any, flow.field(container, SOME));
  return true;
}

/** Types of which the place of an element says nothing of what it is later. */
const KEYLESS = new Set(["builtins.list", "builtins.set", "builtins.frozenset", "collections.deque"]);

/** Where elements are read from. */
export function elementsFrom(flow: Flow, container: Value, key: string | null): Node[] {
  if (key === null) return [flow.field(container, ANY)];
  return [flow.field(container, `[${key}]`), flow.field(container, SOME)];
}

/** Whether a value holds elements in its own fields: a container, or an object of a class derived from one. */
export function holdsElements(flow: Flow, value: Value): boolean {
  const data = flow.data(value);
  if (data.kind === "container") return true;
  return data.kind === "instance" && flow.classes.externalBases(data.code).some((base) => isContainer(base) || isNamedTuple(base));
}

/** A new container made at a place in the source. */
export function newContainer(flow: Flow, frame: Frame, type: string, line: number, mark = ""): Value {
  return flow.values.container(type, `${frame.id}:${line}${mark}`);
}

/** Puts a container that was made here into a register. */
export function addMade(flow: Flow, frame: Frame, into: Node, value: Value, line: number): void {
  if (flow.graph.holds(into, value)) return;
  flow.graph.add(into, value, flow.graph.origins.made(frame.code.unit.path, line));
}

/** Everything in `from` is also in `to`, under the same keys. */
export function copyElements(flow: Flow, from: Value, to: Value): void {
  if (from === to || !flow.copied.isNew(from, to)) return;
  const data = flow.data(from);
  if (data.kind === "namespace") {
    flow.listenFields(data.owner, (name, node) => {
      // Under SOME is what was set by a name that is computed.
      if (name === SOME) flow.graph.edge(node, elementInto(flow, to, null));
      else if (!name.startsWith("[") && !data.without?.has(name)) flow.graph.edge(node, elementInto(flow, to, name));
    });
    return;
  }
  if (data.kind === "open") {
    flow.graph.add(elementInto(flow, to, null), from, flow.graph.origins.add({ kind: "element", text: "", file: "", line: 0 }));
    return;
  }
  flow.listenFields(from, (name, node) => {
    if (!name.startsWith("[")) return;
    if (name === ANY || name === KEYS || name === SOME) flow.graph.edge(node, flow.field(to, name));
    else flow.graph.edge(node, elementInto(flow, to, name.slice(1, -1)));
  });
}

/** Everything that `from` holds, put into a dict by a function that takes keys out of such copies. */
export function copyInto(flow: Flow, frame: Frame, from: Value, to: Value): void {
  const data = flow.data(from);
  const { removedKeys } = frame.code.body;
  const isWhole = data.kind !== "namespace" || removedKeys.size === 0;
  copyElements(flow, isWhole ? from : flow.values.namespace(data.owner, removedKeys, `${frame.id}`), to);
}

const TYPES = { list: "builtins.list", tuple: "builtins.tuple", set: "builtins.set", dict: "builtins.dict", generator: "builtins.list" };

export function make(flow: Flow, frame: Frame, instruction: Op<"make">): void {
  const { base } = frame;
  const value = flow.values.container(TYPES[instruction.container], `${frame.id}:register ${instruction.into}`);
  addMade(flow, frame, base + instruction.into, value, instruction.line);
  const many = instruction.items.length > KEPT_KEYS;
  for (const entry of instruction.items) {
    if (entry.spread) {
      if (instruction.container === "dict") flow.graph.listen(base + entry.from, (from) => copyInto(flow, frame, from, value));
      else iterate(flow, frame, base + entry.from, elementInto(flow, value, null), instruction.line);
      continue;
    }
    flow.store(base + entry.from, elementInto(flow, value, many ? null : entry.key), frame.code, instruction.line);
    if (!isEmpty(entry.keyFrom)) flow.graph.edge(base + entry.keyFrom, flow.field(value, KEYS));
  }
}

/** `object[key]`, as nodes; `keyFrom` is null where the key is a constant, or of no kind that is kept. */
interface Subscript {
  readonly object: Node;
  readonly key: string | null;
  readonly keyFrom: Node | null;
}

function subscriptOf(flow: Flow, frame: Frame, { object, key, keyFrom }: Op<"item"> | Op<"set-item">): Subscript {
  const { base } = frame;
  return { object: base + object, key: key ?? askedName(flow, frame, keyFrom), keyFrom: isEmpty(keyFrom) ? null : base + keyFrom };
}

/** The name that a `__getattr__` is asked for, where that is the key: it runs for each name by itself (`computed-attributes.ts`). */
function askedName(flow: Flow, { code, context }: Frame, keyFrom: Register): string | null {
  const name = context === null ? null : flow.data(context);
  return name?.kind === "text" && code.name === "__getattr__" && keyFrom === code.body.parameters.at(-1) ? name.text : null;
}

export function item(flow: Flow, frame: Frame, instruction: Op<"item">): void {
  readItem(flow, frame, subscriptOf(flow, frame, instruction), frame.base + instruction.into, instruction.line);
}

/** Lets what `object[key]` gives flow to `into`. */
export function readItem(flow: Flow, frame: Frame, subscript: Subscript, into: Node, line: number): void {
  const { graph } = flow;
  const { object, key, keyFrom } = subscript;
  graph.listen(object, (value) => {
    const data = flow.data(value);
    switch (data.kind) {
      case "container":
      case "instance":
        if (key === null && keyFrom !== null && isGlobals(flow, value)) readGlobals(flow, value, keyFrom, into);
        else if (holdsElements(flow, value)) readElements(flow, value, key, into);
        // Reading a missing key of a defaultdict puts the key into it.
        if (data.kind === "container" && data.type === "collections.defaultdict" && keyFrom !== null)
          graph.edge(keyFrom, flow.field(value, KEYS));
        if (data.kind === "instance") {
          const args = [{ kind: "positional" as const, from: keyFrom ?? frame.base + NOTHING }];
          for (const name of ["__getitem__", "__missing__"]) callMethod(flow, frame, value, name, args, into, line);
        }
        return;
      case "namespace":
        if (key === null) flow.listenFields(data.owner, (_, node) => graph.edge(node, into));
        else graph.edge(flow.field(data.owner, key), into);
        return;
      case "derived":
        graph.edge(flow.field(value, ANY), into);
        return;
      case "native":
        // A size is a tuple of numbers.
        if (data.type !== "torch.Size") graph.add(into, value, object);
        return;
      case "unanalysed":
      case "open":
        graph.add(into, value, object);
        return;
      case "class": {
        // `Enumeration[name]` is a member, `Generic[T]` and the like are the class itself.
        const named = key === null ? null : memberOf(flow, data.code, key);
        const member = isEnumeration(flow, data.code) ? (named ?? flow.values.instance(data.code, null)) : value;
        if (!itemOfClass(flow, frame, value, keyFrom, into, line)) graph.add(into, member, object);
        return;
      }
      case "derived-class":
        // `Enumeration[name]`, of an enumeration that a call made.
        if (data.base.startsWith("enum.")) graph.add(into, flow.values.derived(value), object);
        return;
      case "external": {
        if (data.name === "sys.modules") {
          if (key === null) moduleNamed(flow, frame, keyFrom, into);
          else if (flow.isOfLibrary(frame.code)) flow.define(flow.resolver.module(key), into);
          return;
        }
        const types = familyOf(data.name);
        if (looksLikeClass(data.name) || types.length === 0) graph.add(into, value, object);
        else for (const type of types) graph.add(into, flow.values.native(type), object);
        return;
      }
      default:
        return;
    }
  });
}

/** `Class[key]` where the metaclass, or the class itself, has a method for that. */
function itemOfClass(flow: Flow, frame: Frame, class_: Value, keyFrom: Node | null, into: Node, line: number): boolean {
  const args = [{ kind: "positional" as const, from: keyFrom ?? frame.base + NOTHING }];
  if (callMetaclass(flow, frame, class_, "__getitem__", args, into, line)) return true;
  const data = flow.data(class_);
  const definer = data.kind === "class" ? flow.classes.definerOf(data.code, "__class_getitem__") : null;
  if (!definer || definer.members.get("__class_getitem__")?.isAssigned || !flow.isOfLibrary(definer)) return false;
  flow.graph.listen(flow.field(flow.classValue(definer), "__class_getitem__"), (function_) => {
    if (flow.data(function_).kind === "function") invoke(flow, frame, flow.values.method(function_, class_), args, into, line);
  });
  return true;
}

function readElements(flow: Flow, container: Value, constant: string | null, into: Node): void {
  const { graph } = flow;
  const data = flow.data(container);
  const type = data.kind === "container" ? data.type : "";
  // The index of a list says nothing: what is at 0 now was put somewhere else.
  const key = type === "builtins.list" || constant?.startsWith("-") ? null : constant;
  if (key !== null) {
    for (const node of elementsFrom(flow, container, key)) graph.edge(node, into);
    return;
  }
  graph.edge(flow.field(container, ANY), into);
}

export function setItem(flow: Flow, frame: Frame, instruction: Op<"set-item">): void {
  writeItem(flow, frame, subscriptOf(flow, frame, instruction), frame.base + instruction.from, instruction.line);
  flow.graph.listen(frame.base + instruction.object, (value) => {
    if (flow.data(value).kind === "native") putIntoNative(flow, frame, instruction);
  });
}

const DISPATCH_TABLES = new Set(["copyreg.dispatch_table", "copy_reg.dispatch_table"]);

/** `object[key] = from`. */
export function writeItem(flow: Flow, frame: Frame, { object, key, keyFrom }: Subscript, from: Node, line: number): void {
  flow.graph.listen(object, (value) => {
    const data = flow.data(value);
    if (data.kind === "namespace") {
      if (key === null) flow.namedStores.note(data.owner, keyFrom ?? frame.base + COMPUTED, from);
      flow.store(from, flow.field(data.owner, key ?? SOME), frame.code, line);
      return;
    }
    if (data.kind === "external" && DISPATCH_TABLES.has(data.name) && keyFrom !== null) flow.reductions.registerReduction(keyFrom, from);
    if (isGlobals(flow, value)) writeGlobals(flow, value, key, keyFrom, from);
    else if (holdsElements(flow, value)) {
      flow.store(from, elementInto(flow, value, key), frame.code, line);
      if (keyFrom !== null) flow.graph.edge(keyFrom, flow.field(value, KEYS));
    }
    if (data.kind !== "instance") return;
    const args = [keyFrom ?? frame.base + NOTHING, from].map((node) => ({ kind: "positional" as const, from: node }));
    callMethod(flow, frame, value, "__setitem__", args, null, line);
  });
}

/** `object.attribute[key] = from` where the attribute is an array: what an array of objects holds is held where the array is. */
function putIntoNative(flow: Flow, frame: Frame, instruction: Op<"set-item">): void {
  const load = frame.code.body.instructions.find((other) => other.op === "load" && other.into === instruction.object);
  if (load?.op !== "load") return;
  storeAttribute(flow, frame, frame.base + load.object, load.attribute, frame.base + instruction.from, instruction.line);
}

/** Calls a method that the class of an object defines in Python; nothing if it defines none. */
export function callMethod(
  flow: Flow,
  frame: Frame,
  receiver: Value,
  name: string,
  args: readonly Passed[],
  into: Node | null,
  line: number,
): void {
  const data = flow.data(receiver);
  if (data.kind !== "instance") return;
  const definer = flow.classes.definerOf(data.code, name);
  if (!definer) return;
  const member = flow.field(flow.classValue(definer), name);
  flow.graph.listen(member, (function_) => {
    if (flow.data(function_).kind === "function") invoke(flow, frame, flow.values.method(function_, receiver), args, into, line);
  });
}

/** Lets what iterating over `from` gives flow to `into`. */
export function iterate(flow: Flow, frame: Frame, from: Node, into: Node, line: number): void {
  if (!flow.iterated.isNew(from, into, frame.id)) return;
  flow.graph.kinds.taint(from, into);
  flow.graph.listen(from, (value) => iterateValue(flow, frame, value, into, line, from));
}

export function iterateValue(flow: Flow, frame: Frame, value: Value, into: Node, line: number, source: Node): void {
  const { graph } = flow;
  const data = flow.data(value);
  if (data.kind !== "container" || !SEQUENCES.has(data.type)) graph.kinds.mark(into, IS_UNKNOWN);
  switch (data.kind) {
    case "container":
      graph.edge(flow.field(value, isMapping(data.type) ? KEYS : ANY), into);
      return;
    case "derived":
      graph.edge(flow.field(value, ANY), into);
      return;
    case "instance": {
      if (holdsElements(flow, value)) {
        const mapping = flow.classes.externalBases(data.code).some(isMapping);
        graph.edge(flow.field(value, mapping ? KEYS : ANY), into);
      }
      if (!flow.iterators.isNew(value, into, frame.id)) return;
      const node = graph.allocate(1);
      callMethod(flow, frame, value, "__iter__", [], node, line);
      graph.listen(node, (iterator) => {
        if (iterator === value) callMethod(flow, frame, value, "__next__", [], into, line);
        else iterateValue(flow, frame, iterator, into, line, node);
      });
      if (!flow.classes.definerOf(data.code, "__iter__")) {
        callMethod(flow, frame, value, "__getitem__", [], into, line);
        callMethod(flow, frame, value, "__next__", [], into, line);
      }
      return;
    }
    case "native":
      if (!HOLDS_NUMBERS.has(data.type)) graph.add(into, value, source);
      return;
    case "unanalysed":
    case "open":
      graph.add(into, value, source);
      return;
    case "class":
      iterateClass(flow, frame, value, into, line);
      // Iterating over an enumeration gives its members.
      if (isEnumeration(flow, data.code)) graph.add(into, flow.values.instance(data.code, null), source);
      return;
    default:
      return;
  }
}

/** Iterates over a class of which the metaclass has a method for that. */
function iterateClass(flow: Flow, frame: Frame, class_: Value, into: Node, line: number): void {
  const data = flow.data(class_);
  if (data.kind !== "class" || flow.classes.metaclassOf(data.code) === null || !flow.iterators.isNew(class_, into, frame.id)) return;
  const node = flow.graph.allocate(1);
  callMetaclass(flow, frame, class_, "__iter__", [], node, line);
  iterate(flow, frame, node, into, line);
}

/** Of which iterating gives what was seen to be put into them. */
export const SEQUENCES: ReadonlySet<string> = new Set(["builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset"]);

const HOLDS_NUMBERS = new Set([
  "builtins.range",
  "builtins.bytes",
  "builtins.bytearray",
  "itertools.count",
  "itertools.cycle",
  "time.struct_time",
  "torch.Size",
]);

const MAPPINGS: ReadonlySet<string> = new Set([
  "builtins.dict",
  ...["OrderedDict", "defaultdict", "Counter", "ChainMap", "UserDict"].map((name) => `collections.${name}`),
  "weakref.WeakValueDictionary",
]);

export function isMapping(type: string): boolean {
  return MAPPINGS.has(type);
}

const ENTERING = ["__enter__", "__aenter__"];
const LEAVING = ["__exit__", "__aexit__"];

/** `with from as into`: what `__enter__` gives; a generator made into a context manager gives what it yields. */
export function enter(flow: Flow, frame: Frame, from: Node, into: Node, line: number): void {
  flow.graph.listen(from, (value) => {
    const data = flow.data(value);
    if (data.kind === "container") {
      if (!enterStandard(flow, frame, data.type, value, { args: [], into, line })) flow.graph.edge(flow.field(value, ANY), into);
    } else if (data.kind !== "instance" || !ENTERING.some((name) => flow.classes.definerOf(data.code, name)))
      flow.graph.add(into, value, from);
    else for (const name of ENTERING) callMethod(flow, frame, value, name, [], into, line);
    for (const name of LEAVING) callMethod(flow, frame, value, name, [], null, line);
  });
}
