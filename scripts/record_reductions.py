#!/usr/bin/env python3
"""Records how types that are not written in Python are pickled: which callables their pickles look up and call.

Writes analyzer/policy/inference/recorded-reductions.json. Run it with an interpreter that has the libraries (Debian's
/usr/bin/python3), and with --merge with others, whose libraries have other versions:

    /usr/bin/python3 scripts/record_reductions.py
    python3 scripts/record_reductions.py --merge

Only objects made in this file are pickled, and what is read back is read by an unpickler that looks nothing up: every
name becomes a stub that remembers what is done to it.
"""

import argparse
import importlib
import io
import json
import pathlib
import pickle
import sys
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from unittest import mock

from standard_library_samples import exceptions, standard_library

TABLE = pathlib.Path(__file__).parent.parent / "analyzer" / "policy" / "inference" / "recorded-reductions.json"


class Payload:
    """Stands for whatever the user puts into a value that holds something; its own names are left out of the recording."""


# What calls, or makes an object of, the classes it is told, and at which positions it is told them.
MAKERS = {
    "copyreg._reconstructor": (0, 1),
    "collections.defaultdict": (0,),
    "numpy.core.multiarray._reconstruct": (0,),
    "numpy._core.multiarray._reconstruct": (0,),
    "numpy.ma.core._mareconstruct": (0, 1),
    "pandas.core.indexes.base._new_Index": (0,),
    "pandas.core.indexes.datetimes._new_DatetimeIndex": (0,),
    "pandas.core.indexes.interval._new_IntervalIndex": (0,),
    "pandas.core.indexes.period._new_PeriodIndex": (0,),
    "sklearn.metrics._dist_metrics.newObj": (0,),
    "sklearn.neighbors._ball_tree.newObj": (0,),
    "sklearn.neighbors._kd_tree.newObj": (0,),
    "torch._tensor._rebuild_from_type_v2": (0, 1),
    "torch._utils._rebuild_wrapper_subclass": (0,),
}


class Stub:
    """What a looked-up name, or the result of calling one, is while recording."""

    def __init__(self, name, imports, calls, made=False, fetched=False):
        self.__dict__.update(name=name, imports=imports, calls=calls, made=made, fetched=fetched)

    def __call__(self, *args, **kwargs):
        self.calls.append(self.name)
        if self.fetched:
            self.imports.append(self.name)
        if self.name == "builtins.getattr" and isinstance(args[0], Stub) and not args[0].made:
            # What is called is part of how a type pickles; what is only kept (a member, a method) is that of the sample.
            return Stub(f"{args[0].name}.{args[1]}", self.imports, self.calls, fetched=True)
        made = self.name
        for position in MAKERS.get(self.name, ()):
            told = args[position] if position < len(args) else None
            # `object` is what copyreg is told where there is no other base: calling it does nothing.
            if isinstance(told, Stub) and not told.made and told.name != "builtins.object":
                self.calls.append(told.name)
                made = told.name if position == 0 and self.name != "collections.defaultdict" else made
        return Stub(made, self.imports, self.calls, made=True)

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def append(self, item):
        pass

    extend = add = update = append

    def __hash__(self):
        return id(self)


class Recorder(pickle._Unpickler):
    """Runs a pickle without looking anything up."""

    def __init__(self, file):
        super().__init__(file)
        self.imports, self.calls, self.protocol = [], [], 0

    def find_class(self, module, name):
        if self.proto < 3:
            if (module, name) in NAME_MAPPING:
                module, name = NAME_MAPPING[module, name]
            elif module in IMPORT_MAPPING:
                module = IMPORT_MAPPING[module]
        self.imports.append(f"{module}.{name}")
        return Stub(f"{module}.{name}", self.imports, self.calls)

    def persistent_load(self, pid):
        return None

    dispatch = dict(pickle._Unpickler.dispatch)

    def load_newobj(self):
        args = self.stack.pop()
        cls = self.stack.pop()
        self.append(cls(*args))

    def load_newobj_ex(self):
        self.stack.pop()
        self.load_newobj()

    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex


