/**
 * Functions that are not written in Python, or whose source is not given: what they do to the objects they are handed.
 * Boundary: a function without a model gives values of its library's family, or an object of the class it is.
 */
import type { Passed } from "./arguments.ts";
import { loadFrom, storeInto } from "./attributes.ts";
import { addResult, invoke, unknownResult } from "./calls.ts";
import { addPairs, argument, builtinMethod, listenTexts, type NativeCall } from "./container-methods.ts";
import { addMade, copyInto, elementInto, iterate, newContainer } from "./containers.ts";
import { ANY, type Flow, KEYS, SOME } from "./flow.ts";
import type { Frame } from "./frame.ts";
import type { Node } from "./graph.ts";
import { addUnpickled, isUnpickler } from "./loaders.ts";
import { isContainer, looksLikeClass, nativeType } from "./natives.ts";
import { askAttribute, askCall, askClass } from "./open-values.ts";
import { computedAttribute, evaluated, globalNames } from "./reflection.ts";
import type { Value } from "./values.ts";

type Model = (flow: Flow, frame: Frame, call: NativeCall) => void;

/** Gives its argument back. */
function identity(index: number): Model {
  return (flow, _frame, call) => {
    const from = argument(call, index);
    if (from !== null && call.into !== null) flow.graph.edge(from, call.into);
  };
}

/** Gives an element of its arguments. */
const element: Model = (flow, frame, call) => {
  if (call.into === null) return;
  for (const passed of call.args) iterate(flow, frame, passed.from, call.into, call.line);
};

/** Gives a container with the elements of its arguments. */
function collect(type: string): Model {
  return (flow, frame, call) => {
    if (call.into === null) return;
    const value = newContainer(flow, frame, type, call.line);
    addMade(flow, frame, call.into, value, call.line);
    for (const passed of call.args)
      if (passed.kind !== "keyword") iterate(flow, frame, passed.from, elementInto(flow, value, null), call.line);
  };
}

/** Gives a container of tuples with one element of each argument. */
const zip: Model = (flow, frame, call) => {
  if (call.into === null) return;
  const list = newContainer(flow, frame, "builtins.list", call.line, ":zip");
  const tuple = newContainer(flow, frame, "builtins.tuple", call.line, ":zipped");
  call.args.forEach((passed, index) => {
    if (passed.kind === "star") transpose(flow, frame, passed.from, list, call.line);
    else iterate(flow, frame, passed.from, elementInto(flow, tuple, String(index)), call.line);
  });
  addMade(flow, frame, elementInto(flow, list, null), tuple, call.line);
  addMade(flow, frame, call.into, list, call.line);
};

/** `zip(*pairs)`: a tuple of what the pairs have first, a tuple of what they have second. */
function transpose(flow: Flow, frame: Frame, pairs: Node, into: Value, line: number): void {
  const pair = flow.graph.allocate(1);
  iterate(flow, frame, pairs, pair, line);
  const gather = (name: string, from: Node) => {
    const tuple = newContainer(flow, frame, "builtins.tuple", line, `:zipped${name}`);
    flow.graph.edge(from, elementInto(flow, tuple, null));
    addMade(flow, frame, elementInto(flow, into, name === SOME ? null : name.slice(1, -1)), tuple, line);
  };
  flow.graph.listen(pair, (value) => {
    const { kind } = flow.data(value);
    if (kind === "open") gather(SOME, pair);
    else if (kind === "container")
      flow.listenFields(value, (name, node) => {
        if (name !== ANY && name !== KEYS) gather(name, node);
      });
  });
}

const enumerate: Model = (flow, frame, call) => {
  const from = argument(call, 0);
  if (call.into === null || from === null) return;
  const list = newContainer(flow, frame, "builtins.list", call.line, ":enumerate");
  const tuple = newContainer(flow, frame, "builtins.tuple", call.line, ":enumerated");
  iterate(flow, frame, from, elementInto(flow, tuple, "1"), call.line);
  addMade(flow, frame, elementInto(flow, list, null), tuple, call.line);
  addMade(flow, frame, call.into, list, call.line);
};

