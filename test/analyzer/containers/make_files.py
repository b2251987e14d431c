"""Writes files of every container that Debian's Python can make, and what lies in each of them.

usage: make_files.py FOLDER

For each file, `files.json` says its container and, for each place in it where pickles lie (null for the file itself),
where the content of that place was written by Python, so that what the tracer extracts can be compared byte for byte.
Nothing here is loaded again: the files are only written.
"""

import bz2
import collections
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import sys
import tarfile
import zipfile
import zlib

import joblib
import numpy
import torch

try:
    import lz4.frame
except ImportError:  # joblib writes lz4 only where this is installed
    lz4 = None

FOLDER = sys.argv[1]
FILES = []


def path_of(name):
    return os.path.join(FOLDER, name)


def describe(name, container, contents, pickles=None, findings=()):
    """`contents` maps an entry to its bytes; None (the file itself) to None where the file is the content."""
    written = {}
    for index, (entry, content) in enumerate(contents.items()):
        if content is None:
            written[entry or ""] = name
            continue
        stored = f"{name}.content{index}"
        with open(path_of(stored), "wb") as file:
            file.write(content)
        written[entry or ""] = stored
    FILES.append({"file": name, "container": container, "contents": written, "pickles": pickles, "findings": list(findings)})


def write(name, content):
    with open(path_of(name), "wb") as file:
        file.write(content)


STRUCTURED = numpy.array([(1, 2.5, b"x"), (2, 3.5, b"y")], dtype=[("a", "<i4"), ("b", ">f8"), ("c", "S3")])
SUBARRAYS = numpy.zeros(3, dtype=[("position", "<f4", (2, 2)), ("name", "<U4")])
WITH_OBJECTS = numpy.array([("x", [1]), ("y", {})], dtype=[("a", "U3"), ("b", "O")])

ARRAYS = {
    "floats": numpy.arange(12, dtype="<f8").reshape(3, 4),
    "fortran": numpy.asfortranarray(numpy.arange(12, dtype="<f4").reshape(3, 4)),
    "big-endian": numpy.arange(5, dtype=">i2"),
    "scalar": numpy.array(7, dtype="i8"),
    "empty": numpy.zeros((0, 3)),
    "bools": numpy.array([True, False, True]),
    "complex": numpy.array([1 + 2j, 3], dtype="c16"),
    "half": numpy.arange(4, dtype="f2"),
    "long": numpy.arange(4, dtype="g"),
    "bytes": numpy.array([b"ab", b"cde"]),
    "text": numpy.array(["ab", "c\u00e9"]),
    "dates": numpy.array(["2020-01-01", "NaT"], dtype="M8[ns]"),
    "spans": numpy.array([1, 2], dtype="m8[D]"),
    "void": numpy.zeros(2, dtype="V5"),
    "structured": STRUCTURED,
    "subarrays": SUBARRAYS,
    "large": numpy.random.RandomState(0).bytes(700_000),
}
ARRAYS["large"] = numpy.frombuffer(ARRAYS["large"], dtype="u1")
OBJECTS = {"objects": numpy.array([{"a": 1}, [2], None], dtype=object), "with-objects": WITH_OBJECTS}

MODEL = {"arrays": list(ARRAYS.values()), "after": collections.OrderedDict(x=1, y=[2, "three"])}
MODEL_WITH_OBJECTS = [ARRAYS["floats"], OBJECTS["objects"], ARRAYS["fortran"], OBJECTS["with-objects"], ("end", 1.5)]


def make_pickles():
    for protocol in range(6):
        name = f"plain-{protocol}.pkl"
        write(name, pickle.dumps({"a": [1, 2.5, "x", b"y", None, (1, 2)]}, protocol=protocol))
        describe(name, "pickle", {None: None}, 1)
    write("several.pkl", b"".join(pickle.dumps([index] * index) for index in range(20)))
    describe("several.pkl", "pickle", {None: None}, 20)
    write("trailing.pkl", pickle.dumps({"a": 1}) + b"\x00" * 100)
    describe("trailing.pkl", "pickle", {None: None}, 1, ["trailing-bytes"])
    # Longer than any step in which a program is brought.
    write("long.pkl", pickle.dumps([str(index) * 9 for index in range(40_000)] + [b"z" * 300_000]))
    describe("long.pkl", "pickle", {None: None}, 1)


DECOMPRESSORS = {
    "zlib": zlib.decompress,
    "gzip": gzip.decompress,
    "bz2": bz2.decompress,
    "xz": lzma.decompress,
    "lzma": lzma.decompress,
    **({} if lz4 is None else {"lz4": lz4.frame.decompress}),
}