def run(data, into):
    stream = io.BytesIO(data)
    while stream.tell() < len(data):
        recorder = Recorder(stream)
        recorder.proto = 0
        try:
            root = recorder.load()
        except (EOFError, pickle.UnpicklingError):
            return
        if isinstance(root, Stub):
            into["makers"].setdefault("builtins.getattr" if root.fetched else root.name, None)
        for kind, names in (("imports", recorder.imports), ("calls", recorder.calls)):
            for name in names:
                into[kind].setdefault(name, None)


def routes(sample, is_torch):
    """The ways in which a value is saved, each with the bytes of its pickles."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        try:
            data = pickle.dumps(sample, protocol)
        except Exception:  # whatever a library raises for what it cannot save
            continue
        yield str(protocol), data
    if not is_torch:
        data = joblib_pickle(sample)
        if data is not None:
            yield "j", data
        return
    import torch

    for protocol in (2, 4):
        buffer = io.BytesIO()
        try:
            torch.save(sample, buffer, pickle_protocol=protocol)
        except Exception:
            continue
        with zipfile.ZipFile(buffer) as archive:
            for name in archive.namelist():
                if name.endswith(".pkl"):
                    yield "t", archive.read(name)


def joblib_pickle(sample):
    """What joblib.dump writes, without the bytes of the arrays; None where there is no joblib, or it cannot."""
    try:
        import joblib
    except ImportError:
        return None
    buffer = io.BytesIO()
    with mock.patch.object(joblib.numpy_pickle.NumpyArrayWrapper, "write_array", lambda self, array, pickler: None):
        try:
            joblib.dump(sample, buffer)
        except Exception:
            return None
    return buffer.getvalue()


def dotted(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def lookup(name):
    """The object of a dotted name, or None where this interpreter has none."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:length]))
        except Exception:
            continue
        try:
            for part in parts[length:]:
                value = getattr(value, part)
            return value
        except AttributeError:
            continue
    return None


def record_samples(samples, torch):
    """What the pickles of some values look up and call: callable -> the routes on which they do."""
    entry = {"imports": {}, "calls": {}, "makers": {}}
    by_route = {}
    for sample in samples:
        for route, data in routes(sample, torch):
            one = by_route.setdefault(route, {"imports": {}, "calls": {}, "makers": {}})
            run(data, one)
    for route, one in by_route.items():
        for kind in ("imports", "calls", "makers"):
            for callable_name in one[kind]:
                if callable_name == "__main__.Payload":
                    continue
                entry[kind].setdefault(callable_name, set()).add(route)
    return entry if by_route else {"unpicklable": True}


def record(name, samples, aliases=(), torch=False):
    """One entry of the table: the type's own instances, and those of a subclass that adds nothing, which is `{class}`."""
    cls = lookup(name)
    if cls is None:
        return None
    entry = record_samples(samples, torch) if samples else {}
    if name in SUBCLASSES:
        make_class, make_instance = SUBCLASSES[name]
        subclass = make_class(cls) if make_class else type(cls)("Subclass", (cls,), {"__module__": "__main__"})
        globals()["Subclass"] = subclass
        entry["subclass"] = record_samples([make_instance(subclass)], torch)
        entry["subclass"].pop("makers", None)
        for kind in ("imports", "calls"):
            found = entry["subclass"].get(kind, {})
            entry["subclass"][kind] = {name.replace("__main__.Subclass", "{class}"): routes for name, routes in found.items()}
    if name in CONSTANTS:
        entry["constants"] = record_constants(cls, torch)
    names = {name, *aliases} | ({dotted(cls), *compiled_names(cls)} if isinstance(cls, type) else set())
    entry["names"] = sorted(names)
    return entry


