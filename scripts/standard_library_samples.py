"""Values of the standard library's types, for `record_reductions.py`: of each what it saves may differ by.

What is missing is not let into a policy. Left out are types whose values only exist while code runs (frames, generators that
run), and those of modules that nothing would keep an object of.
"""

import builtins
import functools
import importlib
import io
import sys


def exceptions():
    """Every exception among the builtins, and how one is made, of it or of a subclass."""
    for name, cls in sorted(vars(builtins).items()):
        # OSError's other names (IOError, EnvironmentError) are no classes of their own.
        if isinstance(cls, type) and issubclass(cls, BaseException) and cls.__name__ == name:
            yield name, functools.partial(make_exception, cls)


def make_exception(base, cls):
    if issubclass(base, UnicodeEncodeError):
        return cls("utf-8", "x", 0, 1, "x")
    if issubclass(base, UnicodeDecodeError):
        return cls("utf-8", b"x", 0, 1, "x")
    if issubclass(base, UnicodeTranslateError):
        return cls("x", 0, 1, "x")
    if any(each.__name__ == "BaseExceptionGroup" for each in base.__mro__):
        return cls("x", [ValueError("x")])
    return cls("x")


# Dotted names, and the arguments that make one: those of which one value tells all.
PLAIN = {
    "calendar.Calendar": (0,),
    "calendar.TextCalendar": (0,),
    "contextvars.ContextVar": ("a",),
    "csv.Sniffer": (),
    "decimal.Context": (),
    "difflib.Differ": (),
    "difflib.SequenceMatcher": (None, "a", "b"),
    "email.message.EmailMessage": (),
    "email.message.Message": (),
    "gettext.NullTranslations": (),
    "html.parser.HTMLParser": (),
    "inspect.Signature": (),
    "ipaddress.IPv4Address": ("127.0.0.1",),
    "ipaddress.IPv4Interface": ("127.0.0.1/8",),
    "ipaddress.IPv4Network": ("127.0.0.0/8",),
    "ipaddress.IPv6Address": ("::1",),
    "ipaddress.IPv6Interface": ("::1/8",),
    "ipaddress.IPv6Network": ("::/8",),
    "itertools.repeat": (1,),
    "json.decoder.JSONDecoder": (),
    "json.encoder.JSONEncoder": (),
    "logging.Filter": (),
    "logging.Formatter": (),
    "logging.NullHandler": (),
    "logging.StreamHandler": (),
    "optparse.Values": (),
    "pprint.PrettyPrinter": (),
    "random.SystemRandom": (),
    "statistics.NormalDist": (),
    "string.Formatter": (),
    "string.Template": ("a",),
    "textwrap.TextWrapper": (),
    "threading.Barrier": (1,),
    "threading.BoundedSemaphore": (),
    "threading.Condition": (),
    "threading.Event": (),
    "threading.Lock": (),
    "threading.RLock": (),
    "threading.Semaphore": (),
    "time.struct_time": ((0,) * 9,),
    "urllib.parse.DefragResult": ("", ""),
    "urllib.parse.ParseResult": ("",) * 6,
    "urllib.parse.SplitResult": ("",) * 5,
    "uuid.UUID": ("0" * 32,),
    "xml.etree.ElementTree.Element": ("a",),
    "xml.etree.ElementTree.ElementTree": (),
}


def plain():
    for name, arguments in PLAIN.items():
        module, _, cls = name.rpartition(".")
        yield name, [getattr(importlib.import_module(module), cls)(*arguments)]


def zones():
    """A zone of the system's data, which may not have any."""
    try:
        import zoneinfo

        yield "zoneinfo.ZoneInfo", [zoneinfo.ZoneInfo("UTC"), zoneinfo.ZoneInfo.no_cache("UTC")]
    except (ImportError, KeyError):
        return


