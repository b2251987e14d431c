/**
 * Every folder of `test/fixtures/inference` is a test: `source/`, `dependencies/*`, and what the policy must be exactly.
 * With `releases/*` in place of `source/` it is that of all releases; with `checkpoint` in place of a class, of what is saved.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readPolicy, writePolicy } from "../../../../analyzer/policy/format.ts";
import {
  type InferError,
  type InferRequest,
  infer,
  inferCheckpoint,
  inferPolicy,
  inferRecorded,
  openLibrary,
  type SourceTree,
} from "../../../../analyzer/policy/inference/infer.ts";
import { inferReleases } from "../../../../analyzer/policy/inference/releases.ts";
import type { Policy } from "../../../../analyzer/policy/policy.ts";
import { keepUnits } from "../../../../analyzer/python/lower-module.ts";
import type { PythonParser } from "../../../../analyzer/python/parser.ts";
import { ok, type Result } from "../../../../analyzer/result.ts";
import { FolderAnswers } from "../../../../crawler/folder-answers.ts";
import { loadPythonParser } from "../../../../crawler/python-grammar.ts";
import { sourceTree } from "../source.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures/inference");

/** What runs keep for later ones: what was parsed, and by folder what was answered of texts, where that is kept. */
const kept = new Map<string, string>();
const answered = new Map<string, FolderAnswers>();
let isRecalling = false;

function treeIn(folder: string, name: string): SourceTree {
  const known = answered.get(folder)?.write() ?? null;
  if (isRecalling) answered.set(folder, new FolderAnswers(folder, known, () => Number.POSITIVE_INFINITY));
  return sourceTree(folder, name, null, isRecalling ? answered.get(folder) : null);
}

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser({
    get: ({ module, text }) => kept.get(`${module}\n${text}`) ?? null,
    put: ({ module, text }, said) => kept.set(`${module}\n${text}`, said),
  });
});

function treesIn(folder: string): SourceTree[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => treeIn(join(folder, name), name)) : [];
}

function requestOf(fixture: string, class_: string): InferRequest {
  const folder = join(FIXTURES, fixture);
  const library = treeIn(join(folder, "source"), fixture);
  return { parser, library, dependencies: treesIn(join(folder, "dependencies")), class: class_ };
}

interface Expected {
  readonly class?: string;
  readonly checkpoint?: boolean;
  readonly imports: readonly string[];
  readonly calls: readonly string[];
  /** Of the calls, those that may return what others hold as well. */
  readonly shared?: readonly string[];
  /** What a pickle may make partials of. */
  readonly bound?: readonly string[];
  /** By attribute, each slot that the class leaves open: the parameters it comes from, and the attributes and classes it is asked for. */
  readonly slots?: Readonly<Record<string, { readonly from: readonly string[]; readonly asks: readonly string[] }>>;
  /** Some names, and the releases that need them. */
  readonly releases?: Readonly<Record<string, readonly string[]>>;
}

function inferFixture(fixture: string, { class: class_ = "", checkpoint }: Expected): Result<Policy, InferError> {
  const releases = treesIn(join(FIXTURES, fixture, "releases"));
  const request = requestOf(fixture, class_);
  const versions = releases.map((tree) => ({ library: { ...tree, version: tree.name }, dependencies: request.dependencies }));
  const inferred = checkpoint
    ? inferCheckpoint(request)
    : releases.length > 0
      ? inferReleases({ parser, releases: versions, class: class_ })
      : infer(request);
  return inferred.ok ? ok(inferred.value.policy) : inferred;
}

function namesOf(entries: Policy["imports"]): string[] {
  return entries.map((entry) => entry.callable);
}

function slotsOf({ openSlots = [] }: Policy): NonNullable<Expected["slots"]> {
  return Object.fromEntries(
    openSlots.map(({ attribute, from, asks }) => [
      attribute,
      { from: from.map((source) => `${source.function}(${source.parameter})`), asks: [...asks.attributes, ...asks.classes] },
    ]),
  );
}