# Types whose values are constants of the package and pickle as a name of theirs, which not every name of a value is (torch.half is torch.float16).
CONSTANTS = ("torch.dtype", "torch.memory_format", "torch.qscheme")


def record_constants(cls, torch):
    """The constants of a type in its package: how each is called there -> what its pickles look up."""
    values = vars(importlib.import_module(cls.__module__)).items()
    return {name: record_samples([value], torch)["imports"] for name, value in sorted(values) if isinstance(value, cls)}


def compiled_names(cls):
    """Of a type that calls itself by its package: its names in the package's compiled modules, as stubs have them, and where it is exported."""
    if not hasattr(sys.modules.get(cls.__module__), "__path__"):
        return
    for module_name, module in sorted(sys.modules.items()):
        is_compiled = str(getattr(module, "__file__", None)).endswith(".so")
        has_it = module_name.startswith(f"{cls.__module__}.") and vars(module).get(cls.__name__) is cls
        if has_it and (is_compiled or cls.__name__ in getattr(module, "__all__", ())):
            yield f"{module_name}.{cls.__name__}"


def make_enum(cls):
    """An enumeration is a class of its own kind: it is made with its members."""
    value = "a" if issubclass(cls, str) else 1
    return cls("Subclass", {"A": value}, module="__main__")


def make_named_tuple(_):
    return __import__("collections").namedtuple("Subclass", "a", module="__main__")


# How to make an instance of a subclass of the type: (how to make the class, or None for the plain way; how to make the instance).
SUBCLASSES = {
    **{f"builtins.{name}": (None, lambda c: c()) for name in ("dict", "list", "set", "frozenset", "str", "int", "float", "bytes", "bytearray")},
    **{f"builtins.{name}": (None, lambda c: c()) for name in ("object", "complex", "tuple")},
    **{f"builtins.{name}": (None, make) for name, make in exceptions()},
    **{f"collections.{name}": (None, lambda c: c()) for name in ("OrderedDict", "Counter", "deque", "UserDict", "UserList", "defaultdict")},
    **{f"enum.{name}": (make_enum, lambda c: c.A) for name in ("Enum", "IntEnum", "Flag", "IntFlag", "StrEnum")},
    "typing.NamedTuple": (make_named_tuple, lambda c: c(1)),
    "pathlib.PosixPath": (None, lambda c: c("a")),
    "pathlib.PurePosixPath": (None, lambda c: c("a")),
    "datetime.datetime": (None, lambda c: c(2000, 1, 1)),
    "datetime.date": (None, lambda c: c(2000, 1, 1)),
    "datetime.timedelta": (None, lambda c: c(1)),
    "datetime.tzinfo": (None, lambda c: c()),
    "decimal.Decimal": (None, lambda c: c("1")),
    "fractions.Fraction": (None, lambda c: c(1, 3)),
    "functools.partial": (None, lambda c: c(Payload)),
    "random.Random": (None, lambda c: c(1)),
    "io.BytesIO": (None, lambda c: c(b"a")),
    "io.StringIO": (None, lambda c: c("a")),
    "argparse.Namespace": (None, lambda c: c(a=1)),
    "types.SimpleNamespace": (None, lambda c: c(a=1)),
    "threading.Thread": (None, lambda c: c()),
    "threading.local": (None, lambda c: c()),
    "logging.Logger": (None, lambda c: c("a")),
    "logging.Handler": (None, lambda c: c()),
    "numpy.ndarray": (None, lambda c: __import__("numpy").zeros(2).view(c)),
    "numpy.float64": (None, lambda c: c(1.0)),
    "scipy.sparse.csr_matrix": (None, lambda c: c((2, 2))),
    "pandas.DataFrame": (None, lambda c: c({"a": [1]})),
    "torch.Tensor": (None, lambda c: __import__("torch").zeros(2).as_subclass(c)),
    "torch.nn.parameter.Parameter": (None, lambda c: c(__import__("torch").zeros(2))),
}


