/**
 * Functions that are not written in Python, or whose source is not given: what they do to the objects they are handed.
 * Boundary: a function without a model gives values of its library's family, or an object of the class it is.
 */

import type { Node } from "../../graph/graph.ts";
import { fillNamespace, loadFrom } from "../attributes.ts";
import { askAttribute, askCall, askClass } from "../callers/open-values.ts";
import { addResult, invoke, unknownResult } from "../calls.ts";
import { makeNew } from "../classes/class-methods.ts";
import { makeDataclass, makeType, newClass } from "../classes/derived-classes.ts";
import { DESCRIPTOR_MODELS } from "../classes/descriptors.ts";
import { noteMembers } from "../classes/enumerations.ts";
import { isException, keepArguments } from "../classes/exceptions.ts";
import { addMade, newContainer, readItem, writeItem } from "../containers.ts";
import type { Flow } from "../flow.ts";
import type { Frame } from "../frame.ts";
import { gather } from "../generators.ts";
import {
  evaluated,
  getAttribute,
  globalNames,
  importModule,
  importNamed,
  localNames,
  moduleEntry,
  setAttribute,
} from "../names/reflection.ts";
import type { Value } from "../values.ts";
import { makeParser } from "./argument-parsers.ts";
import { argument, builtinMethod, listenTexts, type Model, type NativeCall } from "./container-methods.ts";
import {
  accumulate,
  collect,
  element,
  elementOr,
  enumerate,
  exchange,
  extreme,
  flatten,
  groupBy,
  iterator,
  map,
  push,
  reduce,
  repeat,
  select,
  starMap,
  take,
  tee,
  tuplesOf,
  zip,
} from "./iteration.ts";
import { addUnpickled, isUnpickler } from "./loaders.ts";
import { chainMap, counter, fromKeys, mapping } from "./mappings.ts";
import { familyOf, isContainer, looksLikeClass, nativeType } from "./natives.ts";
import { getter, partial } from "./partials.ts";
import { asPlain } from "./plain-data.ts";
import { PROTOCOL_MODELS } from "./protocols.ts";
import { isPicklerClass, PICKLER } from "./saves.ts";
import { runTarget, standardObject, wrapper } from "./standard-objects.ts";
import { keepZone } from "./time-zones.ts";

/** Gives its argument back. */
function identity(index: number): Model {
  return (flow, _frame, call) => {
    const from = argument(call, index);
    if (from !== null && call.into !== null) flow.graph.edge(from, call.into);
  };
}

/** `types.MethodType(function, object)`. */
const bind: Model = (flow, _frame, call) => {
  const { graph, values } = flow;
  const [function_, object] = [argument(call, 0), argument(call, 1)];
  const { into } = call;
  if (function_ === null || object === null || into === null) return;
  graph.listen(function_, (each) => {
    if (flow.data(each).kind !== "function") return;
    graph.listen(object, (receiver) => graph.add(into, values.method(each, receiver), object));
  });
};

