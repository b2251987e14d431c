import { describe, expect, it } from "vitest";
import type { Trace } from "../../../analyzer/containers/trace.ts";
import type { PickleValue } from "../../../analyzer/pickle/value.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { built, called, imported, persistent, policy, STORAGE, trace } from "./traces.ts";

const TAGGER = policy(["brine.models:Tagger", "brine.data:restore"], ["brine.models:Tagger", "brine.data:restore"]);

function strict(file: Trace, by: Policy = TAGGER) {
  return judgeTrace(file, by, "strict");
}

function reasons(file: Trace, by: Policy = TAGGER, mode: "strict" | "lazy" = "strict") {
  return judgeTrace(file, by, mode).blocked.map(({ callable, reason }) => `${callable}: ${reason}`);
}

describe("strict", () => {
  it("lets in what the policy lists, and what is done to objects that it let be made", () => {
    const file = trace([
      imported("brine.models:Tagger"),
      called("brine.models:Tagger", { opcode: "NEWOBJ" }),
      built("brine.models:Tagger"),
      imported("brine.data:restore"),
      called("brine.data:restore"),
      called("brine.data:restore", { opcode: "SETITEMS", method: "__setitem__" }),
    ]);
    expect(strict(file)).toEqual({ policy: "class:test", mode: "strict", verdict: "loads", blocked: [] });
  });

  it("blocks an import that is not listed, although nothing is called", () => {
    const verdict = strict(trace([imported("posix:system")]));
    expect(verdict.verdict).toBe("blocked");
    expect(verdict.blocked).toEqual([
      {
        callable: "posix.system",
        opcode: "GLOBAL",
        entry: "model/data.pkl",
        offset: 10,
        pickle: 0,
        capability: "runs-code",
        reason: "import outside the policy",
        count: 1,
      },
    ]);
  });

  it.each(["REDUCE", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ"] as const)("blocks %s of what may only be looked up", (opcode) => {
    const by = policy(["brine.models:Tagger"]);
    expect(reasons(trace([imported("brine.models:Tagger"), called("brine.models:Tagger", { opcode })]), by)).toEqual([
      "brine.models.Tagger: call outside the policy",
    ]);
  });

  it.each([
    ["BUILD", "__setstate__"],
    ["APPEND", "append"],
    ["APPENDS", "extend"],
    ["SETITEM", "__setitem__"],
    ["SETITEMS", "__setitem__"],
    ["ADDITEMS", "update"],
    ["ADDITEMS", "add"],
  ] as const)("blocks %s (%s) on an object that a call outside the policy made", (opcode, method) => {
    const by = policy(["brine.models:Tagger"]);
    expect(reasons(trace([called("brine.models:Tagger", { opcode, method })]), by)).toEqual([
      `brine.models.Tagger: ${method} of an object that was made by a call outside the policy`,
    ]);
  });

  it("blocks a BUILD on a class or function itself (modelscan #85), allowed or not", () => {
    expect(reasons(trace([built("brine.models:Tagger", { onCallable: true })]))).toEqual([
      "brine.models.Tagger: BUILD changes brine.models.Tagger itself, not an object made by it",
    ]);
  });

  it("blocks a BUILD on what a function returned that may return what others hold", () => {
    const by = policy(["brine.models:find"], ["brine.models:find"]);
    const shared: Policy = { ...by, calls: by.calls.map((entry) => ({ ...entry, returns: "shared" })) };
    expect(reasons(trace([built("brine.models:find")]), by)).toEqual([]);
    expect(reasons(trace([built("brine.models:find")]), shared)).toEqual([
      "brine.models.find: BUILD changes brine.models.find itself, not an object made by it",
    ]);
    expect(reasons(trace([built("operator:call", { instanceOf: "brine.models.find" })]), shared)).toEqual([
      "operator.call: BUILD changes operator.call itself, not an object made by it",
    ]);
  });

  it("blocks a state that plants what a later opcode calls", () => {
    expect(reasons(trace([built("brine.models:Tagger", { overrides: ["__setstate__"] })]))).toEqual([
      "brine.models.Tagger: BUILD would override __setstate__",
    ]);
    expect(reasons(trace([built("brine.models:Tagger", { overrides: ["*"] })]))).toEqual([
      "brine.models.Tagger: BUILD would override names that are not known",
    ]);
  });

  it.each(["computed", "mutated"] as const)("never takes a %s callable by its name", (origin) => {
    const file = trace([imported("brine.data:restore", { origin }), called("brine.data:restore", { origin })]);
    expect(strict(file).blocked).toHaveLength(2);
  });

  it("judges what a callable does on the pickle's behalf", () => {
    const by = policy(["functools:partial"], ["functools:partial"]);
    const file = trace([imported("functools:partial"), called("functools:partial"), called("posix:system", { via: "functools.partial" })]);
    expect(reasons(file, by)).toEqual(["posix.system: call outside the policy, by functools.partial"]);
  });

  it("lets partials be made of what is bound, which nothing but functools.partial may hand on", () => {
    const plain = policy(["functools:partial", "brine:shift"], ["functools:partial"]);
    const by: Policy = {
      ...plain,
      imports: plain.imports.map((each) => ({ ...each, ...(each.callable === "brine.shift" && { bound: true }) })),
    };
    const handed = (via: string, more = {}) =>
      trace([imported("functools:partial"), imported("brine:shift"), called("brine:shift", { via, ...more })]);
    expect(strict(handed("functools.partial"), by).blocked).toEqual([]);
    expect(reasons(handed("functools.partial"), plain)).toEqual(["brine.shift: call outside the policy, by functools.partial"]);
    expect(reasons(handed("builtins.map"), by)).toEqual(["brine.shift: call outside the policy, by builtins.map"]);
    expect(reasons(handed("functools.partial", { effectUnknown: true }), by)).toHaveLength(1);
    expect(reasons(handed("functools.partial", { origin: "mutated" }), by)).toHaveLength(1);
    expect(reasons(trace([imported("brine:shift"), called("brine:shift")]), by)).toEqual(["brine.shift: call outside the policy"]);
  });

  it("tells module `torch`, name `serialization.os.system` from a module torch.serialization.os", () => {
    const by = policy(["torch.serialization.os:system"]);
    const dotted = trace([imported("torch:serialization.os.system", { origin: "attribute" })]);
    expect(strict(dotted, by).verdict).toBe("blocked");
    expect(strict(trace([imported("torch.serialization.os:system")]), by).verdict).toBe("loads");
  });

  it("takes a nested class where the policy says that it is one", () => {
    const by = policy(["brine.models:Tagger.State"]);
    expect(strict(trace([imported("brine.models:Tagger.State", { origin: "attribute" })]), by).verdict).toBe("loads");
    expect(strict(trace([imported("brine.models.Tagger:State")]), by).verdict).toBe("blocked");
  });

  it("row 28, substring matches: compares whole names, never a beginning or a part", () => {
    const by = policy(["builtins:set"]);
    expect(strict(trace([imported("builtins:setattr")]), by).verdict).toBe("blocked");
    expect(strict(trace([imported("my.builtins:set")]), by).verdict).toBe("blocked");
  });

  it("never knows an extension code", () => {
    expect(reasons(trace([{ kind: "extension", opcode: "EXT1", code: 7 }]))).toEqual([
      "null: extension code 7: copyreg's registry is empty",
    ]);
  });
});

