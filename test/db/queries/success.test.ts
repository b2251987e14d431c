import { describe, expect, it } from "vitest";
import { blockedCapabilities, blockedModules, blockedOpcodes, topBlockers } from "../../../db/queries/blockers.ts";
import { type Lens, tally } from "../../../db/queries/judgements.ts";
import { loadSuccess, successBy, successByContainer } from "../../../db/queries/success.ts";
import { countTotals, surveyTotals } from "../../../db/queries/surveys.ts";
import { SAMPLE_MODELS } from "../../browser/sample-models.ts";
import { sampleSurvey } from "./sample.ts";

const CLASS: Lens = { slot: "class", mode: "strict", role: "weights" };
const withWeights = SAMPLE_MODELS.filter((model) => model.files.some((file) => file.role !== "side")).length;

describe("load success", () => {
  it("counts every model with weights once under every policy, and never a doubt as success", async () => {
    const { store, surveyId } = await sampleSurvey();
    const success = await loadSuccess(store, surveyId);
    const weights = success.filter((row) => row.role === "weights");
    expect(weights.map(({ slot, mode }) => `${slot} ${mode}`)).toEqual(["weights-only strict", "class strict", "class lazy"]);
    for (const row of weights) expect(tally(row.counts).total).toBe(withWeights);
    const [weightsOnly, classPolicy] = weights;
    // The eleven with tensors alone, and arrays of numbers: by hand, from the table of samples.
    expect(weightsOnly!.counts).toEqual({ loads: 11, blocked: 44, malformed: 1, unsupported: 1, unavailable: 1, unfinished: 1, none: 0 });
    expect(classPolicy!.counts).toEqual({ loads: 26, blocked: 6, malformed: 0, unsupported: 0, unavailable: 0, unfinished: 0, none: 27 });
    expect(weightsOnly!.policy?.name).toBe("weights-only@torch-2.6");
    expect(classPolicy!.policy).toBeNull();
    expect(classPolicy!.without).toEqual([
      { classState: "no-class", models: 17 },
      { classState: "no-policy", models: 10 },
    ]);
  });

  it("counts no model whose files hold no pickle", async () => {
    const { store, surveyId } = await sampleSurvey();
    const { model_id } = await store
      .selectFrom("model")
      .select("model_id")
      .where("name", "=", "modern/nothing-but-numbers")
      .executeTakeFirstOrThrow();
    await store.deleteFrom("model_verdict").where("model_id", "=", model_id).where("survey_id", "=", surveyId).execute();
    for (const row of (await loadSuccess(store, surveyId)).filter(({ role }) => role === "weights"))
      expect(tally(row.counts).total).toBe(withWeights - 1);
  });

  it("counts those that are not judged yet, once it is known that they have files", async () => {
    const { store, surveyId } = await sampleSurvey();
    await store.updateTable("survey_model").set({ state: "traced" }).where("survey_id", "=", surveyId).execute();
    await store.deleteFrom("model_verdict").where("survey_id", "=", surveyId).where("model_id", ">", 1).execute();
    const [first] = await loadSuccess(store, surveyId);
    expect([tally(first!.counts).total, first!.counts.none]).toEqual([withWeights, withWeights - 1]);
  });

  it("keeps side files apart", async () => {
    const { store, surveyId } = await sampleSurvey();
    const side = (await loadSuccess(store, surveyId)).filter((row) => row.role === "side");
    expect(side.map(({ slot, counts }) => [slot, counts.blocked, tally(counts).total])).toEqual([["weights-only", 5, 5]]);
  });

  it("is the sum of its breakdowns, also of what is beyond the longest", async () => {
    const { store, surveyId } = await sampleSurvey();
    const whole = (await loadSuccess(store, surveyId)).find((row) => row.slot === "class" && row.mode === "strict")!;
    for (const limit of [2, 100]) {
      const { groups, others } = await successBy(store, surveyId, CLASS, "library", limit);
      const all = [...groups.map((group) => group.counts), ...(others === null ? [] : [others.counts])];
      expect(groups.length).toBeLessThanOrEqual(limit);
      for (const kind of Object.keys(whole.counts) as (keyof typeof whole.counts)[])
        expect(all.reduce((sum, counts) => sum + counts[kind], 0)).toBe(whole.counts[kind]);
    }
  });

  it("counts models by the containers that they hold", async () => {
    const { store, surveyId } = await sampleSurvey();
    const { groups } = await successByContainer(store, surveyId, { ...CLASS, slot: "weights-only" }, 20);
    expect(tally(groups.find(({ name }) => name === "joblib")!.counts)).toEqual({ loads: 0, blocked: 10, unknown: 0, total: 10 });
  });
});

