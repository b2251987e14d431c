import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../analyzer/limits.ts";
import { brief, run } from "./programs.ts";

const facts = (listing: string) => brief(run(`${listing}\nSTOP`).facts);

describe("what is called and how", () => {
  test("REDUCE, NEWOBJ, NEWOBJ_EX, INST, OBJ are calls, with their arguments", () => {
    expect(
      facts(`PROTO 4
GLOBAL "m f"
BININT1 1
BINUNICODE "a"
TUPLE2
REDUCE
GLOBAL "m C"
EMPTY_TUPLE
NEWOBJ
GLOBAL "m C"
NONE
TUPLE1
EMPTY_DICT
BINUNICODE "k"
NEWTRUE
SETITEM
NEWOBJ_EX
MARK
BINFLOAT 1.5
INST "m" "I"
MARK
GLOBAL "m O"
BINBYTES "abc"
OBJ`),
    ).toEqual([
      "import m.f",
      "call m.f(1, 'a')",
      "import m.C",
      "call m.C()",
      "import m.C",
      "call m.C(None, {'k': True})",
      "import m.I",
      "call m.I(1.5)",
      "import m.O",
      "call m.O(<3 bytes>)",
    ]);
  });

  test("BUILD and item writes are calls of methods on what is no builtin container", () => {
    expect(
      facts(`GLOBAL "m C"
EMPTY_TUPLE
NEWOBJ
EMPTY_DICT
BUILD
BININT1 1
APPEND
MARK
BININT1 2
BININT1 3
APPENDS
BINUNICODE "k"
NONE
SETITEM
MARK
BININT1 4
ADDITEMS`).slice(2),
    ).toEqual([
      "call m.C.__setstate__({})",
      // No pickler writes in this order: the state may have put there what is called.
      "call m.C.append(1) (mutated)",
      "call m.C.extend(2, 3) (mutated)",
      "call m.C.__setitem__('k', None)",
      "call m.C.add(4) (mutated)",
    ]);
    expect(facts("EMPTY_LIST\nNONE\nAPPEND\nPOP\nEMPTY_DICT\nNONE\nNONE\nSETITEM\nPOP\nEMPTY_SET\nMARK\nNONE\nADDITEMS")).toEqual([]);
  });

  test("arguments are told as they are at the time of the call", () => {
    expect(
      facts('GLOBAL "m f"\nEMPTY_LIST\nBINPUT 0\nTUPLE1\nREDUCE\nBINGET 0\nNONE\nAPPEND\nGLOBAL "m f"\nBINGET 0\nTUPLE1\nREDUCE'),
    ).toEqual(["import m.f", "call m.f([])", "import m.f", "call m.f([None])"]);
  });

  test("arguments are told in brackets, and cut", () => {
    const nested = `${"MARK\n".repeat(3)}BININT1 1\nTUPLE\nBINUNICODE "it's\\n"\nTUPLE\nEMPTY_SET\nTUPLE`;
    expect(facts(`GLOBAL "m f"\n${nested}\nREDUCE`)[1]).toBe("call m.f(((1,), 'it\\'s\\n'), {})");
    const many = run(`GLOBAL "m f"\nMARK\n${'BINUNICODE "abcdefghijklmnopqrstuvwxyz"\n'.repeat(500)}TUPLE\nREDUCE\nSTOP`).facts[1];
    expect(many).toMatchObject({ arguments: expect.stringMatching(/^'abcdefghijklmnopqrstuvwxyz', .*…$/) });
    expect((many as { arguments: string }).arguments.length).toBeLessThan(500);
  });

  test("an object in the arguments is told with its call and its state", () => {
    expect(facts('GLOBAL "m f"\nGLOBAL "m C"\nBININT1 1\nTUPLE1\nNEWOBJ\nEMPTY_DICT\nBUILD\nTUPLE1\nREDUCE').at(-1)).toBe(
      "call m.f(m.C(1) with state {})",
    );
  });

  test("persistent ids are told with their structure, extension codes by number", () => {
    expect(facts('PERSID key\nPOP\nBINUNICODE "storage"\nGLOBAL "torch FloatStorage"\nTUPLE2\nBINPERSID\nEXT2 300')).toEqual([
      'persistent-id {"kind":"str","value":"key"}',
      "import torch.FloatStorage",
      'persistent-id {"kind":"tuple","items":[{"kind":"str","value":"storage"},{"kind":"global","callable":"torch.FloatStorage"}]}',
      "extension 300",
    ]);
  });
});

