/** Members of enumerations: the names that a policy has of one are those that CPython gives it. */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { infer } from "../../../../../../analyzer/policy/inference/infer.ts";
import type { PythonParser } from "../../../../../../analyzer/python/parser.ts";
import { loadPythonParser } from "../../../../../../crawler/python-grammar.ts";

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

const NAMES = ["A", "B", "C", "D"];
const enumeration = fc.record({
  bases: fc.constantFrom("Enum", "str, Enum", "IntEnum", "int, Enum"),
  values: fc.array(fc.constantFrom('"a"', '"b"', '"1"', "1", "2", "auto()", "(1, 2)", "True"), { minLength: 1, maxLength: NAMES.length }),
  argument: fc.constantFrom('"a"', '"b"', '"1"', '"none"'),
});

/** For each: the names that members have, and what calling it gives; null where CPython makes no such class, or no member. */
const ASK = `
import json, sys
from enum import *
said = []
for source, names, argument in json.load(sys.stdin):
    try:
        exec(source)
    except Exception:
        said.append(None)
        continue
    try:
        called = E(argument).name
    except Exception:
        called = None
    said.append({"named": {name: E[name].name for name in names}, "called": called})
print(json.dumps(said))
`;

describe("a member", () => {
  test("is pickled by a name that CPython may give it, written out or called for", () => {
    const cases = fc.sample(enumeration, { numRuns: 60, seed: 11 }).map(({ bases, values, argument }) => {
      const names = NAMES.slice(0, values.length);
      const source = `class E(${bases}):\n${values.map((value, index) => `    ${names[index]} = ${value}\n`).join("")}`;
      return { source, names, argument };
    });
    const input = JSON.stringify(cases.map(({ source, names, argument }) => [source, names, JSON.parse(argument)]));
    const said: ({ named: Record<string, string>; called: string | null } | null)[] = JSON.parse(
      execFileSync("python3", ["-W", "ignore", "-c", ASK], { input, encoding: "utf8" }),
    );
    const asked = cases.map((each, index) => ({ ...each, said: said[index] })).filter((each) => each.said !== null);
    expect(asked.length).toBeGreaterThan(20);
    for (const { source, names, argument, said } of asked) {
      const holders = [...names.map((name) => `E.${name}`), `E(${argument})`].map(
        (held, index) => `class Model${index}:\n    def __init__(self):\n        self.held = ${held}\n`,
      );
      const text = `from enum import Enum, IntEnum, auto\n\n${source}\n\n${holders.join("\n\n")}`;
      const library = { name: "model", version: null, files: [{ path: "model.py", text }] };
      const namesOf = (index: number) => {
        const inferred = infer({ parser, library, dependencies: [], class: `model.Model${index}` });
        const imports = inferred.ok ? inferred.value.policy.imports.map(({ callable }) => callable) : [];
        return names.filter((name) => imports.includes(`model.E.${name}`));
      };
      names.forEach((name, index) => {
        expect(namesOf(index), `${source} ${name}`).toContain(said!.named[name]);
      });
      if (said!.called !== null) expect(namesOf(names.length), `${source} ${argument}`).toContain(said!.called);
    }
  });

  test("has no other name where all values are told apart", () => {
    const text =
      'from enum import Enum\n\nclass E(Enum):\n    A = "a"\n    B = 2\n    C = "a"\n\nclass Model:\n    def __init__(self):\n        self.held = E.C\n';
    const library = { name: "model", version: null, files: [{ path: "model.py", text }] };
    const inferred = infer({ parser, library, dependencies: [], class: "model.Model" });
    const imports = inferred.ok ? inferred.value.policy.imports.map(({ callable }) => callable) : [];
    expect(imports.filter((name) => name.startsWith("model.E."))).toEqual(["model.E.A"]);
  });
});
