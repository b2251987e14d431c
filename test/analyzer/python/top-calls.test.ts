/** What modules call while they are imported, told from text: more rather than less. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { callsAtTop } from "../../../analyzer/python/top-calls.ts";

function calls(text: string): { called: string[]; owners: string[] } {
  const { called, owners } = callsAtTop(text);
  return { called: [...called], owners: [...owners] };
}

test.each([
  ["register(X)", ["register"], []],
  ["registry.add(X)", ["add"], ["registry"]],
  ["a.b.c(X)", ["c"], ["b"]],
  ["registry . add (X)", ["add"], ["registry"]],
  ["@register\nclass X: pass", ["register"], []],
  ["@registry.register\ndef f(): pass", ["registry", "register", "f"], ["registry"]],
  ["from a import register as r", ["register"], ["register"]],
  ["if True:\n    register(X)", ["register"], []],
  ["class X:\n    y = register(1)", ["register"], []],
  ["def f():\n    register(X)", ["f"], []],
  ["async def f():\n    if x:\n        register(X)\nother(X)", ["f", "other"], []],
  ["class X:\n    def f(self):\n        register(X)\n\n    other(X)", ["f", "other"], []],
  ["tuple = (1, 2)", [], []],
  ["größe(X)", ["größe"], []],
])("%j", (text, called, owners) => {
  expect(calls(text)).toEqual({ called, owners });
});

test("names come in order, each once", () => {
  expect(calls("g(1)\nf(1)\ng(2)\nf(2)").called).toEqual(["g", "f"]);
});

const LINES = ["def f():", "  x(1)", "class A:", "\t@d.e", "y as z", "(", '"""', "é(", "", "\r", ".p()"];

test("any text can be read, and what is called at the end of it, outside of functions, is found", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...LINES)), (lines) => {
      expect(calls([...lines, "last(1)"].join("\n")).called).toContain("last");
    }),
  );
});
