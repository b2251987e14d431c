/**
 * Methods of values that are not written in Python: containers, namespaces, native objects, and what `object` gives to
 * every class. Boundary: functions are `functions.ts`.
 */
import { isForm } from "../../../../python/text-forms.ts";
import type { Node } from "../../graph/graph.ts";
import type { Passed } from "../arguments.ts";
import { fillNamespace, loadFrom, storeInto, updateNamespace } from "../attributes.ts";
import { invoke } from "../calls.ts";
import { classMethod, makeNew, namedTupleMethod } from "../classes/class-methods.ts";
import { descriptorMethod } from "../classes/descriptors.ts";
import { replaceArguments } from "../classes/exceptions.ts";
import { initialiseFields } from "../classes/fields.ts";
import {
  addMade,
  copyElements,
  copyInto,
  elementInto,
  elementsFrom,
  holdsElements,
  isMapping,
  iterate,
  newContainer,
} from "../containers.ts";
import { ANY, type Flow, KEYS, SOME } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { resume } from "../generators.ts";
import { isGlobals, readGlobals } from "../names/reflection.ts";
import type { Value } from "../values.ts";
import { chainMap, fillFromKeys } from "./mappings.ts";
import { attributeType, familyOf, holdsAttributes } from "./natives.ts";
import { isPicklerClass, PICKLER } from "./saves.ts";
import { standardMethod } from "./standard-objects.ts";

/** A call of something that is not written in Python. */
export interface NativeCall {
  readonly args: readonly Passed[];
  readonly into: Node | null;
  readonly line: number;
}

/** What a function does that is known by its dotted name only. */
export type Model = (flow: Flow, frame: Frame, call: NativeCall) => void;

/** The node of the positional argument `index`, or of the keyword argument of that name. */
export function argument(call: NativeCall, index: number, name?: string): Node | null {
  const positional = call.args.filter((passed) => passed.kind === "positional")[index];
  const keyword = name === undefined ? undefined : call.args.find((passed) => passed.kind === "keyword" && passed.name === name);
  return positional?.from ?? keyword?.from ?? null;
}

/** The constant strings an argument can be. */
export function listenTexts(flow: Flow, node: Node | null, listener: (text: string) => void): void {
  if (node === null) return;
  flow.graph.listen(node, (value) => {
    const data = flow.data(value);
    if (data.kind === "text" && !isForm(data.text)) listener(data.text);
  });
}

export type Method = (flow: Flow, frame: Frame, receiver: Value, call: NativeCall) => void;

/** Puts the elements of an argument into the receiver. */
function addAll(index: number): Method {
  return (flow, frame, receiver, call) => {
    const from = argument(call, index);
    if (from === null) return;
    flow.namedStores.note(receiver, null, from);
    iterate(flow, frame, from, elementInto(flow, receiver, null), call.line);
  };
}

function addOne(index: number): Method {
  return (flow, frame, receiver, call) => {
    const from = argument(call, index);
    if (from !== null) flow.store(from, elementInto(flow, receiver, null), frame.code, call.line);
  };
}

const readAny: Method = (flow, _frame, receiver, call) => {
  if (call.into === null) return;
  const into = call.into;
  const key = argument(call, 0);
  const fallback = argument(call, 1);
  if (fallback !== null) flow.graph.edge(fallback, into);
  if (key === null) {
    flow.graph.edge(flow.field(receiver, ANY), into);
    return;
  }
  if (isGlobals(flow, receiver)) {
    readGlobals(flow, receiver, key, into);
    return;
  }
  let isOpen = true;
  listenTexts(flow, key, (text) => {
    isOpen = false;
    for (const node of elementsFrom(flow, receiver, text)) flow.graph.edge(node, into);
  });
  if (isOpen) flow.graph.edge(flow.field(receiver, ANY), into);
};

const same: Method = (flow, frame, receiver, call) => {
  if (call.into !== null) addMade(flow, frame, call.into, receiver, call.line);
};

