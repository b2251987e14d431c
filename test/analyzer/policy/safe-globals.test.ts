import { describe, expect, it } from "vitest";
import type { Policy, PolicyEntry } from "../../../analyzer/policy/policy.ts";
import { safeGlobals } from "../../../analyzer/policy/safe-globals.ts";
import { WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";

function policy(imports: readonly string[], calls: readonly string[]): Policy {
  const entries = (names: readonly string[]): PolicyEntry[] => names.map((callable) => ({ callable, reasons: [] }));
  return { name: "class:test", class: null, library: null, imports: entries([...imports, ...calls]), calls: entries(calls) };
}

function kinds(of: Policy): readonly string[] {
  return safeGlobals(of).shortfalls.map(({ callable, kind }) => `${callable}: ${kind}`);
}

describe("add_safe_globals", () => {
  it("is two lines with the names that torch does not know", () => {
    const tensors = ["collections.OrderedDict", "torch._utils._rebuild_tensor_v2"];
    const of = policy(["torch.FloatStorage"], ["brine.models.Tagger", "brine.data.restore", ...tensors, "brine.data.Dictionary"]);
    expect(safeGlobals(of)).toEqual({
      names: ["brine.data.Dictionary", "brine.data.restore", "brine.models.Tagger"],
      text:
        "import torch, brine.data, brine.models\n" +
        "torch.serialization.add_safe_globals([brine.data.Dictionary, brine.data.restore, brine.models.Tagger])\n",
      shortfalls: [],
    });
  });

  it("is nothing where torch lets all of it in", () => {
    expect(safeGlobals(policy([], ["collections.OrderedDict"]))).toEqual({ names: [], text: "", shortfalls: [] });
  });

  it("adds what the release at hand lacks", () => {
    const of = policy([], ["collections.Counter"]);
    const [oldest, newest] = [WEIGHTS_ONLY[0]!, WEIGHTS_ONLY.at(-1)!];
    expect(safeGlobals(of, oldest).names).toEqual(["collections.Counter"]);
    expect(safeGlobals(of, newest).names).toEqual([]);
  });

  it("never writes what a pickle spelt as code", () => {
    const hostile = "a.b]) or __import__('os').system('true') or ([c.d";
    expect(safeGlobals(policy([], [hostile, "e.f"]))).toMatchObject({
      text: "import torch, e\ntorch.serialization.add_safe_globals([e.f])\n",
      shortfalls: [{ callable: hostile, kind: "not-a-name" }],
    });
  });

  it("is not enough where torch would let more be done, or less", () => {
    expect(kinds(policy(["brine.data.restore"], []))).toEqual(["brine.data.restore: import-only"]);
    expect(kinds(policy([], ["builtins.getattr", "functools.partial"]))).toEqual([
      "builtins.getattr: acts-for-the-pickle",
      "functools.partial: acts-for-the-pickle",
    ]);
    expect(kinds(policy([], ["os.system"]))).toEqual(["os.system: blocked-module"]);
    const nested: PolicyEntry = { callable: "brine.models.Tagger.State", module: "brine.models", reasons: [] };
    expect(kinds({ ...policy([], []), imports: [nested], calls: [nested] })).toEqual(["brine.models.Tagger.State: nested"]);
  });
});