def subclassed():
    """Types of which only subclasses need a name, or which are named below with their samples."""
    for name in SUBCLASSES:
        yield name, []


def numpy_types():
    try:
        import numpy as np
    except ImportError:
        return
    scalars = [t for t in set(np.sctypeDict.values()) if t is not np.void]
    dtypes = [np.dtype(t) for t in scalars] + [np.dtype([("a", "f4")])]
    filled = [np.zeros(2, dtype=d) for d in dtypes]
    filled += [np.array([None], dtype=object), np.zeros((2, 2), order="F"), np.zeros(4)[::2], np.array(1.0), np.array(["a"])]
    yield "numpy.ndarray", filled
    yield "numpy.generic", [t() for t in scalars if t is not np.object_]
    yield "numpy.dtype", dtypes
    yield "numpy.matrix", [np.matrix([[1.0]])]
    yield "numpy.recarray", [np.rec.array([(1, 2.0)], dtype=[("a", int), ("b", float)])]
    yield "numpy.ma.MaskedArray", [np.ma.array([1.0, 2.0], mask=[0, 1])]
    yield "numpy.finfo", [np.finfo(np.float32), np.finfo(float)]
    yield "numpy.iinfo", [np.iinfo(np.int32)]
    yield "numpy.ufunc", [value for _, value in sorted(vars(np).items()) if isinstance(value, np.ufunc)]
    yield "numpy.poly1d", [np.poly1d([1.0])]
    yield "numpy.random.RandomState", [np.random.RandomState(0)]
    for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
        yield f"numpy.random.{name}", [getattr(np.random, name)(0)]
    yield "numpy.random.Generator", [np.random.default_rng(0), np.random.Generator(np.random.MT19937(0))]
    yield "numpy.random.SeedSequence", [np.random.SeedSequence(0)]


def scipy_types():
    try:
        import numpy as np
        import scipy.interpolate
        import scipy.sparse
        import scipy.spatial
        import scipy.stats
    except ImportError:
        return
    for name in ("csr_matrix", "csc_matrix", "coo_matrix", "bsr_matrix", "dia_matrix", "dok_matrix", "lil_matrix"):
        yield f"scipy.sparse.{name}", [getattr(scipy.sparse, name)(np.eye(2))]
    for name in ("csr_array", "csc_array", "coo_array"):
        yield f"scipy.sparse.{name}", [getattr(scipy.sparse, name)(np.eye(2))]
    yield "scipy.spatial.cKDTree", [scipy.spatial.cKDTree(np.eye(2))]
    yield "scipy.spatial.KDTree", [scipy.spatial.KDTree(np.eye(2))]
    line = [0.0, 1.0, 2.0, 3.0]
    kinds = ("linear", "nearest", "nearest-up", "zero", "quadratic", "cubic", "previous", "next")
    yield "scipy.interpolate.interp1d", [scipy.interpolate.interp1d(line, line, kind) for kind in kinds]
    yield "scipy.interpolate.BSpline", [scipy.interpolate.BSpline([0, 1, 2, 3], [1, 1], 1)]


def p_of(distance):
    """Of Minkowski's distance, a parameter of which it is no other."""
    return {"p": 3} if distance == "minkowski" else {}


