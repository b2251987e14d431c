#!/usr/bin/env python3
"""What loaders do with generated programs, over inert names.   usage: loader_programs.py LOADER...

Reads batches from stdin until it ends: a count (u32, little-endian), then for each program the loader's number (u16),
which persistent ids the loader resolves (u8: none, torch's, those of its format before 1.6), a length (u32) and the bytes. Answers each batch with one line of JSON:
a list of {outcome, blocked, error, position}.
"""

import importlib.util
import io
import json
import resource
import struct
import sys
import warnings

import inert

sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
# A memo key or a length out of a mutated program can ask for all there is.
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))


def module(number, path):
    spec = importlib.util.spec_from_file_location(f"safe_load_{number}", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


LOADERS = [module(number, path) for number, path in enumerate(sys.argv[1:])]


def persistent_load(id):
    """As torch's, which takes tuples."""
    assert isinstance(id, tuple)
    return inert.Made()


def _legacy_load():
    """Of torch's name: that of its format before 1.6 is told by it."""

    def persistent_load(id):
        assert isinstance(id, tuple)
        return inert.Made()

    return persistent_load


RESOLVERS = [None, persistent_load, _legacy_load()]


def is_shared(value):
    """Whether CPython has one object for all values that equal it."""
    if type(value) in (str, tuple, frozenset):
        return len(value) < (2 if type(value) is str else 1)
    return value is None or type(value) in (bool, int)


def run(safe_load, resolves, program):
    file = io.BytesIO(program)
    unpickler = safe_load.Unpickler(file)
    if resolves:
        unpickler.persistent_load = RESOLVERS[resolves]
    try:
        unpickler.load()
        return {"outcome": "loads"}
    except safe_load.Blocked as blocked:
        told = {key: getattr(blocked, key) for key in ("callable", "opcode", "offset", "reason")}
        shares = any(map(is_shared, unpickler._computed.values()))
        return {"outcome": "blocked", "blocked": told, "shares": shares, "position": unpickler._offset(0)}
    except Exception as error:  # whatever a program raises that is broken, or calls what cannot be called so
        return {"outcome": "fails", "error": f"{type(error).__name__}: {error}"[:200], "position": unpickler._offset(0)}
    finally:
        inert.ITEMS.clear()
        inert.TABLE.clear()


source = sys.stdin.buffer
while header := source.read(4):
    answers = []
    for _ in range(struct.unpack("<I", header)[0]):
        number, resolves, length = struct.unpack("<HBI", source.read(7))
        answers.append(run(LOADERS[number], resolves, source.read(length)))
    sys.stdout.write(json.dumps(answers) + "\n")
    sys.stdout.flush()
