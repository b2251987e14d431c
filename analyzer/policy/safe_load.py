"""Loads pickles under one policy, and nothing outside of it.

    import safe_load
    model = safe_load.load(file)                  # as pickle.load; loads, Unpickler
    model = safe_load.torch_load("model.pt")      # as torch.load, with this module as its pickle_module
    model = safe_load.joblib_load("model.joblib") # as joblib.load

What the policy does not let in raises `Blocked`, before it happens; the error names the callable, the opcode and its
offset. The module hooks CPython's own unpickler, the one in Python (`pickle._Unpickler`, whose opcodes joblib replaces
likewise): before each opcode that looks up, calls or writes, it asks the policy, and then lets the opcode run. What is
checked is the very object that is about to be called, so no second reading of the pickle can differ from the first. A
check of the opcodes in front of the unpickler in C would be several times faster. But it must read every byte as that
unpickler will, which is where scanners are evaded; it cannot be done where arrays lie between the opcodes (joblib); and
it must follow values that only calls tell. Models hold their weights outside of the opcodes or as one long string of
bytes, and load in much the same time.

Written by Pickle Census (`census policy loader`). No dependencies; Python 3.8 and newer. How to use it, and what it does
not promise: docs/loader.md of the project.
"""

import io
import pickle
import re
import sys
import threading
import types
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import defaultdict
from functools import partial
from pickle import DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, PickleError, Pickler, PicklingError, UnpicklingError, dump, dumps

__all__ = [
    "Blocked", "DEFAULT_PROTOCOL", "HIGHEST_PROTOCOL", "PickleError", "Pickler", "PicklingError", "Unpickler",
    "UnpicklingError", "dump", "dumps", "joblib_load", "load", "loads", "torch_load",
]  # fmt: skip

# --- policy ---
POLICY = "nothing"
# "strict": an import outside the policy is refused. "lazy": it becomes a stub, refused once anything is done with it.
MODE = "strict"
# What may be looked up and what may be called: (module, qualified name).
IMPORTS = frozenset()
CALLS = frozenset()
# Callables that call, look up or load for the pickle: what they do, with which of their arguments.
INDIRECT = {}
# --- end of policy ---


class Blocked(UnpicklingError):
    """Something outside the policy. `callable` is its name (None where none is concerned), `offset` where the opcode lies."""

    def __init__(self, callable, opcode, offset, reason):
        place = opcode if offset is None else f"{opcode} at byte {offset}"
        super().__init__(f"{callable or 'the pickle'}: {reason} ({place}; policy {POLICY})")
        self.callable = callable
        self.opcode = opcode
        self.offset = offset
        self.reason = reason


class Stub:
    """Stands for something outside the policy in lazy mode. It can be kept; whatever is done with it is refused."""

    def __init__(self, name):
        object.__setattr__(self, "_name", name)

    def _refuse(self, *_):
        raise _noted(Blocked(self._name, "STUB", None, "use of what is outside the policy"))

    # Called for what the class itself does not have.
    __getattr__ = __setattr__ = __delattr__ = __call__ = __getitem__ = __setitem__ = __iter__ = __len__ = _refuse

    def __repr__(self):
        return f"<stub of {self._name}, which is outside the policy>"


# Made by opcodes, or as harmless as if it were: neither callable, nor with methods that a pickle could replace.
PLAIN = frozenset(
    [type(None), bool, int, float, complex, str, bytes, bytearray, memoryview, tuple, list, dict, set, frozenset]
)
# Not for the pickle to change, even where an allowed callable returned one.
CODE = (
    type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodWrapperType,
    types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType, property, classmethod,
    staticmethod,
)  # fmt: skip
STORAGE_TYPE = re.compile(r"torch\.(\w+\.)*\w*Storage", re.ASCII)
CALLED_BY_UNPICKLER = frozenset(["append", "extend", "add", "update"])