def sklearn_types():
    try:
        import numpy as np
        from sklearn import _loss, linear_model, metrics, neighbors, tree
        from sklearn._loss import _loss as losses
        from sklearn.metrics import DistanceMetric
    except ImportError:
        return
    X, y = np.eye(4), np.array([0, 1, 0, 1])
    yield "sklearn.tree._tree.Tree", [tree.DecisionTreeClassifier().fit(X, y).tree_]
    distances = ("euclidean", "manhattan", "chebyshev", "minkowski")
    yield "sklearn.neighbors._kd_tree.KDTree", [neighbors.KDTree(X, metric=name, **p_of(name)) for name in distances]
    distances = (*distances, "hamming", "jaccard", "canberra", "braycurtis", "haversine")
    yield (
        "sklearn.neighbors._ball_tree.BallTree",
        [neighbors.BallTree(X[:, :2] if name == "haversine" else X, metric=name, **p_of(name)) for name in distances],
    )
    yield "sklearn.metrics._dist_metrics.EuclideanDistance", [DistanceMetric.get_metric("euclidean")]
    yield "sklearn.metrics._dist_metrics.DistanceMetric", [
        DistanceMetric.get_metric(name) for name in ("euclidean", "manhattan", "chebyshev", "hamming", "jaccard", "haversine")
    ]
    for name in sorted(vars(losses)):
        cls = getattr(losses, name)
        if isinstance(cls, type) and name.startswith("Cy") and name != "CyLossFunction":
            args = {"CyPinballLoss": {"quantile": 0.5}, "CyHalfTweedieLoss": {"power": 1.5}, "CyHalfTweedieLossIdentity": {"power": 1.5}}
            try:
                yield f"sklearn._loss._loss.{name}", [cls(**args.get(name, {}))]
            except TypeError:
                continue
    from sklearn.linear_model import _sgd_fast

    for name, args in (
        ("Hinge", (1.0,)),
        ("SquaredHinge", (1.0,)),
        ("Log", ()),
        ("ModifiedHuber", ()),
        ("SquaredLoss", ()),
        ("Huber", (1.0,)),
        ("EpsilonInsensitive", (0.1,)),
        ("SquaredEpsilonInsensitive", (0.1,)),
    ):
        yield f"sklearn.linear_model._sgd_fast.{name}", [getattr(_sgd_fast, name)(*args)]


def extension_frames(pd):
    """Frames of what is no array of numpy, and with the frequencies that an index of times may have."""
    yield pd.DataFrame({"a": pd.to_timedelta([1, 2]), "b": pd.date_range("2000", periods=2, tz="UTC"), "c": pd.period_range("2000", periods=2, freq="D")})
    yield pd.DataFrame({dtype: pd.array([1, None], dtype=dtype) for dtype in ("Int8", "Int16", "Int32", "Int64", "UInt8", "Float32", "Float64")})
    yield pd.DataFrame({"a": pd.array([True, None], dtype="boolean"), "b": pd.array(["a", None], dtype="string")})
    yield pd.DataFrame({"a": pd.arrays.IntervalArray.from_breaks([0, 1, 2]), "b": pd.arrays.SparseArray([0, 1])})
    for frequency in ("D", "B", "W", "M", "MS", "Q", "QS", "A", "AS", "H", "T", "S"):
        yield pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2000-01-01", periods=2, freq=frequency))