const METHODS: Readonly<Record<string, Method>> = {
  append: addOne(0),
  add: addOne(0),
  appendleft: addOne(0),
  insert: addOne(1),
  extend: addAll(0),
  extendleft: addAll(0),
  get: readAny,
  pop: readAny,
  popleft: readAny,
  __getitem__: readAny,
  copy: same,
  __iter__: same,
  __enter__: same,
  __copy__: same,
  __deepcopy__: same,
  union: same,
  intersection: same,
  difference: same,
  move_to_end: same,
  send: (flow, frame, receiver, call) => resume(flow, frame, receiver, call, true),
  asend: (flow, frame, receiver, call) => resume(flow, frame, receiver, call, true),
  throw: (flow, frame, receiver, call) => resume(flow, frame, receiver, call, false),
  athrow: (flow, frame, receiver, call) => resume(flow, frame, receiver, call, false),
  __next__: (flow, frame, receiver, call) => resume(flow, frame, receiver, call, false),
  __anext__: (flow, frame, receiver, call) => resume(flow, frame, receiver, call, false),
  __setitem__(flow, frame, receiver, call) {
    const from = argument(call, 1);
    if (from !== null) flow.store(from, elementInto(flow, receiver, null), frame.code, call.line);
  },
  update(flow, frame, receiver, call) {
    for (const passed of call.args) {
      if (passed.kind === "keyword") flow.store(passed.from, elementInto(flow, receiver, passed.name ?? null), frame.code, call.line);
      else {
        copyElements(flow, gathered(flow, frame, passed.from), receiver);
        addPairs(flow, frame, passed.from, receiver, call.line);
      }
    }
  },
  setdefault(flow, frame, receiver, call) {
    const from = argument(call, 1);
    if (from !== null) flow.store(from, elementInto(flow, receiver, null), frame.code, call.line);
    readAny(flow, frame, receiver, call);
  },
  keys(flow, frame, receiver, call) {
    view(flow, frame, receiver, call, KEYS);
  },
  values(flow, frame, receiver, call) {
    view(flow, frame, receiver, call, ANY);
  },
  items,
  most_common: items,
  elements(flow, frame, receiver, call) {
    view(flow, frame, receiver, call, KEYS);
  },
  popitem(flow, frame, receiver, call) {
    if (call.into !== null) addPair(flow, frame, receiver, call.into, call.line);
  },
  new_child(flow, frame, receiver, call) {
    const { into, line } = call;
    if (into === null) return;
    const [map] = call.args;
    const maps = flow.graph.allocate(1);
    iterate(flow, frame, flow.field(receiver, "maps"), maps, line);
    chainMap(flow, frame, { args: [...(map ? [map] : []), { kind: "positional", from: maps }], into, line });
  },
};

function items(flow: Flow, frame: Frame, receiver: Value, call: NativeCall): void {
  if (call.into === null) return;
  const pairs = newContainer(flow, frame, "builtins.list", call.line, ":items");
  addPair(flow, frame, receiver, elementInto(flow, pairs, null), call.line);
  addMade(flow, frame, call.into, pairs, call.line);
}

/** A tuple of a key and an element. */
function addPair(flow: Flow, frame: Frame, mapping: Value, into: Node, line: number): void {
  const pair = newContainer(flow, frame, "builtins.tuple", line, ":item");
  flow.graph.edge(flow.field(mapping, KEYS), elementInto(flow, pair, "0"));
  flow.graph.edge(flow.field(mapping, ANY), elementInto(flow, pair, "1"));
  addMade(flow, frame, into, pair, line);
}

/** What only containers of one kind have: whatever else reaches the variable, `update` is not called of a list. */
const KINDS: readonly { readonly isOf: (type: string) => boolean; readonly methods: ReadonlySet<string> }[] = [
  {
    isOf: isMapping,
    methods: new Set([
      ...["get", "pop", "popitem", "setdefault", "update", "keys", "values", "items", "move_to_end"],
      ...["most_common", "elements", "new_child"],
    ]),
  },
  { isOf: (type) => /^builtins\.(list|tuple|generator)$/.test(type), methods: new Set(["append", "extend", "insert", "pop"]) },
  {
    isOf: (type) => /^builtins\.(frozen)?set$/.test(type),
    methods: new Set(["add", "pop", "update", "union", "intersection", "difference"]),
  },
];
const OF_SOME_KIND = new Set(KINDS.flatMap(({ methods }) => [...methods]));
/** By type, what its kind has; null where the type is of none. */
const METHODS_OF = new Map<string, ReadonlySet<string> | null>();

/** Whether a method of a container gives what is in it: of what a user passes that is as open as the container. */
export function givesContent(name: string): boolean {
  return GIVES_CONTENT.has(name);
}

const GIVES_CONTENT = new Set(["copy", "get", "items", "keys", "pop", "popitem", "setdefault", "values"]);

