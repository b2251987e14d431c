#!/usr/bin/env python3
"""Writes the pickles that `pickle.ts` measures, always the same ones.   usage: pickle-files.py FOLDER"""

import io
import pathlib
import pickle
import random
import sys
import types

folder = pathlib.Path(sys.argv[1])
rng = random.Random(20)


def module(name, **contents):
    made = types.ModuleType(name)
    for key, value in contents.items():
        value.__module__, value.__qualname__, value.__name__ = name, key, key
        setattr(made, key, value)
    sys.modules[name] = made
    return made


class Record:
    def __init__(self, index):
        self.name, self.index, self.weight = f"record {index}", index, index / 7


def rebuild(*_):
    return None


class FloatStorage:
    pass


module("records", Record=Record)
module("torch._utils", _rebuild_tensor_v2=rebuild)
module("torch", FloatStorage=FloatStorage)
sys.modules["torch"]._utils = sys.modules["torch._utils"]


class Storage:
    def __init__(self, key, count):
        self.key, self.count = key, count


class Tensor:
    def __init__(self, key, shape):
        self.key, self.shape = key, shape

    def __reduce__(self):
        from collections import OrderedDict

        count = self.shape[0] * self.shape[1]
        return rebuild, (Storage(self.key, count), 0, self.shape, (self.shape[1], 1), False, OrderedDict())


class TorchPickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            return ("storage", FloatStorage, value.key, "cpu", value.count)
        return None


def state_dict(tensors):
    from collections import OrderedDict

    names = ((f"encoder.layer.{i // 8}.block{i % 8}.weight", Tensor(str(i), (rng.randrange(1, 999), 768))) for i in range(tensors))
    file = io.BytesIO()
    TorchPickler(file, 2).dump(OrderedDict(names))
    return file.getvalue()


def mixed(count):
    return [
        {"id": i, "name": f"item-{i}", "score": i / 3, "tags": [f"t{i % 17}", "x"], "pair": (i, -i), "flag": i % 2 == 0, "none": None, "inner": {"a": [1, 2, 3]}}
        for i in range(count)
    ]


def small(index):
    """One of many unlike one another: other protocols, sizes, shapes."""
    kind = index % 5
    if kind == 0:
        return state_dict(5 + index % 40)
    if kind == 1:
        return pickle.dumps([Record(i) for i in range(index % 60)], index % 6)
    if kind == 2:
        return pickle.dumps(mixed(1 + index % 25), index % 6)
    if kind == 3:
        return pickle.dumps({f"word{index}-{i}": [i, (i, float(i))] for i in range(index % 150)}, index % 6)
    return pickle.dumps([bytes([i % 256]) * (i % 9) for i in range(index % 300)] + [{1, 2}, "caf\u00e9"], index % 6)


def write(name, content):
    (folder / name).write_bytes(content)


write("vocab-p4.pkl", pickle.dumps({f"word{i}": [(i, f"tag{i % 50}"), (i + 1, f"x{i}")] for i in range(300_000)}, 4))
for protocol in (4, 2, 0):
    write(f"mixed-p{protocol}.pkl", pickle.dumps(mixed(70_000), protocol))
write("strings-p4.pkl", pickle.dumps([f"s{i:09d}" for i in range(1_500_000)], 4))
write("cjk-p4.pkl", pickle.dumps([chr(0x4E00 + i % 20000) * (1 + i % 5) + str(i) for i in range(400_000)], 4))
write("ints-p4.pkl", pickle.dumps([rng.randrange(100_000) for _ in range(3_000_000)], 4))
write("ints-p0.pkl", pickle.dumps([rng.randrange(100_000_000) for _ in range(2_700_000)], 0))
write("floats-p0.pkl", pickle.dumps([rng.random() for _ in range(800_000)], 0))
write("instances-p4.pkl", pickle.dumps([Record(i) for i in range(150_000)], 4))
write("escaped-p0.pkl", pickle.dumps(["".join(chr(rng.randrange(0x100, 0x2000)) for _ in range(3000)) for _ in range(1200)], 0))
write("nested-p2.pkl", b"\x80\x02" + b"]" * 700_000 + b"a" * 699_999 + b".")
write("gets-p4.pkl", b"\x80\x04]\x94(" + b"h\x00" * 2_000_000 + b"l.")
write("tensors-2000.pkl", state_dict(2000))
write("bytes-p4.pkl", pickle.dumps([bytes([i]) * (1 << 20) for i in range(24)], 4))
for index in range(500):
    write(f"small-{index:03d}.pkl", small(index))
