/**
 * Callables that call, look up or load for the pickle: what they are given decides what happens, so a call of one is a
 * fact about its arguments as well. Positions count from 0. A table of what is known; a callable that is not in it is
 * judged by its own name alone, which only a policy that allows it can make harmless.
 */

/** What a callable does with its arguments on the pickle's behalf. */
export type Indirection =
  /** It calls them, now or later: each position that holds a callable. */
  | { readonly does: "calls"; readonly positions: readonly number[] }
  /** It walks from an object to an attribute: `getattr(object, name)`. */
  | { readonly does: "fetches"; readonly object: number; readonly name: number }
  /** It imports the module that is named. */
  | { readonly does: "imports"; readonly position: number }
  /** It looks up the callable that a dotted path names. */
  | { readonly does: "resolves"; readonly position: number }
  /** It returns a callable that fetches, or calls, named attributes of what it is given: `attrgetter`, `methodcaller`. */
  | { readonly does: "makes-getter" }
  | { readonly does: "makes-caller" }
  /** It loads the pickles in the bytes it is given: up to so many, one after the other. */
  | { readonly does: "loads"; readonly position: number; readonly pickles: number };

const calls = (...positions: number[]): Indirection => ({ does: "calls", positions });
const loads = (pickles = 1): Indirection => ({ does: "loads", position: 0, pickles });

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
  ["cloudpickle.cloudpickle.subimport", { does: "imports", position: 0 }],
  ["dill._dill._import_module", { does: "imports", position: 0 }],
  ["pydoc.locate", { does: "resolves", position: 0 }],
  ["pkgutil.resolve_name", { does: "resolves", position: 0 }],

  ["builtins.map", calls(0)],
  ["builtins.filter", calls(0)],
  ["builtins.apply", calls(0)],
  ["builtins.iter", calls(0)],
  ["functools.partial", calls(0)],
  ["_functools.partial", calls(0)],
  ["functools.partialmethod", calls(0)],
  ["functools.reduce", calls(0)],
  ["_functools.reduce", calls(0)],
  ["functools.cmp_to_key", calls(0)],
  ["functools.lru_cache", calls(0)],
  ["functools.singledispatch", calls(0)],
  ["functools.cached_property", calls(0)],
  ["itertools.starmap", calls(0)],
  ["itertools.filterfalse", calls(0)],
  ["itertools.takewhile", calls(0)],
  ["itertools.dropwhile", calls(0)],
  ["itertools.accumulate", calls(1)],
  ["itertools.groupby", calls(1)],
  ["operator.call", calls(0)],
  ["_operator.call", calls(0)],
  ["types.MethodType", calls(0)],
  ["builtins.property", calls(0, 1, 2)],
  ["builtins.classmethod", calls(0)],
  ["builtins.staticmethod", calls(0)],
  ["collections.defaultdict", calls(0)],
  ["weakref.WeakMethod", calls(0)],
  ["weakref.finalize", calls(1)],
  ["atexit.register", calls(0)],
  ["threading.Thread", calls(1)],
  ["threading.Timer", calls(1)],
  ["numpy.vectorize", calls(0)],
  ["numpy.frompyfunc", calls(0)],

  ["copyreg._reconstructor", calls(0, 1)],
  ["copyreg.__newobj__", calls(0)],
  ["copyreg.__newobj_ex__", calls(0)],
  ["numpy.core.multiarray._reconstruct", calls(0)],
  ["numpy._core.multiarray._reconstruct", calls(0)],
  ["numpy.ma.core._mareconstruct", calls(0, 1)],
  ["torch._tensor._rebuild_from_type_v2", calls(0, 1)],
  ["torch._tensor._rebuild_from_type", calls(0, 1)],
  ["torch._utils._rebuild_wrapper_subclass", calls(0)],
  ["pandas.core.indexes.base._new_Index", calls(0)],
  ["dill._dill._create_type", calls(0)],
  ["dill._dill._create_ftype", calls(0)],
  ["dill._dill._create_weakref", calls(0)],

  ["pickle.loads", loads()],
  ["_pickle.loads", loads()],
  ["pickle._loads", loads()],
  ["pickle.load", loads()],
  ["_pickle.load", loads()],
  ["pickle._load", loads()],
  ["pickle.Unpickler", loads()],
  ["_pickle.Unpickler", loads()],
  ["pickle._Unpickler", loads()],
  ["dill.loads", loads()],
  ["dill.load", loads()],
  ["dill._dill.loads", loads()],
  ["dill._dill.load", loads()],
  ["cloudpickle.loads", loads()],
  ["cloudpickle.load", loads()],
  ["joblib.load", loads()],
  ["joblib.numpy_pickle.load", loads()],
  ["pandas.read_pickle", loads()],
  ["pandas.io.pickle.read_pickle", loads()],
  ["pandas.compat.pickle_compat.load", loads()],
  ["numpy.load", loads()],
  ["numpy.loads", loads()],
  ["torch.load", loads(TORCH_LEGACY_PICKLES)],
  ["torch.serialization.load", loads(TORCH_LEGACY_PICKLES)],
  ["torch.storage._load_from_bytes", loads(TORCH_LEGACY_PICKLES)],
]);

/** Callables that make a file of bytes in memory: what a loader is given by way of them are those bytes. */
export const BYTES_FILES: ReadonlySet<string> = new Set(["io.BytesIO", "_io.BytesIO"]);

/** Calling it makes nothing happen: `copyreg._reconstructor`'s usual base. */
export const INERT = "builtins.object";
