#!/usr/bin/env python3
"""What CPython itself does with the pickles of a file: every import and call, in order, as JSON.

CPython's own pure-Python unpickler runs each program. Names are recorded and never resolved: in their place stands an
inert `StandIn`, and whatever the unpickler does to one is a fact. So CPython decides what is called, when and by which
opcode; only the words of `analyzer/pickle/facts.ts` are ours. Containers are read as their loaders read them
(`torch.load`, `joblib.load`, `numpy.load`), by the standard library alone.

Meant for files that we generated ourselves.   usage: record.py FILE...   prints one JSON document a file.
"""

import ast
import bz2
import gzip
import hashlib
import io
import json
import lzma
import math
import pickle
import pickletools
import struct
import sys
import zipfile
import zlib
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

TORCH_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class StandIn:
    """An object whose making was recorded: a looked-up name, or the result of a call. It does nothing.

    `callable` is the looked-up name it is, or the one that made it (`is_made`). What `getattr` returns is the attribute.
    """

    def __init__(self, recorder, callable, is_made=False, arguments=()):
        self.recorder = recorder
        self.callable = callable
        self.is_made = is_made
        self.arguments = arguments
        self.state = None
        # NEWOBJ asks for `cls.__new__`: as an attribute of the instance it is found before the type's own.
        self.__new__ = lambda cls, *args, **kwargs: self(*args, **kwargs)

    def __call__(self, *arguments, **keywords):
        self.recorder.call(self)
        if self.callable == "builtins.getattr" and not self.is_made and isinstance(arguments[0], StandIn):
            return StandIn(self.recorder, f"{arguments[0].callable}.{arguments[1]}")
        return StandIn(self.recorder, self.callable, True, arguments)

    def __setstate__(self, state):
        self.recorder.call(self, "__setstate__")
        self.state = state

    def append(self, item):
        self.recorder.call(self, "append")

    def extend(self, items):
        # The C unpickler returns before looking for `extend` when nothing is above the mark.
        if items:
            self.recorder.call(self, "extend")

    def add(self, item):
        self.recorder.call(self, "add")

    def __setitem__(self, key, value):
        self.recorder.call(self, "__setitem__")


class Recorder(pickle._Unpickler):
    """Runs one pickle program of a seekable file, from where the file stands, and leaves the file behind its STOP."""

    def __init__(self, file, entry=None, encoding="ASCII"):
        super().__init__(file, encoding=encoding)
        self.file = file
        self.entry = entry
        self.start = file.tell()
        self.facts = []
        self.nested = []
        self.loads = False

    def position(self):
        """Offset of the next byte. A frame is read whole, so within one the file is ahead of the program."""
        frame = self._unframer.current_frame
        return self.file.tell() - (len(frame.getvalue()) - frame.tell() if frame else 0)

    def run(self):
        """Runs to STOP and returns its object, or to where CPython raises: then `loads` stays false."""
        try:
            result = self.load()
            self.loads = True
            return result
        except Exception:
            return None
        finally:
            self.length = self.position() - self.start

    def find_class(self, module, name):
        spelt = f"{module}.{name}"
        # As `_Unpickler.find_class` maps the names of Python 2.
        if self.proto < 3 and self.fix_imports:
            if (module, name) in NAME_MAPPING:
                module, name = NAME_MAPPING[(module, name)]
            elif module in IMPORT_MAPPING:
                module = IMPORT_MAPPING[module]
        callable = f"{module}.{name}"
        self.facts.append({"kind": "import", "callable": callable, "spelt": spelt, "opcode": self.opcode, "offset": self.offset})
        return StandIn(self, callable)

    def persistent_load(self, pid):
        # torch's legacy format hands over the class of a module with its source; `torch.load` returns the class.
        if isinstance(pid, tuple) and pid and pid[0] == "module":
            return pid[1]
        return object()

    def call(self, stand_in, method=None):
        fact = {"kind": "call", "callable": stand_in.callable, "opcode": self.opcode, "offset": self.offset}
        if method:
            fact["method"] = method
        if method and not stand_in.is_made:
            fact["onCallable"] = True
        # SETITEMS and ADDITEMS invoke their method once an item: one fact says it.
        if not self.facts or self.facts[-1] != fact:
            self.facts.append(fact)

    def pickles(self):
        """What the run showed, and what showed the pickles that were run inside it, in the order of their offsets."""
        own = {
            "entry": self.entry,
            "offset": self.start,
            "length": self.length,
            "protocol": self.proto,
            "loads": self.loads,
            "facts": self.facts,
        }
        return [own] + [pickle for recorder in self.nested for pickle in recorder.pickles()]


def noting_opcode(code, handler):
    """The handler of CPython's dispatch table, with the opcode and its offset noted before it runs."""
    opcode = pickletools.code2op[chr(code)].name

    def run(self):
        self.opcode = opcode
        self.offset = self.position() - 1
        handler(self)

    return run


Recorder.dispatch = {code: noting_opcode(code, handler) for code, handler in pickle._Unpickler.dispatch.items()}