describe("how a callable was come by", () => {
  test("computed: the result of a call, or a name that is one", () => {
    expect(facts('PROTO 4\nGLOBAL "m f"\nEMPTY_TUPLE\nREDUCE\nEMPTY_TUPLE\nREDUCE\nBINUNICODE "x"\nSTACK_GLOBAL')).toEqual([
      "import m.f",
      "call m.f()",
      "call m.f() (computed)",
      "import ?.x (computed)",
    ]);
  });

  test("mutated: everything that is looked up or called after the pickle has changed what it looked up", () => {
    const { facts: found } = run(
      'GLOBAL "numpy prod"\nNONE\nEMPTY_DICT\nBINUNICODE "a"\nNONE\nSETITEM\nTUPLE2\nBUILD\nGLOBAL "numpy a"\nEMPTY_TUPLE\nREDUCE\nSTOP',
    );
    expect(brief(found)).toEqual([
      "import numpy.prod",
      "call numpy.prod.__setstate__((None, {'a': None}))",
      "import numpy.a (mutated)",
      "call numpy.a() (mutated)",
    ]);
    expect(found[1]).toMatchObject({ onCallable: true });
  });

  test("mutated: what is done to an object whose state said what to call", () => {
    const { facts: found } = run(`GLOBAL "m C"
EMPTY_TUPLE
NEWOBJ
EMPTY_DICT
BINUNICODE "__setstate__"
GLOBAL "os system"
SETITEM
BUILD
BINUNICODE "id"
BUILD
STOP`);
    expect(found[3]).toMatchObject({ method: "__setstate__", origin: "named", overrides: ["__setstate__"] });
    expect(found[4]).toMatchObject({ method: "__setstate__", origin: "mutated" });
  });

  test.each([
    ["a plain state", 'EMPTY_DICT\nBINUNICODE "weight"\nNONE\nSETITEM', undefined],
    [
      "names that Python calls",
      'EMPTY_DICT\nBINUNICODE "__setstate__"\nNONE\nSETITEM\nUNICODE \\u005f_class__\nNONE\nSETITEM',
      ["__setstate__", "__class__"],
    ],
    ["slots", 'NONE\nEMPTY_DICT\nBINUNICODE "__class__"\nNONE\nSETITEM\nTUPLE2', ["__class__"]],
    [
      "names that nothing calls after the state",
      'EMPTY_DICT\nBINUNICODE "add"\nNONE\nSETITEM\nBINUNICODE "__doc__"\nNONE\nSETITEM',
      undefined,
    ],
    ["a key that is computed", 'EMPTY_DICT\nGLOBAL "m f"\nEMPTY_TUPLE\nREDUCE\nNONE\nSETITEM', ["*"]],
    ["a state that is computed", 'GLOBAL "m f"\nEMPTY_TUPLE\nREDUCE', ["*"]],
    ["a state for __setstate__ alone", "BININT1 1\nBININT1 2\nBININT1 3\nTUPLE3", undefined],
  ])("overrides: %s", (_, state, overrides) => {
    const last = run(`GLOBAL "m C"\nEMPTY_TUPLE\nNEWOBJ\n${state}\nBUILD\nSTOP`).facts.at(-1);
    expect(last).toMatchObject({ method: "__setstate__" });
    expect((last as { overrides?: readonly string[] }).overrides).toEqual(overrides);
  });
});

