#!/usr/bin/env python3
"""CPython's own unpicklers as an oracle: what they do with programs that the fuzzer made, event by event.

Names are resolved to nothing: a lookup returns an inert class that can be called, instantiated, given a state and given
items, and notes each. So a program does here what it would do if every name existed and accepted everything.

Reads batches from stdin until it ends: a count (u32, little-endian), then for each program a mode (u8), a length (u32)
and the bytes. Answers each batch with one line of JSON, a list of `{loads, error, position, events}`.
"""

import _compat_pickle
import _pickle
import io
import json
import pickle
import resource
import struct
import sys
import warnings

warnings.simplefilter("ignore")
# A memo key of 2^32 makes the C unpickler allocate 64 GB, and one within the limit makes it fill that much with zeros.
resource.setrlimit(resource.RLIMIT_AS, (1 << 27, 1 << 27))
sys.setrecursionlimit(5000)

# Modes, with the encoding in the bits above: the C unpickler from a file (0), from memory (1), from a file that can only
# be read (3) and from one with a buffer that can be peeked into (4); the pure-Python one from a file (2).
ENCODINGS = ["ASCII", "utf-8", "latin1", "bytes"]

events = []
made = 0


def new():
    """A new inert object. Its number tells it apart: objects are numbered as they come to be."""
    global made
    inert = type.__new__(Foreign, "inert", (Inert,), {})
    inert.number = made
    made += 1
    return inert


class Foreign(type):
    """The class of inert objects, which are classes themselves: NEWOBJ wants one."""

    def __call__(cls, *args):
        return called(cls, args, None)

    def __setstate__(cls, state):
        events.append(["__setstate__", cls.number, shape(state)])

    def append(cls, item):
        events.append(["append", cls.number, shape([item])])

    def extend(cls, items):
        # Pure Python calls it with nothing, too, where C does not look for it.
        if items:
            events.append(["append", cls.number, shape(items)])

    def add(cls, item):
        events.append(["add", cls.number, shape([item])])

    def __setitem__(cls, key, value):
        events.append(["__setitem__", cls.number, shape([key, value])])


class Inert:
    def __new__(cls, /, *args, **keywords):
        return called(cls, args, keywords or None)


def called(cls, args, keywords):
    events.append(["call", cls.number, shape(args), shape(keywords)])
    return new()


DEEPEST = 4
WIDEST = 6


def shape(value, depth=DEEPEST):
    """A value as text, cut in depth and width, by the same rules as `events.ts`."""
    kind = type(value)
    if kind is list or kind is tuple:
        if depth == 0:
            return "..."
        items = [shape(item, depth - 1) for item in value[:WIDEST]]
        return f"{kind.__name__}{len(value)}({','.join(items)})"
    if kind is dict:
        if depth == 0:
            return "..."
        items = {key(k): shape(v, depth - 1) for k, v in value.items()}
        return "dict(" + ",".join(f"{k}:{items[k]}" for k in sorted(items)) + ")"
    if kind is set or kind is frozenset:
        return f"{kind.__name__}(" + ",".join(sorted({key(item) for item in value})) + ")"
    if kind is bool:
        return str(value)
    if kind is Foreign:
        return f"@{value.number}"
    if kind is bytearray:
        return "bytearray"
    if kind is memoryview:
        return "view"
    return key(value)


def key(value):
    """A hashable value as text, equal where Python finds the values equal."""
    kind = type(value)
    if kind is float and value == value and value not in (float("inf"), float("-inf")) and value == int(value):
        value, kind = int(value), int
    if kind is int or kind is bool:
        return f"n{int(value)}" if abs(value) < 1 << 128 else "big"
    if kind is float:
        return "nan" if value != value else "f" + struct.pack(">d", value).hex()
    if kind is str:
        return "s" + "".join(f"{ord(character):x}." for character in value[:20]) + str(len(value))
    if kind is bytes:
        return "b" + value[:20].hex() + "." + str(len(value))
    if kind is tuple:
        return "t(" + ",".join(key(item) for item in value) + ")"
    if kind is frozenset:
        return "z(" + ",".join(sorted({key(item) for item in value})) + ")"
    if kind is Foreign:
        return f"@{value.number}"
    return "None" if value is None else "?"


class Hooks:
    def find_class(self, module, name):
        events.append(["import", f"{module}.{name}", made])
        return new()

    def persistent_load(self, pid):
        events.append(["persid", shape(pid), made])
        return new()


class C(Hooks, _pickle.Unpickler):
    pass


class Python(Hooks, pickle._Unpickler):
    pass


class Plain:
    """A file that can be read, and nothing else: neither `peek` nor `readinto`."""

    def __init__(self, program):
        file = io.BytesIO(program)
        self.read, self.readline, self.tell = file.read, file.readline, file.tell


def buffered(program):
    """As `open` makes them, with a buffer that is often too small for a frame."""
    return io.BufferedReader(io.BytesIO(program), 1 + len(program) * 7 % 61 if len(program) % 4 else 1 << 20)


class Module:
    """In the place of whatever module `loads` looks something up in: it has everything."""

    def __getattribute__(self, name):
        if name in ("__spec__", "__path__"):
            raise AttributeError(name)
        return Path(looked_up[1:]) if looked_up and looked_up[0] == name and len(looked_up) > 1 else new()


class Path:
    """What lies on the way to a dotted name."""

    def __init__(self, rest):
        self.rest = rest

    def __getattr__(self, name):
        return Path(self.rest[1:]) if len(self.rest) > 1 else new()


# The dotted name that is being looked up.
looked_up = []
# Modules that were replaced in sys.modules, while `loads` runs; else None.
replaced = None


def audit(event, args):
    if event != "pickle.find_class" or replaced is None:
        return
    module, name = args
    events.append(["import", f"{module}.{name}", made])
    looked_up[:] = name.split(".")
    mapped, _ = _compat_pickle.NAME_MAPPING.get((module, name), (_compat_pickle.IMPORT_MAPPING.get(module, module), name))
    for each in (module, mapped, module.partition(".")[0], mapped.partition(".")[0]):
        if each not in replaced:
            replaced[each] = sys.modules.get(each)
            sys.modules[each] = Module()


sys.addaudithook(audit)


def loads(program, encoding):
    """`_pickle.loads` itself has no hooks, but says what it looks up, in time to put something there."""
    global replaced
    replaced = {}
    try:
        return _pickle.loads(program, encoding=encoding)
    finally:
        for name, module in replaced.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
        replaced = None


def run(mode, program):
    global made
    events.clear()
    made = 0
    encoding = ENCODINGS[mode >> 3]
    file = {3: Plain, 4: buffered}.get(mode & 7, io.BytesIO)(program)
    try:
        result = loads(program, encoding) if mode & 7 == 1 else (Python if mode & 7 == 2 else C)(file, encoding=encoding).load()
    except BaseException as error:  # whatever a broken program raises
        return {"loads": False, "error": f"{type(error).__name__}: {error}"[:200], "position": file.tell(), "events": list(events)}
    return {"loads": True, "error": None, "position": file.tell(), "events": events + [["root", shape(result)]]}


def main():
    source = sys.stdin.buffer
    while header := source.read(4):
        answers = []
        for _ in range(struct.unpack("<I", header)[0]):
            mode, length = struct.unpack("<BI", source.read(5))
            answers.append(run(mode, source.read(length)))
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


main()
