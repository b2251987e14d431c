/** Fillers that act while they are loaded in ways of their own: sources, each with a `Filler`. Boundary: data; `acting-fillers.ts` loads and judges them. */

/** What all of them begin with. */
const START = `import os
import sys
import enum
import functools
import operator
import typing
import dataclasses

def act(*given, **named):
    return os.getpid()

class Part:
    def __init__(self, a=0):
        self.a = a
    def fit(self, X):
        return X
`;

const FIT = `
    def fit(self, X):
        return X
`;
const KEEP = `
    def __init__(self, part, parts):
        self.part = part
        self.parts = [each for each in parts]
        part.fit(1)
        for each in parts:
            each.fit(1)
    def fit(self, X):
        return X
`;
const UPDATE = `
    def __setstate__(self, state):
        self.__dict__.update(state)
`;

/** A filler whose `__setstate__` does something, after what stands before the class. */
const doing = (does: string, before = "", body = "") =>
  `${before}\nclass Filler:${KEEP}${body}${UPDATE}${does
    .split("\n")
    .map((line) => `        ${line}\n`)
    .join("")}`;
/** A filler with a body, and what follows it. */
const being = (body: string, before = "", head = "class Filler:", after = "") => `${before}\n${head}${KEEP}${body}\n${after}`;

