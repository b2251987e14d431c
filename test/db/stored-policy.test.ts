import { describe, expect, test } from "vitest";
import type { Policy } from "../../analyzer/policy/policy.ts";
import { DEFAULT_WEIGHTS_ONLY } from "../../analyzer/policy/weights-only.ts";
import type { Store } from "../../db/connection.ts";
import { policyEntries } from "../../db/queries/policies.ts";
import { findInferred, readPolicy, writePolicy } from "../../db/stored-policy.ts";
import { readSource, writeSource } from "../../db/stored-source.ts";
import { writeModelVerdicts, writeVerdict } from "../../db/writes-verdict.ts";
import { listPage, model, openTestSurvey, tracedBlob } from "./rows.ts";
import { temporaryStore } from "./temporary-store.ts";

const policy: Policy = {
  name: "class:brine.Tagger@brine-1.0",
  class: "brine.Tagger",
  library: { name: "brine", version: "1.0", sourceSha256: "aa" },
  imports: [
    { callable: "brine.Tagger", reasons: [{ kind: "class", text: "the class", file: "brine/__init__.py", line: 1 }] },
    { callable: "brine.Tagger.Scheme", module: "brine", reasons: [] },
    { callable: "brine.tagger.Tagger", sameAs: "brine.Tagger", reasons: [] },
    { callable: "brine.weigh", bound: true, reasons: [] },
    { callable: "collections.OrderedDict", reasons: [] },
  ],
  calls: [
    { callable: "brine.Tagger", reasons: [{ kind: "class", text: "the class" }] },
    { callable: "brine.find", returns: "shared", reasons: [] },
  ],
};
const capabilityOf = () => "unknown" as const;
const write = (store: Store, changed: Partial<Policy> = {}, engine = "1") =>
  writePolicy(store, { slot: "class", policy: { ...policy, ...changed }, engine }, capabilityOf);

describe("a policy", () => {
  test("is read back as it was written", async () => {
    const { store } = await temporaryStore();
    const id = await write(store);
    expect(await readPolicy(store, id)).toEqual(policy);
    const entries = await policyEntries(store, id);
    expect(entries.filter(({ isBound }) => isBound).map(({ callable }) => callable)).toEqual(["brine.weigh"]);
    const told = entries.map(({ callable, returns }) => [callable, returns]);
    expect(told).toContainEqual(["brine.find", "shared"]);
    expect(told).toContainEqual(["brine.Tagger", null]);
    const { unpickler: _, ...weightsOnly } = DEFAULT_WEIGHTS_ONLY;
    const policyId = await writePolicy(store, { slot: "weights-only", policy: DEFAULT_WEIGHTS_ONLY, engine: "1" }, capabilityOf);
    expect(await readPolicy(store, policyId)).toEqual(weightsOnly);
  });

  test("with open slots and what fills them, too", async () => {
    const { store } = await temporaryStore();
    const slot = { class: "brine.Tagger", attribute: "model", from: [], asks: { attributes: ["fit"], classes: [], functions: false } };
    const filler = { name: "numpy.ndarray", kind: "recorded", imports: [], calls: [], openSlots: [], touches: [], isCalled: true } as const;
    const open = { ...policy, openSlots: [{ ...slot, takes: ["numpy.ndarray"] }], fillers: [filler] };
    expect(await readPolicy(store, await write(store, open))).toEqual(open);
  });

  test("is found by class, source and engine", async () => {
    const { store } = await temporaryStore();
    const policyId = await write(store);
    const key = { slot: "class", class: "brine.Tagger", sourceSha256: "aa", engine: "1" } as const;
    expect(await findInferred(store, key)).toEqual({ policyId, name: policy.name, class: "brine.Tagger", unparsed: [] });
    expect(await findInferred(store, { ...key, name: policy.name })).toMatchObject({ policyId });
    for (const other of [{ sourceSha256: "bb" }, { engine: "2" }, { slot: "class-range" }, { name: "other" }] as const)
      expect(await findInferred(store, { ...key, ...other })).toBeNull();
  });

  test("that was made anew takes the place of the old one, and the verdicts under that are gone", async () => {
    const { store } = await temporaryStore();
    const surveyId = await openTestSurvey(store);
    await listPage(store, surveyId, [model("a/b", { candidates: [{ path: "x.pkl", role: "weights" }] })]);
    const { model_id: modelId } = await store.selectFrom("model").select("model_id").executeTakeFirstOrThrow();
    const { blobId, pickleIds } = await tracedBlob(store, "blob");
    const policyId = await write(store);
    const blocked = [
      { callable: "os.system", opcode: "REDUCE", entry: null, offset: 3, pickle: 0, capability: "runs-code", reason: "outside", count: 2 },
    ] as const;
    await writeVerdict(
      store,
      blobId,
      policyId,
      { policy: policy.name, mode: "strict", verdict: "blocked", blocked },
      pickleIds,
      capabilityOf,
    );
    await store.updateTable("survey_model").set({ state: "traced" }).execute();
    await writeModelVerdicts(store, surveyId, modelId, [
      { candidate: 0, slot: "class", mode: "strict", role: "weights", policyId, verdict: "blocked" },
    ]);
    expect(await store.selectFrom("survey_model").select("state").execute()).toEqual([{ state: "judged" }]);
    expect(await write(store)).toBe(policyId);
    expect(await store.selectFrom("blocked").select(["offset", "count"]).execute()).toEqual([{ offset: 3, count: 2 }]);

    expect(await write(store, { imports: [] }, "2")).toBe(policyId);
    expect((await readPolicy(store, policyId)).imports).toEqual([]);
    for (const table of ["blocked", "verdict", "model_verdict"] as const)
      expect(await store.selectFrom(table).selectAll().execute()).toEqual([]);
    expect(await store.selectFrom("survey_model").select("state").execute()).toEqual([{ state: "traced" }]);
  });
});

test("a library's source is read back as it was written, once", async () => {
  const { store } = await temporaryStore();
  const files = Array.from({ length: 1_200 }, (_, index) => ({ path: `m/${String(index).padStart(5, "0")}.py`, text: `x = ${index}\n` }));
  const source = { distribution: "m", version: "1", filename: "m-1-py3-none-any.whl", sha256: "s", releasedAt: null, files };
  await writeSource(store, source);
  await writeSource(store, { ...source, files: [] });
  expect(await readSource(store, "s")).toEqual(source);
  expect(await readSource(store, "t")).toBeNull();
});
