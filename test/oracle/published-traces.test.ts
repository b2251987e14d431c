/** PickleBall's table of traces as a survey, against a script that counts it without any of our code. */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { POLICY_FORMAT, POLICY_VERSION } from "../../analyzer/policy/format.ts";
import { census, censusJson, ROOT, temporaryFolder } from "../scripts/run-census.ts";

const TABLE = path.resolve(ROOT, "../shared/data/traces/traced_models.dev.csv");
const present = existsSync(TABLE);
if (!present) console.warn("the table of traces is not there: its counts are not tested");
const RELEASE = path.join(ROOT, "analyzer/policy/weights-only/torch-2.6.0.json");

const folder = temporaryFolder();

/** Traced twice, Python 2's names, a name with nothing around it, side files, one that was never traced. */
const SMALL = `a/twice|['x']|model.bin|from torch._utils import _rebuild_tensor_v2,from torch import FloatStorage|UNPICKLER.persistent_load|
a/twice|['x']|model.bin|from os import system|UNPICKLER.persistent_load|
b/python2|[]|model.pkl|from __builtin__ import set||optimizer.pt|from __builtin__ import eval||
c/untraced|[]|
d/side|[]|training_args.bin|from transformers.training_args import TrainingArguments||pytorch_model.bin||UNPICKLER.persistent_load|
`;

interface Imported {
  readonly survey: string;
  readonly outcome: string;
  readonly models: number;
  readonly files: number;
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly traces: { readonly blocked: object; readonly blockedWeights: object };
}

async function imported(table: string): Promise<Imported> {
  const database = path.join(folder, `${path.basename(table)}.sqlite`);
  const { value } = await censusJson<Imported>(["import-traces", table, "--database", database]);
  return value;
}

function counted(table: string): unknown {
  return JSON.parse(execFileSync("python3", ["test/oracle/published_traces.py", table, RELEASE], { cwd: ROOT, encoding: "utf8" }));
}

it("a small table is counted as by hand", async () => {
  const table = path.join(folder, "small.csv");
  writeFileSync(table, SMALL);
  const { traces, verdicts, ...survey } = await imported(table);
  expect(survey).toMatchObject({ survey: "small", outcome: "finished", models: 4, files: 5 });
  expect(traces).toEqual({
    repositories: 4,
    untraced: 1,
    blocked: { repositories: 3, files: 3, ofFiles: 5 },
    blockedWeights: { repositories: 1, files: 1, ofFiles: 3 },
  });
  expect(traces).toEqual(counted(table));
  // Names alone block, and never show that something loads.
  expect(verdicts).toEqual({ "weights-only@torch-2.6": { blocked: 1, unsupported: 2, unavailable: 1 } });
});

it.skipIf(!present)("PickleBall's table is counted as by the script", { timeout: 60_000 }, async () => {
  const { traces, ...survey } = await imported(TABLE);
  expect(traces).toEqual(counted(TABLE));
  expect(survey.outcome).toBe("finished");
});

it("is imported once, and a survey of other models is left alone", async () => {
  const table = path.join(folder, "again.csv");
  const database = path.join(folder, "again.sqlite");
  writeFileSync(table, SMALL);
  const words = ["import-traces", table, "--name", "traces", "--database", database];
  const first = await census(words);
  expect(first.ending).toBe("done");
  expect((await census(words)).printed).toBe(first.printed);
  expect(first.printed).toContain("all files: 3 repositories and 3 files of 5 blocked\n");
  writeFileSync(table, "e/other|[]|model.bin|from os import system||\n");
  expect(await census(words)).toMatchObject({ ending: "usage" });
  writeFileSync(table, "no table at all\n");
  expect((await census(["import-traces", table, "--database", database])).reported).toContain("holds no traces");
});

it("models of a library are judged by the policy of its class that is given, and counted in PickleBall's table 1", async () => {
  const table = path.join(folder, "judged.csv");
  const database = path.join(folder, "judged.sqlite");
  const policy = path.join(folder, "tagger.json");
  writeFileSync(
    table,
    `a/tagger|['brine_kit']|x.bin|from brine_kit import Tagger,from brine_kit import Old,from torch import FloatStorage||
b/tagger|['pytorch', 'brine-kit']|x.bin|from brine_kit import Tagger||
c/other|['pytorch']|x.bin|from brine_kit import Tagger||
`,
  );
  const tagger = { callable: "brine_kit.Tagger", reasons: [] };
  const storage = { callable: "torch.FloatStorage", reasons: [] };
  const library = { name: "brine-kit", version: "1.0", sourceSha256: null };
  const ours = { format: POLICY_FORMAT, version: POLICY_VERSION };
  const content = {
    name: "class:brine_kit.Tagger@brine-kit-1.0",
    class: "brine_kit.Tagger",
    library,
    imports: [tagger, storage],
    calls: [tagger],
  };
  writeFileSync(policy, JSON.stringify({ ...ours, ...content }));
  const words = ["import-traces", table, "--policy", policy, "--database", database];
  const { value } = await censusJson<Imported>(words);
  // Blocked by name, or not told; the model whose tags name no library of a policy is not judged by one.
  expect(value.verdicts.class).toEqual({ blocked: 1, unsupported: 1 });
  const { value: rows } = await censusJson<object[]>(["export", "pickleball-table-1", "--database", database]);
  expect(rows).toEqual([
    {
      ...{ library: "brine-kit", imports_observed: 3, imports_allowed: 2, imports_missed: 1, calls_observed: 0, calls_allowed: 1 },
      ...{ calls_missed: 0, models: 2, loads_weights_only: 0, loads_class: 0 },
    },
  ]);
  // Given later, or taken away, it judges anew.
  expect((await censusJson<Imported>(["import-traces", table, "--database", database])).value.verdicts.class).toBeUndefined();
  expect((await censusJson<Imported>(words)).value.verdicts).toEqual(value.verdicts);
  writeFileSync(policy, JSON.stringify({ ...ours, ...content, class: null, library: null }));
  expect(await census(words)).toMatchObject({ ending: "usage" });
});

it("a model's library and task are the first of its tags by which the Hub tells either", async () => {
  const table = path.join(folder, "tagged.csv");
  const database = path.join(folder, "tagged.sqlite");
  writeFileSync(table, "a/tagger|['pytorch', 'flair', 'token-classification', 'transformers']|x.bin|from torch import FloatStorage||\n");
  await census(["import-traces", table, "--database", database]);
  const { value } = await censusJson<{ library: string; task: string }[]>(["export", "models", "--database", database]);
  expect(value).toMatchObject([{ library: "flair", task: "token-classification" }]);
});
