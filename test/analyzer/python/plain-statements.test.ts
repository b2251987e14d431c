/**
 * The quick parser says what tree-sitter says, and leaves to it what it does not know. (Where `&` and `^` meet,
 * and in `[*f()]`, the grammar has them the wrong way round; the quick parser goes by Python.)
 */
import { beforeAll, describe, expect, test } from "vitest";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import { parsePlain, parsePlainDefinition } from "../../../analyzer/python/plain-statements.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";
import { readInPieces, readWhole, told } from "./told.ts";

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

describe("plain Python says what tree-sitter says", () => {
  test.each([
    ["assignments", "a = b = c.d\na, *b = x, y\n(a, [b, c]) = z\na[0], b.c = f()\nx += a, b\nx @= y\n"],
    ["annotations", "x: int\nx: 'A.B' = C()\nx: A | B = None\nx: Dict[str, List[A]] = {}\nself.x: a.B[c.D] = d\n"],
    [
      "operators",
      "x = a if b else c or d and not e\ny = -a ** -b * ~c // d @ e | f & h << 1 >> 2\nw = a ^ b\nz = a < b <= c is not d not in e != f\n",
    ],
    ["calls", "f(a, *b, c=d, **e)\nf(x for x in y)\nf((x for x in y), 1)\nf()(g)[h].i(j := k)\nf(a,)\nprint(a, file=b)\n"],
    ["subscripts", "a[0]; a['k']; a[b]; a[1:2]; a[:, b]; a[::c]; a[b, c]; a[b,]; a[...]\n"],
    ["displays", "x = [a, *b]\nx = (a,)\nx = ()\nx = {}\nx = {a, b}\nx = {'k': a, **b, c: d}\nx = [(yield)]\n"],
    ["comprehensions", "x = [a for b in c if d if e for f, g in h]\nx = {a: b for a, b in c.items()}\nx = [y for z in w if (y := z)]\n"],
    [
      "strings",
      `x = 'a' "b" r'\\c'\nx = f'{a}' 'b'\nx = b'a'\nx = rb'''a\n'''\nx = f'{{a}}'\nx = f'\\{a}'\nx = u'a'\nx = ''\nx = """a "b\\""""\n`,
    ],
    ["numbers", "x = [1, 1.5, .5, 1e3, 1_000, 0xff, 1j, 2.5j, 1.]\nx = a[-1]\nx = a[0x1]\n"],
    ["lambdas", "x = lambda: a\nx = lambda a, *b, c=d, **e: (a, c)\nx = lambda *, a: lambda b: a\n"],
    [
      "functions",
      "def f(a, /, b: 'B', *c: C, d: D = e, **g: G) -> 'H': return b\nasync def h(a, *, b=1):\n    await a\n    async with b as c, d: yield c\n    async for e in f: pass\n",
    ],
    [
      "classes",
      "class A: pass\nclass B(A, C[int], metaclass=M, k=1):\n    '''Documentation.'''\n    x: int = 0\n    y = z = None\n    @property\n    def f(self): return self.x\n    class D: ...\n",
    ],
    ["decorators", "@a\n@b.c(d)\n@e[f]\ndef g(): pass\n@a\nclass B: pass\n@a\nasync def f(): pass\n"],
    [
      "imports",
      "import a, b.c as d\nfrom . import a\nfrom ...a.b import (c as d, e,)\nfrom a import *\nfrom __future__ import annotations\nfrom .... import f\n",
    ],
    ["control", "if a: b\nelif c: d = e\nelse:\n    f\nwhile a: break\nelse: b\nfor a, b in c, d: continue\nelse: e\n"],
    ["exceptions", "try:\n    a\nexcept (A, B) as e: b\nexcept C: pass\nexcept: raise\nelse: c\nfinally: d\n"],
    ["groups of exceptions", "try: a\nexcept* A as e: b\n"],
    [
      "with",
      "with a: pass\nwith a as b, c as (d, e): pass\nwith (a as b, c): pass\nwith (a): pass\nwith (a, b) as c: pass\nwith (a).b() as c.d: pass\n",
    ],
    [
      "others",
      "del a[0], b['k']\nassert a, b\nraise a from b\ndef f():\n    global a; nonlocal_ = b\n    return\n    return a, *b\n    yield from c\n    x = yield\n",
    ],
    [
      "lines that go on",
      "x = a if b else \\\n  c\nx = (a  # one\n  == b)\nx = ('a'  # one\n  'b')\nx = [\n  a,  # one\n\n  # two\n  b,\n]\nf(a, \\\n  b)\n",
    ],
    ["soft keywords as names", "match = a\nmatch.b = c\ntype = type(a)\ncase, _ = b\nmatch(a)\nprint = b\n"],
    ["white space", "if a:\n\tb = c\n\tif d:\n\t\te = f\n\n    # at the wrong edge\ng = h;\ni = j"],
    ["lines of Windows", "class A:\r\n    def f(self):\r\n        self.x = (a,\r\n          b)\r\n\r\ny = '''c\r\nd'''\r\n"],
    ["nothing", ""],
  ])("%s", (_, text) => {
    expect(parsePlain(text, [])).not.toBeNull();
    expect(told(readInPieces(parser, text))).toBe(told(readWhole(parser, text)));
  });
});

describe("what is left to tree-sitter", () => {
  test.each([
    ["match", "match a:\n    case B(c): d = c\n"],
    ["match of a tuple", "match (a, b):\n    case (c, d): e = c\n"],
    ["a type statement", "type A = B[C]\n"],
    ["print as a statement", "print 'a', b\n"],
    ["print into a file", "print >>a, b\n"],
    ["exec as a statement", "exec 'a' in b\n"],
    ["an exception of Python 2", "try: a\nexcept A, e: b\n"],
    ["backquotes", "x = `a`\n"],
    ["a bang alone", "x = a ! b\n"],
    ["brackets that do not close", "x = (a\ny = b\n"],
    ["a string that does not end", "x = 'a\n"],
    ["indentation that returns to nowhere", "if a:\n        b\n    c\n"],
    ["indentation without need", "a\n  b\n"],
    ["a keyword for a name", "class = a\n"],
    ["two expressions", "a b\n"],
    ["a colon without a type", "x:\n"],
  ])("%s", (_, text) => {
    expect(parsePlain(text, [])).toBeNull();
    expect(told(readInPieces(parser, text))).toBe(told(readWhole(parser, text)));
  });
});

test("a definition is parsed alone", () => {
  const text = "class A:\n    @b\n    async def f(self, c):\n        self.c = c\n    x = 1\n";
  const start = text.indexOf("async");
  const end = text.indexOf("    x = 1");
  const node = parsePlainDefinition(text, { definition: start, definitionRow: 2, end }, []);
  expect(node?.childForFieldName("body")?.namedChildren.map(({ type, startPosition }) => [type, startPosition.row])).toEqual([
    ["expression_statement", 3],
  ]);
  expect(node?.text).toBe("async def f(self, c):\n        self.c = c");
  expect(parsePlainDefinition(text, { definition: start, definitionRow: 2, end: text.length }, [])).toBeNull();
});
