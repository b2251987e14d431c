/** Every folder of `test/fixtures/inference` is a test: `source/`, `dependencies/*`, and what the policy must be exactly. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
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
