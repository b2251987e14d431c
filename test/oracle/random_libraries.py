#!/usr/bin/env python3
"""Makes small libraries out of the pieces of `test/fixtures/libraries`, and pickles what CPython makes with each.

    random_libraries.py FOLDER < REQUESTS

A request is a line of JSON: {"library": NAME, "parts": [{"value", "wrapping", "way", "import"}, ...]}. Each part is one attribute of
`NAME.core.Root`: a value, wrapped, put there in some way, from a module that is imported in some way; {"slot"} in place of
{"way"} where a user hands it over; {"decoy"}, what is near the object and not in it; {"layer"}, an attribute of what is a
`torch.nn.Module` then; or {"estimator"}, one that scikit-learn, scipy, pandas and numpy make, which is saved by joblib as well. For each request a line is printed:
{"library", "files"}, with a pickle of the object for every protocol that can have it; or {"library", "error"}.
"""

import importlib
import json
import os
import pathlib
import pickle
import re
import sys
import types

PIECES = pathlib.Path(__file__).parent.parent / "fixtures" / "libraries"
WRAPPINGS = {"none": "VALUE", **json.loads((PIECES / "wrappings.json").read_text())}
MODULES = (
    "import abc, argparse, asyncio, bisect, collections, concurrent.futures, contextlib, copy, copyreg, dataclasses, enum, functools, heapq, importlib,"
    " itertools, multiprocessing.pool, operator, queue, random, sys, types, typing\n"
)
OF_TORCH = "import numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
OF_SKLEARN = "import numpy as np\nX = np.arange(12.0).reshape(6, 2) % 5\ny = np.array([0, 1, 0, 1, 0, 1])\n"
# Parts that are not put together of a value and a way, and what `core.py` imports for each.
WHOLE = {"decoy": "from .parts import Decoy", "layer": "from .parts import *", "estimator": "from .parts import *"}
UNRELATED = """
class Decoy:
    pass
class Unrelated:
    def run(self):
        self.decoy = Decoy()
        return self.decoy
"""

