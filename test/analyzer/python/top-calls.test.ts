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
  ["X.y = f", [], ["X"]],
  ["a.X.y = f", [], ["X"]],
  ["X.y, z = f", [], ["X"]],
  ["X.y == f", [], []],
  ["x = f", [], []],
  ["x[0] = f", [], ["x"]],
  ["x[0]", [], []],
  ["x |= y", [], ["x"]],
  ["x += y", [], ["x"]],
  ["setattr(a.X, name, f)", ["setattr"], ["X"]],
])("%j", (text, called, owners) => {
  expect(calls(text)).toEqual({ called, owners });
});

test("names come in order, each once", () => {
  expect(calls("g(1)\nf(1)\ng(2)\nf(2)").called).toEqual(["g", "f"]);
});

test("names of methods, and functions that may decorate with what they put it into, are told", () => {
  const text = [
    "register = REGISTRY.register",
    "def model(name):\n    def wrap(c):\n        return MODELS.register(name)(c)\n    return wrap",
    "def keep(c):\n    KEPT[kind][c] = c\n    add(c)\n    return c",
    "def other(c):\n    TABLE[c] = c",
  ];
  const { methods, decorators } = callsAtTop(text.join("\n"));
  expect(methods).toEqual([["REGISTRY", "register"]]);
  expect(decorators).toEqual([
    ["model", ["MODELS"]],
    ["keep", ["KEPT", "add"]],
  ]);
});

const LINES = ["def f():", "  x(1)", "class A:", "\t@d.e", "y as z", "(", '"""', "é(", "", "\r", ".p()"];

test("any text can be read, and what is called at the end of it, outside of functions, is found", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...LINES)), (lines) => {
      expect(calls([...lines, "last(1)"].join("\n")).called).toContain("last");
    }),
  );
});