def pandas_types():
    try:
        import pandas as pd
    except ImportError:
        return
    stamps = pd.DatetimeIndex(["2000-01-01", "2000-01-02"])
    frames = [
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.0, 2.0]}),
        pd.DataFrame({"a": stamps, "b": pd.Categorical(["x", "y"]), "c": [True, False]}),
        pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
        pd.DataFrame({"a": [1, 2]}, index=stamps),
        pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
    ]
    several = frames[-1].index
    yield "pandas.DataFrame", frames
    yield "pandas.Series", [frame[column] for frame in frames for column in frame]
    yield "pandas.Index", [pd.Index([1, 2]), pd.Index(["a"]), pd.Index([1.5]), pd.RangeIndex(3), stamps, several]
    yield "pandas.RangeIndex", [pd.RangeIndex(3)]
    # By their own names: what a function gives that returns some frame is one of the plain ones above.
    frames += extension_frames(pd)
    yield "pandas.core.frame.DataFrame", frames
    yield "pandas.core.series.Series", [frame[column] for frame in frames for column in frame]
    times = [frame.index for frame in frames if isinstance(frame.index, pd.DatetimeIndex)]
    yield "pandas.DatetimeIndex", times
    yield "pandas.PeriodIndex", [index.to_period("D" if index.freq is None else None) for index in times]
    yield "pandas.TimedeltaIndex", [pd.TimedeltaIndex([1, 2])]
    yield "pandas.IntervalIndex", [pd.IntervalIndex.from_breaks([0, 1])]
    yield "pandas.DateOffset", [pd.DateOffset(1), pd.DateOffset(days=1)]
    for name in pd.offsets.__all__:
        if name not in ("BaseOffset", "DateOffset", "FY5253", "FY5253Quarter", "Tick"):
            yield f"pandas._libs.tslibs.offsets.{name}", [getattr(pd.offsets, name)()]
    yield "pandas._libs.tslibs.nattype.NaTType", [pd.NaT]
    yield "pandas.MultiIndex", [several]
    yield "pandas.CategoricalIndex", [pd.CategoricalIndex(["a"])]
    yield "pandas.Categorical", [pd.Categorical(["x", "y"])]
    yield "pandas.CategoricalDtype", [pd.CategoricalDtype(["x"])]
    yield "pandas.Timestamp", [pd.Timestamp("2000-01-01")]
    yield "pandas.Timedelta", [pd.Timedelta(1)]
    yield "pandas.Interval", [pd.Interval(0, 1)]
    yield "pandas.Period", [pd.Period("2000-01", frequency) for frequency in ("A", "Q", "M", "W", "B", "D", "H")]


def torch_types():
    try:
        import torch
    except ImportError:
        return
    dtypes = [
        value for name, value in sorted(vars(torch).items()) if isinstance(value, torch.dtype) and not name.startswith(("q", "float8", "bits"))
    ]
    tensors = []
    for dtype in dtypes:
        try:
            tensors.append(torch.zeros(2, dtype=dtype))
        except (RuntimeError, TypeError):
            continue
    tensors.append(torch.zeros(2, requires_grad=True))
    yield "torch.Tensor", tensors
    # By what makes them: of type they are tensors as all others.
    sparse = torch.eye(2).to_sparse()
    yield "torch.sparse_coo_tensor", [sparse, sparse.double(), torch.eye(2).to_sparse_csr()]
    yield "torch.quantize_per_tensor", [
        torch.quantize_per_tensor(torch.ones(2), 0.1, 10, torch.quint8),
        torch.quantize_per_channel(torch.ones(2, 2), torch.ones(2), torch.zeros(2), 0, torch.qint8),
    ]
    yield "torch.nn.parameter.Parameter", [torch.nn.Parameter(torch.zeros(2))]
    yield "torch.nn.parameter.Buffer", [torch.nn.parameter.Buffer(torch.zeros(2))] if hasattr(torch.nn.parameter, "Buffer") else []
    yield "torch.Size", [torch.Size([1])]
    yield "torch.device", [torch.device("cpu")]
    yield "torch.dtype", dtypes
    yield "torch.layout", [torch.strided, torch.sparse_coo]
    yield "torch.memory_format", [value for value in vars(torch).values() if isinstance(value, torch.memory_format)]
    yield "torch.qscheme", [torch.per_tensor_affine]
    yield "torch.Generator", [torch.Generator()]
    yield "torch.storage", [tensor.storage() for tensor in tensors]
    yield "torch.torch_version.TorchVersion", [torch.__version__]
    yield "torch.finfo", [torch.finfo(torch.float32)]


