"""Part seven of the loader: pickle's functions, torch's and joblib's.

What torch and joblib have for loading is taken as it is, in every version, and given this module where it looks for
`pickle`: nothing in the libraries is patched, and nothing of them is copied here.
"""

from enforcement import Enforcement
from rules import (
    CALLS, FILE_LOADERS, IMPORTS, MODEL, Blocked, UnpicklingError, _is_checked, _is_open, _local, _modern, _noted, _running,
    _type_name, contextlib, hashlib, io, os, pickle, sys, types,
)  # fmt: skip


@contextlib.contextmanager
def checked(file):
    """
    Lets a file (a path, or open for reading) be loaded: any, or the one whose sha256 is `MODEL`. What it unpickles in turn is of it, as are
    the pickles that torch reads from it one after the other.
    """
    if MODEL is not None and not _running() and not _is_checked() and _sha256(file) != MODEL:
        raise Blocked(None, "FILE", None, "another file than the one this loader was written for")
    before, _local.is_checked = _is_checked(), True
    try:
        yield
    finally:
        _local.is_checked = before


def _sha256(file):
    if isinstance(file, (str, bytes, os.PathLike)):
        with open(file, "rb") as opened:
            return _sha256(opened)
    start, digest = file.tell(), hashlib.sha256()
    for block in iter(lambda: file.read(1 << 20), b""):
        digest.update(block)
    file.seek(start)
    return digest.hexdigest()


def enforced(dispatch):
    """The opcodes of an unpickler in Python, with the checked ones in place of its own."""
    return {code: getattr(Enforcement, handler.__name__, handler) for code, handler in dispatch.items()}


class Unpickler(Enforcement, pickle._Unpickler):
    """`pickle.Unpickler` under the policy. `torch.load` makes a subclass of it, to resolve storages."""

    dispatch = enforced(pickle._Unpickler.dispatch)


def load(file, **options):
    """`pickle.load` under the policy."""
    with checked(file):
        return Unpickler(file, **options).load()


def loads(data, **options):
    """`pickle.loads` under the policy."""
    return load(io.BytesIO(data), **options)


def torch_load(file, map_location=None, **options):
    """`torch.load(..., pickle_module=safe_load)`; also with torch 1.13.0, which takes its own pickle whatever it is given."""
    import torch

    def is_torchscript(archive):
        if torch.serialization._is_torchscript_zip(archive):
            raise Blocked(None, "FILE", None, "a TorchScript archive, of whose code no policy speaks")
        return False

    this = _this_module()
    load_file = _rebound(torch.serialization.load, torch.serialization, pickle=this, _is_torchscript_zip=is_torchscript)
    with checked(file):
        return load_file(file, map_location, this, **options)


def joblib_load(filename, **options):
    """`joblib.load` under the policy, and the pickles inside arrays of objects with it. Not for files from before 0.10."""
    from joblib import numpy_pickle

    class NumpyUnpickler(Enforcement, numpy_pickle.NumpyUnpickler):
        def load_build(self):
            target, state = self.stack[-2:]
            if isinstance(target, numpy_pickle.NDArrayWrapper):
                self._refuse("BUILD", 1, _type_name(target), "an array in a file of its own")
            if isinstance(target, numpy_pickle.NumpyArrayWrapper):
                self._check_wrapper(target, state)
            super().load_build()

        dispatch = enforced(numpy_pickle.NumpyUnpickler.dispatch)
        dispatch[pickle.BUILD[0]] = load_build

        def _check_wrapper(self, wrapper, state):
            """joblib reads an array as the state says, by methods of the wrapper, which the state could replace."""
            if type(state) is not dict:
                self._refuse("BUILD", 1, _type_name(wrapper), "a state that joblib does not write")
            if not ARRAY_ATTRIBUTES.issuperset(state):
                others = ", ".join(str(key) for key in state if key not in ARRAY_ATTRIBUTES)
                self._refuse("BUILD", 1, _type_name(wrapper), f"BUILD would override {others}")
            shape, class_ = state.get("shape"), state.get("subclass")
            if not isinstance(state.get("dtype"), self.np.dtype) or type(shape) is not tuple or set(map(type, shape)) - {int}:
                self._refuse("BUILD", 1, _type_name(wrapper), "an array that is none")
            if state["dtype"].hasobject and state.get("allow_mmap"):  # the file's bytes would be addresses of objects
                self._refuse("BUILD", 1, _type_name(wrapper), "an array of objects that may be mapped into memory")
            if class_ is not self.np.ndarray and class_ is not self.np.memmap:
                self._check_handed("BUILD", 1, class_, _type_name(wrapper))
            # An array of objects is a pickle of its own, which joblib loads by what its module has.
            wrapper.read_array = types.MethodType(read_array, wrapper)

    def load_compatibility(filename):
        raise UnpicklingError(f"{filename} is from before joblib 0.10")

    this = _this_module()
    read_array = _rebound(numpy_pickle.NumpyArrayWrapper.read_array, numpy_pickle, pickle=this, Unpickler=Unpickler)
    unpickle = _rebound(numpy_pickle._unpickle, numpy_pickle, NumpyUnpickler=NumpyUnpickler)
    load_file = _rebound(numpy_pickle.load, numpy_pickle, _unpickle=unpickle, load_compatibility=load_compatibility)
    with checked(filename):
        return load_file(filename, **options)


# What joblib.numpy_pickle.NumpyArrayWrapper has, in all versions.
ARRAY_ATTRIBUTES = frozenset(["subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"])
FILE_LOADERS.update({"": load, "torch": torch_load, "joblib": joblib_load})


def _rebound(function, module, **names):
    """A function of a module as it would be if names there stood for something else. The module stays as it is."""
    names = {**vars(module), **names}
    bound = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    bound.__kwdefaults__ = function.__kwdefaults__
    return bound


def _this_module():
    """This file as a module, whatever it is called and however it was imported."""
    module = types.ModuleType(__name__)
    vars(module).update(globals())
    return module


def _listen(event, arguments):
    """Refuses what another unpickler looks up during a load. What it calls cannot be seen, so it must be allowed calls."""
    if event != "pickle.find_class" or not _running() or _running()[-1]._is_looking_up:
        return
    listed = {tuple(arguments), _modern(*arguments)} & IMPORTS & CALLS
    if not listed or not all(map(_is_open, listed)):
        raise _noted(Blocked(".".join(arguments), "NESTED", None, "import outside the policy, by another unpickler"))


sys.addaudithook(_listen)