describe("callables that call or fetch for the pickle", () => {
  test("getattr fetches, and calls what it fetched", () => {
    expect(
      facts('GLOBAL "__builtin__ getattr"\nGLOBAL "os path"\nBINUNICODE "join"\nTUPLE2\nREDUCE\nEMPTY_TUPLE\nREDUCE').slice(2),
    ).toEqual([
      "call builtins.getattr(os.path, 'join')",
      "import os.path.join (attribute) via builtins.getattr",
      "call os.path.join() (attribute)",
    ]);
  });

  test("getattr of a name that is computed, and of a builtin", () => {
    expect(facts('GLOBAL "builtins getattr"\nGLOBAL "m x"\nGLOBAL "m f"\nEMPTY_TUPLE\nREDUCE\nTUPLE2\nREDUCE').at(-1)).toBe(
      "import m.x.? (computed) via builtins.getattr",
    );
    expect(facts('GLOBAL "builtins getattr"\nBINUNICODE ""\nBINUNICODE "join"\nTUPLE2\nREDUCE').at(-1)).toBe(
      "import builtins.str.join (attribute) via builtins.getattr",
    );
  });

  test("a chain of getattr", () => {
    const get = (object: string, name: string) => `GLOBAL "builtins getattr"\n${object}\nBINUNICODE "${name}"\nTUPLE2\nREDUCE`;
    expect(facts(`${get(get('GLOBAL "torch nn"', "os"), "system")}\nBINUNICODE "id"\nTUPLE1\nREDUCE`).at(-1)).toBe(
      "call torch.nn.os.system('id') (attribute)",
    );
  });

  test.each([
    ["functools.partial", 'GLOBAL "functools partial"\nGLOBAL "os system"\nTUPLE1', "call os.system(…) via functools.partial"],
    ["map", 'GLOBAL "__builtin__ map"\nGLOBAL "os system"\nEMPTY_LIST\nTUPLE2', "call os.system(…) via builtins.map"],
    ["functools.reduce", 'GLOBAL "functools reduce"\nGLOBAL "os system"\nEMPTY_LIST\nTUPLE2', "call os.system(…) via functools.reduce"],
    [
      "collections.defaultdict",
      'GLOBAL "collections defaultdict"\nGLOBAL "os system"\nTUPLE1',
      "call os.system(…) via collections.defaultdict",
    ],
    [
      "_rebuild_from_type_v2",
      'GLOBAL "torch._tensor _rebuild_from_type_v2"\nGLOBAL "os system"\nTUPLE1',
      "call os.system(…) via torch._tensor._rebuild_from_type_v2",
    ],
    [
      "copyreg._reconstructor",
      'GLOBAL "copy_reg _reconstructor"\nGLOBAL "m C"\nGLOBAL "__builtin__ object"\nNONE\nTUPLE3',
      "call m.C(…) via copyreg._reconstructor",
    ],
    [
      "numpy's _reconstruct",
      'GLOBAL "numpy.core.multiarray _reconstruct"\nGLOBAL "numpy ndarray"\nTUPLE1',
      "call numpy.ndarray(…) via numpy.core.multiarray._reconstruct",
    ],
    ["import_module", 'GLOBAL "importlib import_module"\nBINUNICODE "os"\nTUPLE1', "import os (attribute) via importlib.import_module"],
    ["pydoc.locate", 'GLOBAL "pydoc locate"\nBINUNICODE "os.system"\nTUPLE1', "import os.system (attribute) via pydoc.locate"],
    [
      "pkgutil.resolve_name",
      'GLOBAL "pkgutil resolve_name"\nBINUNICODE "os:system"\nTUPLE1',
      "import os.system (attribute) via pkgutil.resolve_name",
    ],
    [
      "__import__ of what is computed",
      'GLOBAL "builtins __import__"\nGLOBAL "m f"\nEMPTY_TUPLE\nREDUCE\nTUPLE1',
      "import ? (computed) via builtins.__import__",
    ],
    [
      "attrgetter",
      'GLOBAL "operator attrgetter"\nBINUNICODE "system"\nTUPLE1\nREDUCE\nGLOBAL "shutil os"\nTUPLE1',
      "import shutil.os.system (attribute) via operator.attrgetter",
    ],
    [
      "methodcaller",
      'GLOBAL "operator methodcaller"\nBINUNICODE "system"\nTUPLE1\nREDUCE\nGLOBAL "shutil os"\nTUPLE1',
      "call shutil.os.system(…) (attribute) via operator.methodcaller",
    ],
  ])("%s", (_, listing, expected) => {
    expect(facts(`${listing}\nREDUCE`).at(-1)).toBe(expected);
  });

  test("of arguments that are not known they are facts all the same", () => {
    expect(facts('GLOBAL "functools partial"\nGLOBAL "m f"\nEMPTY_TUPLE\nREDUCE\nREDUCE').at(-1)).toBe(
      "call ?(…) (computed) via functools.partial",
    );
  });
});