ALIASES = {
    "numpy.generic": ["numpy.number", "numpy.floating", "numpy.integer", "numpy.bool_", "numpy.float32", "numpy.float64", "numpy.int64"]
    + ["numpy.int32", "numpy.float16", "numpy.int8", "numpy.uint8", "numpy.str_", "numpy.datetime64", "numpy.intp", "numpy.complex128"],
    "torch.Tensor": ["torch._tensor.Tensor", "torch.tensor.Tensor", "torch.FloatTensor", "torch.LongTensor", "torch.BoolTensor"]
    + ["torch.DoubleTensor", "torch.IntTensor", "torch.HalfTensor", "torch.ByteTensor"],
    "torch.nn.parameter.Parameter": ["torch.nn.Parameter"],
    "torch.quantize_per_tensor": [f"torch._C._VariableFunctions.quantize_per_{what}" for what in ("tensor", "channel", "tensor_dynamic")],
    "torch.sparse_coo_tensor": [
        f"torch._C._VariableFunctions.sparse_{what}_tensor" for what in ("bsc", "bsr", "compressed", "coo", "csc", "csr")
    ],
    "torch.storage": ["torch.storage._TypedStorage", "torch.storage.TypedStorage", "torch.storage.UntypedStorage", "torch.FloatStorage"],
    "json.decoder.JSONDecoder": ["json.JSONDecoder"],
    "json.encoder.JSONEncoder": ["json.JSONEncoder"],
    "typing.NamedTuple": ["collections.namedtuple"],
    "types.MethodType": [],
    "builtins.method": [],
}

def interpreter():
    versions = {"python": sys.version.split()[0]}
    for name in ("numpy", "scipy", "sklearn", "pandas", "torch", "joblib"):
        try:
            versions[name] = str(importlib.import_module(name).__version__)
        except ImportError:
            continue
    return versions


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--merge", action="store_true", help="add to the table instead of replacing it")
    options = arguments.parse_args()
    table = {"recordedWith": [], "types": {}}
    if options.merge:
        table = json.loads(TABLE.read_text())
    if interpreter() not in table["recordedWith"]:
        table["recordedWith"].append(interpreter())
    for source in (subclassed, lambda: standard_library(Payload), numpy_types, scipy_types, sklearn_types, pandas_types, torch_types):
        for name, samples in source():
            entry = record(name, samples, ALIASES.get(name, ()), torch=source is torch_types)
            if entry is None:
                continue
            merge(table["types"].setdefault(name, {}), entry)
    lines = (f"  {json.dumps(name)}: {json.dumps(plain(entry), sort_keys=True)}" for name, entry in sorted(table["types"].items()))
    versions = json.dumps(table["recordedWith"], sort_keys=True)
    TABLE.write_text(f'{{\n "recordedWith": {versions},\n "types": {{\n' + ",\n".join(lines) + "\n }\n}\n")


def merge(into, entry):
    """Adds one recording to another: every callable with the routes of both."""
    for kind in ("imports", "calls", "makers"):
        for callable_name, found in entry.get(kind, {}).items():
            into.setdefault(kind, {})[callable_name] = {*into.get(kind, {}).get(callable_name, ()), *found}
    if "subclass" in entry:
        merge(into.setdefault("subclass", {}), entry["subclass"])
    for constant, found in entry.get("constants", {}).items():
        known = into.setdefault("constants", {}).setdefault(constant, {})
        for callable_name, routes_found in found.items():
            known[callable_name] = {*known.get(callable_name, ()), *routes_found}
    if "names" in entry:
        into["names"] = sorted({*into.get("names", ()), *entry["names"]})
    if entry.get("unpicklable"):
        into["unpicklable"] = True


def plain(entry):
    """The entry as JSON: the routes of a callable as one word, `0` to `5` for pickle's protocols, `t` for torch.save, `j` for joblib.dump."""
    def words(found):
        return {name: "".join(sorted(routes)) for name, routes in sorted(found.items())}

    return {
        key: words(value)
        if key in ("imports", "calls", "makers")
        else {name: words(found) for name, found in value.items()}
        if key == "constants"
        else plain(value)
        if key == "subclass"
        else value
        for key, value in entry.items()
    }


if __name__ == "__main__":
    main()
