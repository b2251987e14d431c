#!/usr/bin/env python3
"""Loads files for real by loaders that `writeLoader` wrote. Only for files that we generated ourselves, and for malicious
listings whose payloads do nothing.

Reads a request a line, answers a line. A request is JSON: {loader, how, file, without: {imports, calls}}: the loader's
path, how the file is loaded, and names (module, name) to leave out of the policy for once. The answer says that it loads, as what
type, or what was blocked, or how it failed.      usage: load_safely.py [FOLDER FOR sys.path]...
"""

import contextlib
import importlib.util
import io
import json
import os
import sys
import warnings
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"

sys.path[:0] = sys.argv[1:]
sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
loaders = {}


def loader(path):
    """The module that a loader's text is."""
    if path not in loaders:
        spec = importlib.util.spec_from_file_location(f"safe_load_{len(loaders)}", path)
        loaders[path] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaders[path])
    return loaders[path]


def load_pickles(safe_load, path):
    """Every pickle of a file, one behind the other."""
    with open(path, "rb") as file:
        found = safe_load.load(file)
        while file.peek(1):
            safe_load.load(file)
        return found


def load_torch(safe_load, path):
    stand_in_for_the_unavailable()
    return safe_load.torch_load(path)


def load_npy(safe_load, path):
    """`numpy.load` of an array of objects: a header, then a pickle."""
    from numpy.lib import format

    with open(path, "rb") as file:
        {(1, 0): format.read_array_header_1_0, (2, 0): format.read_array_header_2_0}[format.read_magic(file)](file)
        return safe_load.load(file)


def load_npz(safe_load, path):
    import zipfile

    from numpy.lib import format

    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            file = io.BytesIO(archive.read(name))
            if format.read_magic(file) and format.read_array_header_1_0(file)[2].hasobject:
                arrays[name] = safe_load.load(file)
    return arrays


HOW = {
    "pickle": load_pickles,
    "torch": load_torch,
    "joblib": lambda safe_load, path: safe_load.joblib_load(path),
    "npy": load_npy,
    "npz": load_npz,
}


def stand_in_for_the_unavailable():
    """What the samples were written with and Debian has not: a notebook's class, a few names of transformers."""
    if "samples" in sys.modules:
        return
    sys.path.append(str(FIXTURES))
    from samples import torch_models

    torch_models.training_arguments("out")
    torch_models.Net.__module__ = "__main__"
    sys.modules["__main__"].Net = torch_models.Net


def answer(request):
    safe_load = loader(request["loader"])
    imports, calls = safe_load.IMPORTS, safe_load.CALLS
    for name in request.get("without", {}).get("imports", []):
        safe_load.IMPORTS = safe_load.IMPORTS - {tuple(name)}
    for name in request.get("without", {}).get("calls", []):
        safe_load.CALLS = safe_load.CALLS - {tuple(name)}
    try:
        loaded = HOW[request["how"]](safe_load, request["file"])
        return {"outcome": "loads", "type": f"{type(loaded).__module__}.{type(loaded).__qualname__}"}
    except safe_load.Blocked as blocked:
        return {"outcome": "blocked", "blocked": {key: getattr(blocked, key) for key in ("callable", "opcode", "offset", "reason")}}
    except Exception as error:
        return {"outcome": "fails", "error": f"{type(error).__name__}: {error}"}
    finally:
        safe_load.IMPORTS, safe_load.CALLS = imports, calls


if __name__ == "__main__":
    # What libraries print is not an answer.
    answers = os.fdopen(os.dup(1), "w")
    with contextlib.redirect_stdout(sys.stderr):
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