/** What torch.save wrote for a module's class before 1.6. */
const MODULE = {
  kind: "tuple",
  items: [
    { kind: "str", value: "module" },
    { kind: "global", callable: "torch.nn.modules.linear.Linear" },
    { kind: "str", value: "linear.py" },
    { kind: "none" },
  ] as readonly PickleValue[],
} as const;

describe("persistent ids", () => {
  it("takes the class of a module in torch's format before 1.6, and nothing else that is called so", () => {
    const legacy = { container: "torch-legacy" };
    expect(strict(trace([persistent(MODULE)], legacy)).verdict).toBe("loads");
    for (const id of [
      { ...MODULE, items: MODULE.items.slice(0, 3) },
      { ...MODULE, items: MODULE.items.with(1, { kind: "unknown", why: "a call" }) },
      { ...MODULE, items: MODULE.items.with(2, { kind: "global", callable: "posix.system" }) },
      { ...MODULE, items: MODULE.items.with(0, { kind: "str", value: "Module" }) },
      { ...MODULE, truncated: true },
    ] as const)
      expect(strict(trace([persistent(id)], legacy)).verdict).toBe("blocked");
  });

  it("takes a storage where torch.load resolves it", () => {
    expect(strict(trace([persistent(STORAGE)])).verdict).toBe("loads");
    expect(strict(trace([persistent(STORAGE)], { container: "torch-legacy" })).verdict).toBe("loads");
  });

  it("goes by the loader of the pickle where the trace names it", () => {
    const file = trace([persistent(STORAGE)], { container: "zip" });
    const read = (loader: "torch" | "pickle") => strict({ ...file, pickles: [{ ...file.pickles[0]!, loader }] }).verdict;
    expect(read("torch")).toBe("loads");
    expect(read("pickle")).toBe("blocked");
  });

  it("takes the numbers of the old tar, and no storage there", () => {
    const number = persistent({ kind: "int", value: "94112" });
    expect(strict(trace([number], { container: "torch-tar" })).verdict).toBe("loads");
    expect(strict(trace([number])).verdict).toBe("blocked");
    expect(strict(trace([persistent(STORAGE)], { container: "torch-tar" })).verdict).toBe("blocked");
  });

  it("refuses one in every other container", () => {
    expect(reasons(trace([persistent(STORAGE)], { container: "pickle" }))).toEqual([
      "null: persistent id: the loader of this pickle resolves none",
    ]);
  });

  it.each([
    ["a module's class in the zip format", MODULE],
    ["a string", { kind: "str", value: "storage" }],
    ["a storage of a type that is none", { ...STORAGE, items: STORAGE.items.with(1, { kind: "global", callable: "posix.system" }) }],
    ["a storage of a computed type", { ...STORAGE, items: STORAGE.items.with(1, { kind: "unknown", why: "a call" }) }],
    [
      "a storage of a type that torch would walk to",
      { ...STORAGE, items: STORAGE.items.with(1, { kind: "global", callable: "os.torch.FloatStorage" }) },
    ],
    ["a tuple that was cut", { ...STORAGE, truncated: true }],
  ] as const)("refuses %s", (_, id) => {
    expect(reasons(trace([persistent(id)]))).toEqual(["null: persistent id that is not a storage of torch"]);
  });
});

