#!/usr/bin/env python3
"""What classes that fill slots really do while CPython loads them. usage: acting_fillers.py FOLDER
FOLDER holds their source. Reads requests from stdin, a line of JSON each, and answers each with a line.
  {"asks": TEXT, "methods": {NAME: RESULT}}  those of the methods that running the text runs, of an object of a class that has one alone
  {"module": NAME, "pickle": HEX}            {"acted", "error"}: whether anything acted while it was loaded and dropped

What acts calls `os.getpid`, which is another function here: nothing happens, and it is noted.
"""

import gc
import importlib
import json
import os
import pickle
import resource
import signal
import sys
import warnings

warnings.simplefilter("ignore")
sys.unraisablehook = lambda *_: None
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
acted = []


def stop(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, stop)
really = os.getpid
os.getpid = lambda *_, **__: acted.append(1) or 1

PAIR = '''
import os
class Part:
    def {method}(self, *given, **named):
        os.getpid()
        return {result}
def run(self, part, parts, state):
    {asks}
'''


def methods_ran_by(asks, methods):
    found = []
    for method, result in methods.items():
        scope = {}
        exec(PAIR.format(method=method, result=result, asks=asks.replace("\n", "\n    ").replace("X", "part")), scope)
        try:
            part = scope["Part"]()
            acted.clear()
            given = scope["run"](part, part, [part], {"part": part})
            if hasattr(given, "send"):
                next(given, None)
        except BaseException:
            pass
        if acted:
            found.append(method)
    return found


def load(module, data):
    acted.clear()
    error = None
    try:
        importlib.import_module(module)
        if acted:
            raise AssertionError("it acts when it is imported")
        value = pickle.loads(data)
        value = None
    except BaseException as raised:
        error = f"{type(raised).__name__}: {raised}"
    gc.collect(0)
    return {"acted": bool(acted), "error": error}


# What is loaded may print.
answers, sys.stdout = sys.stdout, open(os.devnull, "w")
sys.path.insert(0, sys.argv[1])
for line in sys.stdin:
    signal.alarm(10)
    request = json.loads(line)
    if "asks" in request:
        answer = methods_ran_by(request["asks"], request["methods"])
    else:
        answer = load(request["module"], bytes.fromhex(request["pickle"]))
    print(json.dumps(answer), file=answers, flush=True)