describe("pickles inside the pickle", () => {
  const inner = "GLOBAL \"os system\"\nSTRING 'id'\nTUPLE1\nREDUCE\nSTOP";

  test("are run where they lie, with offsets of the bytes that hold them", () => {
    const { facts: found, outcome } = run(`GLOBAL "pickle loads"\nBINBYTES {\n${inner}\n}\nTUPLE1\nREDUCE\nSTOP`);
    expect(outcome).toBe("ok");
    expect(brief(found)).toEqual([
      "import pickle.loads",
      "call pickle.loads(<20 bytes>)",
      "import os.system via pickle.loads",
      "call os.system('id') via pickle.loads",
    ]);
    expect(found[2]!.offset).toBe(19);
  });

  test("also as protocol 2 spells bytes, and through BytesIO", () => {
    const text = "cos\\nsystem\\n)R.";
    expect(
      facts(`GLOBAL "_pickle loads"\nGLOBAL "_codecs encode"\nBINUNICODE "${text}"\nBINUNICODE "latin1"\nTUPLE2\nREDUCE\nTUPLE1\nREDUCE`),
    ).toContain("call os.system() via _pickle.loads");
    expect(facts(`GLOBAL "torch load"\nGLOBAL "io BytesIO"\nBINBYTES "${text}"\nTUPLE1\nREDUCE\nTUPLE1\nREDUCE`)).toContain(
      "call os.system() via torch.load",
    );
  });

  test("one after the other, as torch's legacy format has them", () => {
    expect(facts(`GLOBAL "torch.storage _load_from_bytes"\nBINBYTES {\nBININT1 1\nSTOP\n${inner}\n}\nTUPLE1\nREDUCE`).at(-1)).toBe(
      "call os.system('id') via torch.storage._load_from_bytes",
    );
  });

  test("to a depth, and then no further", () => {
    let listing = inner;
    for (let depth = 0; depth <= LIMITS.nestedPickles.limit; depth++)
      listing = `GLOBAL "pickle loads"\nBINBYTES {\n${listing}\n}\nTUPLE1\nREDUCE\nSTOP`;
    const { outcome, facts: found, divergences } = run(listing);
    expect(outcome).toBe("unfinished");
    expect(divergences).toMatchObject([{ kind: "nested-unfinished" }]);
    expect(brief(found)).not.toContain("import os.system via pickle.loads");
  });

  test.each([
    ["not constant", 'GLOBAL "m f"\nEMPTY_TUPLE\nREDUCE', "unsupported", "nested-unknown"],
    ["a zip", 'BINBYTES "PK\\x03\\x04"', "unsupported", "nested-unknown"],
    ["broken", "BINBYTES {\nREDUCE\n}", "malformed", "nested-broken"],
  ])("which are %s", (_, given, outcome, kind) => {
    expect(run(`GLOBAL "pickle loads"\n${given}\nTUPLE1\nREDUCE\nSTOP`)).toMatchObject({ outcome, failure: { kind } });
  });
});

describe("what repeats", () => {
  const instances = (count: number) =>
    `PROTO 4\nGLOBAL "m C"\nMEMOIZE\nPOP\n${'BINGET 0\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\nBINUNICODE "k"\nNONE\nSETITEM\nBUILD\nPOP\n'.repeat(count)}`;

  test("is told up to a limit, and counted from there on", () => {
    const { facts: found, outcome } = run(`${instances(15_000)}NONE\nSTOP`);
    expect(outcome).toBe("ok");
    expect(found).toHaveLength(LIMITS.listedFacts.limit + 2);
    expect(found.slice(-2)).toMatchObject([{ repeats: 4_999 }, { repeats: 5_000 }].reverse());
  });

  test("what is new among it is told, also if only its state is", () => {
    const late = 'BINGET 0\nEMPTY_TUPLE\nNEWOBJ\nEMPTY_DICT\nBINUNICODE "__class__"\nGLOBAL "os system"\nSETITEM\nBUILD\n';
    const found = run(`${instances(15_000)}${late}BINGET 0\nNONE\nBUILD\nPOP\nNONE\nSTOP`).facts;
    expect(brief(found.slice(-3))).toEqual([
      "import os.system",
      "call m.C.__setstate__({'__class__': os.system})",
      "call m.C.__setstate__(None)",
    ]);
    expect(found.at(-2)).toMatchObject({ overrides: ["__class__"] });
    expect(found.at(-1)).toMatchObject({ onCallable: true });
  });
});

test("the root is what made the object that STOP returns", () => {
  expect(run('GLOBAL "m C"\nEMPTY_TUPLE\nNEWOBJ\nSTOP').root).toBe("m.C");
  expect(run('GLOBAL "m C"\nSTOP').root).toBeNull();
  expect(run("EMPTY_LIST\nSTOP").root).toBeNull();
});