describe("inference fixtures", () => {
  const fixtures = readdirSync(FIXTURES).filter((name) => existsSync(join(FIXTURES, name, "expected.json")));

  test.each(fixtures)("%s", (fixture) => {
    const expected: Expected = JSON.parse(readFileSync(join(FIXTURES, fixture, "expected.json"), "utf8"));
    const result = inferFixture(fixture, expected);
    if (!result.ok) throw new Error(result.error.message);
    const { imports, calls } = result.value;
    expect({ imports: namesOf(imports), calls: namesOf(calls) }).toEqual({ imports: expected.imports, calls: expected.calls });
    expect(namesOf(calls.filter(({ returns }) => returns === "shared"))).toEqual(expected.shared ?? []);
    expect(namesOf(imports.filter(({ bound }) => bound))).toEqual(expected.bound ?? []);
    if (expected.slots) expect(slotsOf(result.value)).toEqual(expected.slots);
    for (const [name, releases] of Object.entries(expected.releases ?? {}))
      expect({ name, releases: imports.find(({ callable }) => callable === name)?.reasons[0]?.releases }).toEqual({ name, releases });
  });

  test.each(fixtures)("%s: ten runs give the same bytes, five of them from what those before kept", (fixture) => {
    const expected: Expected = JSON.parse(readFileSync(join(FIXTURES, fixture, "expected.json"), "utf8"));
    const texts = Array.from({ length: 10 }, (_, run) => {
      if (run < 5) kept.clear();
      isRecalling = run >= 5;
      const result = inferFixture(fixture, expected);
      keepUnits(parser);
      parser.forget();
      return result.ok ? writePolicy(result.value) : "";
    });
    isRecalling = false;
    expect(new Set(texts).size).toBe(1);
  });
});

describe("what may fill a slot", () => {
  const library = { name: "lib", version: null, files: [] };

  test("is inert only where what a variable of a loading method holds is known", () => {
    const loading = (count: number) => {
      const parts = Array.from({ length: count }, (_, index) => `class Part${index}:\n    pass\n`);
      const choices = parts.map((_, index) => `Part${index}()`).join(", ");
      const text = [
        ...parts,
        `class Own:\n    def __setstate__(self, state):\n        part = [${choices}][self.index]\n        self.part = part\n`,
      ];
      const files = [{ path: "own.py", text: text.join("\n") }];
      const found = openLibrary({ parser, library: { ...library, files }, dependencies: [], class: "own.Own" }).candidate("own.Own");
      return found?.kind === "class" ? found.filling.loading.acts : null;
    };
    expect(loading(100)).toEqual([]);
    expect(loading(200)).toEqual([expect.stringContaining("holds more than is known of")]);
  });

  test("may keep something wherever any of its methods puts it, though it is a dependency's", () => {
    const model = { path: "model.py", text: "class Model:\n    def __init__(self, part):\n        self.part = part\n" };
    const text = `from collections import defaultdict
class Kept:
    def __init__(self, keys):
        self.keys = keys
        self.entries = defaultdict(dict)
    def step(self):
        for key in self.keys:
            entry = self.entries[key]
            entry["steps"] = 1
class Own:
    def __init__(self):
        self.entries = {}
    def __reduce__(self):
        return Own, ()
`;
    const dependency = { name: "parts", version: null, files: [{ path: "parts.py", text }] };
    const request = { parser, library: { ...library, files: [model] }, dependencies: [dependency], class: "model.Model" };
    const { candidate } = openLibrary(request);
    expect(candidate("parts.Kept")).toMatchObject({ policy: { openSlots: [{ attribute: "entries" }, { attribute: "keys" }] } });
    // What acts at sight is not looked into.
    expect(candidate("parts.Own")).toBeNull();
  });

  test("is inert only where its file was understood, and every call in it read", () => {
    const loading = (rest: string) => {
      const own = `class Own:\n    def __setstate__(self, state):\n        self.state = state\n${rest}`;
      const files = [{ path: "own.py", text: own }];
      const found = openLibrary({ parser, library: { ...library, files }, dependencies: [], class: "own.Own" }).candidate("own.Own");
      return found?.kind === "class" ? found.filling.loading.acts : null;
    };
    expect(loading("")).toEqual([]);
    expect(loading("        x = = 1\n")).toEqual([expect.stringContaining("not understood")]);
    expect(loading('        exec "import os" in {}\n')).toEqual([expect.stringContaining("of which nothing is kept (own.py:4)")]);
    for (const statement of ["assert run(state)", "del state[run(state)]", "x = f'{run(state)}'", "x = y[run(state) :]"])
      expect(loading(`        ${statement}\n`)).toContainEqual(expect.stringContaining("calls builtins.run"));
    expect(loading("        if not isinstance(state, dict):\n            raise TypeError(f'no {type(state)}')\n")).toEqual([]);
  });
});