const typeOf: Model = (flow, frame, call) => {
  if (call.args.length === 3) makeType(flow, frame, call);
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

/** `namedtuple("Name", ...)` and `Enum("Name", ...)`: a class of that name in the module that makes it, or that `module` names. */
function derivedClass(base: string): Model {
  return (flow, frame, call) => {
    const { into } = call;
    if (into === null) return;
    const { code } = frame;
    const module = argument(call, -1, "module");
    listenTexts(flow, argument(call, 0, "typename"), (name) => {
      const add = (module: string) => {
        const isFindable = code.kind !== "function" || flow.resolver.modules.mayHold(module, name);
        const scope = code.kind === "class" ? `${code.qualifiedName}.` : "";
        if (!isFindable) return;
        const class_ = flow.values.derivedClass(`${module}.${scope}${name}`, base, module);
        addMade(flow, frame, into, class_, call.line);
        if (base.startsWith("enum.")) noteMembers(flow, frame, class_, call);
      };
      if (module === null) add(code.unit.module);
      else listenTexts(flow, module, add);
    });
  };
}

const registerReduction: Model = (flow, _frame, call) => {
  const class_ = argument(call, 0);
  const function_ = argument(call, 1);
  if (class_ !== null && function_ !== null) flow.reductions.registerReduction(class_, function_);
};

/** An object whose attributes are what it is called with. */
function namespaceObject(type: string): Model {
  return (flow, frame, call) => {
    if (call.into === null) return;
    const value = newContainer(flow, frame, type, call.line);
    fillNamespace(flow, frame, value, call);
    addMade(flow, frame, call.into, value, call.line);
  };
}

const getItem: Model = (flow, frame, call) => {
  const object = argument(call, 0);
  const key = argument(call, 1);
  if (object !== null && key !== null && call.into !== null)
    readItem(flow, frame, { object, key: null, keyFrom: key }, call.into, call.line);
};

const putItem: Model = (flow, frame, call) => {
  const [object, key, from] = [0, 1, 2].map((index) => argument(call, index)) as [Node | null, Node | null, Node | null];
  if (object !== null && key !== null && from !== null) writeItem(flow, frame, { object, key: null, keyFrom: key }, from, call.line);
};

const callFirst: Model = (flow, frame, call) => {
  const [function_, ...args] = call.args;
  if (function_) flow.graph.listen(function_.from, (callee) => invoke(flow, frame, callee, args, call.into, call.line, function_.from));
};

const nothing: Model = () => {};

let models: Readonly<Record<string, Model>> | null = null;

/** By dotted name. Made when it is first asked for: files that call each other are loaded in any order. */
function modelsByName(): Readonly<Record<string, Model>> {
  models ??= {
    ...DESCRIPTOR_MODELS,
    ...PROTOCOL_MODELS,
    "builtins.list": collect("builtins.list"),
    "builtins.tuple": collect("builtins.tuple"),
    "builtins.set": collect("builtins.set"),
    "builtins.frozenset": collect("builtins.frozenset"),
    "builtins.sorted": take(0),
    "builtins.iter": iterator,
    "builtins.filter": select,
    "builtins.zip": zip,
    "builtins.enumerate": enumerate,
    "builtins.map": map,
    "builtins.next": elementOr,
    "builtins.max": extreme,
    "builtins.min": extreme,
    "itertools.accumulate": accumulate,
    "itertools.batched": tuplesOf,
    "itertools.chain": collect("builtins.list"),
    "itertools.chain.from_iterable": flatten,
    "itertools.combinations": tuplesOf,
    "itertools.combinations_with_replacement": tuplesOf,
    "itertools.compress": take(0),
    "itertools.cycle": collect("itertools.cycle"),
    "itertools.dropwhile": select,
    "itertools.filterfalse": select,
    "itertools.groupby": groupBy,
    "itertools.islice": take(0),
    "itertools.pairwise": tuplesOf,
    "itertools.permutations": tuplesOf,
    "itertools.product": zip,
    "itertools.repeat": repeat,
    "itertools.starmap": starMap,
    "itertools.takewhile": select,
    "itertools.tee": tee,
    "itertools.zip_longest": zip,
    "functools.reduce": reduce,
    "heapq.heappush": push,
    "heapq.heappop": element(0),
    "heapq.heappushpop": exchange,
    "heapq.heapreplace": exchange,
    "heapq.merge": collect("builtins.list"),
    "heapq.nlargest": take(1),
    "heapq.nsmallest": take(1),
    "bisect.insort": push,
    "bisect.insort_left": push,
    "bisect.insort_right": push,
    "random.choice": element(0),
    "random.choices": take(0),
    "random.sample": take(0),
    "random.Random.choice": element(0),
    "random.Random.choices": take(0),
    "random.Random.sample": take(0),
    "collections.deque": collect("collections.deque"),
    "builtins.dict": mapping("builtins.dict", 0),
    "collections.OrderedDict": mapping("collections.OrderedDict", 0),
    "collections.Counter": counter,
    "collections.UserDict": mapping("collections.UserDict", 0),
    "collections.defaultdict": mapping("collections.defaultdict", 1),
    "collections.ChainMap": chainMap,
    "builtins.dict.fromkeys": fromKeys("builtins.dict"),
    "collections.OrderedDict.fromkeys": fromKeys("collections.OrderedDict"),
    "collections.defaultdict.fromkeys": fromKeys("collections.defaultdict"),
    "types.MappingProxyType": identity(0),
    "types.MethodType": bind,
    "types.SimpleNamespace": namespaceObject("types.SimpleNamespace"),
    "argparse.ArgumentParser": makeParser,
    "argparse.FileType": nothing,
    "argparse.Namespace": namespaceObject("argparse.Namespace"),
    "threading.local": namespaceObject("threading.local"),
    "builtins.getattr": getAttribute,
    "builtins.setattr": setAttribute,
    "builtins.isinstance": askClass,
    "builtins.hasattr": askAttribute,
    "builtins.callable": askCall,
    "builtins.type": typeOf,
    "builtins.vars": namespaceOf,
    "builtins.globals": globalNames,
    "builtins.locals": localNames,
    "builtins.eval": evaluated,
    "builtins.__import__": importNamed,
    "importlib.import_module": importModule,
    "sys.modules.get": moduleEntry,
    "builtins.super": nothing,
    "builtins.object.__setattr__": unbound("__setattr__"),
    "numpy.ndarray.view": ofClass("numpy.ndarray"),
    "torch.Tensor.as_subclass": ofClass("torch.Tensor"),
    "builtins.object.__new__": (flow, frame, call) => builtinMethod(flow, frame, "__new__", newReceiver(flow, frame), call),
    "builtins.type.__call__": unbound("__call__"),
    "builtins.object.__reduce_ex__": unbound("__reduce_ex__"),
    "builtins.object.__reduce__": unbound("__reduce__"),
    "builtins.object.__getstate__": unbound("__getstate__"),
    "collections.namedtuple": derivedClass("typing.NamedTuple"),
    "typing.NamedTuple": derivedClass("typing.NamedTuple"),
    "typing.NewType": derivedClass("typing.NewType"),
    "enum.Enum": derivedClass("enum.Enum"),
    "enum.IntEnum": derivedClass("enum.IntEnum"),
    "enum.StrEnum": derivedClass("enum.StrEnum"),
    "enum.Flag": derivedClass("enum.Flag"),
    "enum.IntFlag": derivedClass("enum.IntFlag"),
    "functools.partial": partial("functools.partial"),
    "functools.partialmethod": partial("functools.partialmethod"),
    "operator.itemgetter": getter("operator.itemgetter"),
    "operator.attrgetter": getter("operator.attrgetter"),
    "operator.methodcaller": getter("operator.methodcaller"),
    "operator.getitem": getItem,
    "operator.setitem": putItem,
    "operator.call": callFirst,
    "contextlib.ExitStack": standardObject("contextlib.ExitStack"),
    "contextlib.closing": wrapper("contextlib.closing"),
    "contextlib.nullcontext": wrapper("contextlib.closing"),
    "queue.Queue": standardObject("queue.Queue"),
    "queue.LifoQueue": standardObject("queue.Queue"),
    "queue.PriorityQueue": standardObject("queue.Queue"),
    "queue.SimpleQueue": standardObject("queue.Queue"),
    "concurrent.futures.Future": standardObject("concurrent.futures.Future"),
    "concurrent.futures.ThreadPoolExecutor": standardObject("concurrent.futures.Executor"),
    "concurrent.futures.ProcessPoolExecutor": standardObject("concurrent.futures.Executor"),
    "concurrent.futures.as_completed": take(0),
    "multiprocessing.Pool": standardObject("multiprocessing.Pool"),
    "multiprocessing.pool.Pool": standardObject("multiprocessing.Pool"),
    "multiprocessing.pool.ThreadPool": standardObject("multiprocessing.Pool"),
    "multiprocessing.dummy.Pool": standardObject("multiprocessing.Pool"),
    "threading.Thread": runTarget(1, "target"),
    "threading.Timer": runTarget(1, "function"),
    "functools.wraps": nothing,
    "functools.lru_cache": identity(0),
    "functools.cache": identity(0),
    "torch._C._add_docstr": identity(0),
    "typing.cast": identity(1),
    "asyncio.run": identity(0),
    "asyncio.wait_for": identity(0),
    "asyncio.shield": identity(0),
    "asyncio.create_task": identity(0),
    "asyncio.ensure_future": identity(0),
    "asyncio.gather": gather,
    "builtins.anext": elementOr,
    "weakref.proxy": nothing,
    "weakref.ref": partial("weakref.ref"),
    "weakref.WeakValueDictionary": mapping("weakref.WeakValueDictionary", 0),
    "types.new_class": newClass,
    "dataclasses.make_dataclass": makeDataclass,
    "dataclasses.asdict": asPlain("builtins.dict"),
    "dataclasses.astuple": asPlain("builtins.tuple"),
    "dataclasses.field": dataclassField,
    "attr.Factory": (flow, frame, call) => dataclassFactory(flow, frame, call, argument(call, 0, "factory")),
    "attrs.Factory": (flow, frame, call) => dataclassFactory(flow, frame, call, argument(call, 0, "factory")),
    "attr.ib": dataclassField,
    "attr.attrib": dataclassField,
    "attr._make.attrib": dataclassField,
    "attr._next_gen.field": dataclassField,
    "attr.converters.optional": identity(0),
    "attrs.converters.optional": identity(0),
    "attr.field": dataclassField,
    "attrs.field": dataclassField,
    "copyreg.pickle": registerReduction,
    "copy_reg.pickle": registerReduction,
  };
  return models;
}

/** Whether it is known what the function of that dotted name does to objects. */
export function hasModel(name: string): boolean {
  return Object.hasOwn(modelsByName(), name);
}

/** Whether a function makes a field of a dataclass, and gives its default. */
export function isFieldMaker(name: string): boolean {
  return modelsByName()[name] === dataclassField;
}

/** Whether a function says what a field of attrs is: how it does that need not be read. */
export function saysField(name: string): boolean {
  return /^attrs?\.\w+$/.test(name) && hasModel(name);
}

/** `object.__new__` needs no receiver, only some value to be asked on. */
function newReceiver(flow: Flow, frame: Frame): Value {
  return frame.receiver ?? flow.values.class(frame.code);
}

/** An object of a recorded type, with what of its arguments is in its pickle. */
function addNative(flow: Flow, frame: Frame, type: string, { args, line }: NativeCall, into: Node): void {
  const value = isException(type) ? newContainer(flow, frame, type, line) : flow.values.native(type);
  keepArguments(flow, frame, value, args, line);
  keepZone(flow, value, args);
  addMade(flow, frame, into, value, line);
}

/** An array or tensor as one of the class that it is handed (`np.asarray(value).view(cls)`), or of its own type. */
function ofClass(type: string): Model {
  return (flow, frame, call) => {
    makeNew(flow, frame, call);
    if (call.into !== null)
      for (const each of [type, ...familyOf(type)]) addMade(flow, frame, call.into, flow.values.native(each), call.line);
  };
}

/** What of a compiled type makes an object of a class that derives from it. */
const MAKES_OF_CLASS = /\.(__new__|_make_subclass)$/;

/** Calls something known by its dotted name only. */
export function callExternal(flow: Flow, frame: Frame, name: string, call: NativeCall): void {
  const model = modelsByName()[name];
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
  if (isPicklerClass(name)) {
    standardObject(PICKLER)(flow, frame, call);
    return;
  }
  // `np.ndarray.__new__(cls, shape)`
  if (MAKES_OF_CLASS.test(name)) makeNew(flow, frame, call);
  const native = nativeType(name);
  if (native) {
    if (isContainer(native.type)) collect(native.type)(flow, frame, call);
    else addNative(flow, frame, native.type, call, into);
  } else if (flow.familyOf(name).length > 0) addResult(flow, name, into, frame, call);
  else if (typeWithin(name) !== null) addNative(flow, frame, typeWithin(name)!, call, into);
  else if (!/^(builtins|typing|typing_extensions|abc)\./.test(name))
    // An object of the class where the name looks like one; else what the function returns, which nothing can be imported by.
    addMade(flow, frame, into, looksLikeClass(name) ? flow.values.unanalysed(name) : unknownResult(flow, frame, name), call.line);
}

/** The recorded type of which a name is a method: what calling that gives is taken for another of it (`DistanceMetric.get_metric("euclidean")`). */
function typeWithin(name: string): string | null {
  const native = nativeType(name.slice(0, Math.max(name.lastIndexOf("."), 0)));
  return native === null || isContainer(native.type) ? null : native.type;
}