export const WAYS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    "a method that is assigned over another": being(`${UPDATE}\n    __setstate__ = act\n`),
    "a decorator of the class that gives it a method": being(
      "",
      "def arm(cls):\n    cls.__setstate__ = act\n    return cls\n",
      "@arm\nclass Filler:",
    ),
    "a decorator of the class that makes another": being(
      "",
      "def arm(cls):\n    class Armed(cls):\n        __setstate__ = act\n    Armed.__name__ = Armed.__qualname__ = cls.__name__\n    return Armed\n",
      "@arm\nclass Filler:",
    ),
    "a method that is given to the class": being("", "", undefined, "Filler.__setstate__ = act\n"),
    "a method that is given to the class by its name": being("", "", undefined, 'setattr(Filler, "__setstate__", act)\n'),
    "a method that a function gives to the class": being("", "", undefined, "def arm(cls):\n    cls.__setstate__ = act\narm(Filler)\n"),
    "a method that is given to a base": being("", "class Base:\n    pass\nBase.__setstate__ = act\n", "class Filler(Base):"),
    "a method that a base gives to its subclasses": being(
      "",
      "class Base:\n    def __init_subclass__(cls):\n        cls.__setstate__ = act\n",
      "class Filler(Base):",
    ),
    "a method that a descriptor gives to its owner": being(
      "    armed = Named()\n",
      "class Named:\n    def __set_name__(self, owner, name):\n        owner.__setstate__ = act\n",
    ),
    "a method in the namespace of the body": being('    locals()["__setstate__"] = act\n'),
    "a method in the namespace of the body by a loop": being('    for name in ("__setstate__",):\n        vars()[name] = act\n'),
    "a method that the body executes": being('    exec("__setstate__ = act")\n'),
    "a method that the body imports": being("    from os import getppid as __setstate__\n", "os.getppid = act\n"),
    "a method under a condition": being(`    if sys.maxsize:\n        def __setstate__(self, state):\n            act()\n`),
    "another class for itself": doing(
      "self.__class__ = Other\nself.run()",
      "class Other:\n    def run(self):\n        act()\n",
      "    def run(self):\n        pass\n",
    ),
    "a class that is defined again": being("", "", undefined, `class Filler:${FIT}    def __setstate__(self, state):\n        act()\n`),
    "a class that is bound again": being(
      "",
      `class Acting:${FIT}    def __setstate__(self, state):\n        act()\n`,
      undefined,
      "Filler = Acting\n",
    ),
    "a computed base": being("", "class Base:\n    __setstate__ = act\ndef base():\n    return Base\n", "class Filler(base()):"),
    "bases from a list": being("", "class Base:\n    __setstate__ = act\nBASES = (Base,)\n", "class Filler(*BASES):"),
    "a base from a list": being("", "class Base:\n    __setstate__ = act\nBASES = (Base,)\n", "class Filler(BASES[0]):"),
    "a base that is bound under a condition": being(
      "",
      "class Base:\n    pass\nclass Acting:\n    __setstate__ = act\nif sys.maxsize:\n    Base = Acting\n",
      "class Filler(Base):",
    ),
    "bases that are given to the class": being(
      "",
      "class Base:\n    pass\nclass Acting:\n    __setstate__ = act\n",
      "class Filler(Base):",
      "Filler.__bases__ = (Acting,)\n",
    ),
    "a computed metaclass": being(
      "",
      "class Meta(type):\n    def __new__(meta, name, bases, body):\n        body['__setstate__'] = act\n        return type.__new__(meta, name, bases, body)\ndef meta():\n    return Meta\n",
      "class Filler(metaclass=meta()):",
    ),
    "a metaclass among keywords": being(
      "",
      "class Meta(type):\n    def __new__(meta, name, bases, body):\n        body['__setstate__'] = act\n        return type.__new__(meta, name, bases, body)\nKEYWORDS = {'metaclass': Meta}\n",
      "class Filler(**KEYWORDS):",
    ),
    "a metaclass under another name": being(
      "",
      "class ABCMeta(type):\n    def __new__(meta, name, bases, body):\n        body['__setstate__'] = act\n        return type.__new__(meta, name, bases, body)\n",
      "class Filler(metaclass=ABCMeta):",
    ),
    "an object whose end acts": doing("Other()", "class Other:\n    def __del__(self):\n        act()\n"),
    "a dataclass that acts when it is made": doing(
      "Other(1)",
      "@dataclasses.dataclass\nclass Other:\n    a: int\n    def __post_init__(self):\n        act()\n",
    ),
    "a dataclass whose default acts": doing(
      "Other()",
      "@dataclasses.dataclass\nclass Other:\n    a: int = dataclasses.field(default_factory=act)\n",
    ),
    "a dataclass whose text is that of what it holds": doing(
      "str(Other(Text()))",
      "class Text:\n    def __repr__(self):\n        act()\n        return ''\n@dataclasses.dataclass\nclass Other:\n    a: object\n",
    ),
    "a class whose metaclass acts when it is called": doing(
      "Other()",
      "class Meta(type):\n    def __call__(cls):\n        act()\nclass Other(metaclass=Meta):\n    pass\n",
    ),
    "a class whose metaclass is asked what is an instance": doing(
      "isinstance(self, Other)",
      "class Meta(type):\n    def __instancecheck__(cls, other):\n        act()\n        return True\nclass Other(metaclass=Meta):\n    pass\n",
    ),
    "a class that is asked for an item": doing("Other[1]", "class Other:\n    def __class_getitem__(cls, item):\n        act()\n"),
    "a class whose decorator makes another": doing("Other()", "def arm(cls):\n    return act\n@arm\nclass Other:\n    pass\n"),
    "an enumeration that looks for what it lacks": doing(
      "Other(5)",
      "class Other(enum.Enum):\n    A = 1\n    @classmethod\n    def _missing_(cls, value):\n        act()\n        return cls.A\n",
    ),
    "a named tuple with a constructor": doing(
      "Other(1)",
      "class Pair(typing.NamedTuple):\n    a: int\nclass Other(Pair):\n    def __new__(cls, a):\n        act()\n        return tuple.__new__(cls, (a,))\n",
    ),
    "a cached property": doing("self.cached", "", "    @functools.cached_property\n    def cached(self):\n        return act()\n"),
    "a property by a call": doing("self.computed", "", "    computed = property(act)\n"),
    "a property that is deleted": doing(
      "del self.computed",
      "",
      "    @property\n    def computed(self):\n        return 1\n    @computed.deleter\n    def computed(self):\n        act()\n",
    ),
    "a descriptor that is read": doing(
      "self.computed",
      "class Get:\n    def __get__(self, *given):\n        act()\n",
      "    computed = Get()\n",
    ),
    "a descriptor that is set": doing(
      "self.computed = 1",
      "class Put:\n    def __set__(self, *given):\n        act()\n",
      "    computed = Put()\n",
    ),
    "a descriptor that is deleted": doing(
      "del self.computed",
      "class Put:\n    def __delete__(self, *given):\n        act()\n",
      "    computed = Put()\n",
    ),
    "an attribute that is deleted": doing("del self.part", "", "    def __delattr__(self, name):\n        act()\n"),
    "a function for a class": doing(
      "found(self.part)",
      "@functools.singledispatch\ndef found(value):\n    return 1\n@found.register(Part)\ndef _(value):\n    act()\n",
    ),
    "a function that remembers": doing(
      "found(Key())",
      "class Key:\n    def __hash__(self):\n        act()\n        return 1\n@functools.lru_cache\ndef found(value):\n    return 1\n",
    ),
    "a getter of attributes": doing(
      "GET(self)",
      'GET = operator.attrgetter("computed")\n',
      "    @property\n    def computed(self):\n        act()\n",
    ),
    "a caller of methods": doing("CALL(self)", 'CALL = operator.methodcaller("run")\n', "    def run(self):\n        act()\n"),
    "a partial of the module": doing("BOUND()", "BOUND = functools.partial(act)\n"),
    "a generator": doing("list(self.each())", "", "    def each(self):\n        act()\n        yield 1\n"),
    "a generator that nobody waits for": doing("self.kept = [a for a in self.each()]", "", "    def each(self):\n        yield act()\n"),
    "a mixin behind a base": being(
      "",
      "class Base:\n    def __setstate__(self, state):\n        super().__setstate__(state)\nclass Mixin:\n    def __setstate__(self, state):\n        act()\n",
      "class Filler(Base, Mixin):",
    ),
    "a function of its class by its type": doing("type(self).run(self)", "", "    def run(self):\n        act()\n"),
    "a function of its order of classes": doing("type(self).__mro__[0].run(self)", "", "    def run(self):\n        act()\n"),
    "a method by its name": doing('getattr(self, "run")()', "", "    def run(self):\n        act()\n"),
    "a method by a computed name": doing('getattr(self, "r" + "un")()', "", "    def run(self):\n        act()\n"),
    "a global by its name": doing('globals()["act"]()'),
    "a variable of the module by its name": doing('vars(sys.modules[__name__])["act"]()'),
    "a default that is called": being("    def __setstate__(self, state, run=act):\n        run()\n"),
    "a table of functions": doing('TABLE["x"]()', 'TABLE = {"x": act}\n'),
    "a list of functions": doing("for each in FUNCTIONS:\n    each()", "FUNCTIONS = [act]\n"),
    "a decorated function": doing(
      "found()",
      "def armed(function):\n    def wrapper():\n        act()\n        return function()\n    return wrapper\n@armed\ndef found():\n    return 1\n",
    ),
    "a function that another replaces": doing(
      "found()",
      "def found():\n    return 1\ndef arm():\n    global found\n    found = act\narm()\n",
    ),
    "a function that the namespace replaces": doing("found()", 'def found():\n    return 1\nglobals()["found"] = act\n'),
    "a function that the namespace replaces by a loop": doing(
      "found()",
      'def found():\n    return 1\nfor name in dir():\n    if name == "found":\n        globals()[name] = act\n',
    ),
    "a function that is replaced in its module": doing(
      "found()",
      'def found():\n    return 1\nsetattr(sys.modules[__name__], "found", act)\n',
    ),
    "a function that is bound again": doing("found()", "def found():\n    return 1\nfound = act\n"),
    "a method that sets attributes and is assigned": doing("self.version = 1", "", "    __setattr__ = act\n"),
    "a method that gets items and is assigned": doing("self[1]", "", "    __getitem__ = act\n"),
    "a method that is called and is assigned": doing("self()", "", "    __call__ = act\n"),
    "an object of its class that is called": doing(
      "self.run()",
      "class Run:\n    def __call__(self):\n        act()\n",
      "    run = Run()\n",
    ),
    "what it raises for what it lacks": being("    def __getattr__(self, name):\n        raise AttributeError(act())\n"),
    "a text that it raises for what it lacks": being(
      '    def __getattr__(self, name):\n        raise AttributeError(f"{Text()}")\n',
      "class Text:\n    def __str__(self):\n        act()\n        return ''\n",
    ),
    "what a function raises that is caught": doing(
      "try:\n    found()\nexcept ValueError:\n    pass",
      "def found():\n    raise ValueError(act())\n",
    ),
    "what it raises and catches": doing("try:\n    raise ValueError(act())\nexcept ValueError:\n    pass"),
    "an object of the module that is added to": doing(
      "THERE + 1",
      "class There:\n    def __add__(self, other):\n        act()\nTHERE = There()\n",
    ),
    "an object of the module that is asked whether it has": doing(
      "1 in THERE",
      "class There:\n    def __contains__(self, other):\n        act()\n        return True\nTHERE = There()\n",
    ),
    "an object of the module that is true": doing(
      "if THERE:\n    pass",
      "class There:\n    def __bool__(self):\n        act()\n        return True\nTHERE = There()\n",
    ),
    "an object of the module that computes": doing(
      "THERE.computed",
      "class There:\n    @property\n    def computed(self):\n        act()\nTHERE = There()\n",
    ),
    "an object of the module that has any attribute": doing(
      "THERE.anything",
      "class There:\n    def __getattr__(self, name):\n        act()\nTHERE = There()\n",
    ),
    "an object of the module whose attributes are set": doing(
      "THERE.anything = 1",
      "class There:\n    def __setattr__(self, name, value):\n        act()\nTHERE = There()\n",
    ),
    "an object of the module in a list": doing(
      "str(ALL)",
      "class There:\n    def __repr__(self):\n        act()\n        return ''\nALL = [There()]\n",
    ),
    "an object of the module in a dict": doing(
      "ALL == {1: 2}",
      "class There:\n    def __eq__(self, other):\n        act()\n        return True\nALL = {1: There()}\n",
    ),
    "an object that it makes": doing("self.made = There()\nself.made + 1", "class There:\n    def __add__(self, other):\n        act()\n"),
    "an object that it makes and puts into a list": doing(
      "self.made = [There()]\nstr(self.made)",
      "class There:\n    def __repr__(self):\n        act()\n        return ''\n",
    ),
    "an object that a function makes": doing(
      "if made():\n    pass",
      "class There:\n    def __len__(self):\n        act()\n        return 1\ndef made():\n    return There()\n",
    ),
    "a private attribute of a class": doing("self.__run()", "", "    def __run(self):\n        act()\n"),
    "a conversion in a comprehension": doing(
      "{key: str(There()) for key in state}",
      "class There:\n    def __str__(self):\n        act()\n        return ''\n",
    ),
    "an annotation of a function that is computed": doing("def found(a: act()):\n    pass"),
    "a pattern": doing(
      "match THERE:\n    case Meant():\n        pass",
      "class Meta(type):\n    def __instancecheck__(cls, other):\n        act()\n        return True\nclass Meant(metaclass=Meta):\n    pass\nTHERE = 1\n",
    ),
    "a subclass that it makes": doing("class Sub(Base):\n    pass", "class Base:\n    def __init_subclass__(cls):\n        act()\n"),
    "a property of what it is made of": being("    @property\n    def __dict__(self):\n        act()\n        return {}\n"),
    "a class of its own": being(
      "    @property\n    def __class__(self):\n        act()\n        return Filler\n    def __setstate__(self, state):\n        isinstance(self, Part)\n",
    ),
  }).map(([name, source]) => [name, `${START}\n${source}`]),
);