class JoblibRecorder(Recorder):
    """As `joblib.numpy_pickle.NumpyUnpickler`: once a wrapper has its state, the array follows it in the file."""

    dispatch = dict(Recorder.dispatch)

    def load_build(self):
        Recorder.dispatch[pickle.BUILD[0]](self)
        built = self.stack[-1]
        if isinstance(built, StandIn) and built.callable == "joblib.numpy_pickle.NumpyArrayWrapper":
            self.read_array(built.state)

    dispatch[pickle.BUILD[0]] = load_build

    def read_array(self, wrapper):
        """`NumpyArrayWrapper.read_array`: objects are a pickle of their own, numbers lie there as bytes."""
        kind, size = item_type(wrapper["dtype"].arguments[0])
        if kind == "O":
            inner = Recorder(self.file, self.entry)
            self.nested.append(inner)
            inner.run()
            return
        if wrapper.get("numpy_array_alignment_bytes") is not None:
            self.file.seek(self.file.read(1)[0], io.SEEK_CUR)
        self.file.seek(size * math.prod(wrapper["shape"]), io.SEEK_CUR)


def item_type(spec):
    """Kind and bytes of one item of a numpy type string: `f8`, `U12`, `V56`, `O8`."""
    kind, count = spec[0], int(spec[1:])
    return kind, count * 4 if kind == "U" else count


def record_pickle(file, entry=None):
    """`pickle.load` and `joblib.load`: they differ only where joblib's own wrapper appears."""
    recorder = JoblibRecorder(file, entry)
    recorder.run()
    return recorder.pickles()


def record_torch_zip(archive):
    """`torch.load` of a zip: the one program `data.pkl`."""
    name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
    recorder = Recorder(io.BytesIO(archive.read(name)), name, encoding="utf-8")
    recorder.run()
    return recorder.pickles()


def record_torch_legacy(file):
    """`torch.load` of the format before zip: magic number, protocol, system, the object, the storages' keys."""
    pickles = []
    for _ in range(5):
        recorder = Recorder(file, encoding="utf-8")
        recorder.run()
        pickles += recorder.pickles()
        if not recorder.loads:
            break
    return pickles


def record_npy(file, entry=None):
    """`numpy.load`: an array of objects is a pickle behind the header; any other array holds none."""
    major = file.read(8)[6]
    length = struct.unpack("<H", file.read(2))[0] if major == 1 else struct.unpack("<I", file.read(4))[0]
    header = ast.literal_eval(file.read(length).decode("latin1"))
    if "O" not in str(header["descr"]):
        return []
    recorder = Recorder(file, entry)
    recorder.run()
    return recorder.pickles()


def record_npz(archive):
    """`numpy.load` of a zip of arrays."""
    return [pickle for name in archive.namelist() for pickle in record_npy(io.BytesIO(archive.read(name)), name)]


def is_torch_legacy(content):
    return Recorder(io.BytesIO(content)).run() == TORCH_LEGACY_MAGIC


COMPRESSORS = [
    ("gzip", b"\x1f\x8b", gzip.decompress),
    ("bzip2", b"BZh", bz2.decompress),
    ("xz", b"\xfd7zXZ", lzma.decompress),
    ("lzma", b"]\x00", lzma.decompress),
    ("zlib", b"\x78", zlib.decompress),
]


def record(content):
    """Every pickle that the file's loader would run: `[{entry, offset, length, protocol, loads, facts}]`.

    `entry` is the member of an archive, or the compressor that `joblib.load` looks behind; None for the file itself.
    """
    if not content:
        return []
    for name, prefix, decompress in COMPRESSORS:
        if content.startswith(prefix):
            return record_pickle(io.BytesIO(decompress(content)), name)
    if content.startswith(b"PK\x03\x04"):
        try:
            archive = zipfile.ZipFile(io.BytesIO(content))
        except zipfile.BadZipFile:
            return []
        is_torch = any(name.endswith("/data.pkl") for name in archive.namelist())
        return record_torch_zip(archive) if is_torch else record_npz(archive)
    if content.startswith(b"\x93NUMPY"):
        return record_npy(io.BytesIO(content))
    if is_torch_legacy(content):
        return record_torch_legacy(io.BytesIO(content))
    return record_pickle(io.BytesIO(content))


def document(path):
    """The recording of one file as JSON text, a fact a line so that differences read well."""
    with open(path, "rb") as file:
        content = file.read()
    pickles = []
    for recording in record(content):
        facts = ",\n".join("        " + json.dumps(fact) for fact in recording.pop("facts"))
        fields = "".join(f"      {json.dumps(key)}: {json.dumps(value)},\n" for key, value in recording.items())
        pickles.append("    {\n" + fields + '      "facts": [' + (f"\n{facts}\n      " if facts else "") + "]\n    }")
    listing = "[\n" + ",\n".join(pickles) + "\n  ]" if pickles else "[]"
    return f'{{\n  "sha256": "{hashlib.sha256(content).hexdigest()}",\n  "pickles": {listing}\n}}\n'


if __name__ == "__main__":
    for path in sys.argv[1:]:
        sys.stdout.write(document(path))