def make_joblib():
    for kind, model, pickles in (("arrays", MODEL, 1), ("objects", MODEL_WITH_OBJECTS, 3)):
        for protocol in (2, 3, 4, 5):
            name = f"joblib-{kind}-{protocol}.joblib"
            joblib.dump(model, path_of(name), protocol=protocol)
            describe(name, "joblib", {None: None}, pickles)
        for compressor in DECOMPRESSORS:
            extension = {"zlib": "z", "gzip": "gz"}.get(compressor, compressor)
            for level in (1, 9):
                name = f"joblib-{kind}-{compressor}-{level}.{extension}"
                joblib.dump(model, path_of(name), compress=(compressor, level))
                with open(path_of(name), "rb") as file:
                    compressed = file.read()
                content = DECOMPRESSORS[compressor](compressed)
                container = {"bz2": "bzip2"}.get(compressor, compressor)
                describe(name, container, {container: content}, pickles)
    # Every way to ask for compression, with every protocol: names, levels, both, a boolean, an extension of the file's name.
    few = [ARRAYS["big-endian"], OBJECTS["objects"], ARRAYS["fortran"], ARRAYS["empty"], "end"]
    ways = [(True, "zlib"), *((level, "zlib") for level in range(1, 10)), *((name, name) for name in DECOMPRESSORS)]
    ways += [((name, level), name) for name in DECOMPRESSORS for level in (1, 3, 6, 9)]
    for protocol in (0, 1, 2, 3, 4, 5):
        for compress, compressor in ways if protocol > 2 else [(3, "zlib")]:
            label = str(compress).replace(" ", "").replace("'", "")
            name = f"joblib-{label}-protocol{protocol}.joblib"
            joblib.dump(few, path_of(name), compress=compress, protocol=protocol)
            with open(path_of(name), "rb") as file:
                content = DECOMPRESSORS[compressor](file.read())
            container = {"bz2": "bzip2"}.get(compressor, compressor)
            describe(name, container, {container: content}, 2)
    for compressor in DECOMPRESSORS:
        name = "joblib-by-name." + {"zlib": "z", "gzip": "gz"}.get(compressor, compressor)
        joblib.dump(few, path_of(name))
        with open(path_of(name), "rb") as file:
            content = DECOMPRESSORS[compressor](file.read())
        container = {"bz2": "bzip2"}.get(compressor, compressor)
        describe(name, container, {container: content}, 2)
    for options in ({"compress": 0}, {"compress": False}, {"compress": ("gzip", 0)}, {"cache_size": 10}, {"cache_size": 0, "protocol": 3}):
        label = "-".join(f"{key}{value}" for key, value in options.items()).replace(" ", "").replace("'", "")
        joblib.dump(few, path_of(f"joblib-{label}.joblib"), **options)
        describe(f"joblib-{label}.joblib", "joblib", {None: None}, 2)
    with open(path_of("joblib-to-a-file.joblib"), "wb") as file:
        joblib.dump(few, file)
        joblib.dump({"and": ARRAYS["floats"]}, file)
    describe("joblib-to-a-file.joblib", "joblib", {None: None}, 3)
    # Each array alone: an extent that is wrong by a byte shows.
    for key, array in {**ARRAYS, **OBJECTS}.items():
        name = f"joblib-{key}.joblib"
        joblib.dump([array, "end"], path_of(name))
        describe(name, "joblib", {None: None}, 2 if key in OBJECTS else 1)
    mapped = numpy.memmap(path_of("mapped.raw"), dtype="f4", mode="w+", shape=(10, 3))
    joblib.dump({"mapped": mapped}, path_of("joblib-memmap.joblib"))
    describe("joblib-memmap.joblib", "joblib", {None: None}, 1)
    old = joblib.numpy_pickle_compat.write_zfile
    buffer = io.BytesIO()
    old(buffer, pickle.dumps({"old": [1, 2]}, protocol=2))
    write("old.zfile", buffer.getvalue())
    describe("old.zfile", "joblib-zfile", {"joblib-zfile": pickle.dumps({"old": [1, 2]}, protocol=2)}, 1)


def make_numpy():
    for key, array in {**ARRAYS, **OBJECTS}.items():
        name = f"{key}.npy"
        numpy.save(path_of(name), array, allow_pickle=True)
        describe(name, "npy", {None: None}, 1 if key in OBJECTS else 0)
    for version in ((1, 0), (2, 0), (3, 0)):
        name = f"version-{version[0]}.npy"
        with open(path_of(name), "wb") as file:
            numpy.lib.format.write_array(file, OBJECTS["objects"], version=version)
        describe(name, "npy", {None: None}, 1)
    with open(path_of("several.npy"), "wb") as file:
        numpy.save(file, ARRAYS["floats"])
        numpy.save(file, OBJECTS["objects"], allow_pickle=True)
        numpy.save(file, ARRAYS["structured"])
        pickle.dump("and a pickle", file)
    describe("several.npy", "npy", {None: None}, 2)
    numpy.savez(path_of("stored.npz"), **ARRAYS, **OBJECTS)
    numpy.savez_compressed(path_of("compressed.npz"), **ARRAYS, **OBJECTS)
    for name in ("stored.npz", "compressed.npz"):
        with zipfile.ZipFile(path_of(name)) as archive:
            contents = {f"{key}.npy": archive.read(f"{key}.npy") for key in OBJECTS}
        describe(name, "npz", contents, 2)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(30, 40)
        self.register_buffer("halves", torch.ones(7, dtype=torch.float16))

    def forward(self, value):
        return self.layer(value)


