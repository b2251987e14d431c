/**
 * Callables that call, look up or load for the pickle: what they are given decides what happens, so a call of one is a
 * fact about its arguments as well. Positions count from 0. A table of what is known; a callable that is not in it is
 * judged by its own name alone, which only a policy that allows it can make harmless.
 */

/** What a callable does with its arguments on the pickle's behalf. */
export type Indirection =
  | Calling
  /** It walks from an object to an attribute: `getattr(object, name)`. */
  | { readonly does: "fetches"; readonly object: number; readonly name: number }
  /** It imports the module that is named. */
  | { readonly does: "imports"; readonly position: number }
  /** It looks up the callable that a dotted path names. */
  | { readonly does: "resolves"; readonly position: number }
  /** It returns a callable that fetches, or calls, named attributes of what it is given: `attrgetter`, `methodcaller`. */
  | { readonly does: "makes-getter" }
  | { readonly does: "makes-caller" }
  | Loading
  /** It runs source, or changes what it was not given to keep: which names mean what afterwards is not known. */
  | { readonly does: "anything" };

/** It loads the pickles in what it is given, bytes or a file: up to so many, one after the other. */
export interface Loading {
  readonly does: "loads";
  readonly position: number;
  readonly pickles: number;
  readonly takes: "bytes" | "file";
}

/** It calls what it is given, now or later. */
export interface Calling {
  readonly does: "calls";
  /** Where it takes callables. Those among its keyword arguments are taken to be called as well. */
  readonly positions: readonly number[];
  readonly passes: Passes;
  readonly returns: Returns;
  /** Where it takes a state that it gives to what it returns, as BUILD would. */
  readonly state?: number;
}

/** What a callable that is handed over gets called with. */
export type Passes =
  | { readonly kind: "unknown" }
  /** The arguments from a position on, up to another one; `more` may follow them later. */
  | { readonly kind: "arguments"; readonly from: number; readonly to?: number; readonly more?: true }
  /** What is in the tuple at a position, and in the dict at another one by keyword. */
  | { readonly kind: "items"; readonly position?: number; readonly keywords?: number };

/** What a call of it leaves on the stack. */
export type Returns =
  /** An object of its own that keeps the callable, and in whose state the pickle can put another. */
  | { readonly kind: "keeper" }
  /** An instance of the class at a position. */
  | { readonly kind: "instance"; readonly class: number }
  /** What the callable returned. */
  | { readonly kind: "result" };

const UNKNOWN: Passes = { kind: "unknown" };
const NOTHING: Passes = { kind: "arguments", from: 0, to: 0 };
const from = (position: number, to?: number): Passes => ({ kind: "arguments", from: position, ...(to !== undefined && { to }) });
const bound = (position: number): Passes => ({ kind: "arguments", from: position, more: true });
const items = (position?: number, keywords?: number): Passes => ({
  kind: "items",
  ...(position !== undefined && { position }),
  ...(keywords !== undefined && { keywords }),
});

const keeps = (passes: Passes, ...positions: number[]): Calling => ({ does: "calls", positions, passes, returns: { kind: "keeper" } });
const returns = (passes: Passes, ...positions: number[]): Calling => ({ does: "calls", positions, passes, returns: { kind: "result" } });
/** Calls them to make an instance of the class at the first of the positions. */
const makes = (passes: Passes, ...positions: number[]): Calling => ({
  does: "calls",
  positions,
  passes,
  returns: { kind: "instance", class: positions[0]! },
});
const loads = (pickles = 1): Indirection => ({ does: "loads", position: 0, pickles, takes: "bytes" });
const loadsFile = (pickles = 1): Indirection => ({ does: "loads", position: 0, pickles, takes: "file" });
/** `(function, type, arguments, state)`. */
const REBUILDS_TENSOR: Calling = { does: "calls", positions: [0, 1], passes: items(2), returns: { kind: "instance", class: 1 }, state: 3 };
/** `(tensor, requires_grad, hooks, state)`, for parameters with attributes (torch 2). */
const REBUILDS_PARAMETER: Calling = { does: "calls", positions: [], passes: UNKNOWN, returns: { kind: "instance", class: 0 }, state: 3 };
const ANYTHING: Indirection = { does: "anything" };

function makesNew(module: string): readonly [string, Indirection] {
  return [`sklearn.${module}.newObj`, makes(NOTHING, 0)];
}

