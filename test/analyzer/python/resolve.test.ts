/** What a dotted name means: imports, re-exports, stars, aliases, lazy packages; several meanings, and none. */
import { beforeAll, describe, expect, test } from "vitest";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import type { Definition } from "../../../analyzer/python/resolve.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";
import { opened, type Texts } from "./modules-of.ts";

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

function told(definition: Definition): string {
  switch (definition.kind) {
    case "class":
    case "function":
      return `${definition.kind} ${definition.code.unit.module}.${definition.code.qualifiedName}`;
    case "module":
      return `module ${definition.unit.module}`;
    case "variable":
      return `variable ${definition.unit.module}.${definition.name}`;
    default:
      return `${definition.kind} ${definition.name}`;
  }
}

function meanings(texts: Texts, module: string, path: string): string[] {
  const { resolver, modules } = opened(parser, texts);
  return resolver.path(modules.unit(module)!, path.split(".")).map(told);
}

const PACKAGE = { "pkg/__init__.py": "", "pkg/a.py": "class A:\n    class Inner: pass\ndef f(): pass\nvalue = f()\n" };

describe("a name", () => {
  test.each([
    ["from pkg.a import A", "A", ["class pkg.a.A"]],
    ["from pkg.a import A as B", "B", ["class pkg.a.A"]],
    ["import pkg.a", "pkg.a.A", ["class pkg.a.A"]],
    ["import pkg.a as x", "x.A.Inner", ["class pkg.a.A.Inner"]],
    ["from .a import f", "f", ["function pkg.a.f"]],
    ["from . import a", "a.value", ["variable pkg.a.value"]],
    ["from pkg.a import *", "A", ["class pkg.a.A"]],
    ["from pkg.a import A\nOld = A", "Old", ["class pkg.a.A"]],
    ["import numpy as np", "np.random.RandomState", ["external numpy.random.RandomState"]],
    ["try:\n    from absent import A\nexcept ImportError:\n    from pkg.a import A", "A", ["external absent.A", "class pkg.a.A"]],
    ["try:\n    from pkg.a import A\nexcept ImportError:\n    from pkg.a import _A as A", "A", ["class pkg.a.A"]],
    [
      "try:\n    from pkg.a import _A as A\nexcept ImportError:\n    from pkg.a import _B as A",
      "A",
      ["external pkg.a._A", "external pkg.a._B"],
    ],
    ["from typing import OrderedDict", "OrderedDict", ["external collections.OrderedDict"]],
    ["import typing as t", "t.List", ["external builtins.list"]],
    ["if True:\n    class A: pass\nelse:\n    A = None", "A", ["class pkg.m.A", "variable pkg.m.A"]],
    ["from pkg import a", "a.Missing", ["external pkg.a.Missing"]],
    ["x = 1", "y", []],
  ])("%j: %s is %j", (text, path, expected) => {
    expect(meanings({ ...PACKAGE, "pkg/m.py": text }, "pkg.m", path)).toEqual(expected);
  });

  test("imports that only go round in a cycle define nothing", () => {
    const texts = { "pkg/__init__.py": "", "pkg/a.py": "from pkg.b import X\n", "pkg/b.py": "from pkg.a import X\n" };
    expect(meanings(texts, "pkg.a", "X").filter((meaning) => meaning.startsWith("class"))).toEqual([]);
  });

  test("a star import brings what __all__ says, or what has no underscore", () => {
    const texts = {
      "pkg/__init__.py": "",
      "pkg/said.py": '__all__ = ["_Said"]\nclass _Said: pass\nclass Unsaid: pass\n',
      "pkg/unsaid.py": "class Open: pass\nclass _Closed: pass\n",
      "pkg/m.py": "from .said import *\nfrom .unsaid import *\n",
    };
    const found = ["_Said", "Unsaid", "Open", "_Closed"].map((name) => meanings(texts, "pkg.m", name));
    expect(found).toEqual([["class pkg.said._Said"], [], ["class pkg.unsaid.Open"], []]);
  });

  test("a package that fills itself when it is asked defines its names in its modules", () => {
    const texts = { "pkg/__init__.py": '_import_structure = {"deep": ["Lazy"]}\n', "pkg/deep.py": "class Lazy: pass\n" };
    expect(meanings(texts, "pkg", "Lazy")).toEqual(["class pkg.deep.Lazy"]);
  });
});