/** A part of the pickle that the filler's loading gets to: the source, with the acting class `Acting` in it, and where it is put. */
export interface Within {
  readonly source: string;
  /** Instructions that leave the state of the filler on the stack. */
  readonly state: string;
}

const part = (name: string, ...attributes: string[]) =>
  `GLOBAL "MODULE" "${name}"\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\n${attributes.join("\n")}\nBUILD`;
const put = (attribute: string, value: string) => `BINUNICODE "${attribute}"\n${value}\nSETITEM`;
const list = (value: string) => `EMPTY_LIST\n${value}\nAPPEND`;

const ACTING = (method: string, head = "") =>
  `class Acting:\n    def fit(self, X):\n        return X\n${head}    def ${method}(self, *given):\n        act()\n        return 1\n`;
const HOLDS = `class Holds:${KEEP}`;
const COMPUTED = "    @property\n";

export const WITHIN: Readonly<Record<string, Within>> = Object.fromEntries(
  Object.entries({
    "a method of what an element has": {
      source: `${ACTING("update")}${HOLDS}${doing("for each in self.parts:\n    each.part.update()")}`,
      state: put("parts", list(part("Holds", put("part", part("Acting"))))),
    },
    "a method of what a part has": {
      source: `${ACTING("update")}${HOLDS}${doing("self.part.part.update()")}`,
      state: put("part", part("Holds", put("part", part("Acting")))),
    },
    "a method in the attributes of a part": {
      source: `${ACTING("update")}${HOLDS}${doing('self.part.__dict__["part"].update()')}`,
      state: put("part", part("Holds", put("part", part("Acting")))),
    },
    "a method in the attributes of a part by a function": {
      source: `${ACTING("update")}${HOLDS}${doing('vars(self.part)["part"].update()')}`,
      state: put("part", part("Holds", put("part", part("Acting")))),
    },
    "the truth of what a part has": {
      source: `${ACTING("__bool__")}${HOLDS}${doing("if self.part.part:\n    pass")}`,
      state: put("part", part("Holds", put("part", part("Acting")))),
    },
    "the truth of what a part has, by its name": {
      source: `${ACTING("__bool__")}${HOLDS}${doing('if getattr(self.part, "part"):\n    pass')}`,
      state: put("part", part("Holds", put("part", part("Acting")))),
    },
    "a property of a part": { source: `${ACTING("computed", COMPUTED)}${doing("self.part.computed")}`, state: put("part", part("Acting")) },
    "a property of an element": {
      source: `${ACTING("computed", COMPUTED)}${doing("for each in self.parts:\n    each.computed")}`,
      state: put("parts", list(part("Acting"))),
    },
    "a property of a part by its name": {
      source: `${ACTING("computed", COMPUTED)}${doing('getattr(self.part, "computed", None)')}`,
      state: put("part", part("Acting")),
    },
    "a property of a part that it is asked for": {
      source: `${ACTING("computed", COMPUTED)}${doing('hasattr(self.part, "comp" + "uted")')}`,
      state: put("part", part("Acting")),
    },
    "a property of a part in a format": {
      source: `${ACTING("computed", COMPUTED)}${doing('"{0.computed}".format(self.part)')}`,
      state: put("part", part("Acting")),
    },
    "an attribute of a part that is set": {
      source: `${ACTING("__setattr__")}${doing("self.part.a = 1")}`,
      state: put("part", `GLOBAL "MODULE" "Acting"\nEMPTY_TUPLE\nNEWOBJ`),
    },
    "an attribute of a part that is set by its name": {
      source: `${ACTING("__setattr__")}${doing('setattr(self.part, "a", 1)')}`,
      state: put("part", `GLOBAL "MODULE" "Acting"\nEMPTY_TUPLE\nNEWOBJ`),
    },
    "a private part": {
      source: `${ACTING("update")}class Filler:\n    def __init__(self, part):\n        self.__part = part\n        part.fit(1)\n${FIT}${UPDATE}        self.__part.update()\n`,
      state: put("_Filler__part", part("Acting")),
    },
    "a private part that is asked": {
      source: `${ACTING("__len__")}class Filler:\n    def __init__(self, part):\n        self.__part = part\n        part.fit(1)\n${FIT}${UPDATE}        if self.__part:\n            pass\n`,
      state: put("_Filler__part", part("Acting")),
    },
    "a class in a list whose method is called": {
      source: `${ACTING("update")}class Filler:${KEEP}        self.kept = [part(1) for part in parts]\n${UPDATE}        for each in self.parts:\n            each.update(1)\n`,
      state: put("parts", list('GLOBAL "MODULE" "Acting"')),
    },
    "the text of a state": { source: `${ACTING("__repr__")}${doing("str(state)")}`, state: put("part", part("Acting")) },
    "a state that is compared": { source: `${ACTING("__eq__")}${doing('state == {"part": 1}')}`, state: put("part", part("Acting")) },
    "the values of a state": { source: `${ACTING("__bool__")}${doing("any(state.values())")}`, state: put("part", part("Acting")) },
    "the items of a state": {
      source: `${ACTING("__len__")}${doing("for name, value in state.items():\n    if value:\n        pass")}`,
      state: put("part", part("Acting")),
    },
    "a value that was taken out of the state": {
      source: `${ACTING("__len__")}${doing('if state.pop("part"):\n    pass')}`,
      state: put("part", part("Acting")),
    },
    "a variable of the function around": {
      source: `${ACTING("__len__")}${doing("part = self.part\ndef found():\n    return len(part)\nfound()")}`,
      state: put("part", part("Acting")),
    },
    "a default of a function": {
      source: `${ACTING("__len__")}${doing("found = lambda part=self.part: len(part)\nfound()")}`,
      state: put("part", part("Acting")),
    },
    "a dataclass that holds it": {
      source: `${ACTING("__repr__")}@dataclasses.dataclass\nclass Holds:\n    part: object\n    def fit(self, X):\n        self.part.fit(X)\n${doing("str(self.part)")}`,
      state: put("part", part("Holds", put("part", part("Acting")))),
    },
    "a dataclass that holds it, in a list": {
      source: `${ACTING("__repr__")}@dataclasses.dataclass\nclass Holds:\n    part: object\n    def fit(self, X):\n        self.part.fit(X)\n${doing("str(self.parts)")}`,
      state: put("parts", list(part("Holds", put("part", part("Acting"))))),
    },
    "an element under a decorator": {
      source: `def arm(cls):\n    cls.__len__ = act\n    return cls\n@arm\nclass Acting:\n    def fit(self, X):\n        return X\n${doing("for each in self.parts:\n    if each:\n        pass")}`,
      state: put("parts", list(part("Acting"))),
    },
    "an element whose attributes are computed": {
      source: `class Acting:\n    def fit(self, X):\n        return X\n    def __getattr__(self, name):\n        if name.startswith("__"):\n            raise AttributeError(name)\n        return self.__dict__["call"]\n${doing("for each in self.parts:\n    each.update()")}class Calls:\n    def __call__(self):\n        act()\n`,
      state: put("parts", list(part("Acting", put("call", part("Calls"))))),
    },
    "a method that is given to an element's class": {
      source: `class Acting:\n    def fit(self, X):\n        return X\nActing.__len__ = lambda self: act()\n${doing("for each in self.parts:\n    if each:\n        pass")}`,
      state: put("parts", list(part("Acting"))),
    },
    "a method that is given to an element's class, called": {
      source: `class Acting:\n    def fit(self, X):\n        return X\nActing.update = act\n${doing("for each in self.parts:\n    each.update()")}`,
      state: put("parts", list(part("Acting"))),
    },
  }).map(([name, { source, state }]) => [name, { source: `${START}\n${source}`, state: `EMPTY_DICT\n${state}` }]),
);

