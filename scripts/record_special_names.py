#!/usr/bin/env python3
"""Records the names of the form `__x__` that Python, its standard library and the numeric libraries know.

Python may look any of them up on an object and call what it finds; a name that none of them mentions only the library's own
code looks up, as it does any attribute. Everything is read as text, compiled files too; nothing is imported. Writes
analyzer/pickle/special-names.json. Run it with every interpreter, each after the first with --merge: what any mentions is in.

    /usr/bin/python3 scripts/record_special_names.py
    python3.13 scripts/record_special_names.py --merge [FOLDER ...]
"""

import argparse
import json
import os
import pathlib
import platform
import re
import sys
import sysconfig

TABLE = pathlib.Path(__file__).parent.parent / "analyzer" / "pickle" / "special-names.json"
LIBRARIES = "joblib numpy pandas scipy sklearn torch".split()
# Not those of C's compilers, which are in capitals, nor those that Cython makes up, but for the one that its types have.
NAME = re.compile(rb"(?<![A-Za-z0-9_])__(?!pyx_(?!vtable__))[a-z][a-z0-9_]*?[a-z0-9]__(?![A-Za-z0-9_])")
LEFT_OUT = frozenset("__pycache__ dist-packages ensurepip idlelib lib2to3 pip site-packages test tests turtledemo".split())


def names_in(folder):
    """The special names in the Python and compiled files of a folder."""
    found = set()
    for parent, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if each not in LEFT_OUT]
        for file in files:
            path = pathlib.Path(parent, file)
            if re.search(r"\.(py|pyi|pyx|so)$|\.so\.", file) and path.is_file():
                found.update(NAME.findall(path.read_bytes()))
    return found


def version_of(folder):
    """The version of an installed package, by the folder beside it."""
    beside = [each.name for each in folder.parent.glob("*-info") if each.name.lower().startswith(f"{folder.name}-")]
    return re.sub(r"^[^-]*-|(\.dist|\.egg)-info$|-.*", "", beside[0]) if beside else "?"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--merge", action="store_true", help="keep what other interpreters recorded")
    parser.add_argument("folders", nargs="*", help="standard libraries of interpreters that cannot run this (lib/python2.7)")
    arguments = parser.parse_args()
    table = json.loads(TABLE.read_text()) if arguments.merge else {"recordedWith": [], "names": ""}
    names = set(table["names"].split())
    recorded_with = {"python": platform.python_version()}
    interpreters = [pathlib.Path(sys.executable).resolve(), *pathlib.Path(sys.prefix, "lib").glob("libpython*.so*")]
    found = names_in(sysconfig.get_path("stdlib")).union(*(NAME.findall(each.read_bytes()) for each in interpreters))
    for library in LIBRARIES:
        folder = next((each for each in (pathlib.Path(at, library) for at in sys.path) if each.is_dir()), None)
        if folder is not None:
            recorded_with[library] = version_of(folder)
            found |= names_in(folder)
    for folder in map(pathlib.Path, arguments.folders):
        recorded_with[folder.name] = "as text"
        found |= names_in(folder)
    if recorded_with not in table["recordedWith"]:
        table["recordedWith"].append(recorded_with)
    table["names"] = " ".join(sorted(names | {name.decode() for name in found}))
    TABLE.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
