"""Classes of an imagined library that a policy may allow, and that make it easy for a pickle to get around one."""

import pickle
import types

ran = []


def payload(*arguments):
    """Stands for what nothing may call."""
    ran.append(arguments)


def make_function():
    """An allowed callable that returns code."""
    return lambda: None


def f():
    """A name of one character."""


class AttributeDict(dict):
    """Items are attributes: `__setstate__` and `append` are found where a pickle puts them."""

    __getattr__ = dict.get


class Tagger:
    """An object as any other."""


class Settings:
    """Takes its attributes from what it is made with."""

    def __init__(self, options):
        self.__dict__.update(options)


class Single:
    """There is one of it."""

    def __new__(cls):
        vars(cls).get("only") or setattr(cls, "only", object.__new__(cls))
        return cls.only


class TupleState:
    """Takes its attributes from within a tuple, where no key of a state is looked at."""

    def __setstate__(self, state):
        self.__dict__.update(state[0])


class TakesItsAttributes:
    """As pydantic's models do."""

    def __setstate__(self, state):
        object.__setattr__(self, "__dict__", state["__dict__"])


class KeepsItsState:
    def __setstate__(self, state):
        self.__dict__ = state


class Zipped:
    """Takes its attributes from names and values."""

    def __init__(self, names, values):
        for name, value in zip(names, values):
            setattr(self, name, value)


class CallsWhatItIsMadeWith:
    def __init__(self, function):
        self.function = function

    def __call__(self):
        return self.function()


class Unpickles:
    """Holds a pickle of its own, and loads it."""

    def __setstate__(self, state):
        self.inner = pickle.loads(state)


class UnpicklesWhatItCan:
    def __setstate__(self, state):
        try:
            self.inner = pickle.loads(state)
        except Exception:
            self.inner = None


class CallsItsAttribute:
    def __setstate__(self, state):
        self.__dict__.update(state)
        self.callback()


class WalksByItsAttribute:
    def __setstate__(self, state):
        self.__dict__.update(state)
        self.found = self.walk(self.start, self.name)


class TakesAnything:
    def __init__(self, *given):
        self.given = given


lazy = types.SimpleNamespace(name="lazy")
