#!/usr/bin/env python3
"""What CPython's own unpickler really does with programs that try to get a callable invoked which they may only look up.
usage: adversary.py NAMES      NAMES is JSON: the (module, name) pairs that may be looked up.

The callable is `lair.danger`, made anew for each program: all it does is to note that it was called. Nothing but the given
names is ever resolved. Reads batches from stdin until it ends: a count (u32, little-endian), then for each program a length
(u32) and the bytes. Answers each batch with one line of JSON, a list of {loads, invoked, used}: whether the program got to
its STOP, whether danger was invoked by then, and whether it was when what was loaded was used and dropped.
"""

import _pickle
import functools
import gc
import importlib
import io
import itertools
import json
import os
import resource
import signal
import struct
import sys
import threading
import types
import warnings

warnings.simplefilter("ignore")
sys.unraisablehook = lambda *_: None
resource.setrlimit(resource.RLIMIT_AS, (1 << 27, 1 << 27))

SOURCE = '''
called = []

def danger(*_, **__):
    called.append("danger")
    return Plain()

class Danger:
    def __new__(cls, *_, **__):
        called.append("Danger")
        return object.__new__(cls)
    def __setstate__(self, state):
        called.append("Danger.__setstate__")

class Plain:
    """Without a __setstate__: attributes are set as they come."""
    def __init__(self, *_, **__):
        pass
    def method(self, *_, **__):
        return self

class Slotted:
    __slots__ = ("a", "b", "__dict__")

class List(list):
    pass

class Table(dict):
    pass

class Attributes(dict):
    """Items are attributes, as many libraries have it."""
    __getattr__ = dict.get

class Within:
    """Takes its attributes from within a tuple."""
    def __setstate__(self, state):
        self.__dict__.update(state[0])

class Keeps:
    """Keeps the very dict that it is given."""
    def __setstate__(self, state):
        self.__dict__ = state

def make(*_, **__):
    return Plain()
'''

TENSOR = '''
class Tensor:
    def __init__(self, *_, **__):
        pass
    def as_subclass(self, cls):
        return cls()
    def __setstate__(self, state):
        pass

class Special(Tensor):
    pass

def _rebuild_from_type_v2(func, new_type, args, state):
    """As torch/_tensor.py has it."""
    ret = func(*args)
    if type(ret) is not new_type:
        ret = ret.as_subclass(new_type)
    if getattr(ret.__class__, "__setstate__", Tensor.__setstate__) is not Tensor.__setstate__:
        ret.__setstate__(state)
    elif state:
        dict_state, slots_state = state if isinstance(state, tuple) else (state, None)
        for attributes in (dict_state, slots_state):
            for key, value in (attributes or {}).items():
                setattr(ret, key, value)
    return ret
'''

MODULES = {name: compile(source, name, "exec") for name, source in (("lair", SOURCE), ("torch._tensor", TENSOR))}
ALLOWED = {tuple(name) for name in json.loads(sys.argv[1])}


class Restricted(_pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in ALLOWED:
            raise _pickle.UnpicklingError(f"{module}.{name} is not for this test")
        return super().find_class(module, name)


def fresh():
    """The modules that programs may change, as they are at first."""
    for name, code in MODULES.items():
        module = types.ModuleType(name)
        exec(code, vars(module))
        sys.modules[name] = module
    torch = types.ModuleType("torch")
    torch._tensor = sys.modules["torch._tensor"]
    sys.modules["torch"] = torch
    return sys.modules["lair"].called


ITERATORS = (map, filter, zip, itertools.starmap, itertools.accumulate, itertools.filterfalse, itertools.takewhile, itertools.dropwhile,
             itertools.chain, itertools.cycle, itertools.islice, type(iter(int, 1)), type(iter([])))  # fmt: skip


def use(value, depth=4):
    """What any program does with what it loaded: it iterates, looks keys up, calls what is there to be called."""
    if depth == 0:
        return
    try:
        if isinstance(value, ITERATORS):
            for item in itertools.islice(value, 3):
                use(item, depth - 1)
        elif isinstance(value, dict):
            value["missing"] if hasattr(value, "default_factory") else None
            for item in list(value.values()):
                use(item, depth - 1)
        elif isinstance(value, (list, tuple, set, frozenset)):
            for item in list(value):
                use(item, depth - 1)
        elif isinstance(value, (functools.partial, types.MethodType)):
            value()
        elif type(value).__module__ == "lair":
            for item in list(vars(value).values()):
                use(item, depth - 1)
    except Exception:
        pass


def run(program):
    called = fresh()
    loads, value = True, None
    try:
        value = Restricted(io.BytesIO(program)).load()
    except BaseException:
        loads = False
    invoked = len(called)
    if loads:
        use(value)
    value = None
    return {"loads": loads, "invoked": invoked > 0, "used": len(called) > invoked}


threading.excepthook = lambda *_: None
for module in {module for module, _ in ALLOWED} - {"lair", "torch._tensor"}:
    importlib.import_module(module)
source = sys.stdin.buffer
while header := source.read(4):
    answers = []
    # A program that iterates for ever in C cannot be interrupted: then the test fails, and does not hang.
    signal.alarm(300)
    for _ in range(struct.unpack("<I", header)[0]):
        answers.append(run(source.read(struct.unpack("<I", source.read(4))[0])))
    gc.collect()
    sys.stdout.write(json.dumps(answers) + "\n")
    sys.stdout.flush()
# Without what programs asked to be called at the end.
os._exit(0)