def sections(text):
    """The lines below each `# title` of a way."""
    pieces = re.split(r"^# (\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], (piece.rstrip("\n") for piece in pieces[2::2])))


def indented(text, by=1):
    return "".join("    " * by + line + "\n" for line in text.split("\n"))


def numbered(text, index):
    return re.sub(r"_0(?=_?\b|_\{)", f"_{index}", text)


def library(name, parts):
    """The files of a library, and what its user runs."""
    has_layers = any("layer" in part for part in parts)
    opening = MODULES + (OF_TORCH if has_layers else OF_SKLEARN if any("estimator" in part for part in parts) else "")
    # What evaluates texts may mean any class that it sees.
    modules = {"parts": [opening] if has_layers else [opening, UNRELATED]}
    imports = []
    way_parts = {title: [] for title in ("before", "decorator", "base", "parameter", "class", "init", "after", "use")}
    for index, part in enumerate(parts):
        whole = next((kind for kind in WHOLE if kind in part), None)
        if whole is not None:
            imports.append(WHOLE[whole])
            for title, text in sections((PIECES / f"{whole}s" / f"{part[whole]}.py").read_text()).items():
                (modules["parts"] if title == "parts" else way_parts[title]).append(numbered(text, index))
            continue
        definitions, value = (PIECES / "values" / f"{part['value']}.py").read_text().rstrip().rsplit("\nvalue = ", 1)
        own = f"Leaf{index}{re.sub(r'[^a-z0-9]', '', part['value']).title()}"
        definitions = re.sub(r"\bLeaf(\w*)", rf"{own}\1", re.sub(r"\bleaf_", f"leaf{index}_", definitions))
        road = sections((PIECES / "imports" / f"{part['import']}.py").read_text())
        names = sorted(set(re.findall(r"(?<!['\"\w])Leaf\w*", value)))
        shown = {each: each.replace("Leaf", own, 1) for each in names}
        renamed = {each: each.replace("Leaf", f"Renamed{index}", 1) for each in names}
        fields = {
            "NAMES": ", ".join(shown.values()),
            "RENAMED": ", ".join(f"{shown[each]} as {renamed[each]}" for each in names),
            "QUOTED": ", ".join(f'"{each}"' for each in shown.values()),
            "LIBRARY": name,
            "DEPENDENCY": f"{name}_dependency",
        }
        road = {title: numbered(re.sub(rf"\b({'|'.join(fields)})\b", lambda match: fields[match[0]], text), index) for title, text in road.items()}
        home = f"../{name}_dependency.{road['dependency']}" if "dependency" in road else road.get("home", "parts")
        modules.setdefault(home, [MODULES]).append(definitions)
        for title, module in [("gate", f"gate_{index}"), ("package", f"package_{index}.__init__")]:
            if title in road:
                modules[module] = [road[title]]
        imports.append(road["core"])
        used = shown if road["core"].count(" as Renamed") == 0 else renamed
        value = re.sub(r"(?<!['\"\w])Leaf\w*", lambda match: road.get("prefix", "") + used[match[0]], value)
        value = re.sub(r"(?<=['\"])Leaf", own, value)
        for wrapping in part["wrapping"].split("+"):
            value = WRAPPINGS[wrapping].replace("VALUE", value)
        if "slot" in part:
            way = PIECES / "slots" / f"{part['slot']}.py"
            way_parts["after"].append(f"def given_{index}():\n    return {value}")
            value = f"core.given_{index}()"
        else:
            way = PIECES / "ways" / f"{part['way']}.py"
        for title, text in sections(way.read_text()).items():
            way_parts[title].append(numbered(text, index).replace("VALUE", value))
    init = f"def __init__({', '.join(['self', *way_parts['parameter']])}):\n" + indented("\n".join(["super().__init__()", *way_parts["init"]]))
    if has_layers:
        way_parts["base"].append("nn.Module")
    core = "\n".join(
        [
            opening,
            *imports,
            *way_parts["before"],
            *way_parts["decorator"],
            f"class Root({', '.join(way_parts['base'])}):",
            *(indented(text.rstrip("\n")) for text in [init, *way_parts["class"]]),
            *way_parts["after"],
            "",
        ]
    )
    files = {"__init__.py": "", "core.py": core, "helpers.py": "def same(value):\n    return value\n"}
    for module in modules:
        package, _, last = module.rpartition(".")
        package = re.sub(r"(?<=\w)\.", "/", package)
        if package:
            files.setdefault(f"{package}/__init__.py", "")
        files[f"{package}/{last}.py".lstrip("/")] = "\n".join([*modules[module], ""])
    return files, way_parts["use"]


def save(folder, request):
    name = request["library"]
    files, uses = library(name, request["parts"])
    for place, text in files.items():
        file = folder / name / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    core = importlib.import_module(f"{name}.core")
    scope = {"core": core, "root": core.Root()}
    for use in uses:
        exec(use, scope)
    for value in vars(scope["root"]).values() if hasattr(scope["root"], "__dict__") else []:
        if isinstance(value, types.MethodType) and not hasattr(value.__self__, value.__name__):
            raise ValueError("a method that is not found under its own name")
    if any("layer" in part for part in request["parts"]):
        return save_layers(folder / name, scope["root"])
    saved = []
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        try:
            data = pickle.dumps(scope["root"], protocol)
        except TypeError:
            # Slots without __getstate__ have no place in the first two protocols.
            if protocol >= 2:
                raise
            continue
        if b"Decoy" in data:
            raise ValueError("the object holds a decoy")
        file = folder / f"{name}.{protocol}.pkl"
        file.write_bytes(data)
        saved.append(str(file))
    if any("estimator" in part for part in request["parts"]):
        import joblib

        saved.append(str(folder / f"{name}.joblib"))
        joblib.dump(scope["root"], saved[-1])
    return saved


def save_layers(place, root):
    """As people save modules: by the zip format, by the one before it, and as a member of a checkpoint."""
    import torch

    ways = {"zip": {}, "legacy": {"_use_new_zipfile_serialization": False}, "highest": {"pickle_protocol": pickle.HIGHEST_PROTOCOL}}
    for way, options in ways.items():
        torch.save(root, f"{place}.{way}.pt", **options)
    return [f"{place}.{way}.pt" for way in ways]


def main():
    folder = pathlib.Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"library": request["library"]}
        try:
            answer["files"] = save(folder, request)
        except Exception as error:  # A piece that does not go with another.
            answer["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