/** `map(function, iterable)`: a container of what the function gives for the elements. */
const map: Model = (flow, frame, call) => {
  const [function_, ...sources] = call.args;
  if (!function_ || call.into === null) return;
  const list = newContainer(flow, frame, "builtins.list", call.line);
  const args = sources.map((source): Passed => {
    const node = flow.graph.allocate(1);
    iterate(flow, frame, source.from, node, call.line);
    return { kind: "positional", from: node };
  });
  flow.graph.listen(function_.from, (callee) => invoke(flow, frame, callee, args, elementInto(flow, list, null), call.line));
  addMade(flow, frame, call.into, list, call.line);
};

/** A copy of its argument, which is taken for the same, but for the dict of an object's attributes. */
const copy: Model = (flow, frame, call) => {
  const from = argument(call, 0);
  const { into } = call;
  if (from === null || into === null) return;
  flow.graph.listen(from, (value) => {
    const { kind } = flow.data(value);
    if (kind === "namespace") builtinMethod(flow, frame, "copy", value, { ...call, args: [] });
    else flow.graph.add(into, value, from);
  });
};

/** A mapping made from a mapping or pairs, and keywords. `first` is the position of the content. */
function mapping(type: string, first: number): Model {
  return (flow, frame, call) => {
    if (call.into === null) return;
    const value = newContainer(flow, frame, type, call.line);
    addMade(flow, frame, call.into, value, call.line);
    if (first > 0) makeDefault(flow, frame, value, call);
    const content = argument(call, first);
    if (content !== null) {
      flow.graph.listen(content, (from) => copyInto(flow, frame, from, value));
      addPairs(flow, frame, content, value, call.line);
    }
    for (const passed of call.args) {
      if (passed.kind === "keyword") flow.store(passed.from, elementInto(flow, value, passed.name ?? null), frame.code, call.line);
      else if (passed.kind === "double-star") flow.graph.listen(passed.from, (from) => copyInto(flow, frame, from, value));
    }
  };
}

/** The factory of a defaultdict is part of its pickle, and what it gives is in it. */
function makeDefault(flow: Flow, frame: Frame, value: Value, call: NativeCall): void {
  const factory = argument(call, 0, "default_factory");
  if (factory === null) return;
  flow.store(factory, flow.field(value, "default_factory"), frame.code, call.line);
  flow.graph.listen(factory, (callee) => invoke(flow, frame, callee, [], elementInto(flow, value, null), call.line));
}

const getattr: Model = (flow, frame, call) => {
  const object = argument(call, 0);
  if (object === null || call.into === null) return;
  const { into } = call;
  const fallback = argument(call, 2);
  if (fallback !== null) flow.graph.edge(fallback, into);
  listenTexts(flow, argument(call, 1), (name) => {
    flow.graph.listen(object, (value) => loadFrom(flow, frame, value, name, into, call.line, object));
  });
  flow.graph.listen(object, (value) => {
    const data = flow.data(value);
    if (data.kind === "module") computedAttribute(flow, frame, data.unit, call);
  });
};

const setattr: Model = (flow, frame, call) => {
  const object = argument(call, 0);
  const from = argument(call, 2);
  if (object === null || from === null) return;
  const name = argument(call, 1);
  flow.graph.listen(object, (value) => flow.namedStores.note(value, name, from));
  let isOpen = true;
  listenTexts(flow, name, (text) => {
    isOpen = false;
    flow.graph.listen(object, (value) => storeInto(flow, frame, value, text, from, call.line));
  });
  // A name that is computed: the object holds it under some name.
  if (isOpen) flow.graph.listen(object, (value) => storeInto(flow, frame, value, SOME, from, call.line));
};

const partial: Model = (flow, frame, call) => {
  const [function_, ...rest] = call.args;
  if (!function_ || call.into === null) return;
  const value = flow.values.partial(`${frame.id}:${call.line}`);
  flow.graph.edge(function_.from, flow.field(value, "[0]"));
  for (const passed of rest) flow.graph.edge(passed.from, flow.field(value, ANY));
  flow.setPartialArguments(value, rest);
  addMade(flow, frame, call.into, value, call.line);
};

