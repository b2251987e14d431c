/** A file read in pieces, heads first and bodies when they are asked for, says what it says when it is parsed whole. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { layoutOf } from "../../../analyzer/python/function-bodies.ts";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";
import { sourceTree } from "../policy/source.ts";
import { readInPieces, readWhole, told } from "./told.ts";

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

/** `[*f()]`, which tree-sitter's grammar takes for a call of `*f`: there the two differ. */
const MISREAD = /[[(,]\s*\*[\w.]+\(/;

/** Whether CPython takes a text for Python: one before 3.12, for which the quotes inside `f"{x["a"]}"` are others. */
function isPython(text: string): boolean {
  const program = "import ast, sys; ast.parse(sys.stdin.buffer.read())";
  return (
    spawnSync("python3", ["-c", program], { input: text.replaceAll('["a"]', "['a']"), stdio: ["pipe", "ignore", "ignore"] }).status === 0
  );
}

/** Lines long enough that their function is cut out, with whatever may mislead who goes by lines. */
const LINES = [
  "self.x = make(1,",
  "    2)",
  "self.text = '''",
  "def not_a_function(self):",
  "  ''' + \"it's\" # don't",
  'y = f"{self.x["a"]:>{width}} {{ {self.y!r}"',
  "z = rb'\\'' + b\"\\\"\" ; w = {'a': [self, (1, 2)]}",
  "if self: return [x for x in self.xs]",
  "a = 1 + \\",
  "  self.b",
  "return lambda: (yield self.x)",
  "# a comment",
  "",
  `r"""${"Documentation. ".repeat(12)}\ndef not_a_function(self):\n and so on""" # says nothing`,
  "async def inner(a=self.x):",
  "    nonlocal z; self.inner = Inner(a)",
  "class Local(Base):",
  "    def method(self): self.y = Part()",
];

const block = fc.shuffledSubarray(
  [
    LINES.slice(0, 2),
    LINES.slice(2, 5),
    [LINES[5]!],
    [LINES[6]!],
    [LINES[7]!],
    LINES.slice(8, 10),
    [LINES[10]!],
    [LINES[11]!],
    [LINES[12]!],
    [LINES[13]!],
    LINES.slice(14, 16),
    LINES.slice(16),
  ],
  { minLength: 1 },
);

const head = fc.constantFrom(
  "def f(self, a: 'T' = make(1)) -> Dict[str, A]:",
  "async def g(self, *args: Part,\n{}      key={'a': f'{1}'}):  # comment: with 'quotes",
  "@decorated('x')\n{}def h(self):",
  "def tiny(self): self.z = 1",
);

const program = fc
  .array(fc.tuple(fc.nat(2), head, block, fc.constantFrom("", "# at the edge\n", "\n\n", "    # deeper\n")), { minLength: 1, maxLength: 6 })
  .map((parts) =>
    parts
      .map(([depth, text, lines, after]) => {
        const opening = ["", "class A(B[int], metaclass=M):\n    x: int = 0\n", "if fast:\n    class A:\n        pass\n"][depth]!;
        const margin = "    ".repeat(depth);
        const first = `${margin}${text.replaceAll("{}", margin)}\n`;
        const body = text.startsWith("def tiny")
          ? ""
          : `${lines.flatMap((each) => each.map((line) => `${margin}    ${line}`)).join("\n")}\n`;
        const filler = body === "" ? "" : `${margin}    self.filler = ${"really_".repeat(20)}long\n`;
        return opening + first + body + filler + after;
      })
      .join(""),
  );

describe("a file in pieces", () => {
  test("says what it says whole", () => {
    let cut = 0;
    fc.assert(
      fc.property(program, fc.constantFrom("\n", "\r\n"), fc.boolean(), (text, end, tabs) => {
        const spelt = (tabs ? text.replace(/^( {4})+/gm, (margin) => "\t".repeat(margin.length / 4)) : text).replaceAll("\n", end);
        cut += layoutOf(spelt)?.bodies.length ?? 0;
        expect(told(readInPieces(parser, spelt))).toBe(told(readWhole(parser, spelt)));
      }),
      { numRuns: 150 },
    );
    expect(cut).toBeGreaterThan(150);
  });

  test("says what it says whole when it is no Python", () => {
    fc.assert(
      fc.property(program, fc.nat(), fc.constantFrom("'", '"""', "(", "}", ":", "def ", "\n", "\\"), (text, at, broken) => {
        const place = at % text.length;
        const spelt = text.slice(0, place) + broken + text.slice(place);
        const whole = readWhole(parser, spelt);
        const pieces = readInPieces(parser, spelt);
        expect(typeof told(pieces)).toBe("string");
        // What is damaged inside a body stays there; what is not damaged says the same. The grammar takes more for Python than is.
        if (!whole.hasErrors && told(pieces) !== told(whole) && isPython(spelt)) expect(told(pieces)).toBe(told(whole));
      }),
      { numRuns: 150 },
    );
  });

  const PACKAGES = "/usr/lib/python3/dist-packages";
  const installed = ["torch", "sklearn", "gensim", "pandas", "nltk"]
    .map((name) => path.join(PACKAGES, name))
    .filter((each) => existsSync(each));
  test.skipIf(installed.length === 0)("says what it says whole, for installed libraries", () => {
    const files = installed.flatMap((folder) => sourceTree(folder, path.basename(folder)).files).filter(({ text }) => text.length < 60_000);
    const some = files.filter(({ text }, index) => index % 97 === 5 && !MISREAD.test(text));
    for (const { path: name, text } of some) expect(told(readInPieces(parser, text)) === told(readWhole(parser, text)), name).toBe(true);
    expect(some.length).toBeGreaterThan(5);
  });
});

describe("bodies", () => {
  const long = `    return ${"1 + ".repeat(40)}1\n`;

  test.each([
    ["a method", `class A:\n    def f(self):\n    ${long}\n    x = 1\n`, 1],
    ["a function inside another is part of it", `def f():\n    def g():\n    ${long}${long}`, 1],
    ["what only looks like one, in a string", `x = """\ndef f():\n${long}"""\n`, 0],
    ["a short one is left in", "def f():\n    return 1\n", 0],
    ["a head of several lines", `def f(\n    a=":",  # x:\n):\n${long}`, 1],
    ["one on the line of its head is left in", `def f(): return (\n${long})\n`, 0],
  ])("%s", (_, text, count) => {
    const { bodies } = layoutOf(text)!;
    expect(bodies).toHaveLength(count);
    for (const { start, end, startRow } of bodies) {
      expect(text.slice(start, end)).toContain("1 + 1");
      expect(text.split("\n").slice(0, startRow).join("\n").length + 1).toBe(start);
    }
  });

  test.each(["x = (1\n", "x = 1)\n", "x = 'a\n", '"""', "x = \\ 1\n", "x = f'{a'\n", "if x:\n        y\n    z\n", "y\n    z\n"])(
    "a layout that is not Python's: %j",
    (text) => {
      expect(layoutOf(`def f():\n${long}${text}`)).toBeNull();
    },
  );

  test("an error in a body costs that body, and is known once it is read", () => {
    const unit = readInPieces(
      parser,
      `def f(self):\n    self.x = Part()\n    print "x" % ]\n${long}\ndef g(self):\n    self.y = Other()\n${long}`,
    );
    const [binding] = unit.bindings.get("g")!;
    expect(binding?.kind === "function" && binding.code.body.instructions.map(({ op }) => op)).toContain("store");
    const fine = readInPieces(parser, `def f(self):\n    print "x" 1 2\n${long}`);
    expect(fine.hasErrors).toBe(false);
    const [damaged] = fine.bindings.get("f")!;
    expect(damaged?.kind === "function" && damaged.code.body).toBeTruthy();
    expect(fine.hasErrors).toBe(true);
  });
});

test("what is read is of this repository's fixtures too", () => {
  const folder = path.join(import.meta.dirname, "../../fixtures");
  const files = sourceTree(folder, "fixtures").files.slice(0, 150);
  expect(files.length).toBeGreaterThan(50);
  for (const { path: name, text } of files)
    if (!MISREAD.test(text) && !readWhole(parser, text).hasErrors)
      expect(told(readInPieces(parser, text)) === told(readWhole(parser, text)), name).toBe(true);
});
