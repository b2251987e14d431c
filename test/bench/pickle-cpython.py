#!/usr/bin/env python3
"""How long CPython takes over pickles: its C unpickler with hooks that resolve nothing, and pickletools.genops.

Only for pickles that the benchmark made, or that are only walked over.   Reads lines of JSON
`{"paths": [...], "repeat": n, "load": bool}`; answers each with `{"c": s, "cWithoutGc": s, "genops": s}`, the least of n times.
"""

import _pickle
import gc
import io
import json
import pickle
import pickletools
import sys
import time


class Inert:
    def __new__(cls, *args, **keywords):
        return object.__new__(cls)

    def __init__(self, *args, **keywords):
        pass

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def append(self, item):
        pass

    def extend(self, items):
        pass

    def add(self, item):
        pass


class Unpickler(_pickle.Unpickler):
    def find_class(self, module, name):
        return Inert

    def persistent_load(self, pid):
        return None


def load(programs):
    for program in programs:
        try:
            Unpickler(io.BytesIO(program)).load()
        except (TypeError, pickle.UnpicklingError):
            pass  # Two samples call what a stand-in returned: C stops there, which is in its favour.


def walk(programs):
    for program in programs:
        for _ in pickletools.genops(program):
            pass


def least(work, programs, repeat):
    times = []
    for _ in range(repeat):
        began = time.process_time()
        work(programs)
        times.append(time.process_time() - began)
    return min(times)


for line in sys.stdin:
    asked = json.loads(line)
    programs = [open(path, "rb").read() for path in asked["paths"]]
    answer = {"genops": least(walk, programs, 1)}
    if asked["load"]:
        answer["c"] = least(load, programs, asked["repeat"])
        gc.disable()
        answer["cWithoutGc"] = least(load, programs, asked["repeat"])
        gc.enable()
    print(json.dumps(answer), flush=True)