const typeOf: Model = (flow, frame, call) => {
  const object = argument(call, 0);
  if (object === null || call.into === null || call.args.length !== 1) return;
  const { into } = call;
  flow.graph.listen(object, (value) => loadFrom(flow, frame, value, "__class__", into, call.line, object));
};

const namespaceOf: Model = (flow, frame, call) => {
  const object = argument(call, 0);
  if (object === null || call.into === null) return;
  const { into } = call;
  flow.graph.listen(object, (value) => loadFrom(flow, frame, value, "__dict__", into, call.line, object));
};

/** `object.__setattr__(self, name, value)` and the like: the unbound method of a builtin class. */
function unbound(method: string): Model {
  return (flow, frame, call) => {
    const [receiver, ...args] = call.args;
    if (!receiver) return;
    flow.graph.listen(receiver.from, (value) => builtinMethod(flow, frame, method, value, { ...call, args }));
  };
}

/** A dataclass field: its default, or what its factory gives. */
const dataclassField: Model = (flow, frame, call) => {
  const { into } = call;
  if (into === null) return;
  const fallback = argument(call, -1, "default");
  if (fallback !== null) flow.graph.edge(fallback, into);
  dataclassFactory(flow, frame, call, argument(call, -1, "default_factory") ?? argument(call, -1, "factory"));
};

function dataclassFactory(flow: Flow, frame: Frame, call: NativeCall, factory: Node | null): void {
  const { into } = call;
  if (factory !== null && into !== null) flow.graph.listen(factory, (callee) => invoke(flow, frame, callee, [], into, call.line));
}

/** `namedtuple("Name", ...)` and `Enum("Name", ...)`: a class of that name in the module that makes it. */
function derivedClass(base: string): Model {
  return (flow, frame, call) => {
    const { into } = call;
    if (into === null || frame.code.kind === "function") return;
    const scope = frame.code.kind === "class" ? `${frame.code.qualifiedName}.` : "";
    listenTexts(flow, argument(call, 0, "typename"), (name) => {
      addMade(flow, frame, into, flow.values.derivedClass(`${frame.code.unit.module}.${scope}${name}`, base), call.line);
    });
  };
}

/** `locals()`: the arguments of the function, without the object it was called on. */
const localNames: Model = (flow, frame, call) => {
  if (call.into === null || frame.code.kind !== "function") return;
  const dict = newContainer(flow, frame, "builtins.dict", call.line);
  addMade(flow, frame, call.into, dict, call.line);
  frame.code.parameters.forEach((parameter, index) => {
    const register = frame.code.body.parameters[index];
    if (register === undefined || (index === 0 && frame.receiver !== null)) return;
    flow.store(frame.base + register, elementInto(flow, dict, parameter.name), frame.code, call.line);
  });
};

const registerReduction: Model = (flow, _frame, call) => {
  const class_ = argument(call, 0);
  const function_ = argument(call, 1);
  if (class_ !== null && function_ !== null) flow.reductions.registerReduction(class_, function_);
};

const nothing: Model = () => {};

