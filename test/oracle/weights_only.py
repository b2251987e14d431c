#!/usr/bin/env python3
"""What the weights-only unpickler of the installed torch says of pickle programs that we generated ourselves.

usage: weights_only.py < programs.json > answers.json

Programs come as a JSON list of hex strings. The answer to each is {"ok": true} or {"error": type, "text": message}; what
the programs make is thrown away. The unpickler looks up nothing but its own table. A persistent id is taken as torch.load
takes it (torch/serialization.py, `_load`), but for the bytes, as no file is behind it.
"""

import io
import json
import sys
import warnings

import torch
from torch import _weights_only_unpickler

warnings.simplefilter("ignore")


def persistent_load(saved_id):
    assert isinstance(saved_id, tuple)
    typename, storage_type, key, location, count = saved_id
    assert typename == "storage"
    dtype = torch.uint8 if storage_type is torch.storage.UntypedStorage else storage_type.dtype
    assert isinstance(key, str) and isinstance(location, str)
    return torch.zeros(1, dtype=dtype).storage()


def answer(program: bytes) -> dict:
    unpickler = _weights_only_unpickler.Unpickler(io.BytesIO(program), encoding="utf-8")
    unpickler.persistent_load = persistent_load
    try:
        unpickler.load()
        return {"ok": True}
    except Exception as error:  # whatever a program of random opcodes makes torch raise
        return {"error": type(error).__name__, "text": str(error)}


if __name__ == "__main__":
    programs = [bytes.fromhex(program) for program in json.load(sys.stdin)]
    json.dump({"torch": torch.__version__, "answers": [answer(program) for program in programs]}, sys.stdout)
