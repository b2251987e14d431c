/** What was read of a file comes back from the text that is kept of it, and what was not read is read then: the same, whoever asked for what. */
import path from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Code, Unit } from "../../../analyzer/python/code.ts";
import type { KeptUnits } from "../../../analyzer/python/kept-unit.ts";
import { keepUnits, lowerModule, type SourceFile } from "../../../analyzer/python/lower-module.ts";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";
import { sourceTree } from "../policy/source.ts";
import { told } from "./told.ts";

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

class Kept implements KeptUnits {
  text: string | null = null;

  get(): string | null {
    return this.text;
  }

  put(_: SourceFile, text: string): void {
    this.text = text;
  }
}

/** A run that asks `ask` of a file and keeps what it read; gives how often it parsed. */
function run(file: SourceFile, kept: Kept, ask: (unit: Unit) => void): number {
  let parsed = 0;
  const read: PythonParser["read"] = (text) => {
    parsed++;
    return parser.read(text);
  };
  const reader = { ...parser, units: new Map(), kept, read };
  ask(lowerModule(reader, file));
  keepUnits(reader);
  expect(reader.units.size).toBe(0);
  return parsed;
}

function whole(file: SourceFile): string {
  return everything(lowerModule({ ...parser, units: new Map() }, file));
}

/** All that a unit says, and the text of each of its codes. */
function everything(unit: Unit): string {
  const said = told(unit);
  return [said, ...codesIn(unit).map((code) => `${code.fullName} ${code.start} ${code.text}`)].join("\n");
}

/** Codes that are met by going from each to those inside it. */
function codesIn(unit: Unit): Code[] {
  const found = new Set<Code>([unit.code, ...unit.classes]);
  for (const code of found) for (const instruction of code.body.instructions) if ("code" in instruction) found.add(instruction.code);
  return [...found];
}

const FIXTURES = path.join(import.meta.dirname, "../../fixtures");
const files = ["inference", "brine", "intruders"].flatMap((folder) =>
  sourceTree(path.join(FIXTURES, folder), folder).files.map(
    (file): SourceFile => ({
      module: `pkg.${file.path.replace(/\W/g, "_")}`,
      path: file.path,
      text: file.text,
      isPackage: file.path.endsWith("__init__.py"),
    }),
  ),
);

test.each(files.map((file) => [file.path, file] as const))("%s comes back", (_, file) => {
  const kept = new Kept();
  const expected = whole(file);
  run(file, kept, (unit) => unit.bindings);
  const first = kept.text;
  run(file, kept, (unit) => expect(everything(unit)).toBe(expected));
  const isPython = !lowerModule({ ...parser, units: new Map() }, file).hasErrors;
  expect(first !== null).toBe(isPython);
  const parsed = run(file, kept, (unit) => expect(everything(unit)).toBe(expected));
  expect(parsed).toBe(isPython ? 0 : 1);
});

const MODULE: SourceFile = {
  module: "pkg.module",
  path: "pkg/module.py",
  isPackage: false,
  text: [
    "from .other import *",
    "import sys, a.b as c",
    "__all__ = ['Outer', 'é']",
    "sys.modules['old'] = c",
    "Alias = Union['Outer', c.D]",
    "@decorated(1)",
    "class Outer(c.Base, metaclass=Meta):",
    `    """${"Documentation 猫. ".repeat(12)}"""`,
    "    kind: 'Inner' = None",
    "    class Inner(Base[int]):",
    "        def method(self, *items: int, flag=Alias(), **more) -> 'Outer':",
    `            text = '${"long enough to be cut out ".repeat(8)}'`,
    "            def local(x=self): return lambda y: (x, y, self, text)",
    "            self.held = [local for local in items]",
    "    if flag:",
    "        def other(self): self.kept = None; del self.state['é']",
    "def function(a, /, b, *, d=lambda: Outer()):",
    `    text = '${"long enough to be cut out ".repeat(8)}'`,
    "    class Local(Outer):",
    "        def method(self): nonlocal text; text = Local(); yield text",
    "    return Local, text",
    "function.attribute = Outer.Inner()",
  ].join("\n"),
};

describe("of a module with everything inside everything", () => {
  /** Something that can be asked of a code. */
  const asked = fc.record({ code: fc.nat(12), what: fc.constantFrom("parameters", "members", "nested", "bases", "text", "body" as const) });

  test("runs that ask for this and that read the same, and what any of them read is not parsed again", () => {
    const expected = whole(MODULE);
    fc.assert(
      fc.property(fc.array(fc.array(asked, { maxLength: 6 }), { maxLength: 5 }), (runs) => {
        const kept = new Kept();
        const ask = (questions: (typeof runs)[number]) => (unit: Unit) => {
          for (const { code, what } of questions) {
            // Only what was met before can be asked.
            const met: Code[] = [unit.code, ...[...unit.bindings.values()].flat().flatMap((each) => ("code" in each ? [each.code] : []))];
            for (const outer of met) if (met.length < code) met.push(...outer.nested);
            void met[code % met.length]![what];
          }
        };
        for (const questions of runs) run(MODULE, kept, ask(questions));
        for (const questions of runs) expect(run(MODULE, kept, ask(questions))).toBe(0);
        run(MODULE, kept, (unit) => expect(everything(unit)).toBe(expected));
        expect(run(MODULE, kept, (unit) => expect(everything(unit)).toBe(expected))).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test("a module that is only named is neither read nor kept", () => {
    const kept = new Kept();
    expect(run(MODULE, kept, (unit) => expect(unit.isParsed).toBe(false))).toBe(0);
    expect(kept.text).toBeNull();
  });
});

test.each(["def f(:\n    return 1\n", "class C:\n    def m(self):\n        x = = 1\n"])("what is no Python is not kept: %j", (text) => {
  const kept = new Kept();
  run({ ...MODULE, text }, kept, (unit) => expect(unit.hasErrors).toBe(true));
  expect(kept.text).toBeNull();
});