/** torch's legacy format: magic number, protocol version, system, the object, the keys of its storages. */
const TORCH_LEGACY_PICKLES = 5;

export const INDIRECT_CALLABLES: ReadonlyMap<string, Indirection> = new Map<string, Indirection>([
  ["builtins.getattr", { does: "fetches", object: 0, name: 1 }],
  ["dill._dill._getattribute", { does: "fetches", object: 0, name: 1 }],
  ["dill._dill._get_attr", { does: "fetches", object: 0, name: 1 }],
  ["operator.attrgetter", { does: "makes-getter" }],
  ["operator.methodcaller", { does: "makes-caller" }],
  ["_operator.attrgetter", { does: "makes-getter" }],
  ["_operator.methodcaller", { does: "makes-caller" }],

  ["builtins.__import__", { does: "imports", position: 0 }],
  ["importlib.import_module", { does: "imports", position: 0 }],
  ["importlib.__import__", { does: "imports", position: 0 }],
  ["importlib._bootstrap.__import__", { does: "imports", position: 0 }],
  ["importlib._bootstrap._gcd_import", { does: "imports", position: 0 }],
  ["cloudpickle.cloudpickle.subimport", { does: "imports", position: 0 }],
  ["dill._dill._import_module", { does: "imports", position: 0 }],
  ["pydoc.locate", { does: "resolves", position: 0 }],
  ["pydoc.resolve", { does: "resolves", position: 0 }],
  ["pkgutil.resolve_name", { does: "resolves", position: 0 }],
  ["logging.config._resolve", { does: "resolves", position: 0 }],

  ["builtins.map", keeps(UNKNOWN, 0)],
  ["builtins.filter", keeps(UNKNOWN, 0)],
  ["builtins.apply", returns(items(1, 2), 0)],
  ["builtins.iter", keeps(NOTHING, 0)],
  ["builtins.sorted", keeps(UNKNOWN)],
  ["builtins.min", returns(UNKNOWN)],
  ["builtins.max", returns(UNKNOWN)],
  ["builtins.property", keeps(UNKNOWN, 0, 1, 2)],
  ["builtins.classmethod", keeps(UNKNOWN, 0)],
  ["builtins.staticmethod", keeps(UNKNOWN, 0)],
  ["functools.partial", keeps(bound(1), 0)],
  ["_functools.partial", keeps(bound(1), 0)],
  ["functools.partialmethod", keeps(UNKNOWN, 0)],
  ["functools.reduce", returns(UNKNOWN, 0)],
  ["_functools.reduce", returns(UNKNOWN, 0)],
  ["functools.cmp_to_key", keeps(UNKNOWN, 0)],
  ["_functools.cmp_to_key", keeps(UNKNOWN, 0)],
  ["functools.lru_cache", keeps(UNKNOWN, 0)],
  ["functools._lru_cache_wrapper", keeps(UNKNOWN, 0, 3)],
  ["_functools._lru_cache_wrapper", keeps(UNKNOWN, 0, 3)],
  ["functools.cache", keeps(UNKNOWN, 0)],
  ["functools.singledispatch", keeps(UNKNOWN, 0)],
  ["functools.singledispatchmethod", keeps(UNKNOWN, 0)],
  ["functools.cached_property", keeps(UNKNOWN, 0)],
  ["itertools.starmap", keeps(UNKNOWN, 0)],
  ["itertools.filterfalse", keeps(UNKNOWN, 0)],
  ["itertools.takewhile", keeps(UNKNOWN, 0)],
  ["itertools.dropwhile", keeps(UNKNOWN, 0)],
  ["itertools.accumulate", keeps(UNKNOWN, 1)],
  ["itertools.groupby", keeps(UNKNOWN, 1)],
  ["operator.call", returns(from(1), 0)],
  ["_operator.call", returns(from(1), 0)],
  ["types.MethodType", keeps(bound(1), 0)],
  ["types.DynamicClassAttribute", keeps(UNKNOWN, 0, 1, 2)],
  ["types.coroutine", keeps(UNKNOWN, 0)],
  ["types.new_class", keeps(UNKNOWN, 1, 2, 3)],
  ["collections.defaultdict", keeps(NOTHING, 0)],
  ["_collections.defaultdict", keeps(NOTHING, 0)],
  ["contextlib.contextmanager", keeps(UNKNOWN, 0)],
  ["copy._reconstruct", { ...returns(items(3), 2), state: 4 }],
  ["copyreg.pickle", keeps(UNKNOWN, 1, 2)],
  ["codecs.register", keeps(UNKNOWN, 0)],
  ["_codecs.register", keeps(UNKNOWN, 0)],
  ["codecs.register_error", keeps(UNKNOWN, 1)],
  ["_codecs.register_error", keeps(UNKNOWN, 1)],
  ["heapq.nlargest", keeps(UNKNOWN, 2)],
  ["heapq.nsmallest", keeps(UNKNOWN, 2)],
  ["heapq.merge", keeps(UNKNOWN)],
  ["re.sub", keeps(UNKNOWN, 1)],
  ["re.subn", keeps(UNKNOWN, 1)],
  ["weakref.ref", keeps(UNKNOWN, 1)],
  ["_weakref.ref", keeps(UNKNOWN, 1)],
  ["weakref.ReferenceType", keeps(UNKNOWN, 1)],
  ["weakref.proxy", returns(UNKNOWN, 1)],
  ["_weakref.proxy", returns(UNKNOWN, 1)],
  ["weakref.WeakMethod", keeps(UNKNOWN, 0, 1)],
  ["weakref.finalize", keeps(from(2), 1)],
  ["atexit.register", keeps(from(1), 0)],
  ["_thread.start_new_thread", keeps(items(1, 2), 0)],
  ["threading.Thread", keeps(items(3, 4), 1)],
  ["threading.Timer", keeps(items(2, 3), 1)],
  ["signal.signal", keeps(UNKNOWN, 1)],
  ["numpy.vectorize", keeps(UNKNOWN, 0)],
  ["numpy.frompyfunc", keeps(UNKNOWN, 0)],
  ["numpy.fromfunction", keeps(UNKNOWN, 0)],
  ["numpy.apply_along_axis", keeps(UNKNOWN, 0)],
  ["numpy.apply_over_axes", keeps(UNKNOWN, 0)],
  ["numpy.piecewise", keeps(UNKNOWN)],

  ["copyreg._reconstructor", makes(from(2), 0, 1)],
  ["copyreg.__newobj__", makes(from(1), 0)],
  ["copyreg.__newobj_ex__", makes(items(1, 2), 0)],
  ["numpy.core.multiarray._reconstruct", makes(from(1), 0)],
  ["numpy._core.multiarray._reconstruct", makes(from(1), 0)],
  ["numpy.ma.core._mareconstruct", makes(UNKNOWN, 0, 1)],
  // numpy 1.24 and newer: Generator(bit_generator_ctor(bit_generator_name)); a class for the name since 1.25.
  ["numpy.random._pickle.__generator_ctor", keeps(from(0, 1), 1)],
  ["numpy.random._pickle.__randomstate_ctor", keeps(from(0, 1), 1)],
  ["numpy.random._pickle.__bit_generator_ctor", makes(NOTHING, 0)],
  ["torch._tensor._rebuild_from_type_v2", REBUILDS_TENSOR],
  ["torch._tensor._rebuild_from_type", REBUILDS_TENSOR],
  ["torch._utils._rebuild_parameter_with_state", REBUILDS_PARAMETER],
  ["torch._utils._rebuild_wrapper_subclass", makes(UNKNOWN, 0)],
  ["pandas.core.indexes.base._new_Index", makes(items(undefined, 1), 0)],
  ["pandas.core.indexes.datetimes._new_DatetimeIndex", makes(items(undefined, 1), 0)],
  ["pandas.core.indexes.period._new_PeriodIndex", makes(UNKNOWN, 0)],
  ["pandas.core.indexes.interval._new_IntervalIndex", makes(items(undefined, 1), 0)],
  // Cython's `def newObj(obj): return obj.__new__(obj)`, under each path that scikit-learn had it.
  ...["neighbors._ball_tree", "neighbors._kd_tree", "metrics._dist_metrics", "neighbors._dist_metrics"].map(makesNew),
  ...["neighbors.ball_tree", "neighbors.kd_tree", "neighbors.dist_metrics"].map(makesNew),
  // It imports the module of the first argument, and fetches what the second names.
  ["numpy.core._ufunc_reconstruct", ANYTHING],
  ["numpy._core._ufunc_reconstruct", ANYTHING],
  ["difflib.SequenceMatcher", keeps(UNKNOWN, 0)],
  ["dill._dill._create_type", returns(from(1), 0)],
  ["dill._dill._create_ftype", returns(UNKNOWN, 0, 1)],
  ["dill._dill._create_weakref", keeps(UNKNOWN, 0, 1)],

  ["builtins.setattr", ANYTHING],
  ["builtins.delattr", ANYTHING],
  ["builtins.vars", ANYTHING],
  ["builtins.globals", ANYTHING],
  ["builtins.locals", ANYTHING],
  ["builtins.eval", ANYTHING],
  ["builtins.exec", ANYTHING],
  ["builtins.execfile", ANYTHING],
  ["functools.update_wrapper", ANYTHING],
  ["functools.wraps", ANYTHING],
  ["copyreg.add_extension", ANYTHING],

  ["pickle.loads", loads()],
  ["_pickle.loads", loads()],
  ["pickle._loads", loads()],
  ["pickle.load", loadsFile()],
  ["_pickle.load", loadsFile()],
  ["pickle._load", loadsFile()],
  ["pickle.Unpickler", loadsFile()],
  ["_pickle.Unpickler", loadsFile()],
  ["pickle._Unpickler", loadsFile()],
  ["dill.loads", loads()],
  ["dill.load", loadsFile()],
  ["dill._dill.loads", loads()],
  ["dill._dill.load", loadsFile()],
  ["cloudpickle.loads", loads()],
  ["cloudpickle.load", loadsFile()],
  ["joblib.load", loadsFile()],
  ["joblib.numpy_pickle.load", loadsFile()],
  ["pandas.read_pickle", loadsFile()],
  ["pandas.io.pickle.read_pickle", loadsFile()],
  ["pandas.compat.pickle_compat.load", loadsFile()],
  ["numpy.load", loadsFile()],
  ["numpy.loads", loads()],
  ["torch.load", loadsFile(TORCH_LEGACY_PICKLES)],
  ["torch.serialization.load", loadsFile(TORCH_LEGACY_PICKLES)],
  ["torch.storage._load_from_bytes", loads(TORCH_LEGACY_PICKLES)],
]);