/** Controls: fillers that ask as much, of which nothing acts. */
export const HARMLESS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    "nothing at all": being(""),
    "keeping its state": doing("pass"),
    "asking itself": doing(
      'if self:\n    pass\nlen(self)\nf"{self}"\n1 in self\nself == 1\nlist(self)',
      "",
      '    def __len__(self):\n        return 1\n    def __str__(self):\n        return "x"\n    def __iter__(self):\n        return iter(())\n    def __eq__(self, other):\n        return True\n',
    ),
    "asking its state": doing('if "part" not in state:\n    pass\nlen(state)\nlist(state)\nself.a = state.get("a")'),
    "asking elements": doing("for each in self.parts:\n    if each:\n        pass\n    each == 1"),
    "a decorator that registers": being(
      "",
      "KNOWN = {}\ndef register(cls):\n    KNOWN[cls.__name__] = cls\n    return cls\n",
      "@register\nclass Filler:",
    ),
    "a base that wraps methods of its subclasses": being(
      "",
      'class Base:\n    def __init_subclass__(cls):\n        setattr(cls, "run_" + cls.__name__, act)\n',
      "class Filler(Base):",
    ),
    "what it raises for what it lacks": being(
      "    def __getattr__(self, name):\n        raise AttributeError(f\"'{type(self).__name__}' has no '{name}'\")\n",
    ),
    "what a function would raise": doing(
      "found(self)",
      'def found(value):\n    if value is None:\n        raise ValueError(f"{value.part} of {act()}")\n',
    ),
    "an object that it makes": doing(
      "self.made = There(1)\nself.made + 1",
      "class There:\n    def __init__(self, a):\n        self.a = a\n    def __add__(self, other):\n        return self\n",
    ),
  }).map(([name, source]) => [name, `${START}\n${source}`]),
);
