/** Source to instructions: what moves objects is kept, with the registers that say where; scopes are Python's. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { COMPUTED, type Code, type Instruction, NONE, NOTHING, NUMBER, ONE, ZERO } from "../../../analyzer/python/code.ts";
import { lowerModule } from "../../../analyzer/python/lower-module.ts";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

function unitOf(text: string) {
  return lowerModule(parser, { module: "pkg.m", path: "pkg/m.py", text, isPackage: false });
}

/** The function or class of that name at the top of a module. */
function codeOf(text: string, name: string): Code {
  const [binding] = unitOf(text).bindings.get(name) ?? [];
  if (binding?.kind !== "function" && binding?.kind !== "class") throw new Error(`no ${name}`);
  return binding.code;
}

function operations(code: Code): string[] {
  return code.body.instructions.map(({ op }) => op);
}

function only<Op extends Instruction["op"]>(code: Code, op: Op): Extract<Instruction, { op: Op }>[] {
  return code.body.instructions.filter((each): each is Extract<Instruction, { op: Op }> => each.op === op);
}

describe("variables", () => {
  const outer = (inside: string) =>
    codeOf(`def outer(a):\n    part = a.part\n    def inner():\n        ${inside}\n    return part\n`, "outer");

  test("one that is assigned once is what it is assigned", () => {
    const code = outer("return part");
    expect(only(code, "move")).toEqual([]);
    expect(code.body.names.get("part")).toBe(only(code, "load")[0]!.into);
  });

  test("one that a function inside assigns too is its own", () => {
    const code = outer("nonlocal part; part = a.other");
    expect(only(code, "move").map(({ into }) => into)).toContain(code.body.names.get("part"));
    expect(code.body.names.get("part")).not.toBe(only(code, "load")[0]!.into);
  });
});

describe("displays", () => {
  test.each([
    ["[(1, self), (2, self), (3, self, self)]", ["tuple", "tuple", "tuple", "list"], 3],
    ["{(1, self), (2, self)}", ["tuple", "tuple", "set"], 2],
    ["[[self], [self], (self,)]", ["list", "list", "tuple", "list"], 3],
    ["((1, self), (2, self))", ["tuple", "tuple", "tuple"], 3],
    ["[(1, *self), (2, *self)]", ["tuple", "tuple", "list"], 3],
  ])("%s: items of a list or set that are displays of one form are one container", (text, kinds, containers) => {
    const makes = only(codeOf(`def f(self):\n    self.x = ${text}\n`, "f"), "make");
    expect(makes.map(({ container }) => container)).toEqual(kinds);
    expect(new Set(makes.map(({ into }) => into)).size).toBe(containers);
    expect(new Set(makes.at(-1)!.items.map(({ from }) => from)).size).toBe(makes.at(-1)!.items.length);
  });
});

