/** Every folder of `test/fixtures/inference` is a test: `source/`, `dependencies/*`, and what the policy must be exactly. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writePolicy } from "../../../analyzer/policy/format.ts";
import { type InferRequest, inferPolicy } from "../../../analyzer/policy/infer.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";
import { sourceTree } from "./source.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/inference");

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

function requestOf(fixture: string, class_: string): InferRequest {
  const folder = join(FIXTURES, fixture);
  const dependencies = join(folder, "dependencies");
  const names = existsSync(dependencies) ? readdirSync(dependencies).sort() : [];
  return {
    parser,
    library: sourceTree(join(folder, "source"), fixture),
    dependencies: names.map((name) => sourceTree(join(dependencies, name), name)),
    class: class_,
  };
}

function namesOf(entries: Policy["imports"]): string[] {
  return entries.map((entry) => entry.callable);
}

describe("inference fixtures", () => {
  const fixtures = readdirSync(FIXTURES).filter((name) => existsSync(join(FIXTURES, name, "expected.json")));

  test.each(fixtures)("%s", (fixture) => {
    const expected = JSON.parse(readFileSync(join(FIXTURES, fixture, "expected.json"), "utf8"));
    const result = inferPolicy(requestOf(fixture, expected.class));
    if (!result.ok) throw new Error(result.error.message);
    const { imports, calls } = result.value;
    expect({ imports: namesOf(imports), calls: namesOf(calls) }).toEqual({ imports: expected.imports, calls: expected.calls });
  });
});

describe("asking for a class", () => {
  test("a class that is not there: the nearest names are offered", () => {
    const result = inferPolicy(requestOf("annotations", "model.Modle"));
    expect(result).toMatchObject({ ok: false, error: { kind: "class-not-found", nearMisses: ["model.Model"] } });
  });

  test("a tree without Python", () => {
    const library = { name: "empty", version: null, files: [{ path: "README.md", text: "no code" }] };
    expect(inferPolicy({ parser, library, dependencies: [], class: "a.B" })).toMatchObject({
      ok: false,
      error: { kind: "nothing-to-parse" },
    });
  });

  test("any text as source gives a policy or an error, never an exception", () => {
    for (const text of [
      "",
      "\u0000",
      "class",
      "class A(:\n",
      "def f(:\n  return",
      "'".repeat(1000),
      "(".repeat(1000),
      "\ud800",
      "class M: x = ",
    ]) {
      const library = { name: "odd", version: null, files: [{ path: "odd.py", text: `${text}\n\nclass Model:\n    pass\n` }] };
      expect(() => inferPolicy({ parser, library, dependencies: [], class: "odd.Model" })).not.toThrow();
    }
  });

  test("the same source gives the same bytes, whatever was asked before", () => {
    const texts = Array.from({ length: 10 }, () => {
      const result = inferPolicy(requestOf("modules-in-containers", "model.Model"));
      return result.ok ? writePolicy(result.value) : "";
    });
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain("tiny.Sequential");
  });
});