/** Whether a container of that type has a method that does anything to what it holds; calling any other gives nothing that is kept. */
export function isContainerMethod(type: string, name: string): boolean {
  const standard = standardMethod(type, name);
  if (standard !== undefined) return standard !== null;
  if (!Object.hasOwn(METHODS, name)) return false;
  if (!OF_SOME_KIND.has(name)) return true;
  let methods = METHODS_OF.get(type);
  if (methods === undefined) {
    methods = KINDS.find(({ isOf }) => isOf(type))?.methods ?? null;
    METHODS_OF.set(type, methods);
  }
  return methods === null || methods.has(name);
}

function view(flow: Flow, frame: Frame, receiver: Value, call: NativeCall, field: string): void {
  if (call.into === null) return;
  const list = newContainer(flow, frame, "builtins.list", call.line, `:${field}`);
  flow.graph.edge(flow.field(receiver, field), elementInto(flow, list, null));
  addMade(flow, frame, call.into, list, call.line);
}

/** A container with everything that what is in a node holds: what is copied from it to each of many need not be copied from each. */
function gathered(flow: Flow, frame: Frame, from: Node): Value {
  const all = flow.values.container("builtins.dict", `${frame.id}:gathered ${from}`);
  if (flow.gathered.isNew(from, frame.id)) flow.graph.listen(from, (value) => copyElements(flow, value, all));
  return all;
}

/** A dict made from an iterable of pairs. */
export function addPairs(flow: Flow, frame: Frame, from: Node, container: Value, line: number): void {
  const { graph } = flow;
  const halves = flow.values.container("builtins.tuple", `${frame.id}:pairs ${from}`);
  const key = flow.field(halves, "[0]");
  const value = flow.field(halves, "[1]");
  graph.edge(key, flow.field(container, KEYS));
  graph.edge(value, elementInto(flow, container, null));
  if (!flow.paired.isNew(from, frame.id)) return;
  const pair = graph.allocate(1);
  graph.listen(from, (each) => {
    if (flow.data(each).kind === "container") iterate(flow, frame, from, pair, line);
  });
  graph.listen(pair, (each) => {
    const data = flow.data(each);
    if (data.kind !== "container" || data.type !== "builtins.tuple") return;
    for (const node of elementsFrom(flow, each, "0")) graph.edge(node, key);
    for (const node of elementsFrom(flow, each, "1")) graph.edge(node, value);
  });
}

/** Calls a method that Python source does not define. */
export function builtinMethod(flow: Flow, frame: Frame, name: string, receiver: Value, call: NativeCall): void {
  const data = flow.data(receiver);
  const { graph, values } = flow;
  if (data.kind === "container") (standardMethod(data.type, name) ?? METHODS[name])?.(flow, frame, receiver, call);
  else if (data.kind === "namespace") namespaceMethod(flow, frame, name, receiver, data.owner, call);
  else if (data.kind === "descriptor") descriptorMethod(flow, frame, name, receiver, call);
  else if (data.kind === "open") {
    if (call.into !== null) addMade(flow, frame, call.into, receiver, call.line);
  } else if (data.kind === "native") {
    const { into } = call;
    if (into === null) return;
    const type = attributeType(data.type, name);
    const types = type === data.type ? [type, ...familyOf(type)] : [type];
    for (const each of types) addMade(flow, frame, into, values.native(each), call.line);
  } else if (data.kind === "derived") namedTupleMethod(flow, frame, name, receiver, call);
  else if (data.kind === "derived-class") classMethod(flow, frame, name, receiver, call);
  else if (data.kind === "instance" || data.kind === "class") {
    if (data.kind === "instance" && holdsElements(flow, receiver)) METHODS[name]?.(flow, frame, receiver, call);
    if (data.kind === "class") classMethod(flow, frame, name, receiver, call);
    for (const base of data.kind === "instance" ? flow.classes.externalBases(data.code) : [])
      standardMethod(isPicklerClass(base) ? PICKLER : base, name)?.(flow, frame, receiver, call);
    if (data.kind === "class" || !namedTupleMethod(flow, frame, name, receiver, call)) objectMethod(flow, frame, name, receiver, call);
    for (const base of flow.classes.externalBases(data.code)) {
      for (const type of familyOf(base))
        if (call.into !== null) graph.add(call.into, values.native(type), graph.origins.made(frame.code.unit.path, call.line));
    }
  }
}