describe("statements", () => {
  test.each([
    ["self.x = make()", ["name", "call", "store"]],
    ["self.x += other", ["load", "operate", "store"]],
    ["a, (b, *c) = self.x", ["load", "item", "item", "item", "make"]],
    ["self.x: Part = None", ["annotate", "store"]],
    ["del self.x['a']", []],
    ["return 1 + 2", ["return"]],
    ["yield self", ["yield"]],
    ["for x in self.xs: self.y = x", ["load", "iterate", "store"]],
    ["with self.open() as f: self.f = f", ["load", "call", "enter", "store"]],
    ["import pickle", ["import"]],
    ["x = [self for _ in self.xs]", ["load", "iterate", "make"]],
    ["raise ValueError(self)", []],
  ])("%s", (statement, expected) => {
    const code = codeOf(`def f(self, other=None):\n    ${statement}\n`, "f");
    expect(operations(code).filter((op) => op !== "name" || expected.includes("name"))).toEqual(expected);
  });

  test("every branch counts, and try, match and while are gone into", () => {
    const text = `
def f(self, kind):
    if kind:
        self.a = A()
    elif other:
        self.b = B()
    else:
        self.c = C()
    try:
        self.d = D()
    except E:
        self.e = E()
    finally:
        self.g = G()
    while kind:
        self.h = H()
    match kind:
        case Point(x=0) as point:
            self.i = point
        case _:
            self.j = J()
`;
    expect(only(codeOf(text, "f"), "store").map(({ attribute }) => attribute)).toEqual(["a", "b", "c", "d", "e", "g", "h", "i", "j"]);
  });

  test("a comment beside an operator is none", () => {
    const guardOf = (text: string) => only(codeOf(`def f(a, b):\n    return (${text})\n`, "f"), "guard")[0]?.condition;
    const [either, both] = [guardOf("a or b.x()"), guardOf("a and b.x()")];
    expect(either).not.toEqual(both);
    expect(guardOf("a or  # this and that\n  b.x()")).toEqual(either);
    expect(guardOf("a  # this or that\n  and \\\n  b.x()")).toEqual(both);
  });

  test("functions as programs write them, of thousands of branches in a row or dozens inside each other", () => {
    const many = (line: (index: number) => string) => Array.from({ length: 5_000 }, (_, index) => ` ${line(index)}\n`).join("");
    const returns = codeOf(`def f(a, b):\n${many((index) => `if a == ${index}: return b.x${index}`)}`, "f");
    expect(only(returns, "return")).toHaveLength(5_000);
    const clauses = codeOf(`def f(a, b):\n if a is None: pass\n${many((index) => `elif a == ${index}: b.y = b.x${index}`)}`, "f");
    expect(only(clauses, "store")).toHaveLength(5_000);
    const inside = (depth: number): string => {
      const indent = " ".repeat(depth + 1);
      return depth === 60 ? `${indent}return b\n` : `${indent}if a == ${depth}:\n${inside(depth + 1)}${indent}else:\n${indent} return c\n`;
    };
    expect(only(codeOf(`def f(a, b, c):\n${inside(0)}`, "f"), "return")).toHaveLength(61);
  });

  test("what a function says of its receiver", () => {
    const text = `
def f(self):
    self.card = None
`;
    const { writesReceiver, clearedAttributes, isGenerator } = codeOf(text, "f").body;
    expect({ writesReceiver, cleared: [...clearedAttributes], isGenerator }).toEqual({
      writesReceiver: true,
      cleared: ["card"],
      isGenerator: false,
    });
  });

  test.each([
    ["self.items.append(x)", true],
    ["self.table[x] = 1", true],
    ["setattr(self, x, 1)", true],
    ["other.items.append(x)", false],
    ["return self.items", false],
  ])("%s writes the receiver: %s", (statement, writes) => {
    expect(codeOf(`def f(self, x, other):\n    ${statement}\n`, "f").body.writesReceiver).toBe(writes);
  });
});

describe("scopes", () => {
  test("a name that is only read is looked up outside; one of an enclosing function by its register", () => {
    const outer = codeOf("def outer(a):\n    def inner():\n        return a, b\n    return inner\n", "outer");
    const [made] = only(outer, "function");
    const inner = made!.code;
    expect(inner.qualifiedName).toBe("outer.<locals>.inner");
    expect(only(inner, "outer").map(({ hops, register }) => ({ hops, register }))).toEqual([
      { hops: 1, register: outer.body.names.get("a") },
    ]);
    expect(only(inner, "name").map(({ name }) => name)).toEqual(["b"]);
  });

  test("global and nonlocal", () => {
    const text =
      "def outer():\n    count = start()\n    def inner():\n        global shared\n        nonlocal count\n        shared = count = next_one()\n";
    const inner = only(codeOf(text, "outer"), "function")[0]!.code;
    expect(only(inner, "bind").map(({ name }) => name)).toEqual(["shared"]);
    expect(only(inner, "set-outer")).toHaveLength(1);
  });

  test("a comprehension's names are its own", () => {
    const code = codeOf("def f(xs):\n    ys = [x for x in xs]\n    return x\n", "f");
    expect(only(code, "name").map(({ name }) => name)).toEqual(["x"]);
  });

  test("a class body's names are its members, with what they are annotated with", () => {
    const members = codeOf("class A:\n    part: Part\n    none = None\n    def f(self): ...\n    if x:\n        late = 1\n", "A").members;
    expect([...members].map(([name, { hasValue, isEmpty }]) => ({ name, hasValue, isEmpty }))).toEqual([
      { name: "part", hasValue: false, isEmpty: false },
      { name: "none", hasValue: true, isEmpty: true },
      { name: "f", hasValue: true, isEmpty: false },
      { name: "late", hasValue: true, isEmpty: false },
    ]);
    expect(members.get("part")?.annotation).toMatchObject({ kind: "name", path: ["Part"] });
  });

  test.each([
    ["x = 'a'", { kind: "string", text: "a" }],
    ["x: str = 'a' 'b'", { kind: "string", text: "ab" }],
    ["x = 12", { kind: "number", number: 12 }],
    ["x = enum.auto()", { kind: "auto" }],
    ["x = '\\n'", null],
    ["x = -1", null],
    ["x = f'{y}'", null],
    ["x = auto(1)", null],
    ["x, y = 'ab'", null],
    ["x = y = 'a'", null],
    ["x = 'a'\n    x = 'b'", null],
    ["if y:\n        x = 'a'\n    else:\n        x = 'b'", null],
    ["x: str", null],
  ])("the constant that a class assigns once: %j", (statement, expected) => {
    expect(codeOf(`class A:\n    ${statement}\n`, "A").members.get("x")?.literal).toEqual(expected);
  });
});

