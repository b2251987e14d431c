import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { comparePolicies, diffPolicies, unionPolicies } from "../../../analyzer/policy/compare.ts";
import { dangerOf } from "../../../analyzer/policy/danger.ts";
import { explainPolicy } from "../../../analyzer/policy/explain.ts";
import { plainEntries } from "../../../analyzer/policy/format.ts";
import { joinReleases } from "../../../analyzer/policy/inference/releases.ts";
import { lintPolicy } from "../../../analyzer/policy/lint.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";

function policy(imports: readonly string[], calls: readonly string[] = [], name = "p"): Policy {
  return { name, class: null, library: null, imports: plainEntries(imports), calls: plainEntries(calls) };
}

const names = fc.uniqueArray(fc.constantFrom("a.A", "a.B", "b.C", "b.c.D", "c.E"));
const policies = fc.tuple(names, names).map(([imports, calls]) => policy(imports, calls));

describe("comparing policies", () => {
  test("missing, extra, precision, recall and F1", () => {
    const { imports } = comparePolicies(policy(["a.A", "a.B", "a.C", "a.D"]), policy(["a.A", "a.B", "x.Y"]));
    expect(imports).toMatchObject({ expected: 4, actual: 3, missing: ["a.C", "a.D"], extra: ["x.Y"], recall: 0.5 });
    expect(imports.precision).toBeCloseTo(2 / 3);
    expect(imports.f1).toBeCloseTo(4 / 7);
  });

  test("nothing expected is all found; nothing in common has no F1", () => {
    expect(comparePolicies(policy([]), policy([])).imports).toMatchObject({ precision: 1, recall: 1, f1: 1 });
    expect(comparePolicies(policy(["a.A"]), policy(["a.B"])).imports).toMatchObject({ precision: 0, recall: 0, f1: 0 });
  });

  test("a policy compared with itself lacks nothing and adds nothing", () => {
    fc.assert(
      fc.property(policies, (one) => {
        const { imports, calls } = comparePolicies(one, one);
        expect([imports.missing, imports.extra, calls.missing, calls.extra]).toEqual([[], [], [], []]);
        expect(imports.f1).toBe(1);
      }),
    );
  });

  test("a union allows what any of its policies allows, and no more", () => {
    fc.assert(
      fc.property(policies, policies, (one, other) => {
        const union = unionPolicies("u", [one, other]);
        const expected = [...new Set([...one.imports, ...other.imports].map((entry) => entry.callable))].sort();
        expect(union.imports.map((entry) => entry.callable)).toEqual(expected);
        expect(diffPolicies(union, one).imports.added).toEqual([]);
      }),
    );
  });

  test("what is removed from one policy is added in the other direction", () => {
    fc.assert(
      fc.property(policies, policies, (before, after) => {
        expect(diffPolicies(before, after).calls.added).toEqual(diffPolicies(after, before).calls.removed);
      }),
    );
  });

  test("what is shared, or bound, under one of several policies is under their union, and over their releases", () => {
    const plain = policy(["a.find", "a.make"], ["a.find", "a.make"]);
    const shared: Policy = {
      ...plain,
      imports: plain.imports.map((entry) => (entry.callable === "a.make" ? { ...entry, bound: true } : entry)),
      calls: plain.calls.map((entry) => (entry.callable === "a.find" ? { ...entry, returns: "shared" } : entry)),
    };
    for (const both of [
      [plain, shared],
      [shared, plain],
    ] as const) {
      const releases = both.map((each, index) => ({ name: String(index), policy: each }));
      for (const { imports, calls } of [unionPolicies("u", both), joinReleases("a", releases)]) {
        expect(imports.map(({ callable, bound }) => [callable, bound])).toEqual([
          ["a.find", undefined],
          ["a.make", true],
        ]);
        expect(calls.map(({ callable, returns }) => [callable, returns])).toEqual([
          ["a.find", "shared"],
          ["a.make", undefined],
        ]);
      }
    }
  });

  test("a union keeps the library's name over several versions", () => {
    const version = (each: string): Policy => ({ ...policy(["a.A"]), library: { name: "a", version: each, sourceSha256: null } });
    expect(unionPolicies("u", [version("1"), version("2")]).library).toEqual({ name: "a", version: null, sourceSha256: null });
  });
});

describe("linting a policy", () => {
  test.each([
    ["builtins.eval", "runs-code"],
    ["os.system", "runs-code"],
    ["os.execv", "runs-code"],
    ["subprocess.Popen", "runs-code"],
    ["builtins.__import__", "imports"],
    ["socket.socket", "network"],
    ["builtins.open", "reads"],
    ["builtins.getattr", "calls-callables"],
    ["functools.partial", "calls-callables"],
    ["types.CodeType", "embedded-code"],
    ["posix.system", "runs-code"],
    ["torch.serialization.os.system", "runs-code"],
    ["os.path.exists", "reads"],
  ])("%s: %s", (callable, danger) => {
    expect(dangerOf(callable)).toBe(danger);
  });

  test.each(["collections.OrderedDict", "opener.System", "builtins.set"])("%s makes a value, no more", (callable) => {
    expect(dangerOf(callable)).toBe(null);
  });

  test("dangerous names, those judged by their arguments, unanalysed and unexplained ones are told apart", () => {
    const reason = { kind: "unanalysed" as const, text: "its source is not given" };
    const findings = lintPolicy({
      ...policy(["a.A", "functools.partial", "os.system"]),
      calls: ["builtins.dict", "x.Y"].map((callable) => ({ callable, reasons: [reason] })),
    });
    expect(findings.map(({ callable, kind, list }) => ({ callable, kind, list }))).toEqual([
      { callable: "a.A", kind: "unexplained", list: "imports" },
      { callable: "functools.partial", kind: "arguments", list: "imports" },
      { callable: "functools.partial", kind: "unexplained", list: "imports" },
      { callable: "os.system", kind: "dangerous", list: "imports" },
      { callable: "os.system", kind: "unexplained", list: "imports" },
      { callable: "x.Y", kind: "unanalysed", list: "calls" },
    ]);
  });
});

describe("explaining a policy", () => {
  test("each name is told once, with its chain and the lines it comes from", () => {
    const reasons = [
      { kind: "class" as const, text: "the class a.A", name: "a.A", file: "a.py", line: 3 },
      { kind: "attribute" as const, text: "A.part", name: "b.Part", file: "a.py", line: 7 },
    ];
    const text = explainPolicy({
      ...policy([]),
      name: "class:a.A",
      imports: [{ callable: "b.Part", reasons }],
      calls: [{ callable: "b.Part", reasons }],
    });
    expect(text).toBe(
      "class:a.A: 1 imports, 1 calls\n\nb.Part  [import, call]\n  class: the class a.A (a.py:3)\n    attribute: A.part -> b.Part (a.py:7)\n",
    );
  });
});