const MODELS: Readonly<Record<string, Model>> = {
  "builtins.list": collect("builtins.list"),
  "builtins.tuple": collect("builtins.tuple"),
  "builtins.set": collect("builtins.set"),
  "builtins.frozenset": collect("builtins.frozenset"),
  "builtins.sorted": collect("builtins.list"),
  "builtins.reversed": collect("builtins.list"),
  "builtins.iter": collect("builtins.list"),
  "builtins.filter": collect("builtins.list"),
  "collections.deque": collect("collections.deque"),
  "itertools.chain": collect("builtins.list"),
  "itertools.islice": collect("builtins.list"),
  "builtins.dict": mapping("builtins.dict", 0),
  "collections.OrderedDict": mapping("collections.OrderedDict", 0),
  "collections.Counter": mapping("collections.Counter", 0),
  "collections.UserDict": mapping("collections.UserDict", 0),
  "collections.defaultdict": mapping("collections.defaultdict", 1),
  "builtins.zip": zip,
  "builtins.enumerate": enumerate,
  "builtins.map": map,
  "builtins.next": element,
  "builtins.max": element,
  "builtins.min": element,
  "builtins.sum": element,
  "builtins.getattr": getattr,
  "builtins.setattr": setattr,
  "builtins.isinstance": askClass,
  "builtins.hasattr": askAttribute,
  "builtins.callable": askCall,
  "builtins.type": typeOf,
  "builtins.vars": namespaceOf,
  "builtins.globals": globalNames,
  "builtins.locals": localNames,
  "builtins.eval": evaluated,
  "builtins.super": nothing,
  "builtins.object.__setattr__": unbound("__setattr__"),
  "builtins.object.__new__": (flow, frame, call) => builtinMethod(flow, frame, "__new__", newReceiver(flow, frame), call),
  "builtins.object.__reduce_ex__": unbound("__reduce_ex__"),
  "builtins.object.__reduce__": unbound("__reduce__"),
  "builtins.object.__getstate__": unbound("__getstate__"),
  "collections.namedtuple": derivedClass("typing.NamedTuple"),
  "typing.NamedTuple": derivedClass("typing.NamedTuple"),
  "enum.Enum": derivedClass("enum.Enum"),
  "enum.IntEnum": derivedClass("enum.IntEnum"),
  "functools.partial": partial,
  "functools.wraps": nothing,
  "functools.lru_cache": identity(0),
  "functools.cache": identity(0),
  "functools.reduce": element,
  "copy.copy": copy,
  "copy.deepcopy": copy,
  "typing.cast": identity(1),
  "weakref.proxy": nothing,
  "weakref.ref": nothing,
  "dataclasses.field": dataclassField,
  "attr.Factory": (flow, frame, call) => dataclassFactory(flow, frame, call, argument(call, 0, "factory")),
  "attrs.Factory": (flow, frame, call) => dataclassFactory(flow, frame, call, argument(call, 0, "factory")),
  "attr.ib": dataclassField,
  "attr.field": dataclassField,
  "attrs.field": dataclassField,
  "copyreg.pickle": registerReduction,
  "copy_reg.pickle": registerReduction,
};

/** Whether a function makes a field of a dataclass, and gives its default. */
export function isFieldMaker(name: string): boolean {
  return MODELS[name] === dataclassField;
}

/** `object.__new__` needs no receiver, only some value to be asked on. */
function newReceiver(flow: Flow, frame: Frame): Value {
  return frame.receiver ?? flow.values.class(frame.code);
}

/** Calls something known by its dotted name only. */
export function callExternal(flow: Flow, frame: Frame, name: string, call: NativeCall): void {
  const model = MODELS[name];
  if (model) {
    model(flow, frame, call);
    return;
  }
  const { into } = call;
  const unboundMethod = /^(builtins\.(?:dict|list|set|tuple|object)|collections\.\w+)\.(\w+)$/.exec(name);
  if (unboundMethod?.[2]) {
    unbound(unboundMethod[2])(flow, frame, call);
    return;
  }
  if (into === null) return;
  if (isUnpickler(name)) {
    addUnpickled(flow, frame, into, call.line);
    return;
  }
  const native = nativeType(name);
  if (native) {
    if (isContainer(native.type)) collect(native.type)(flow, frame, call);
    else addMade(flow, frame, into, flow.values.native(native.type), call.line);
  } else if (flow.familyOf(name).length > 0) addResult(flow, name, into, frame, call.line);
  else if (!/^(builtins|typing|typing_extensions|abc)\./.test(name))
    // An object of the class where the name looks like one; else what the function returns, which nothing can be imported by.
    addMade(flow, frame, into, looksLikeClass(name) ? flow.values.unanalysed(name) : unknownResult(flow, frame, name), call.line);
}