describe("values that no pickle would name", () => {
  test.each([
    ["None", NONE],
    ["False", ZERO],
    ["0.0", ZERO],
    ["True", ONE],
    ["1", ONE],
    ["2", NUMBER],
    ["1e3", NOTHING],
    ["-1", NOTHING],
    ["1 + 2", NOTHING],
    ["not self", NOTHING],
    ["None if self else 1", NOTHING],
    ["f'{self}'", COMPUTED],
    ["f'{self}'.upper()", COMPUTED],
    ["1 + f'{self}'", COMPUTED],
    ["None or f'{self}'", COMPUTED],
  ])("%s is of the kind %i", (expression, expected) => {
    expect(only(codeOf(`def f(self):\n    return ${expression}\n`, "f"), "return")).toMatchObject([{ from: expected }]);
  });

  test("a variable that may be one is told of it, and one that may be a number is not", () => {
    const code = codeOf("def f(x, y):\n    x = f'{x}'\n    y = 1\n    return 'a' if x else f'{y}'\n", "f");
    expect(only(code, "move").filter(({ from }) => from === COMPUTED)).toHaveLength(2);
    expect(only(code, "move").filter(({ from }) => from === NOTHING)).toEqual([]);
  });
});

describe("a function that can only raise an exception", () => {
  test.each([
    ["raise E", true],
    ["log()\n    raise E", true],
    ["if x: raise E", false],
    ["if x: return 1\n    raise E", false],
    ["yield\n    raise E", false],
    ["raise E\n    # no more", true],
    ["def inner(): return 1\n    raise E", true],
    ["pass", false],
  ])("%j: %s", (body, expected) => {
    expect(codeOf(`def f(x):\n    ${body}\n`, "f").body.alwaysRaises).toBe(expected);
  });
});

