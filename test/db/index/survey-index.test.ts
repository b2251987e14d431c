/** The derived index against the tables that it is derived from, on the sample models. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Store } from "../../../db/connection.ts";
import { buildIndex } from "../../../db/index/build-index.ts";
import { loadIndex, type SurveyIndex } from "../../../db/index/survey-index.ts";
import { callableUse, findCallables } from "../../../db/queries/callables.ts";
import { ALL_MODELS, FILTER_NAMES, type ModelQuery } from "../../../db/queries/filters.ts";
import { listJudgements } from "../../../db/queries/judgements.ts";
import { countFacets, listModels } from "../../../db/queries/models.ts";
import { loadSuccess } from "../../../db/queries/success.ts";
import { findSurvey } from "../../../db/queries/surveys.ts";
import { sampleStore } from "../../browser/sample-store.ts";

let store: Store;
let surveyId: number;
let index: SurveyIndex;

beforeAll(async () => {
  store = await sampleStore(":memory:");
  surveyId = (await findSurvey(store, null))!.surveyId;
  await buildIndex(store, surveyId);
  index = (await loadIndex(store, surveyId))!;
  return () => store.destroy();
});

const names = async (ranks: readonly number[]) => {
  const rows = await store.selectFrom("model").select(["model_id", "name"]).execute();
  return ranks.map((rank) => rows.find((row) => row.model_id === index.modelIds[rank])?.name);
};

const verdict = "verdict weights-only strict weights";

/** The same question to the tables and to the index. */
const QUESTIONS: readonly {
  readonly query: Partial<ModelQuery>;
  readonly where: Record<string, (string | null)[]>;
  readonly part?: string;
}[] = [
  { query: {}, where: {} },
  { query: { filters: { ...ALL_MODELS.filters, verdict: ["blocked"] } }, where: { [verdict]: ["blocked"] } },
  { query: { filters: { ...ALL_MODELS.filters, verdict: ["none"] } }, where: { [verdict]: [null] } },
  {
    query: { filters: { ...ALL_MODELS.filters, library: ["flair", "transformers"], verdict: ["loads"] } },
    where: { library: ["flair", "transformers"], [verdict]: ["loads"] },
  },
  { query: { q: "BERT" }, where: {}, part: "BERT" },
  { query: { q: "no such model" }, where: {}, part: "no such model" },
  { query: { q: "a", filters: { ...ALL_MODELS.filters, task: ["none"] } }, where: { task: [null] }, part: "a" },
];

describe("the derived index answers as the tables do", () => {
  test.each(QUESTIONS)("$query", async ({ query, where, part }) => {
    const asked = { ...ALL_MODELS, ...query, size: 1_000 };
    const selection = { where, within: part === undefined ? [] : [index.named(part)] };
    const page = await listModels(store, surveyId, asked);
    expect(await names(index.page(selection, null, 1_000))).toEqual(page.models.map(({ name }) => name));
    const counts = index.count(selection, ["library", "task", verdict]);
    expect(counts.models).toBe(page.total);
    expect(counts.downloads).toBe(page.models.reduce((sum, { downloads }) => sum + downloads, 0));
    const facets = await countFacets(store, surveyId, asked);
    for (const [name, column] of [
      ["library", "library"],
      ["task", "task"],
      ["verdict", verdict],
    ] as const) {
      const found = facets[name]
        .filter(({ models }) => models > 0)
        .map(({ value, models }) => ({ value: value === "none" ? null : value, models }));
      const same = counts.facets[column]!.filter(({ value }) => found.some((facet) => facet.value === value));
      expect(new Set(same.map((row) => JSON.stringify(row)))).toEqual(new Set(found.map((row) => JSON.stringify(row))));
    }
    expect(FILTER_NAMES).toContain("container");
  });

  test("page after page, without a model twice", () => {
    const selection = { where: {}, within: [] };
    const all = index.page(selection, null, 1_000);
    const paged: number[] = [];
    for (let page = index.page(selection, null, 7); page.length > 0; page = index.page(selection, page.at(-1)!, 7)) paged.push(...page);
    expect(paged).toEqual(all);
  });

  test("who imports and calls what, with the numbers", async () => {
    const postings = await store
      .selectFrom("survey_posting")
      .select(["kind", "value", "models"])
      .where("kind", "in", ["import", "call"])
      .execute();
    expect(postings.length).toBeGreaterThan(10);
    for (const { kind, value, models } of postings) {
      const [callable] = await findCallables(store, value);
      const use = await callableUse(store, surveyId, callable!);
      expect(models).toBe(kind === "import" ? use.importedBy : use.calledBy);
      expect(index.count({ where: {}, within: [await index.having(store, kind, value)] }, []).models).toBe(models);
    }
  });

  test("who is blocked on what", async () => {
    const kind = "blocked weights-only strict weights";
    const postings = await store.selectFrom("survey_posting").select(["value", "models"]).where("kind", "=", kind).execute();
    expect(postings.length).toBeGreaterThan(0);
    for (const { value, models } of postings) {
      const blocked = await index.having(store, kind, value);
      expect(index.count({ where: { [verdict]: ["blocked"] }, within: [blocked] }, []).models).toBe(models);
    }
  });

  test("load success, under each policy", async () => {
    expect((await listJudgements(store, surveyId)).length).toBeGreaterThan(1);
    for (const { slot, mode, role, counts } of await loadSuccess(store, surveyId)) {
      const cells = await store
        .selectFrom("survey_cell")
        .select(["verdict", "models"])
        .where("dimension", "=", "all")
        .where("slot", "=", slot)
        .where("mode", "=", mode)
        .where("role", "=", role)
        .execute();
      expect(Object.fromEntries(cells.map((cell) => [cell.verdict, cell.models]))).toEqual(
        Object.fromEntries(Object.entries(counts).filter(([, models]) => models > 0)),
      );
    }
  });
});

test("building it again publishes a new generation, and leaves nothing of the one before", async () => {
  // As one that was killed would leave it: written, and never published.
  await store
    .insertInto("survey_posting")
    .values({
      ...{ survey_id: surveyId, generation: index.generation + 1, kind: "import", value: "left.behind", callable_id: null },
      ...{ models: 1, downloads: 1, data: Buffer.from([0, 0]) },
    })
    .execute();
  const next = await buildIndex(store, surveyId);
  expect((await index.having(store, "import", "left.behind")).size).toBe(0);
  expect(await store.selectFrom("survey_posting").select("value").where("value", "=", "left.behind").execute()).toEqual([]);
  expect(next).toBe(index.generation + 1);
  const rows = await store.selectFrom("survey_column").select("generation").where("survey_id", "=", surveyId).distinct().execute();
  expect(rows).toEqual([{ generation: next }]);
  const other = (await store.selectFrom("survey").select("survey_id").where("generation", "=", 0).executeTakeFirstOrThrow()).survey_id;
  expect(await loadIndex(store, other)).toBeNull();
});