def make_torch():
    state = Network().state_dict()
    state["shared"] = state["layer.weight"][0]
    state["integers"] = torch.arange(300)
    state["flags"] = torch.tensor([True, False])
    torch.save(state, path_of("state.pt"))
    torch.save(state, path_of("state-legacy.pt"), _use_new_zipfile_serialization=False)
    torch.save(state, path_of("state-protocol4.pt"), pickle_protocol=4)
    torch.save({"state": state, "epoch": 3, "loss": 0.5}, path_of("checkpoint.ckpt"))
    torch.save(Network(), path_of("module.pt"))
    torch.save(Network(), path_of("module-legacy.pt"), _use_new_zipfile_serialization=False)
    for name, root in (("state.pt", "state"), ("state-protocol4.pt", "state-protocol4"), ("checkpoint.ckpt", "checkpoint"), ("module.pt", "module")):
        with zipfile.ZipFile(path_of(name)) as archive:
            describe(name, "torch-zip", {f"{root}/data.pkl": archive.read(f"{root}/data.pkl")}, 1)
    for name in ("state-legacy.pt", "module-legacy.pt"):
        describe(name, "torch-legacy", {None: None}, 5)
    # What Lightning's Trainer.save_checkpoint writes, with the hook of an optimizer beside the weights.
    network = Network()
    lightning = {
        "epoch": 3,
        "global_step": 100,
        "pytorch-lightning_version": "1.9.0",
        "state_dict": network.state_dict(),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_path": "x.ckpt", "best_model_score": torch.tensor(0.5)}},
        "optimizer_states": [torch.optim.Adam(network.parameters()).state_dict()],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": collections.OrderedDict(learning_rate=0.1),
    }
    torch.save(lightning, path_of("lightning.ckpt"))
    with zipfile.ZipFile(path_of("lightning.ckpt")) as archive:
        describe("lightning.ckpt", "torch-zip", {"lightning/data.pkl": archive.read("lightning/data.pkl")}, 1)
    torch.save(lightning, path_of("lightning-legacy.ckpt"), _use_new_zipfile_serialization=False)
    describe("lightning-legacy.ckpt", "torch-legacy", {None: None}, 5)
    # A tensor inside a plain pickle: its storage is handed to torch.load as bytes of the legacy format.
    write("tensor-in-pickle.pkl", pickle.dumps({"weights": torch.arange(3_000_000, dtype=torch.float32), "after": 1}))
    describe("tensor-in-pickle.pkl", "pickle", {None: None}, 1)
    torch.jit.save(torch.jit.script(Network()), path_of("scripted.pt"))
    with zipfile.ZipFile(path_of("scripted.pt")) as archive:
        names = [name for name in archive.namelist() if name.endswith(("pkl"))]
        describe("scripted.pt", "torchscript", {name: archive.read(name) for name in names}, len(names), ["code"])


def torch_tar():
    """torch 0.1.1's format, as torch.serialization.legacy_load reads it."""
    storages = io.BytesIO()
    pickle.dump(1, storages, protocol=2)
    pickle.dump((11, "cpu", torch.FloatStorage), storages, protocol=2)
    storages.write(struct.pack("<q", 6) + struct.pack("<6f", *range(6)))
    pickle.dump([(12, 11, 2, 3)], storages, protocol=2)
    tensors = io.BytesIO()
    pickle.dump(1, tensors, protocol=2)
    pickle.dump((21, 12, torch.FloatTensor), tensors, protocol=2)
    tensors.write(struct.pack("<iI", 1, 0) + struct.pack("<qqq", 3, 1, 0))
    return {"storages": storages.getvalue(), "tensors": tensors.getvalue(), "pickle": pickle.dumps({"weight": "21"}, protocol=2)}