describe("what blocks most", () => {
  it("is told by the number of models, a model once however often it calls", async () => {
    const { store, surveyId } = await sampleSurvey();
    expect(
      (await topBlockers(store, surveyId, CLASS, 2)).map(({ callable, capability, models }) => [callable, capability, models]),
    ).toEqual([
      ["models.yolo.Model", "unknown", 4],
      ["builtins.getattr", "calls-callables", 1],
    ]);
    const told = (rows: readonly { models: number; downloads: number }[], key: string) =>
      rows.map((row) => [(row as unknown as Record<string, string>)[key], row.models, row.downloads]);
    expect(told(await blockedCapabilities(store, surveyId, CLASS), "capability")).toEqual([
      ["unknown", 4, 124_629],
      ["calls-callables", 1, 48_483],
      ["imports", 1, 941],
      ["network", 1, 941],
    ]);
    expect(told(await blockedModules(store, surveyId, CLASS, 2), "module")).toEqual([
      ["models", 4, 124_629],
      ["builtins", 1, 48_483],
    ]);
    expect(await blockedOpcodes(store, surveyId, CLASS)).toEqual([]);
  });
});

describe("the totals of a survey", () => {
  it("count shared content once, and models by where they stand", async () => {
    const { store, surveyId } = await sampleSurvey();
    const totals = await surveyTotals(store, surveyId);
    expect(totals.models).toBe(SAMPLE_MODELS.length);
    expect(totals.states).toEqual({ judged: 60, gated: 1, disabled: 1, missing: 1 });
    expect(totals.modelsWithFiles).toEqual({ weights: withWeights, side: 5 });
    expect(totals.files).toBe(SAMPLE_MODELS.reduce((sum, model) => sum + model.files.length, 0));
    const contents = new Map(
      SAMPLE_MODELS.flatMap(({ files }) => files.filter((file) => file.unavailable === undefined)).map((file) => [
        JSON.stringify(file),
        file.size,
      ]),
    );
    expect([totals.pickles, totals.bytesHeld]).toEqual([contents.size, [...contents.values()].reduce((sum, size) => sum + size, 0)]);
  });

  it("are the same however many models are counted at once, with others' turns in between", async () => {
    const { store, surveyId } = await sampleSurvey();
    const stored = await surveyTotals(store, surveyId);
    for (const atOnce of [1, 7, 500]) {
      let pauses = 0;
      const pause = async () => {
        pauses++;
      };
      expect(await countTotals(store, surveyId, pause, atOnce)).toEqual(stored);
      expect(pauses).toBe(Math.ceil(SAMPLE_MODELS.length / atOnce));
    }
  });

  it("are all nought before a survey has begun to list", async () => {
    const { store } = await sampleSurvey();
    const { survey_id } = await store
      .insertInto("survey")
      .values({
        name: "new",
        hub: "https://hub.example",
        query: "{}",
        started_at: "2027-01-01T00:00:00.000Z",
        finished_at: null,
        cursor: null,
      })
      .returning("survey_id")
      .executeTakeFirstOrThrow();
    expect(await surveyTotals(store, survey_id)).toEqual({
      models: 0,
      states: {},
      classes: {},
      modelsWithFiles: { weights: 0, side: 0 },
      formats: [],
      files: 0,
      pickles: 0,
      bytesHeld: 0,
    });
    expect(await loadSuccess(store, survey_id)).toEqual([]);
  });
});