/** Methods that every object has from `object`, `list`, `dict` ... when the class in between does not define them. */
function objectMethod(flow: Flow, frame: Frame, name: string, receiver: Value, call: NativeCall): void {
  const data = flow.data(receiver);
  if (name === "__new__" || name === "_make_subclass") {
    makeNew(flow, frame, call);
    return;
  }
  if (name === "fromkeys" && data.kind === "class" && call.into !== null) {
    const { into } = call;
    const made = flow.graph.allocate(1);
    invoke(flow, frame, receiver, [], made, call.line);
    flow.graph.listen(made, (value) => {
      if (holdsElements(flow, value)) fillFromKeys(flow, frame, value, call);
    });
    flow.graph.edge(made, into);
    return;
  }
  if (data.kind !== "instance") return;
  switch (name) {
    case "__setattr__":
      if (argument(call, 1) !== null) flow.namedStores.note(receiver, argument(call, 0), argument(call, 1)!);
      listenTexts(flow, argument(call, 0), (text) => {
        const from = argument(call, 1);
        if (from !== null) storeInto(flow, frame, receiver, text, from, call.line);
      });
      return;
    case "__getattribute__":
      if (call.into !== null) {
        const { into, line } = call;
        const name = argument(call, 0);
        listenTexts(flow, name, (text) => loadFrom(flow, frame, receiver, text, into, line, name!));
      }
      return;
    case "__init__":
      replaceArguments(flow, frame, receiver, call.args, call.line);
      if (holdsElements(flow, receiver) && data.code.members.has("__init__")) initialiseContent(flow, frame, receiver, call);
      else if (flow.classes.externalBases(data.code).some(holdsAttributes)) fillNamespace(flow, frame, receiver, call);
      // `super().__init__(...)` of a class that derives from a dataclass.
      else initialiseFields(flow, frame, receiver, call.args, call.line);
      return;
    case "__reduce__":
    case "__reduce_ex__":
      if (call.into !== null) flow.graph.edge(flow.reductions.defaultReduction(receiver), call.into);
      return;
    case "__getstate__":
      if (call.into !== null) addMade(flow, frame, call.into, flow.values.namespace(receiver), call.line);
      return;
    default:
      return;
  }
}

function initialiseContent(flow: Flow, frame: Frame, receiver: Value, call: NativeCall): void {
  for (const passed of call.args) {
    if (passed.kind === "keyword") {
      flow.store(passed.from, elementInto(flow, receiver, passed.name ?? null), frame.code, call.line);
      continue;
    }
    flow.graph.listen(passed.from, (value) => copyInto(flow, frame, value, receiver));
    if (passed.kind !== "double-star") iterate(flow, frame, passed.from, elementInto(flow, receiver, null), call.line);
  }
}

/** Methods of `object.__dict__`. */
function namespaceMethod(flow: Flow, frame: Frame, name: string, namespace: Value, owner: Value, call: NativeCall): void {
  const { graph, values } = flow;
  switch (name) {
    case "copy":
      if (call.into === null) return;
      addMade(flow, frame, call.into, values.namespace(owner, frame.code.body.removedKeys, `${frame.id}:${call.line}`), call.line);
      return;
    case "update":
      for (const passed of call.args) {
        if (passed.kind === "keyword") flow.store(passed.from, flow.field(owner, passed.name ?? SOME), frame.code, call.line);
        else {
          flow.namedStores.note(owner, null, passed.from);
          graph.listen(passed.from, (value) => updateNamespace(flow, owner, value, passed.from));
        }
      }
      return;
    case "get":
    case "pop":
    case "setdefault": {
      const fallback = argument(call, 1);
      if (fallback !== null && call.into !== null) graph.edge(fallback, call.into);
      let isNamed = false;
      listenTexts(flow, argument(call, 0), (text) => {
        isNamed = true;
        const field = flow.field(owner, text);
        if (call.into !== null) graph.edge(field, call.into);
        if (fallback !== null && name === "setdefault") flow.store(fallback, field, frame.code, call.line);
      });
      if (!isNamed && fallback !== null && name === "setdefault") flow.store(fallback, flow.field(owner, SOME), frame.code, call.line);
      return;
    }
    case "items":
    case "values": {
      if (call.into === null) return;
      const all = newContainer(flow, frame, "builtins.dict", call.line, ":namespace");
      copyElements(flow, namespace, all);
      METHODS[name]?.(flow, frame, all, call);
      return;
    }
    default:
      return;
  }
}
