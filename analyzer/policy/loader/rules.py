"""Loads pickles under one policy, and nothing outside of it.

    import safe_load
    model = safe_load.load(file)                   # as pickle.load; also loads and Unpickler
    model = safe_load.torch_load("model.pt")       # as torch.load, with this module as its pickle_module
    model = safe_load.joblib_load("model.joblib")  # as joblib.load

What the policy does not let in raises `Blocked` before it happens; the error names the callable, the opcode and its
offset. Written by Pickle Census (`census policy loader`); docs/loader.md of the project says how to use it, and what it
does not promise. No dependencies; Python 3.8 and newer.

The module hooks CPython's own unpickler, the one in Python (`pickle._Unpickler`, into whose opcodes joblib hooks as
well): an opcode that looks up, calls or writes asks the policy first, and then runs as ever. So what is checked is the
very object that is about to be called, and no second reading of the bytes can differ from the first. Checking the
opcodes ahead of the unpickler in C would be several times faster; but it would have to read every byte as that unpickler
does, which is where scanners are evaded, to follow values that only calls tell, and to know what lies between the
opcodes (joblib's arrays). Weights are no opcodes: models of tensors and arrays load in much the same time.
"""

import base64
import contextlib
import hashlib
import io
import os
import pickle
import re
import sys
import threading
import types
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict

# What else a drop-in for pickle has.
from pickle import DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, PickleError, Pickler, PicklingError, UnpicklingError, dump, dumps

POLICY = "nothing"
# "strict": an import outside the policy is refused. "lazy": it becomes a stub, refused once anything is done with it.
MODE = "strict"
# sha256 of the one file that may be loaded, whose open slots were filled to write this; None for any file.
MODEL = None
# What may be looked up, and what may be called: (module, qualified name).
IMPORTS = frozenset()
CALLS = frozenset()
# What functools.partial may bind arguments to, besides: nothing of the pickle calls such a partial.
BOUND = frozenset()
# Callables that call, look up or load for the pickle: what they do, and with which of their arguments; for those that call
# also what they pass on, and whether they return what the callable returned.
INDIRECT = {}
# Those that make an instance of a class they are handed, and do no more than that class.
MAKERS = frozenset()
# Callables that return a class, a function, a module, or the very object they were given.
SHARED = frozenset()
# Functions of the library that may.
OWN_SHARED = frozenset()
# Callables that keep what they are handed, or look at its class alone; that ask it for its items and keys; and values that nobody calls
# for more than a value (`analyzer/pickle/chosen-methods.ts`).
ONLY_KEEP = frozenset()
GO_THROUGH = frozenset()
PLAIN_NAMES = re.compile("")
# What is told a class, and makes an object of it (there as well).
TAKES_CLASS = re.compile("")
# What opcodes call on an object, each by the first of these that it has (`analyzer/pickle/write-order.ts`).
CALLED_BY_OPCODES = {}


class Blocked(UnpicklingError):
    """Something outside the policy: its name (`callable`, None where none is concerned), and the opcode that does it, at
    `offset` in the file (None where that is not known)."""

    def __init__(self, callable, opcode, offset, reason):
        place = opcode if offset is None else f"{opcode} at byte {offset}"
        super().__init__(f"{callable or 'the pickle'}: {reason} ({place}; policy {POLICY})")
        self.callable = callable
        self.opcode = opcode
        self.offset = offset
        self.reason = reason


class Stub:
    """Stands for something outside the policy in lazy mode: it can be kept, and whatever is done with it is refused."""

    def __init__(self, name):
        object.__setattr__(self, "_name", name)

    def _refuse(self, *_):
        raise _noted(Blocked(self._name, "STUB", None, "use of what is outside the policy"))

    __getattr__ = __setattr__ = __delattr__ = __call__ = __getitem__ = __setitem__ = __iter__ = __len__ = _refuse

    def __repr__(self):
        return f"<stub of {self._name}, which is outside the policy>"


# As opcodes make them: not callable, and without methods that a pickle could replace.
PLAIN = frozenset(
    [type(None), bool, int, float, complex, str, bytes, bytearray, memoryview, tuple, list, dict, set, frozenset]
)
# Code, which is not for a pickle to change even where an allowed callable returned it.
CODE = (
    type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodWrapperType,
    types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType, property, classmethod,
    staticmethod,
)  # fmt: skip
STORAGE_TYPE = re.compile(r"torch\.(\w+\.)*\w*Storage", re.ASCII)
# Attributes that Python or a numeric library looks up on an object and may call, and what all names of their form match.
OVERRIDING = frozenset()
SPECIAL = re.compile(r"__.+__", re.DOTALL).fullmatch
# What loads a file in memory under this policy: for the loaders of a library, and for all others ("").
FILE_LOADERS = {}


def _modern(module, name):
    """A name of Python 2 as Python 3 spells it (pickle.py, `find_class`)."""
    return NAME_MAPPING.get((module, name)) or (IMPORT_MAPPING.get(module, module), name)


def _is_open(name):
    """Whether another unpickler may look a name up and call it, with what is not seen here."""
    spelt = ".".join(name)
    return name in IMPORTS and name in CALLS and spelt not in INDIRECT and spelt not in OWN_SHARED


def _names_of(function, names):
    """How a callable is called: as looked up, as it calls itself, and, of a class, what it derives from."""
    spelt = [".".join(name) for name in names]
    classes = function.__mro__ if isinstance(function, type) else [function]
    for each in classes:
        if isinstance(each, (type, types.FunctionType, types.BuiltinFunctionType)):
            spelt.append(f"{each.__module__}.{each.__qualname__}")
    return spelt


def _indirection(function, names):
    """What INDIRECT says of a callable, under whatever name: its name there, what it does, and the rest of the row."""
    spelt = _names_of(function, names)
    for name in spelt:
        if name in INDIRECT:
            does, *details = INDIRECT[name]
            return name, does, details
    return spelt[0] if spelt else "?", "", []


def _spelt(names):
    return ".".join(min(names))


def _type_name(value):
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _text(value=None):
    return value if type(value) is str else "?"


_local = threading.local()


def _running():
    """The unpicklers of this module that run in this thread, the innermost last."""
    if not hasattr(_local, "running"):
        _local.running = []
    return _local.running


def _is_checked():
    """Whether this thread loads a file that was let be loaded."""
    return getattr(_local, "is_checked", False)


def _noted(blocked):
    """Lets all that run raise the error at their end, should it be caught before."""
    for unpickler in _running():
        unpickler._blocked = unpickler._blocked or blocked
    return blocked