describe("lazy", () => {
  const EMPTY = policy([]);

  it("lets a class that is only looked up be a stub", () => {
    expect(judgeTrace(trace([imported("posix:system")]), EMPTY, "lazy").verdict).toBe("loads");
  });

  it("lets a stub be instantiated, which gives the stub again", () => {
    const file = trace([imported("a:B"), called("a:B", { opcode: "NEWOBJ" }), imported("a:C"), called("a:C", { opcode: "NEWOBJ_EX" })]);
    expect(judgeTrace(file, EMPTY, "lazy").verdict).toBe("loads");
  });

  it.each([
    ["REDUCE", undefined],
    ["OBJ", undefined],
    ["INST", undefined],
    ["BUILD", "__setstate__"],
    ["APPEND", "append"],
    ["SETITEM", "__setitem__"],
  ] as const)("blocks as soon as %s does something with it", (opcode, method) => {
    const file = trace([imported("a:B"), called("a:B", { opcode, ...(method === undefined ? {} : { method }) })]);
    expect(judgeTrace(file, EMPTY, "lazy").verdict).toBe("blocked");
  });

  it("makes no stub of what is looked up past find_class, or under a name that nobody knows", () => {
    expect(reasons(trace([imported("posix:system", { via: "builtins.getattr", origin: "attribute" })]), EMPTY, "lazy")).toHaveLength(1);
    expect(reasons(trace([imported("posix:system", { origin: "computed" })]), EMPTY, "lazy")).toHaveLength(1);
  });
});
