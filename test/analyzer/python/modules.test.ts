/** Under which name each file is imported, and what is found without parsing. */
import { beforeAll, describe, expect, test } from "vitest";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";
import { opened } from "./modules-of.ts";

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

describe("the name of a file", () => {
  test.each([
    ["a package", { "pkg/__init__.py": "", "pkg/mod.py": "" }, ["pkg", "pkg.mod"]],
    ["a module at the root", { "mod.py": "" }, ["mod"]],
    ["src/", { "src/pkg/__init__.py": "", "src/pkg/mod.py": "" }, ["pkg", "pkg.mod"]],
    ["a project in a folder", { "proj/setup.py": "", "proj/pkg/__init__.py": "" }, ["pkg"]],
    ["a namespace package", { "space/pkg/__init__.py": "", "space/pkg/mod.py": "" }, ["space.pkg", "space.pkg.mod"]],
    ["a stub beside its module", { "pkg/__init__.py": "", "pkg/mod.py": "", "pkg/mod.pyi": "" }, ["pkg", "pkg.mod"]],
    ["a name that Python cannot import", { "pkg/__init__.py": "", "pkg/not-a-name.py": "" }, ["pkg"]],
  ])("%s", (_, texts, names) => {
    expect(opened(parser, texts).modules.libraryModules()).toEqual(expect.arrayContaining(names));
    expect(
      opened(parser, texts)
        .modules.libraryModules()
        .filter((name) => name !== "setup" && !name.endsWith(".setup")),
    ).toHaveLength(names.length);
  });

  test("the inside of a package, with the package's name given", () => {
    expect(opened(parser, { "__init__.py": "", "sub/mod.py": "" }, {}, "named").modules.libraryModules()).toEqual([
      "named",
      "named.sub.mod",
    ]);
  });

  test("tests can be imported, and are not looked into", () => {
    const { modules } = opened(parser, { "pkg/__init__.py": "", "pkg/tests/test_a.py": "", "pkg/conftest.py": "" });
    expect(modules.libraryModules()).toEqual(["pkg"]);
    expect(modules.has("pkg.tests.test_a")).toBe(true);
  });

  test("where two trees have a module, the library's counts", () => {
    const { modules } = opened(parser, { "pkg/__init__.py": "class Ours: pass" }, { "pkg/__init__.py": "class Theirs: pass" });
    expect(modules.unit("pkg")?.classes.map(({ name }) => name)).toEqual(["Ours"]);
  });
});

describe("reading", () => {
  test("a module that is only named is not parsed", () => {
    const { modules } = opened(parser, { "lazy_named.py": "class A: pass" });
    const unit = modules.unit("lazy_named");
    expect(modules.parsed).toEqual([]);
    expect(unit?.bindings.has("A")).toBe(true);
    expect(modules.parsed).toEqual([unit]);
  });

  test("the same file in two releases is read once, until the parser forgets", () => {
    const texts = { "same.py": "class Same: pass" };
    const first = opened(parser, texts).modules.unit("same");
    expect(opened(parser, texts).modules.unit("same")).toBe(first);
    expect(opened(parser, { "same.py": "class Other: pass" }).modules.unit("same")).not.toBe(first);
    parser.forget();
    expect(opened(parser, texts).modules.unit("same")).not.toBe(first);
  });

  test.each([
    ["from .a import *\n", "X", true],
    ["from .b import *\n", "X", false],
    ["from .c import *\n", "X", true],
    ["from .c import *\n", "Y", false],
    ["from .c import Y\n", "Y", true],
  ])("%j may bind %s: %s", (text, name, may) => {
    const { modules } = opened(parser, {
      "pkg/__init__.py": text,
      "pkg/a.py": "class X: pass\n",
      "pkg/b.py": "# X is mentioned, and not bound\n",
      "pkg/c.py": '__all__ = ["X"]\nfrom .d import X, Y\n',
    });
    expect(modules.mayBind("pkg", name)).toBe(may);
  });

  test("modules with subclasses are found by the heads of their classes, through other names too", () => {
    const { modules } = opened(parser, {
      "pkg/__init__.py": "",
      "pkg/base.py": "class Base: pass\n",
      "pkg/direct.py": "from .base import Base\nclass Direct(Base): pass\n",
      "pkg/renamed.py": "from .base import Base as B\nclass Renamed(B): pass\n",
      "pkg/further.py": "from .direct import Direct\nclass Further(\n    Direct,\n): pass\n",
      "pkg/other.py": "class Other: pass\n",
    });
    expect(modules.modulesWithSubclasses("Base")).toEqual(["pkg.direct", "pkg.further", "pkg.renamed"]);
  });
});
