/** What is told of a text without parsing it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  boundNames,
  classesAtTop,
  classHeads,
  definesAnything,
  literalExports,
  makesNames,
  mayBind,
} from "../../../analyzer/python/text-facts.ts";

describe("names that a text may bind", () => {
  test.each([
    ["x = 1", "x", true],
    ["  x = 1", "x", true],
    ["a, x = 1, 2", "x", true],
    ["f(x)", "x", true],
    ["import a.b as x", "x", true],
    ["class x: pass", "x", true],
    ["for x in y: pass", "x", true],
    ["y = x", "x", true],
    ["y + x", "x", false],
    ["y.x = 1", "x", false],
    ["# about x", "x", false],
    ["import\tx", "x", true],
    ["reimport x", "x", false],
    ["éimport x", "x", true],
    ["xé = 1", "x", true],
    ["import import x", "x", true],
  ])("%j: %s, %s", (text, name, may) => {
    expect(mayBind(text, name)).toBe(may);
    expect(boundNames(text).has(name)).toBe(may);
  });

  test("are listed where they are found one by one, whatever the text", () => {
    const part = fc.oneof(
      fc.constantFrom(..."class def import as for x xy _ \n \r \t , = ( é . : #".split(" "), " ", "\n"),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const text = parts.join("");
        const names = boundNames(text);
        for (const name of new Set(text.match(/\w+/g))) expect([name, names.has(name)]).toEqual([name, mayBind(text, name)]);
        for (const name of names) expect(text).toContain(name);
      }),
      { numRuns: 300 },
    );
  });
});

test.each([
  ['__all__ = ["a", "b"]', ["a", "b"]],
  ["__all__ = (\n    'a',\n)\nx = ['c']", ["a"]],
  ["__all__ = []", []],
  ["__all__ = [name]", ["name"]],
  ["__all__ = [*others]", null],
  ["__all__ += ['a']", null],
  ["    __all__ = ['a']", null],
  [null, null],
])("%j exports %j", (mention, names) => {
  expect(literalExports(mention)).toEqual(names);
});

test("the heads of classes give bases by their last names, and other names for names", () => {
  const text = "class A(b.C, metaclass=M): pass\n  class D(\n    E,\n  ):\nclass F: pass\nfrom x import y as z\nNew = a.Old\n";
  expect(classHeads(text)).toEqual({
    classes: [
      ["A", ["b", "C", "metaclass", "M"]],
      ["D", ["E"]],
    ],
    aliases: [
      ["y", "z"],
      ["Old", "New"],
    ],
  });
  expect(classesAtTop(text)).toEqual(["A", "F"]);
});

test.each([
  ["class A: pass", true, false],
  ["  def f(): pass", false, false],
  ["async def f(): pass", true, false],
  ["globals()['x'] = 1", false, true],
  ["from a import (*)", false, true],
  ["sys . modules[__name__] = x", false, true],
])("%j defines something: %s; makes names: %s", (text, defines, makes) => {
  expect([definesAnything(text), makesNames(text)]).toEqual([defines, makes]);
});