describe("a call", () => {
  const codesIn = (code: Code): Code[] => [code, ...code.body.instructions.flatMap((each) => ("code" in each ? codesIn(each.code) : []))];
  const isMade = ({ body }: Code) =>
    body.instructions.some(
      (call) =>
        call.op === "call" && body.instructions.some((each) => each.op === "name" && each.name === "probe" && each.into === call.callee),
    );

  test.each([
    "probe()",
    "x = probe()",
    "return probe()",
    "assert probe()",
    "assert x, probe()",
    "del probe()[0]",
    "del probe().x",
    "del x[probe()]",
    "x[probe()] = 1",
    "x[probe():1] = 1",
    "x.a[probe()].b = 1",
    "probe().x = 1",
    "x += probe()",
    "x[probe()] += 1",
    "x: int = probe()",
    "for a in probe(): pass",
    "for a[probe()] in x: pass",
    "while probe(): pass",
    "if probe(): pass",
    "if x: pass\n    elif probe(): pass",
    "with probe(): pass",
    "with probe() as y: pass",
    "with x as probe().a: pass",
    "with a, probe(): pass",
    "try:\n        pass\n    except probe(): pass",
    "try:\n        probe()\n    finally: pass",
    "try: pass\n    except E: probe()\n    else: probe()",
    "match probe():\n        case 1: pass",
    "match x:\n        case y if probe(): pass",
    "match x:\n        case 1: probe()",
    "print(f'{probe()}')",
    "x = f'{probe()!r:>{probe()}}'",
    'x = f"{y["a"](probe())}"',
    "x = f'a' f'{probe()}'",
    "x = [probe()]",
    "x = (probe(),)",
    "x = {probe()}",
    "x = {probe(): 1}",
    "x = {1: probe()}",
    "x = {**probe()}",
    "x = [*probe()]",
    "x = [a for a in probe()]",
    "x = [probe() for a in y]",
    "x = [a for a in y if probe()]",
    "x = {probe(): a for a in y}",
    "x = {a: probe() for a in y}",
    "x = {a for a in y for b in probe()}",
    "x = sum(probe() for a in y)",
    "x = lambda: probe()",
    "x = lambda a=probe(): a",
    "def g(a=probe()): pass",
    "def g():\n        probe()",
    "@probe()\n    def g(): pass",
    "class C:\n        x = probe()",
    "x = a if probe() else b",
    "x = probe() if a else b",
    "x = a and probe()",
    "x = probe() or b",
    "x = not probe()",
    "x = -probe()",
    "x = ~probe()",
    "x = probe() + 1",
    "x = 1 < probe()",
    "x = 1 < a < probe()",
    "x = a in probe()",
    "x = a is not probe()",
    "x = probe()[0]",
    "x = y[probe()]",
    "x = y[1:probe()]",
    "x = y[::probe()]",
    "x = y[a, probe()]",
    "x = probe().a",
    "x = probe()()",
    "x = y(probe())",
    "x = y(k=probe())",
    "x = y(*probe())",
    "x = y(**probe())",
    "x = (y := probe())",
    "x = await probe()",
    "x = yield probe()",
    "yield probe()",
    "yield from probe()",
    "x, y = probe(), 1",
    "x = y = probe()",
    "x = *probe(), 1",
    "return probe(), 1",
    "return *probe(), 1",
    "async with probe(): pass",
    "async for a in probe(): pass",
    "x = (probe())",
    "x = probe() ** 2",
    "x = 2 ** probe()",
    "x = probe() @ y",
    "x = 'a' % probe()",
    "x = 'a'.format(probe())",
    "x = probe() if probe() else probe()",
    "probe() ; pass",
    "x = b'a'[probe()]",
    "x = 'abc'[probe()]",
    "x = (1)[probe()]",
    "exec probe()",
    "exec x in probe()",
    "print probe()",
    "print >>probe(), x",
    "lambda: (yield probe())",
    "x = {'a': {'b': [probe()]}}",
    "if x:\n        return probe()",
    "while x:\n        break\n    else:\n        probe()",
    "for a in y:\n        continue\n    else:\n        probe()",
    "exec x",
  ])("is among the instructions, or is said not to be: %j", (statement) => {
    const text = `async def f(self, x, y, a, b):\n    ${statement}\n`;
    const codes = codesIn(codeOf(text, "f"));
    expect(codes.some((code) => isMade(code) || code.body.unreadCall === 2) || unitOf(text).hasErrors).toBe(true);
  });

  test.each([
    "raise ValueError(describe(x))",
    'y = f"{type(x).__name__} (see f(x)) has {len(x):>{int(a)}}"',
    "assert isinstance(x, (list, tuple)) and (a or b), 'a(b)'",
    "del x[0], self.y",
    "x = y[1 : len(a)]",
    "x = f'{{g()}} {a}'",
    "x = 1 if (a and b) else 2",
  ])("that only computes is not worth saying: %j", (statement) => {
    expect(codeOf(`def f(self, x, y, a, b):\n    ${statement}\n`, "f").body.unreadCall).toBe(0);
  });
});

describe("a method", () => {
  test.each([
    "assert self.values()",
    "assert x.format(a)",
    "x = f'{self.type(a)}'",
    "del x[self.list()]",
    "assert x[0](a)",
    "assert (a or b)(x)",
  ])("that is called as a builtin is may do anything: %j", (statement) => {
    expect(codeOf(`def f(self, x, y, a, b):\n    ${statement}\n`, "f").body.unreadCall).toBe(2);
  });
});