def standard_library(payload):
    """Names of types, each with values; `payload` is a class that stands for whatever a value holds."""
    import argparse as argparse_module
    import array
    import collections
    import datetime
    import decimal
    import fractions
    import functools
    import itertools
    import logging
    import operator
    import pathlib as pathlib_module
    import random
    import re
    import types

    yield "builtins.bytes", [b"\xff\x00", b""]
    yield "builtins.bytearray", [bytearray(b"\xff"), bytearray()]
    yield "builtins.complex", [1j]
    yield "builtins.set", [{1}, set()]
    yield "builtins.frozenset", [frozenset([1]), frozenset()]
    yield "builtins.range", [range(3)]
    yield "builtins.memoryview", [memoryview(b"a")]
    yield "builtins.slice", [slice(1, 2)]
    yield "builtins.object", [object()]
    yield "builtins.enumerate", [enumerate([1])]
    yield "builtins.zip", [zip([1])]
    yield "builtins.map", [map(payload, [[1]])]
    yield "builtins.reversed", [reversed([1])]
    yield "builtins.method", ["".join, [].append]
    yield "collections.OrderedDict", [collections.OrderedDict(a=1), collections.OrderedDict()]
    yield "collections.defaultdict", [collections.defaultdict(None, a=1)]
    yield "collections.Counter", [collections.Counter("a")]
    yield "collections.deque", [collections.deque([1], 3), collections.deque()]
    yield "collections.ChainMap", [collections.ChainMap({})]
    yield "collections.UserDict", [collections.UserDict()]
    yield "collections.UserList", [collections.UserList()]
    yield "datetime.datetime", [datetime.datetime(2000, 1, 1)]
    yield "datetime.date", [datetime.date(2000, 1, 1)]
    yield "datetime.time", [datetime.time(1)]
    yield "datetime.timedelta", [datetime.timedelta(1)]
    yield "datetime.timezone", [datetime.timezone(datetime.timedelta(0)), datetime.timezone.utc]
    yield "decimal.Decimal", [decimal.Decimal("1.5")]
    yield "fractions.Fraction", [fractions.Fraction(1, 3)]
    yield "pathlib.Path", [pathlib_module.PosixPath("a/b"), pathlib_module.Path("a")]
    yield "pathlib.PosixPath", [pathlib_module.PosixPath("a/b")]
    yield "pathlib.PurePath", [pathlib_module.PurePosixPath("a")]
    yield "pathlib.PurePosixPath", [pathlib_module.PurePosixPath("a")]
    yield "pathlib.PureWindowsPath", [pathlib_module.PureWindowsPath("a")]
    yield "re.Pattern", [re.compile("a"), re.compile(b"a", re.I)]
    yield "functools.partial", [functools.partial(payload)]
    yield "operator.itemgetter", [operator.itemgetter(1)]
    yield "operator.attrgetter", [operator.attrgetter("a")]
    yield "operator.methodcaller", [operator.methodcaller("a")]
    yield "itertools.count", [itertools.count(1)]
    yield "itertools.chain", [itertools.chain([1])]
    yield "itertools.cycle", [itertools.cycle([1])]
    yield "io.BytesIO", [io.BytesIO(b"a")]
    yield "io.StringIO", [io.StringIO("a")]
    yield "random.Random", [random.Random(1)]
    yield "array.array", [array.array("d", [1.0]), array.array("i", [1])]
    yield "argparse.Namespace", [argparse_module.Namespace(a=1)]
    yield "types.SimpleNamespace", [types.SimpleNamespace(a=1)]
    yield "types.MethodType", [payload.__subclasses__]
    yield "logging.Logger", [logging.getLogger("a"), logging.getLogger()]
    yield "logging.RootLogger", [logging.getLogger()]
    yield "logging.LoggerAdapter", [logging.LoggerAdapter(logging.getLogger("a"), {})]
    yield "types.EllipsisType", [...]
    yield "types.NotImplementedType", [NotImplemented]
    yield from ((f"builtins.{name}", [make(getattr(builtins, name))]) for name, make in exceptions())
    yield from plain()
    yield from zones()
    yield "io.TextIOWrapper", [sys.stdin]
    yield "types.ModuleType", [types]
    yield "types.GeneratorType", [(x for x in [1])]
