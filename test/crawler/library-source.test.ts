import { describe, expect, test } from "vitest";
import { contentsOf } from "../../crawler/library-source.ts";

function contents(files: Record<string, string>) {
  const source = { distribution: "pickled", version: "1.0", filename: "", sha256: "", releasedAt: null };
  return contentsOf({ ...source, files: Object.entries(files).map(([path, text]) => ({ path, text })) });
}

describe("the contents of a source", () => {
  test("are its modules, wherever in the wheel, and however they are written", () => {
    const { modules } = contents({
      "pickled/__init__.py": "",
      "alone.py": "",
      "stubbed.pyi": "",
      "compiled.pyx": "",
      "pickled-1.0.data/purelib/elsewhere/__init__.py": "",
      "pickled-1.0.dist-info/METADATA": "Name: pickled\n",
      "not a module.py": "",
    });
    expect([...modules].sort()).toEqual(["alone", "compiled", "elsewhere", "pickled", "stubbed"]);
  });

  test("are its classes by name, of Python and of Cython, and not what only stubs have", () => {
    const { classesNamed } = contents({
      "pickled/__init__.py": "",
      "pickled/model.py": "class Tagger:\n    class Inner: ...\n",
      "pickled/_tree.pyx": "cdef class Tree:\n    pass\n\nclass Tagger(Tree):\n    pass\n",
      "pickled/_tree.pyi": "class Tree: ...\n",
    });
    expect(classesNamed("Tagger")).toEqual(["pickled._tree.Tagger", "pickled.model.Tagger"]);
    expect(classesNamed("Tree")).toEqual(["pickled._tree.Tree"]);
    expect(classesNamed("Inner")).toEqual([]);
  });
});
