/** The extracted releases, against what an installed torch says of itself and against another extraction. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { DEFAULT_WEIGHTS_ONLY, isWeightsOnly, WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";

const PYTHON = "/usr/bin/python3";
const REFERENCE = path.resolve("../shared/data/pickleball/weights-only-torch-2.5.json");

describe("the releases", () => {
  it("are all there, oldest first, each with a name of its own", () => {
    const files = readdirSync("analyzer/policy/weights-only").map((file) => /^torch-(.+)\.json$/.exec(file)![1]!);
    expect(WEIGHTS_ONLY.map(({ unpickler }) => unpickler.torch).toSorted()).toEqual(files.toSorted());
    expect(WEIGHTS_ONLY.map(({ name }) => name)).toEqual(
      ["1.13", "2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.13", "2.14"].map(
        (version) => `weights-only@torch-${version}`,
      ),
    );
    expect(DEFAULT_WEIGHTS_ONLY.name).toBe("weights-only@torch-2.6");
  });

  it.each(WEIGHTS_ONLY.map((policy) => [policy.name, policy] as const))(
    "%s is a policy in order, each name with where it comes from",
    (_, policy) => {
      expect(isWeightsOnly(policy)).toBe(true);
      const names = policy.imports.map(({ callable }) => callable);
      expect(names).toEqual([...new Set(names)].toSorted());
      expect(names).toContain("torch._utils._rebuild_tensor_v2");
      for (const { reasons } of policy.imports)
        expect(reasons).toEqual([expect.objectContaining({ kind: "loader", line: expect.any(Number) })]);
      const calls = policy.calls.map(({ callable }) => callable);
      expect(calls).toContain("collections.OrderedDict");
      expect(calls).not.toContain("torch.float32");
      expect(names).toEqual(expect.arrayContaining(calls));
    },
  );

  it("only ever allow more, but for what a release took away", () => {
    const lost = WEIGHTS_ONLY.slice(1).flatMap((policy, index) => {
      const names = new Set(policy.imports.map(({ callable }) => callable));
      return WEIGHTS_ONLY[index]!.imports.filter(({ callable }) => !names.has(callable)).map(
        ({ callable }) => `${policy.name}: ${callable}`,
      );
    });
    expect(lost).toEqual(["weights-only@torch-2.0: torch._utils._rebuild_sparse_csr_tensor"]);
  });
});

describe("the extraction", () => {
  it("reads from an installed torch what that torch builds", () => {
    // Whatever version is installed: read by the script, and asked of itself.
    const program = `
import json, pathlib, sys, torch
sys.path.insert(0, "scripts")
from extract_weights_only import extract
from torch import _weights_only_unpickler as unpickler
read = extract(pathlib.Path(torch.__file__).parent.parent)
print(json.dumps({"torch": read["torch"], "read": sorted(name for group in read["names"] for name in group["names"]), "built": sorted(unpickler._get_allowed_globals())}))`;
    const output = execFileSync(PYTHON, ["-W", "ignore", "-c", program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const { torch, read, built } = JSON.parse(output) as { torch: string; read: string[]; built: string[] };
    expect(read).toEqual(built);
    const ours = WEIGHTS_ONLY.find(({ unpickler }) => unpickler.torch === torch);
    if (ours !== undefined) expect(ours.imports.map(({ callable }) => callable)).toEqual(built);
  });

  it.skipIf(!existsSync(REFERENCE))("holds what PickleBall listed for torch 2.5, spelt as torch spells it", () => {
    const lists = Object.values(JSON.parse(readFileSync(REFERENCE, "utf8")) as Record<string, { globals: string[] }>);
    const missingFrom = (version: string) => {
      const ours = new Set(WEIGHTS_ONLY.find(({ name }) => name.endsWith(version))!.imports.map(({ callable }) => callable));
      return lists
        .flatMap(({ globals }) => globals)
        .filter((name) => !ours.has(name))
        .toSorted();
    };
    // Their three slips: the function is in torch.serialization, the two classes say they are of torch.storage.
    const slips = ["torch.TypedStorage", "torch.UntypedStorage", "torch.nn.serialization._get_layout"];
    // And their list is of torch's main branch after 2.5: these four came with 2.6.
    const since = ["torch._utils._rebuild_device_tensor_from_cpu_tensor", "torch.uint16", "torch.uint32", "torch.uint64"];
    expect(missingFrom("2.5")).toEqual([...slips, ...since].toSorted());
    expect(missingFrom("2.6")).toEqual(slips);
  });
});