/**
 * Those that are called for what they are handed, and are not to be kept: all but what makes an instance of a class, which
 * does no more than that class.
 */
export const ACTING: ReadonlySet<string> = new Set(
  [...INDIRECT_CALLABLES].flatMap(([name, indirection]) =>
    indirection.does === "calls" && indirection.returns.kind === "instance" ? [] : [name],
  ),
);

/** Callables that make a file of bytes in memory. */
export const BYTES_FILES: ReadonlySet<string> = new Set(["io.BytesIO", "_io.BytesIO"]);

/**
 * Callables that return a class, a function, a module, or the very object they were given: to change what they returned
 * is to change that, for everybody.
 */
export const RETURNS_WHAT_IS_SHARED: ReadonlySet<string> = new Set(
  `abc.ABCMeta abc.update_abstractmethods builtins.__build_class__ builtins.getattr builtins.intern builtins.iter builtins.max builtins.min
  builtins.next builtins.super builtins.type cloudpickle.cloudpickle._builtin_type cloudpickle.cloudpickle._make_function
  cloudpickle.cloudpickle._make_skeleton_class cloudpickle.cloudpickle.subimport collections.namedtuple copy.copy copy.deepcopy
  dataclasses.dataclass dataclasses.make_dataclass dill._dill._create_function dill._dill._create_namedtuple dill._dill._create_type
  dill._dill._eval_repr dill._dill._get_attr dill._dill._getattribute dill._dill._import_module dill._dill._load_type
  functools.cmp_to_key functools.lru_cache functools.reduce functools.singledispatch functools.total_ordering importlib.__import__
  importlib.import_module importlib.reload logging.getLogger operator.getitem _operator.getitem pkgutil.resolve_name pydoc.locate
  sys._getframe types.BuiltinFunctionType types.BuiltinMethodType types.CodeType types.FunctionType types.LambdaType types.MethodType
  types.ModuleType types.coroutine types.new_class typing.NamedTuple typing.NewType typing.TypeVar typing.cast weakref.proxy _weakref.proxy
  builtins.__import__ builtins.property builtins.classmethod builtins.staticmethod zoneinfo.ZoneInfo._unpickle
  numpy.core.multiarray.scalar numpy._core.multiarray.scalar`.split(/\s+/),
);

/** Calling it makes nothing happen: `copyreg._reconstructor`'s usual base. */
export const INERT = "builtins.object";
