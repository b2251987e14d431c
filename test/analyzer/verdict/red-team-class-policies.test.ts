/**
 * Every dangerous callable in every form of call, under policies as they are inferred: of the sample library, and of real
 * ones. What such a policy lists of what peers call dangerous may only be what is judged by its arguments.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Trace } from "../../../analyzer/containers/trace.ts";
import { INDIRECT_CALLABLES } from "../../../analyzer/pickle/indirect-callables.ts";
import { readPolicy } from "../../../analyzer/policy/format.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import { capabilityOf } from "../../../analyzer/verdict/capability.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { census, ROOT, temporaryFolder } from "../../scripts/run-census.ts";
import { attackOf, DANGEROUS, FORMS } from "./dangerous.ts";

const FIXTURES = path.join(ROOT, "test/fixtures");
const DEBIAN = "/usr/lib/python3/dist-packages";

/** Classes that pickle in every usual way, by the source they are inferred from. */
const CLASSES: readonly { readonly source: string; readonly dependencies: readonly string[]; readonly classes: readonly string[] }[] = [
  { source: `${FIXTURES}/brine/0.1.0/brine`, dependencies: [], classes: ["brine.models.SequenceTagger"] },
  {
    source: `${FIXTURES}/brine/0.2.0/brine`,
    dependencies: [],
    classes: ["brine.models.SequenceTagger", "brine.models.TextClassifier"],
  },
  { source: `${DEBIAN}/nltk`, dependencies: [], classes: ["nltk.FreqDist", "nltk.UnigramTagger"] },
  { source: `${DEBIAN}/sklearn`, dependencies: [`${DEBIAN}/joblib`], classes: ["sklearn.linear_model.LogisticRegression"] },
];

const folder = temporaryFolder();
const policies: Policy[] = [];
let attacks: { readonly form: string; readonly callable: string; readonly trace: Trace }[] = [];

beforeAll(async () => {
  for (const { source, dependencies, classes } of CLASSES.filter(({ source: each }) => existsSync(each))) {
    for (const name of classes) {
      const file = path.join(folder, `${name}.json`);
      const given = dependencies.flatMap((dependency) => ["--dependency", dependency]);
      expect(await census(["infer", "--source", source, ...given, "--class", name, "-o", file])).toMatchObject({ ending: "done" });
      const policy = readPolicy(readFileSync(file, "utf8"));
      if (!policy.ok) throw new Error(policy.error.message);
      policies.push(policy.value);
    }
  }
  attacks = Object.entries(FORMS).flatMap(([form, write]) =>
    DANGEROUS.map((callable) => ({ form, callable, trace: attackOf(write, callable) })),
  );
}, 120_000);

/** `torch.storage._load_from_bytes` loads another pickle, whose own lookups and calls are held against the policy. */
function isJudgedByArguments(callable: string): boolean {
  return INDIRECT_CALLABLES.get(callable)?.does === "loads";
}

/** What inference lists although no model of the classes holds it: joblib keeps its own pools in attributes. */
const IMPRECISE: ReadonlySet<string> = new Set(["multiprocessing.pool.ThreadPool"]);

describe("inferred class policies", () => {
  it("list nothing dangerous but what is judged by its arguments", () => {
    expect(policies.length).toBeGreaterThanOrEqual(3);
    for (const { name, imports, calls } of policies) {
      const harmful = [...imports, ...calls].filter(
        ({ callable }) =>
          !["unknown", "calls-callables"].includes(capabilityOf(callable)) && !isJudgedByArguments(callable) && !IMPRECISE.has(callable),
      );
      expect(
        harmful.map(({ callable }) => callable),
        name,
      ).toEqual([]);
    }
  });

  it("block every dangerous callable that they do not list, in every form, strictly and lazily", { timeout: 120_000 }, () => {
    for (const policy of policies) {
      const listed = new Set([...policy.imports, ...policy.calls].map(({ callable }) => callable));
      const passed = attacks
        .filter(({ callable }) => !listed.has(callable))
        .flatMap(({ form, callable, trace }) =>
          (["strict", "lazy"] as const)
            .filter((mode) => judgeTrace(trace, policy, mode).verdict !== "blocked")
            .map((mode) => `${policy.name}, ${mode}: ${callable} by ${form}`),
        );
      expect(passed).toEqual([]);
    }
  });
});
