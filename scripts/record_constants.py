#!/usr/bin/env python3
"""Records which public names of well-known modules are constants: numbers, texts, None.

Writes analyzer/policy/inference/recorded-constants.json. No pickle looks such a value up by its name: it is written as what it is.
Run it with an interpreter that has numpy, scipy and torch (Debian's /usr/bin/python3), and with --merge with others, whose
libraries have other versions: a name that is something else in any of them is left out.

    /usr/bin/python3 scripts/record_constants.py
    python3 scripts/record_constants.py --merge
"""

import argparse
import importlib
import json
import pathlib
import platform

TABLE = pathlib.Path(__file__).parent.parent / "analyzer" / "policy" / "inference" / "recorded-constants.json"

# Modules whose constants code keeps in objects. Of others (error numbers, tokens, colours of terminals) nobody does.
MODULES = (
    "calendar cmath csv datetime inspect locale logging logging.handlers math os os.path pickle platform random shutil signal socket "
    "stat string subprocess sys tempfile threading time unicodedata uuid zipfile zlib "
    "numpy numpy.core numpy.core.umath numpy.fft numpy.linalg numpy.ma numpy.random "
    "scipy scipy.constants scipy.fft scipy.integrate scipy.linalg scipy.optimize scipy.signal scipy.sparse scipy.special scipy.stats "
    "torch torch.autograd torch.backends.cudnn torch.cuda torch.distributed torch.nn torch.nn.functional torch.nn.init torch.optim "
    "torch.utils.data"
).split()

PLAIN = (bool, int, float, str, type(None))


def constants(module):
    """The public names of a module, and whether each is a constant."""
    found = {}
    for name, value in vars(module).items():
        if not name.startswith("_"):
            # Not isinstance: an object of a subclass (an enumeration's member) names its class, complex numbers and bytes what makes them.
            found[name] = type(value) in PLAIN
    return found


def versions():
    found = {"python": platform.python_version()}
    for name in ("numpy", "scipy", "torch"):
        try:
            found[name] = str(importlib.import_module(name).__version__)
        except ImportError:
            pass
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--merge", action="store_true", help="add to the table instead of replacing it")
    options = arguments.parse_args()
    table = {"recordedWith": [], "constants": {}}
    if options.merge:
        table = json.loads(TABLE.read_text())
    if versions() not in table["recordedWith"]:
        table["recordedWith"].append(versions())
    for name in MODULES:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        names = set(table["constants"].get(name, "").split())
        for attribute, is_constant in constants(module).items():
            if is_constant:
                names.add(attribute)
            else:
                names.discard(attribute)
        if names:
            table["constants"][name] = " ".join(sorted(names))
    lines = (f"  {json.dumps(name)}: {json.dumps(names)}" for name, names in sorted(table["constants"].items()))
    recorded_with = json.dumps(table["recordedWith"], sort_keys=True)
    TABLE.write_text(f'{{\n "recordedWith": {recorded_with},\n "constants": {{\n' + ",\n".join(lines) + "\n }\n}\n")


if __name__ == "__main__":
    main()
