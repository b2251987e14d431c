#!/usr/bin/env python3
"""Records by what names pickles look up the functions of well-known modules, where it is not where everybody finds them.

`torch.sigmoid` is pickled as `getattr(torch._C._VariableFunctionsClass, "sigmoid")`, `torch.nn.functional.gelu` as `torch._C._nn.gelu`.
Writes analyzer/policy/inference/recorded-functions.json: by module, and by where pickles find them (`module:prefix`), the names of its functions, `name=other`
where they are called otherwise there. Run it with an interpreter that has numpy, scipy and torch (Debian's /usr/bin/python3), and with --merge with
others, whose libraries have other versions: what differs between them has all its names.

    /usr/bin/python3 scripts/record_functions.py
    python3 scripts/record_functions.py --merge
"""

import argparse
import importlib
import json
import pathlib
import pickle
import pickletools
import warnings

from record_constants import versions

TABLE = pathlib.Path(__file__).parent.parent / "analyzer" / "policy" / "inference" / "recorded-functions.json"
PUBLIC = (
    "cmath functools itertools math operator "
    "numpy numpy.fft numpy.linalg numpy.random scipy.fft scipy.linalg scipy.special scipy.stats "
    "torch torch._C._VariableFunctions torch._C._nn torch.fft torch.linalg torch.nn.functional torch.nn.init torch.special"
).split()
INNER = (
    "numpy.core.einsumfunc numpy.core.fromnumeric numpy.core.function_base numpy.core.numeric numpy.core.shape_base "
    "numpy.fft._pocketfft numpy.lib.arraypad numpy.lib.arraysetops numpy.lib.function_base numpy.lib.histograms "
    "numpy.lib.nanfunctions numpy.lib.polynomial numpy.lib.shape_base numpy.lib.stride_tricks numpy.lib.twodim_base numpy.lib.type_check "
    "numpy.lib.ufunclike numpy.linalg.linalg "
    "numpy._core.einsumfunc numpy._core.fromnumeric numpy._core.function_base numpy._core.numeric numpy._core.shape_base "
    "numpy.lib._function_base_impl numpy.lib._nanfunctions_impl numpy.lib._shape_base_impl numpy.linalg._linalg"
).split()


def looked_up(function):
    """Where a pickle finds a function, as `module:name`; None where it does not, or needs more than a name."""
    try:
        program = [(opcode.name, value) for opcode, value, _ in pickletools.genops(pickle.dumps(function, 4))]
    except Exception:
        return None
    actions = [opcode for opcode, _ in program if opcode in ("STACK_GLOBAL", "REDUCE", "BUILD", "NEWOBJ")]
    texts = [value for opcode, value in program if opcode == "SHORT_BINUNICODE"]
    if actions == ["STACK_GLOBAL"] and len(texts) == 2:
        return ":".join(texts)
    if actions == ["STACK_GLOBAL", "STACK_GLOBAL", "REDUCE"] and texts[:2] == ["builtins", "getattr"] and len(texts) == 5:
        return f"{texts[2]}:{texts[3]}.{texts[4]}"
    return None


def at(name):
    """A module, or what stands for one in a compiled package."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        package, _, last = name.rpartition(".")
        if package == "":
            raise
        return getattr(at(package), last)


def is_defined_in(module, function):
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    return code is not None and code.co_filename.endswith(module.replace(".", "/") + ".py")


def functions(name_of, module):
    """The public functions of a module, each with where pickles find it."""
    found = {}
    for name in dir(module):
        value = getattr(module, name, None)
        is_function = not name.startswith("_") and callable(value) and not isinstance(value, type)
        if is_function and (name_of in PUBLIC or is_defined_in(name_of, value)):
            place = looked_up(value)
            if place is not None:
                found[name] = {place}
    return found


def read(recorded):
    """The same as it was recorded; functions that all pickles find under their own names are not."""
    found = {}
    for place, names in recorded.items():
        for entry in names.split():
            name, _, last = entry.partition("=")
            found.setdefault(name, set()).add(f"{place}.{last or name}".replace(":.", ":"))
    return found


def merged(module, before, now, is_first):
    own = {name: f"{module}:{name}" for name in {*before, *now}}
    together = {name: before.get(name, set() if is_first else {own[name]}) | now.get(name, set()) for name in own}
    return {name: places for name, places in together.items() if places != {own[name]}}


def written(found):
    places = {}
    for name in sorted(found):
        for place in sorted(found[name]):
            module, _, qualified = place.partition(":")
            prefix, _, last = qualified.rpartition(".")
            places.setdefault(f"{module}:{prefix}", []).append(name if last == name else f"{name}={last}")
    return {place: " ".join(names) for place, names in sorted(places.items())}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--merge", action="store_true", help="add to the table instead of replacing it")
    warnings.simplefilter("ignore")
    table = {"recordedWith": [], "functions": {}}
    if arguments.parse_args().merge:
        table = json.loads(TABLE.read_text())
    is_first = table["recordedWith"] == []
    if versions() not in table["recordedWith"]:
        table["recordedWith"].append(versions())
    for name in (*PUBLIC, *INNER):
        try:
            now = functions(name, at(name))
        except (ImportError, AttributeError):
            continue
        before = read(table["functions"].get(name, {}))
        table["functions"][name] = written(merged(name, before, now, is_first or name in INNER))
    table["functions"] = {name: places for name, places in sorted(table["functions"].items()) if places}
    TABLE.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
