/** Bases, method resolution order, subclasses, abstract classes. */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Base } from "../../../analyzer/python/classes.ts";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";
import { opened } from "./modules-of.ts";

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

const nameOf = (base: Base) => (typeof base === "string" ? base : base.name);

function classesOf(text: string) {
  const { classes, modules } = opened(parser, { "m.py": text });
  const all = modules.unit("m")!.classes;
  return { classes, named: (name: string) => all.find((code) => code.name === name)! };
}

describe("the method resolution order", () => {
  test.each([
    ["class A: pass\nclass B(A): pass\nclass C(A): pass\nclass D(B, C): pass", "D", ["D", "B", "C", "A"]],
    ["import torch\nclass A(torch.nn.Module): pass", "A", ["A", "torch.nn.Module"]],
    ["from typing import Generic, TypeVar\nT = TypeVar('T')\nclass A(Generic[T]): pass\nclass B(A[int]): pass", "B", ["B", "A"]],
    ["from abc import ABC\nclass A(ABC): pass", "A", ["A"]],
    ["class A[T]: pass\nclass B(A[int]): pass", "B", ["B", "A"]],
    ["from six import with_metaclass\nclass Meta(type): pass\nclass A: pass\nclass B(with_metaclass(Meta, A)): pass", "B", ["B", "A"]],
    ["class Outer:\n    class Inner: pass\n    class Sub(Inner): pass", "Sub", ["Sub", "Inner"]],
  ])("%j", (text, name, expected) => {
    const { classes, named } = classesOf(text);
    expect(classes.orderOf(named(name)).map(nameOf)).toEqual(expected);
  });

  test("a cycle of bases ends", () => {
    const { classes, named } = classesOf("class A(B): pass\nclass B(A): pass\n");
    expect(classes.orderOf(named("A")).map(nameOf)).toEqual(["A", "B"]);
  });

  test("is CPython's", () => {
    const bases = fc.array(fc.uniqueArray(fc.nat(6), { maxLength: 3 }), { minLength: 2, maxLength: 7 });
    const programs = fc
      .sample(bases, { numRuns: 60, seed: 7 })
      .map((lists) =>
        lists.map((list, index) => ({ name: `C${index}`, bases: list.filter((base) => base < index).map((base) => `C${base}`) })),
      );
    const script = `
import json, sys
answers = []
for program in json.load(sys.stdin):
    known, orders = {}, []
    for each in program:
        try:
            known[each["name"]] = type(each["name"], tuple(known[b] for b in each["bases"]), {})
            orders.append([c.__name__ for c in known[each["name"]].__mro__[:-1]])
        except (TypeError, KeyError):
            orders.append(None)
    answers.append(orders)
print(json.dumps(answers))`;
    const orders: (string[] | null)[][] = JSON.parse(
      execFileSync("python3", ["-c", script], { input: JSON.stringify(programs), encoding: "utf8" }),
    );
    let compared = 0;
    programs.forEach((program, index) => {
      const text = program.map(({ name, bases }) => `class ${name}(${bases.join(", ")}): pass\n`).join("");
      const { classes, named } = classesOf(text);
      program.forEach(({ name }, each) => {
        const expected = orders[index]![each];
        if (!expected) return;
        compared++;
        expect(classes.orderOf(named(name)).map(nameOf)).toEqual(expected);
      });
    });
    expect(compared).toBeGreaterThan(150);
  });
});

describe("subclasses and abstract classes", () => {
  test("subclasses, direct or not, in the library only", () => {
    const { classes, modules } = opened(
      parser,
      { "pkg/__init__.py": "", "pkg/a.py": "from dep import Base\nclass Direct(Base): pass\nclass Further(Direct): pass\n" },
      { "dep.py": "class Base: pass\nclass TheirOwn(Base): pass\n" },
    );
    expect(classes.librarySubclasses(modules.unit("dep")!.classes[0]!).map(nameOf)).toEqual(["Direct", "Further"]);
  });

  test.each([
    ["from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def f(self): ...\n", "A", true],
    [
      "from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def f(self): ...\nclass B(A):\n    def f(self): pass\n",
      "B",
      false,
    ],
    ["from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def f(self): ...\nclass B(A): pass\n", "B", true],
    ["from abc import abstractmethod\nclass A:\n    @abstractmethod\n    def f(self): ...\n", "A", false],
    ["class A:\n    def __init__(self, *args):\n        raise OSError('use A.load')\nclass B(A): pass\n", "B", true],
    ["class A:\n    def __init__(self):\n        raise OSError\nclass B(A):\n    def __init__(self): pass\n", "B", false],
    ["class A:\n    def __init__(self, x):\n        if x:\n            return\n        raise OSError\n", "A", false],
  ])("%j: %s has no objects: %s", (text, name, expected) => {
    const { classes, named } = classesOf(text);
    expect(classes.hasNoObjects(named(name))).toBe(expected);
  });
});