describe("asking for a class", () => {
  test("a class that is not there: the nearest names are offered", () => {
    const result = inferPolicy(requestOf("annotations", "model.Modle"));
    expect(result).toMatchObject({ ok: false, error: { kind: "class-not-found", nearMisses: ["model.Model"] } });
  });

  describe("that is not there", () => {
    const files = {
      "__init__.py": "from . import nn\n",
      "_impl/__init__.py": "",
      "nn/__init__.py": "from .modules.linear import Linear\nfrom .._impl.svm import SVC, SVR\n",
      "nn/modules/__init__.py": "",
      "nn/modules/linear.py": "class Linear:\n    pass\n",
      "nn/qat/__init__.py": "from .linear import Linear\n",
      "nn/qat/linear.py": "class Linear:\n    pass\n",
      "_impl/svm.py": "class SVC:\n    pass\n\n\nclass SVR:\n    pass\n",
    };
    const messageOf = (class_: string, name = "lib") => {
      const library = { name, version: null, files: Object.entries(files).map(([path, text]) => ({ path, text })) };
      const result = inferPolicy({ parser, library, dependencies: [], class: class_ });
      return result.ok ? null : result.error.message;
    };

    test.each([
      ["SVC", "lib.nn.SVC"],
      ["own.SVC", "own.nn.SVC"],
      ["lib.SVC", "lib.nn.SVC"],
      ["lib.nn.svc", "lib.nn.SVC"],
      ["Linear", "lib.nn.Linear or lib.nn.qat.Linear"],
      ["lib.Linear", "lib.nn.Linear or lib.nn.qat.Linear"],
      ["nn.Linear", "lib.nn.Linear or lib.nn.qat.Linear"],
      ["lib.qat.Linear", "lib.nn.qat.Linear or lib.nn.Linear"],
      ["lib.nn.SVX", "lib.nn.SVC or lib.nn.SVR"],
    ])("%s: names that there are, the same last part first, under the library's own", (asked, meant) => {
      expect(messageOf(asked)).toBe(`no class ${asked} in lib; did you mean ${meant}?`);
    });

    test("the inside of a package in a folder with a version has the package's name", () => {
      expect(messageOf("SVC", "lib-1.2")).toBe("no class SVC in lib-1.2; did you mean lib.nn.SVC?");
      expect(messageOf("lib.SVC", "0.2.0")).toBe("no class lib.SVC in 0.2.0; did you mean lib.nn.SVC?");
      expect(messageOf("lib.Nothing")).toBe("no class lib.Nothing in lib");
    });
  });

  test("a type whose pickles were recorded needs no source", () => {
    const recorded = inferRecorded(parser, "argparse.Namespace");
    if (!recorded.ok) throw new Error(recorded.error.message);
    const { name, library, imports } = recorded.value.policy;
    expect({ name, library }).toEqual({ name: "class:argparse.Namespace", library: null });
    expect(namesOf(imports)).toContain("argparse.Namespace");
    expect(readPolicy(writePolicy(recorded.value.policy))).toMatchObject({ ok: true, value: { name } });
    expect(inferRecorded(parser, "Namespace")).toMatchObject({ ok: false, error: { nearMisses: ["argparse.Namespace"] } });
    expect(inferRecorded(parser, "lib.Model")).toMatchObject({ ok: false, error: { kind: "class-not-found", nearMisses: [] } });
  });

  test("a dangerous callable that the library's own reduction returns is let in, and said to be", () => {
    const text = "import os\n\n\nclass Model:\n    def __reduce__(self):\n        return os.system, (self.command,)\n";
    const inferred = infer({
      parser,
      library: { name: "lib", version: null, files: [{ path: "lib.py", text }] },
      dependencies: [],
      class: "lib.Model",
    });
    if (!inferred.ok) throw new Error(inferred.error.message);
    expect(namesOf(inferred.value.policy.calls)).toContain("os.system");
    expect(inferred.value.notices).toEqual([
      { text: "Model.__reduce__ of Model returns os.system (runs-code): the policy lets it be called", file: "lib.py", line: 5 },
    ]);
  });

  test("__init_subclass__ of an interface of the whole library is called only with the classes that something needs", () => {
    const parts = Array.from({ length: 120 }, (_, index) => `class Part${index}(Part):\n    pass\n`);
    const text = [
      "class Part:\n    registry = {}\n    def __init_subclass__(cls):\n        Part.registry[cls.__name__] = cls\n",
      ...parts,
      "class Model:\n    def __init__(self, name):\n        self.first = Part7()\n        self.second = Part.registry[name]()\n",
    ].join("\n");
    const library = { name: "lib", version: null, files: [{ path: "lib.py", text }] };
    const result = inferPolicy({ parser, library, dependencies: [], class: "lib.Model" });
    if (!result.ok) throw new Error(result.error.message);
    expect(namesOf(result.value.imports).filter((name) => name.startsWith("lib.Part"))).toEqual(["lib.Part7"]);
  });

  test("a class that hundreds derive from saves by itself: none of them is followed, and that is said", () => {
    const text = [
      "import torch\n\n",
      "class State:\n    pass\n",
      "class Model:\n    def __init__(self):\n        self.state = State()\n    def save(self, path):\n        torch.save(self.state, path)\n",
      ...Array.from({ length: 120 }, (_, index) => `class Layer${index}:\n    pass\n`),
      ...Array.from(
        { length: 120 },
        (_, index) => `class Model${index}(Model):\n    def build(self):\n        self.state = Layer${index}()\n`,
      ),
    ].join("\n");
    const library = { name: "lib", version: null, files: [{ path: "lib.py", text }] };
    const told: string[] = [];
    const result = inferCheckpoint({ parser, library, dependencies: [] }, (saver, done, all) => told.push(`${saver} ${done} of ${all}`));
    if (!result.ok) throw new Error(result.error.message);
    expect(namesOf(result.value.policy.imports).filter((name) => name.startsWith("lib."))).toEqual(["lib.State"]);
    expect(result.value.notices.map((notice) => notice.text)).toEqual(["what Model saves: of its 120 subclasses none is followed"]);
    expect(told).toEqual(["lib.Model 0 of 1"]);
  });

  test("globals() of a module with hundreds of classes: only what is asked for by name", () => {
    const text = [
      ...Array.from({ length: 120 }, (_, index) => `class Part${index}:\n    pass\n`),
      "class Model:\n    def __init__(self, name):\n        self.first = globals()['Part7']()\n        self.file = globals()['__file__']\n        self.other = globals()[name]()\n",
    ].join("\n");
    const library = { name: "lib", version: null, files: [{ path: "lib.py", text }] };
    const result = inferPolicy({ parser, library, dependencies: [], class: "lib.Model" });
    if (!result.ok) throw new Error(result.error.message);
    expect(namesOf(result.value.imports).filter((name) => name.startsWith("lib.Part"))).toEqual(["lib.Part7"]);
  });

  test("what a constructor takes is open, also where the class has it from a dependency", () => {
    const library = {
      name: "lib",
      version: null,
      files: [{ path: "lib.py", text: "import base\n\n\nclass Pipeline(base.Pipeline):\n    pass\n" }],
    };
    const text =
      "class Pipeline:\n    def __init__(self, steps, *, memory=None):\n        self.steps = steps\n        self.memory = memory\n";
    const base = { name: "base", version: null, files: [{ path: "base.py", text }] };
    const result = inferPolicy({ parser, library, dependencies: [base], class: "lib.Pipeline" });
    if (!result.ok) throw new Error(result.error.message);
    expect(result.value.openSlots?.map(({ attribute }) => attribute).sort()).toEqual(["memory", "steps"]);
  });

  test("a dependency's classmethod on one class gives objects of that one, also where another call may find it on a dozen", () => {
    const result = inferPolicy(requestOf("classmethods-of-many-classes", "keepers.JayKeeper"));
    const held = result.ok ? result.value.imports.map(({ callable }) => callable).filter((name) => name.startsWith("zoo.")) : [];
    expect(held).toEqual(["zoo.Jay", "zoo.Tag"]);
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
