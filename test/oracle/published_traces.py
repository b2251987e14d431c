#!/usr/bin/env python3
"""Counts PickleBall's table of traces without any of our code: published_traces.py TABLE RELEASE

RELEASE is one of analyzer/policy/weights-only/*.json. A file violates if it looks up a name that this release of torch
does not list, Python 2's names read as that release reads them. A file of no known names violates nothing.
"""
import json
import re
import sys

SIDE = re.compile(r"(training_args|(optimizer|scheduler)(_state_dict)?|scaler|rng_state(_\d+)?)\.(bin|pt|pth)")

release = json.load(open(sys.argv[2], encoding="utf-8"))
listed = {name for group in release["names"] for name in group["names"]}
modules, names = release["renames"]["modules"], release["renames"]["names"]

repositories = {}
for line in open(sys.argv[1], encoding="utf-8"):
    cells = line.rstrip("\n").split("|")
    if cells[0]:
        files = repositories.setdefault(cells[0], {})
        for file, imports in zip(cells[2:-2:3], cells[3:-1:3]):
            looked_up = [line.split() for line in imports.split(",") if line]
            resolved = {names.get(f"{m}.{n}", f"{modules.get(m, m)}.{n}") for _, m, _, n in looked_up}
            files[file] = files.get(file, False) or bool(resolved - listed)


def count(is_counted):
    violating = {name: [bad for file, bad in files.items() if is_counted(file)] for name, files in repositories.items()}
    every = [bad for found in violating.values() for bad in found]
    return {"repositories": sum(map(any, violating.values())), "files": sum(every), "ofFiles": len(every)}


json.dump({"repositories": len(repositories), "untraced": sum(not files for files in repositories.values()),
           "blocked": count(lambda file: True), "blockedWeights": count(lambda file: not SIDE.fullmatch(file))}, sys.stdout)
