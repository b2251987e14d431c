import { describe, expect, it } from "vitest";
import { VERDICT_KINDS } from "../../../analyzer/verdict/verdict.ts";
import { ALL_MODELS, FACET_NAMES, type ModelQuery, SORTS, type Sort } from "../../../db/queries/filters.ts";
import { countFacets, type ListedModel, listModels } from "../../../db/queries/models.ts";
import { SAMPLE_MODELS } from "../../browser/sample-models.ts";
import { sampleSurvey } from "./sample.ts";

const CLASS: ModelQuery = { ...ALL_MODELS, lens: { slot: "class", mode: "strict", role: "weights" } };
const filtered = (filters: Partial<ModelQuery["filters"]>, query = CLASS): ModelQuery => ({
  ...query,
  filters: { ...query.filters, ...filters },
});

describe("a list of models", () => {
  it.each(Object.keys(SORTS) as Sort[])("goes through every model once, ordered by %s, whatever the size of a page", async (sort) => {
    const { store, surveyId } = await sampleSurvey();
    for (const size of [1, 7, 50]) {
      const seen: ListedModel[] = [];
      for (let query: ModelQuery | null = { ...ALL_MODELS, sort, size }; query !== null; ) {
        const page = await listModels(store, surveyId, query);
        expect(page.total).toBe(SAMPLE_MODELS.length);
        seen.push(...page.models);
        query = page.next;
      }
      expect(new Set(seen.map((model) => model.modelId)).size).toBe(SAMPLE_MODELS.length);
      expect(seen).toHaveLength(SAMPLE_MODELS.length);
      const values = seen.map((model) => model[sort]);
      const inOrder = sort === "name" ? [...values].sort() : [...(values as number[])].sort((a, b) => b - a);
      expect(values).toEqual(inOrder);
    }
  });

  it("finds part of a name, in which % and _ stand for themselves", async () => {
    const { store, surveyId } = await sampleSurvey();
    const named = async (q: string) =>
      (await listModels(store, surveyId, { ...ALL_MODELS, q, size: 100 })).models.map((model) => model.name);
    expect(await named("SURPRISE")).toEqual(["mallory/tagger-with-a-surprise"]);
    expect(await named("<script>")).toEqual(["mallory/<script>alert(1)</script>"]);
    for (const q of ["%", "_", "\\", "a%b", "' or 1=1 --"]) expect(await named(q)).toEqual([]);
  });

  it("holds each verdict of a model, and says where there is none", async () => {
    const { store, surveyId } = await sampleSurvey();
    const page = await listModels(store, surveyId, { ...ALL_MODELS, q: "tagger-with-a-surprise", size: 1 });
    expect(page.models[0]!.verdicts.map(({ slot, mode, role, verdict }) => `${slot} ${mode} ${role} ${verdict}`).sort()).toEqual([
      "class lazy weights blocked",
      "class strict weights blocked",
      "weights-only strict weights blocked",
    ]);
    const none = await listModels(store, surveyId, { ...filtered({ verdict: ["none"] }), size: 100 });
    expect(none.models.map((model) => model.name)).toContain("velvet-rope/private-beta");
    expect(none.models.every(({ verdicts }) => verdicts.every(({ slot }) => slot !== "class"))).toBe(true);
  });
});

describe("facets", () => {
  const asked: ModelQuery[] = [
    CLASS,
    filtered({ library: ["flair"] }),
    filtered({ library: ["flair", "none"], verdict: ["blocked", "none"] }),
    filtered({ container: ["torch-zip"], task: ["fill-mask"] }, { ...ALL_MODELS, q: "a" }),
    filtered({ library: ["of nobody"] }),
  ];

  it.each(asked.map((query) => [JSON.stringify([query.q, query.filters]), query] as const))(
    "count what each value gives: %s",
    async (_, query) => {
      const { store, surveyId } = await sampleSurvey();
      const facets = await countFacets(store, surveyId, query);
      for (const name of FACET_NAMES)
        for (const { value, models } of facets[name]) {
          const { total } = await listModels(store, surveyId, filtered({ [name]: [value] }, query));
          expect([name, value, models]).toEqual([name, value, total]);
        }
    },
  );

  it("keep in sight what another filter leaves no model of, the verdicts that nothing got too", async () => {
    const { store, surveyId } = await sampleSurvey();
    const { task, verdict } = await countFacets(store, surveyId, filtered({ library: ["flair"] }));
    expect(task).toContainEqual({ value: "fill-mask", models: 0, chosen: false });
    expect(verdict.map(({ value }) => value)).toEqual([...Object.keys(VERDICT_KINDS), "none"]);
  });

  it("keep a chosen value that no model has", async () => {
    const { store, surveyId } = await sampleSurvey();
    const { library } = await countFacets(store, surveyId, filtered({ library: ["of nobody"] }));
    expect(library).toContainEqual({ value: "of nobody", models: 0, chosen: true });
  });
});
