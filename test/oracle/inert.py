"""Inert names for generated programs: they take whatever they are given, and nothing happens. Each is another object."""

import sys
import types


class Made:
    """What calls return: it can be called, and takes any state and any items."""

    def __init__(self, *_, **__):
        pass

    def __call__(self, *_, **__):
        return Made()

    def __setstate__(self, state):
        pass

    def append(self, *_, **__):
        return Made()

    extend = add = update = append

    def __setitem__(self, key, value):
        pass


class C(Made):
    """A class with a method, and a class in it."""

    def __new__(cls, *_, **__):
        return object.__new__(cls)

    def method(*_, **__):
        return Made()

    class N(Made):
        pass


class D:
    """A class without `__setstate__`, whose attributes are in a slot and a dict."""

    __slots__ = ("__dict__", "slot")

    def __new__(cls, *_, **__):
        return object.__new__(cls)

    def __init__(self, *_, **__):
        pass


class L(list):
    def __init__(self, *_, **__):
        super().__init__()


class M(dict):
    def __init__(self, *_, **__):
        super().__init__()

    __setstate__ = Made.__setstate__


def f(*_, **__):
    return Made()


def g(*_, **__):
    return C()


def text(*_, **__):
    """Half of a name, so that the name is computed."""
    return "".join(["i", "nert"])


def make_class(*_, **__):
    return type("Local", (Made,), {})


ITEMS = []
TABLE = {}
WORD = "".join(["i", "nert"])

sub = types.ModuleType("inert.sub")
sub.h = lambda *_, **__: Made()
sys.modules["inert"] = sys.modules[__name__]
sys.modules["inert.sub"] = sub