class Enforcement:
    """The opcodes that look up, call or write, each with its check before it: to be mixed into an unpickler in Python."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        # By identity, with the object so that no other can take its place: what was looked up, and under which names;
        # what the loader handed over for a persistent id; text that a call made.
        self._looked_up = {}
        self._handed_over = {}
        self._computed = {}
        self._blocked = None
        self._is_looking_up = False

    def load(self):
        running = _running()
        running.append(self)
        try:
            result = super().load()
        finally:
            running.pop()
        # Code of a model's classes may have caught it.
        if self._blocked is not None:
            raise self._blocked
        return result

    # Looking up

    def load_global(self):
        module, name = self.readline()[:-1], self.readline()[:-1]
        size = len(module) + len(name) + 3
        self.append(self._look_up("GLOBAL", size, module.decode("utf-8"), name.decode("utf-8")))

    def load_stack_global(self):
        name, module = self.stack.pop(), self.stack.pop()
        if self._is_foreign(module) or self._is_foreign(name):
            self._refuse("STACK_GLOBAL", 1, f"{_text(module)}.{_text(name)}", "import of a computed name")
        if type(module) is not str or type(name) is not str:
            raise UnpicklingError("STACK_GLOBAL requires str")
        self.append(self._look_up("STACK_GLOBAL", 1, module, name))

    def load_inst(self):
        module, name = self.readline()[:-1], self.readline()[:-1]
        size = len(module) + len(name) + 3
        function = self._look_up("INST", size, module.decode("ascii"), name.decode("ascii"))
        arguments = self.pop_mark()
        self._instantiate(self._callee("INST", size, function, arguments), arguments)
        self._note_made()

    def _look_up(self, opcode, size, module, name):
        """`find_class`, for names of the policy. The name is compared as Python 3 spells it."""
        key = (module, name)
        if self.proto < 3 and self.fix_imports:
            key = _modern(module, name)
        if key in IMPORTS:
            self._is_looking_up = True
            try:
                found = self.find_class(module, name)
            finally:
                self._is_looking_up = False
        elif MODE == "lazy":
            found = Stub(".".join(key))
        else:
            self._refuse(opcode, size, ".".join(key), "import outside the policy")
        self._remember(found, key)
        return found

    def _remember(self, found, key):
        self._looked_up.setdefault(id(found), (found, set()))[1].add(key)

    # Calling

    def load_reduce(self):
        self._require_tuple("REDUCE", -1)
        self.stack[-2] = self._callee("REDUCE", 1, *self.stack[-2:])
        super().load_reduce()
        self._note_made()

    def load_newobj(self):
        self._require_tuple("NEWOBJ", -1)
        self._instantiate_class("NEWOBJ", super().load_newobj, *self.stack[-2:])

    def load_newobj_ex(self):
        self._require_tuple("NEWOBJ_EX", -2)
        if type(self.stack[-1]) is not dict:
            raise UnpicklingError("the keywords of NEWOBJ_EX are no dict")
        self._instantiate_class("NEWOBJ_EX", super().load_newobj_ex, *self.stack[-3:])

    def _instantiate_class(self, opcode, run, class_, arguments, keywords=None):
        key = self._stubbed(class_)
        if key is not None:
            self.stack[-2 if keywords is None else -3 :] = [Stub(".".join(key))]
            return
        self._callee(opcode, 1, class_, arguments, keywords)
        run()
        self._note_made()

    def _stubbed(self, class_):
        """In lazy mode, the name of a class that may not be instantiated: its instances are stubs as well."""
        names = self._names(class_)
        return min(names) if MODE == "lazy" and names and names.isdisjoint(CALLS) else None

    def load_obj(self):
        if self.stack:
            self.stack[0] = self._callee("OBJ", 1, self.stack[0], self.stack[1:])
        super().load_obj()
        self._note_made()

    def _require_tuple(self, opcode, index):
        arguments = self.stack[index]
        if not isinstance(arguments, tuple):
            raise UnpicklingError(f"the arguments of {opcode} are no tuple")
        if type(arguments) is not tuple:  # a subclass says itself what is in it
            self.stack[index] = tuple(tuple.__iter__(arguments))

    def _callee(self, opcode, size, function, arguments, keywords=None):
        """What to call for `function` once it may be called: itself, or what does the same under this policy."""
        names = self._names(function)
        if names is None and type(function) in PLAIN:
            raise UnpicklingError(f"{opcode}: {type(function).__name__} is not callable")
        if names is None:
            self._refuse(opcode, size, _type_name(function), "call of a computed name")
        if names.isdisjoint(CALLS):
            self._refuse(opcode, size, ".".join(min(names)), "call outside the policy")
        via, does, positions = _indirection(function, names)
        if does == "calls":
            handed = [arguments[position] for position in positions if position < len(arguments)]
            for value in handed + list((keywords or {}).values()):
                self._check_handed(opcode, size, value, via)
        elif does == "fetches":
            return self._fetching(opcode, size, function, arguments, via)
        elif does == "imports":
            self._refuse(opcode, size, _text(*arguments[:1]), f"import outside the policy, by {via}")
        elif does == "resolves":
            self._check_path(opcode, size, arguments[0] if arguments else None, via)
        elif does == "loads":
            return lambda *given: self._load_nested(opcode, size, via, given)
        return function

    def _check_handed(self, opcode, size, value, via):
        """A callable that `via` is given to call."""
        if type(value) in PLAIN or value is object:
            return
        names = self._names(value)
        if names is None:
            self._refuse(opcode, size, _type_name(value), f"call of a computed name, by {via}")
        if names.isdisjoint(CALLS):
            self._refuse(opcode, size, ".".join(min(names)), f"call outside the policy, by {via}")
        if _indirection(value, names)[1]:
            self._refuse(opcode, size, ".".join(min(names)), f"call with arguments that are not known, by {via}")

    def _fetching(self, opcode, size, function, arguments, via):
        """`getattr` of what the policy lets in by name."""
        target, name = arguments[:2] if len(arguments) >= 2 else (None, None)
        if type(name) is not str or self._is_foreign(name):
            self._refuse(opcode, size, "?", f"import of a computed name, by {via}")
        if self._names(target) is not None:
            keys = {(module, f"{within}.{name}") for module, within in self._names(target)}
        elif type(target) in PLAIN:
            keys = {("builtins", f"{type(target).__name__}.{name}")}
        else:
            self._refuse(opcode, size, f"{_type_name(target)}.{name}", f"import of a computed name, by {via}")
        if keys.isdisjoint(IMPORTS):
            self._refuse(opcode, size, ".".join(min(keys)), f"import outside the policy, by {via}")

        def fetch(*given):
            found = function(*given)
            if opcode == "REDUCE" and via == "builtins.getattr":
                self._remember(found, min(keys & IMPORTS))
            return found

        return fetch

    def _check_path(self, opcode, size, path, via):
        """The dotted path of something that `via` looks up."""
        if type(path) is not str or self._is_foreign(path):
            self._refuse(opcode, size, "?", f"import of a computed name, by {via}")
        module, _, name = path.replace(":", ".", 1).rpartition(".")
        if (module, name) not in IMPORTS:
            self._refuse(opcode, size, path, f"import outside the policy, by {via}")

    def _load_nested(self, opcode, size, via, given):
        """Loads the pickle that a loader is handed, under the same policy."""
        content = given[0] if len(given) == 1 else None
        if type(content) in (bytes, bytearray):
            content = io.BytesIO(content)
        if type(content) is not io.BytesIO:
            self._refuse(opcode, size, via, "a loader is handed something else than bytes")
        library = via.partition(".")[0]
        return {"torch": torch_load, "joblib": joblib_load}.get(library, load)(content)

    # Changing

    def load_build(self):
        target, state = self.stack[-2:]
        if self._check_change("BUILD", target, "__setstate__", overridden=_overridden(state)):
            self._check_own("BUILD", target, "__setstate__")
            if isinstance(target, partial) and type(state) is tuple:
                self._check_handed("BUILD", 1, state[0] if state else None, "functools.partial")
            elif isinstance(target, defaultdict) and type(state) is tuple and type(state[-1]) is dict:
                self._check_handed("BUILD", 1, state[-1].get("default_factory"), "collections.defaultdict")
        super().load_build()

    def load_append(self):
        if self._check_change("APPEND", self.stack[-2], "append"):
            self._check_own("APPEND", self.stack[-2], "append")
        super().load_append()

    def load_appends(self):
        if not self.stack:  # the unpickler in C calls nothing either
            self.pop_mark()
            return
        target = self.metastack[-1][-1]
        if self._check_change("APPENDS", target, "extend"):
            self._check_own("APPENDS", target, "extend", "append")
        super().load_appends()

    def load_additems(self):
        if not self.stack:
            self.pop_mark()
            return
        target = self.metastack[-1][-1]
        if self._check_change("ADDITEMS", target, "add"):
            self._check_own("ADDITEMS", target, "update" if isinstance(target, set) else "add")
        super().load_additems()

    def load_setitem(self):
        self._check_change("SETITEM", self.stack[-3], "__setitem__")
        super().load_setitem()

    def load_setitems(self):
        if self.stack:
            self._check_change("SETITEMS", self.metastack[-1][-1], "__setitem__")
        super().load_setitems()

    def _check_change(self, opcode, target, method, overridden=""):
        """Whether `target` is an object that an allowed call made: builtin containers may be changed as the pickle likes."""
        if isinstance(target, Stub) and self._names(target) is None:
            self._refuse(opcode, 1, target._name, f"{method} of an object that was made by a call outside the policy")
        names = self._names(target)
        if names is not None or isinstance(target, CODE):
            name = ".".join(min(names)) if names else _type_name(target)
            self._refuse(opcode, 1, name, f"{opcode} changes {name} itself, not an object made by it")
        if type(target) in PLAIN:
            return False
        if overridden:
            self._refuse(opcode, 1, _type_name(target), f"BUILD would override {overridden}")
        if id(target) in self._handed_over:
            self._refuse(opcode, 1, _type_name(target), f"{method} of an object that was made by a computed name")
        return True

    def _check_own(self, opcode, target, *methods):
        """What the opcode calls on `target` must be of its class: an instance's attribute is the pickle's choice."""
        for method in methods:
            if getattr(target, method, None) is None:
                continue
            attributes = getattr(target, "__dict__", ())
            if method in attributes or not any(method in vars(class_) for class_ in type(target).__mro__):
                name = f"{_type_name(target)}.{method}"
                self._refuse(opcode, 1, name, f"{opcode} would call an attribute of the object, not a method of its class")

    # What is not in the pickle

    def load_persid(self):
        size = len(self.readline()) + 1
        self._refuse("PERSID", size, None, "persistent id that is not a storage of torch")

    def load_binpersid(self):
        if getattr(self.persistent_load, "__func__", None) is pickle._Unpickler.persistent_load:
            self._refuse("BINPERSID", 1, None, "persistent id: this loader resolves none")
        if not self._is_storage(self.stack[-1]):
            self._refuse("BINPERSID", 1, None, "persistent id that is not a storage of torch")
        super().load_binpersid()
        self._handed_over[id(self.stack[-1])] = self.stack[-1]

    def _is_storage(self, id):
        """Whether torch.save writes such an id: of a storage, with its view in the legacy format; a number in the old tar."""
        if type(id) is int:
            return True
        if type(id) is not tuple or not 5 <= len(id) <= 6:
            return False
        tag, class_, key, location, count, *view = id
        names = self._names(class_) or ()
        return (
            type(tag) is str and tag == "storage" and type(key) is str and type(location) is str and type(count) is int
            and any(STORAGE_TYPE.fullmatch(".".join(name)) for name in names)
            and all(type(each) in (tuple, type(None)) for each in view)
        )  # fmt: skip

    def load_ext1(self):
        self._refuse_extension("EXT1", 1)

    def load_ext2(self):
        self._refuse_extension("EXT2", 2)

    def load_ext4(self):
        self._refuse_extension("EXT4", 4)

    def _refuse_extension(self, opcode, width):
        code = int.from_bytes(self.read(width), "little", signed=width == 4)
        self._refuse(opcode, 1 + width, None, f"extension code {code}: copyreg's registry is empty")

    # Knowing

    def _names(self, value):
        """The names under which the pickle looked `value` up; None where it did not."""
        known = self._looked_up.get(id(value))
        return None if known is None else known[1]

    def _is_foreign(self, value):
        """Whether a call or a lookup made `value`, as opposed to an opcode."""
        return type(value) not in PLAIN or id(value) in self._computed or id(value) in self._looked_up

    def _note_made(self):
        if self.stack and type(self.stack[-1]) is str:
            self._computed[id(self.stack[-1])] = self.stack[-1]

    def _refuse(self, opcode, size, callable, reason):
        """Raises `Blocked` for the opcode of `size` bytes that was just read."""
        raise _noted(Blocked(callable, opcode, self._offset(size), reason))

    def _offset(self, size):
        """Where the opcode lies in the file; None where the file cannot tell."""
        try:
            position = self._file_read.__self__.tell()
            frame = self._unframer.current_frame  # read whole, so the file is ahead of the program
            return position - size - (frame.getbuffer().nbytes - frame.tell() if frame else 0)
        except Exception:
            return None


def _enforced(dispatch):
    """A table of opcodes of an unpickler in Python, with the checked ones in place of its own."""
    checked = {}
    for code, handler in dispatch.items():
        name = handler.__name__
        checked[code] = getattr(Enforcement, name) if name in vars(Enforcement) else handler
    return checked


class Unpickler(Enforcement, pickle._Unpickler):
    """`pickle.Unpickler` under the policy. `torch.load` subclasses it, to resolve storages."""

    dispatch = _enforced(pickle._Unpickler.dispatch)


def load(file, **options):
    """`pickle.load` under the policy."""
    return Unpickler(file, **options).load()


def loads(data, **options):
    """`pickle.loads` under the policy."""
    return Unpickler(io.BytesIO(data), **options).load()


def torch_load(file, map_location=None, **options):
    """`torch.load(..., pickle_module=safe_load)`, also where torch (1.13.0) takes its own pickle whatever it is given."""
    import torch

    this = _this_module()
    return _rebound(torch.serialization.load, torch.serialization, pickle=this)(file, map_location, this, **options)


def joblib_load(filename, **options):
    """`joblib.load` under the policy, and the pickles inside arrays of objects with it. Not for files older than 0.10."""
    from joblib import numpy_pickle

    class NumpyUnpickler(Enforcement, numpy_pickle.NumpyUnpickler):
        def load_build(self):
            target, state = self.stack[-2:]
            if isinstance(target, numpy_pickle.NDArrayWrapper):
                self._refuse("BUILD", 1, _type_name(target), "an array in a file of its own")
            if isinstance(target, numpy_pickle.NumpyArrayWrapper):
                self._check_wrapper(target, state)
            super().load_build()

        dispatch = _enforced(numpy_pickle.NumpyUnpickler.dispatch)
        dispatch[pickle.BUILD[0]] = load_build

        def _check_wrapper(self, wrapper, state):
            """joblib reads an array as the state says, with methods of the wrapper, which the state could replace."""
            if type(state) is not dict or not WRAPPER.issuperset(state):
                self._refuse("BUILD", 1, _type_name(wrapper), "a state that joblib does not write")
            shape, class_ = state.get("shape"), state.get("subclass")
            if not isinstance(state.get("dtype"), self.np.dtype) or type(shape) is not tuple:
                self._refuse("BUILD", 1, _type_name(wrapper), "an array that is none")
            if class_ is not self.np.ndarray and class_ is not self.np.memmap:
                self._check_handed("BUILD", 1, class_, _type_name(wrapper))
            # An array of objects is a pickle of its own, for the `pickle.load` of joblib's module.
            wrapper.read_array = types.MethodType(read_array, wrapper)

    def load_compatibility(filename):
        raise UnpicklingError(f"{filename} was written by a joblib before 0.10")

    read_array = _rebound(numpy_pickle.NumpyArrayWrapper.read_array, numpy_pickle, pickle=_this_module())
    unpickle = _rebound(numpy_pickle._unpickle, numpy_pickle, NumpyUnpickler=NumpyUnpickler)
    joblib_load = _rebound(numpy_pickle.load, numpy_pickle, _unpickle=unpickle, load_compatibility=load_compatibility)
    return joblib_load(filename, **options)


# What joblib.numpy_pickle.NumpyArrayWrapper has, in all versions.
WRAPPER = frozenset(["subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"])


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


# What is not in this file's hands: code of allowed classes that unpickles on its own. Its lookups can be heard of.

_local = threading.local()


def _running():
    """The unpicklers of this module that run in this thread, the innermost last."""
    if not hasattr(_local, "running"):
        _local.running = []
    return _local.running


def _noted(blocked):
    """Lets whoever runs raise the error at the end, should it be caught before."""
    for unpickler in _running():
        unpickler._blocked = unpickler._blocked or blocked
    return blocked


def _listen(event, arguments):
    """Refuses what another unpickler looks up during a load. What it calls cannot be seen: it must be allowed calls."""
    if event != "pickle.find_class" or not _running() or _running()[-1]._is_looking_up:
        return
    keys = {tuple(arguments), _modern(*arguments)}
    allowed = keys & IMPORTS & CALLS
    if not allowed or any(".".join(key) in INDIRECT for key in allowed):
        raise _noted(Blocked(".".join(arguments), "NESTED", None, "import outside the policy, by another unpickler"))


sys.addaudithook(_listen)


def _modern(module, name):
    """A name of Python 2 as Python 3 spells it (pickle.py, `find_class`)."""
    return NAME_MAPPING.get((module, name)) or (IMPORT_MAPPING.get(module, module), name)


def _indirection(function, names):
    """The name under which a callable is known to act for the pickle, and what it does. Also under another name."""
    own = f"{getattr(function, '__module__', None)}.{getattr(function, '__qualname__', None)}"
    for name in [*map(".".join, names), own]:
        if name in INDIRECT:
            does, *positions = INDIRECT[name]
            return name, does, positions
    return own, "", []


def _overridden(state):
    """Keys of a state that the unpickler, or Python, would later look up on the object and call; "" where there are none."""
    if type(state) not in PLAIN:
        return "names that are not known"
    parts = [state] if type(state) is dict else state if type(state) is tuple and len(state) == 2 else []
    found = []
    for part in parts:
        if type(part) not in PLAIN:
            return "names that are not known"
        for key in part if type(part) is dict else []:
            if type(key) not in PLAIN:
                return "names that are not known"
            is_special = type(key) is str and len(key) > 4 and key.startswith("__") and key.endswith("__")
            if is_special or key in CALLED_BY_UNPICKLER:
                found.append(key)
    return ", ".join(found)


def _type_name(value):
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _text(value="?"):
    return value if type(value) is str else "?"
