/** The names that a state may not set are asked of CPython and the libraries: whatever their types have is among them. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { DESCRIBING, OVERRIDING } from "../../analyzer/pickle/object-state.ts";
import { DEBIAN_PYTHON, hasLibraries, pythons } from "./loader.ts";

const PROGRAM = `
import builtins, collections.abc, copy, copyreg, enum, functools, inspect, io, os, pathlib, pickle, re, sys, types, typing
modules = [builtins, collections.abc, copy, enum, functools, io, os, pathlib, pickle, re, types, typing]
for name in sys.argv[1:]:
    modules.append(__import__(name))
found = set()
for module in modules:
    for value in list(vars(module).values()):
        if isinstance(value, type):
            found.update(name for name in dir(value) if len(name) > 4 and name[:2] == name[-2:] == "__")
print(" ".join(sorted(found)))
`;

function namesOf(python: string, ...libraries: readonly string[]): string[] {
  return execFileSync(python, ["-W", "ignore", "-c", PROGRAM, ...libraries], { encoding: "utf8" })
    .trim()
    .split(" ");
}

const isKnown = (name: string) => OVERRIDING.has(name) || DESCRIBING.has(name);

test.each([...pythons()])("whatever types of Python %s have is known", (_, python) => {
  const names = namesOf(python);
  expect(names.length).toBeGreaterThan(90);
  expect(names.filter((name) => !isKnown(name))).toEqual([]);
});

test.skipIf(!hasLibraries())("and what arrays, tensors and frames have", () => {
  const names = namesOf(DEBIAN_PYTHON, "numpy", "torch", "pandas", "scipy.sparse");
  expect(names).toContain("__array_interface__");
  expect(names.filter((name) => !isKnown(name))).toEqual([]);
});

test("names that only describe, and names of a library of its own, are no such names", () => {
  const own = ["__fields_set__", "__pydantic_private__", "__cuda_dependent_attributes__", "__x__", "plain"];
  expect([...DESCRIBING, ...own].filter((name) => OVERRIDING.has(name))).toEqual([]);
});