describe("a file", () => {
  test("its bindings, stars, exports and classes, nested ones too", () => {
    const unit = unitOf(`
from . import sibling
from .other import *
import a.b.c
import a.b as ab
__all__ = ["X", "Y"]
__all__ += ("Z",)
class X:
    class Inner:
        pass
Old = X
for each in []: pass
with open() as handle: pass
`);
    expect([...unit.bindings.keys()]).toEqual(["sibling", "a", "ab", "__all__", "X", "Old", "each", "handle"]);
    expect(unit.starImports).toEqual(["pkg.other"]);
    expect(unit.exports).toEqual(["X", "Y", "Z"]);
    expect(unit.classes.map(({ qualifiedName }) => qualifiedName)).toEqual(["X", "X.Inner"]);
    expect(unit.bindings.get("sibling")).toEqual([{ kind: "import", module: "pkg", name: "sibling", line: 2 }]);
  });

  test.each(["def f(:\n    pass\nclass A: pass\n", "print 'two'\nclass A: pass\n", "class A: pass\nx = (\n"])(
    "%j costs only what is broken",
    (text) => {
      expect(unitOf(text).classes.map(({ name }) => name)).toContain("A");
    },
  );

  const times = (count: number, text: string) => text.repeat(count);
  test.each([
    ["or", `x${times(5000, " or x")}`],
    ["plus", `x${times(5000, " + x")}`],
    ["brackets", `${times(5000, "[")}${times(5000, "]")}`],
    ["parentheses", `${times(5000, "(")}x${times(5000, ")")}`],
    ["attributes", `x${times(50_000, ".a")}`],
    ["calls", `${times(5000, "x(")}${times(5000, ")")}`],
    ["calls of what calls give", `x${times(5000, "()")}`],
    ["indexes", `${times(5000, "x[")}1${times(5000, "]")}`],
    ["conditions", `${times(5000, "x if x else ")}x`],
    ["not", `${times(5000, "not ")}x`],
    ["minus", `${times(5000, "-")}x`],
    ["powers", `x${times(5000, " ** x")}`],
    ["lambdas", `${times(5000, "lambda: ")}x`],
    ["dicts", `${times(5000, "{1: ")}x${times(5000, "}")}`],
    ["assignments", `${times(5000, "(y := ")}x${times(5000, ")")}`],
    ["types", `${times(5000, "List[")}int${times(5000, "]")}`],
  ])("thousands of %s inside each other cost no more than the expression", (_, expression) => {
    const text = `def f(self, x: ${expression}):\n    if ${expression}:\n        pass\n    self.x = B()\ny = ${expression}\nz = B()\n`;
    const unit = unitOf(text);
    const code = codeOf(text, "f");
    expect(code.parameters.map(({ name }) => name)).toEqual(["self", "x"]);
    expect(operations(code)).toContain("store");
    expect([...unit.bindings.keys()]).toEqual(["f", "y", "z"]);
    expect(unit.code.body.statements.at(-1)?.names).toContain("z");
  });

  test("a class at the top is parsed when something in it is asked for", () => {
    const method = `    def method(self, first, second):\n${"        self.first = first\n".repeat(20)}`;
    const unit = unitOf(`class Good(Base):\n${method}class Bad(Base):\n    x = = 1\n${method}after = 1\n`);
    expect([...unit.bindings.keys()]).toEqual(["Good", "Bad", "after"]);
    const [good, bad] = ["Good", "Bad"].map((name) => unit.bindings.get(name)![0]!);
    if (good?.kind !== "class" || bad?.kind !== "class") throw new Error("no classes");
    expect([good.code.bases.length, [...good.code.members.keys()], good.line]).toEqual([1, ["method"], 1]);
    expect(unit.hasErrors).toBe(false);
    expect([...bad.code.members.keys()]).toContain("method");
    expect(unit.hasErrors).toBe(true);
  });

  test("any text can be read, and says the same again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (text) => {
        const read = () => {
          const unit = unitOf(text);
          return JSON.stringify([[...unit.bindings.keys()], unit.code.body.instructions.length, unit.classes.length]);
        };
        const first = read();
        parser.forget();
        expect(read()).toBe(first);
      }),
      { numRuns: 300 },
    );
  });
});