def tar_of(members, format=tarfile.PAX_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type = tarfile.SYMTYPE
        link.linkname = "folder"
        archive.addfile(link)
    return buffer.getvalue()


def make_archives():
    payloads = {"a.pkl": pickle.dumps([1]), "b" * 150 + "/c.pkl": pickle.dumps({"x": 2}), "d\u00e9.pkl": pickle.dumps("e"), "readme.txt": b"words"}
    pickled = {name: content for name, content in payloads.items() if name.endswith(".pkl")}
    for label, format in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
        members = dict(payloads)
        if label == "ustar":
            members = {name.replace("b" * 150, "b" * 60 + "/" + "b" * 60): content for name, content in members.items()}
        name = f"{label}.tar"
        write(name, tar_of(members, format))
        describe(name, "tar", {key: content for key, content in members.items() if key.endswith(".pkl")}, 3)
    write("old-torch.tar", tar_of(torch_tar()))
    describe("old-torch.tar", "torch-tar", torch_tar(), 6)
    with open(path_of("state.pt"), "rb") as file:
        weights = file.read()
    with zipfile.ZipFile(path_of("state.pt")) as archive:
        inner = {"model_weights.ckpt!/state/data.pkl": archive.read("state/data.pkl")}
    write("model.nemo", tar_of({"model_config.yaml": b"target: x\n", "model_weights.ckpt": weights}))
    describe("model.nemo", "nemo", inner, 1)
    write("model.nemo.gz", gzip.compress(tar_of({"model_config.yaml": b"target: x\n", "model_weights.ckpt": weights})))
    describe("model.nemo.gz", "gzip", {f"gzip!/{key}": content for key, content in inner.items()}, 1)
    for label, method in (("stored", 0), ("deflated", 8), ("bzip2", 12), ("lzma", 14)):
        name = f"{label}.zip"
        with zipfile.ZipFile(path_of(name), "w", method) as archive:
            for key, content in payloads.items():
                archive.writestr(key, content)
            archive.writestr("joblib.bin", b"")
        describe(name, "zip", pickled, 3)
    # Written to a pipe: sizes follow the data.
    buffer = io.BytesIO()

    class Pipe(io.RawIOBase):
        def writable(self):
            return True

        def write(self, content):
            return buffer.write(content)

    with zipfile.ZipFile(Pipe(), "w", 8) as archive:
        for key, content in payloads.items():
            archive.writestr(key, content)
    write("streamed.zip", buffer.getvalue())
    describe("streamed.zip", "zip", pickled, 3)
    with zipfile.ZipFile(path_of("model.mar"), "w", 8) as archive:
        archive.writestr("model.pt", weights)
        archive.writestr("handler.py", "def handle(data, context): ...\n")
        archive.writestr("MAR-INF/MANIFEST.json", "{}")
    describe("model.mar", "mar", {"model.pt!/state/data.pkl": inner["model_weights.ckpt!/state/data.pkl"]}, 1, ["code"])


def make_compressed():
    program = pickle.dumps([list(range(5000)), "x" * 100_000, numpy.arange(3000)], protocol=4)
    variants = {
        "gzip-members.gz": ("gzip", gzip.compress(program[:1000]) + gzip.compress(program[1000:]) + b"\0" * 7),
        "zlib-stored.z": ("zlib", zlib.compress(program, 0)),
        "bzip2-streams.bz2": ("bzip2", bz2.compress(program[:5000], 1) + bz2.compress(program[5000:], 9)),
        "bzip2-empty.bz2": ("bzip2", bz2.compress(b"") + bz2.compress(program)),
        "xz-streams.xz": ("xz", lzma.compress(program[:9999]) + b"\0" * 8 + lzma.compress(program[9999:], preset=0)),
        "lzma-alone.lzma": ("lzma", lzma.compress(program, lzma.FORMAT_ALONE, preset=9)),
    }
    for check in ("NONE", "CRC32", "CRC64", "SHA256"):
        variants[f"xz-{check.lower()}.xz"] = ("xz", lzma.compress(program, check=getattr(lzma, f"CHECK_{check}")))
    buffer = io.BytesIO()
    with gzip.GzipFile("a name in the header.pkl", "wb", 6, buffer, 1) as file:
        file.write(program)
    variants["gzip-name.gz"] = ("gzip", buffer.getvalue())
    for name, (container, content) in variants.items():
        write(name, content)
        describe(name, container, {container: program}, 1)
    write("twice.gz.xz", lzma.compress(gzip.compress(program)))
    describe("twice.gz.xz", "xz", {"xz!/gzip": program}, 1)
    write("trailing.gz", gzip.compress(program) + b"something else")
    describe("trailing.gz", "gzip", {"gzip": program}, 1, ["trailing-bytes"])


make_pickles()
make_joblib()
make_numpy()
make_torch()
make_archives()
make_compressed()
write("program.pkl", pickle.dumps([list(range(5000)), "x" * 100_000, numpy.random.RandomState(1).bytes(300_000)], protocol=4))
joblib.dump(MODEL, path_of("model.joblib"))
with open(path_of("files.json"), "w") as file:
    json.dump(FILES, file)
