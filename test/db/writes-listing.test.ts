import { describe, expect, test } from "vitest";
import { countListed, countModels, modelsAfter, modelsIn } from "../../db/work.ts";
import { retryFailed } from "../../db/writes-crawl.ts";
import { openSurvey, placeholderId, writePage } from "../../db/writes-listing.ts";
import { listPage, model, openTestSurvey } from "./rows.ts";
import { readStore, temporaryStore } from "./temporary-store.ts";

async function names(models: AsyncIterable<{ name: string }>) {
  const all: string[] = [];
  for await (const { name } of models) all.push(name);
  return all;
}

const weights = (...paths: string[]) => paths.map((path) => ({ path, role: "weights" as const }));

describe("a listing", () => {
  test("is stored a page at a time, with the place to go on from", async () => {
    const { store } = await temporaryStore();
    const surveyId = await openTestSurvey(store);
    expect(await listPage(store, surveyId, [model("a/1"), model("a/2")], "next")).toBe(2);
    expect(await openSurvey(store, { name: "survey", hub: "", query: "", startedAt: "" })).toMatchObject({
      survey_id: surveyId,
      cursor: "next",
      hub: "http://hub",
    });
    expect(await listPage(store, surveyId, [model("a/3")])).toBe(1);
    expect(await store.selectFrom("survey_model").select("position").orderBy("position").execute()).toEqual([
      { position: 0 },
      { position: 1 },
      { position: 2 },
    ]);
  });

  test("counts what could not be read", async () => {
    const { store } = await temporaryStore();
    const surveyId = await openTestSurvey(store);
    await writePage(store, surveyId, { models: [], unreadable: 2, cursor: "x" });
    await writePage(store, surveyId, { models: [model("a/1")], unreadable: 3, cursor: "" });
    expect(await store.selectFrom("survey").select("unreadable").execute()).toEqual([{ unreadable: 5 }]);
  });

  test("that shows a model again, on this page or a later one, leaves it as it was first", async () => {
    const { store } = await temporaryStore();
    const surveyId = await openTestSurvey(store);
    await listPage(store, surveyId, [model("a/1", { downloads: 5 }), model("a/2"), model("a/1", { downloads: 6 })], "x");
    expect(await listPage(store, surveyId, [model("a/1", { downloads: 7 }), model("a/3")], "y")).toBe(1);
    expect(await countListed(store, surveyId)).toBe(3);
    expect(await store.selectFrom("survey_model").select("downloads").where("position", "=", 0).executeTakeFirst()).toEqual({
      downloads: 6,
    });
  });

  test("knows a renamed model, and an unchanged one, from the survey before", async () => {
    const { store } = await temporaryStore();
    const first = await openTestSurvey(store, "first");
    await listPage(store, first, [model("a/old", { metadata: "{}", candidates: weights("x.pkl") })]);
    await store.updateTable("revision").set({ metadata: '{"card":[]}' }).execute();
    await store.updateTable("file").set({ state: "read", size: 9 }).execute();
    const second = await openTestSurvey(store, "second");
    await listPage(store, second, [model("a/new", { hubId: "id of a/old", metadata: "{}", candidates: weights("x.pkl", "y.pkl") })]);
    expect(await store.selectFrom("model").select("name").execute()).toEqual([{ name: "a/new" }]);
    expect(await store.selectFrom("revision").select("metadata").execute()).toEqual([{ metadata: '{"card":[]}' }]);
    expect(await store.selectFrom("file").select(["path", "state"]).orderBy("path").execute()).toEqual([
      { path: "x.pkl", state: "read" },
      { path: "y.pkl", state: "listed" },
    ]);
  });

  test("gives a model that was missing its own identity once it is there", async () => {
    const { store } = await temporaryStore();
    const first = await openTestSurvey(store, "first");
    await listPage(store, first, [model("a/b", { hubId: placeholderId("a/b"), commit: "", end: { state: "missing", failure: "404" } })]);
    const second = await openTestSurvey(store, "second");
    await listPage(store, second, [model("a/b")]);
    expect(await store.selectFrom("model").select(["hub_id", "name"]).execute()).toEqual([{ hub_id: "id of a/b", name: "a/b" }]);
  });

  test("takes a page of a thousand models with as many files each as there are", async () => {
    const { store } = await temporaryStore();
    const surveyId = await openTestSurvey(store);
    const files = weights(...Array.from({ length: 3 }, (_, index) => `${index}.bin`));
    const page = Array.from({ length: 1_000 }, (_, index) => model(`a/${index}`, { candidates: files }));
    expect(await store.transaction().execute((transaction) => listPage(transaction, surveyId, page))).toBe(1_000);
    expect(await countListed(store, surveyId)).toBe(1_000);
  });
});

describe("the work of a stage", () => {
  test("is handed out in the order of the listing, while the models change under it", async () => {
    const { store } = await temporaryStore();
    const surveyId = await openTestSurvey(store);
    const page = Array.from({ length: 450 }, (_, index) => model(`a/${index}`, { candidates: index % 2 === 0 ? weights("x.pkl") : null }));
    await listPage(store, surveyId, page);
    const seen: string[] = [];
    for await (const work of modelsIn(store, surveyId, { states: ["listed", "resolved"] })) {
      seen.push(work.name);
      await store.updateTable("survey_model").set({ state: "traced" }).where("model_id", "=", work.modelId).execute();
    }
    expect(seen).toEqual(page.map(({ name }) => name));
    expect(await countModels(store, surveyId, { states: ["listed", "resolved"] })).toBe(0);
  });

  test("is what failed before, if it may go better now", async () => {
    const { store } = await temporaryStore();
    const surveyId = await openTestSurvey(store);
    const ends = ["failed", "gated", "missing", "disabled"] as const;
    await listPage(store, surveyId, [
      ...ends.map((state) => model(`a/${state}`, { end: { state, failure: "x" } })),
      model("a/read", { candidates: weights("x", "y") }),
    ]);
    await listPage(store, surveyId, [model("a/unknown", { commit: "", end: { state: "failed", failure: "x" } })]);
    await store.updateTable("survey_model").set({ state: "judged", class_state: "no-class" }).where("state", "=", "resolved").execute();
    await store.updateTable("file").set({ state: "unavailable" }).where("path", "=", "x").execute();
    await retryFailed(store, surveyId);
    expect(await names(modelsIn(store, surveyId, { states: ["listed", "resolved"] }))).toEqual(["a/failed", "a/read"]);
  });

  test("is none where no file of a model could hold a pickle", async () => {
    const { store } = await temporaryStore();
    const surveyId = await openTestSurvey(store);
    await listPage(store, surveyId, [model("a/none")]);
    expect(await store.selectFrom("survey_model").select(["state", "class_state"]).execute()).toEqual([
      { state: "judged", class_state: "no-class" },
    ]);
  });

  test("is found without looking through the survey", async () => {
    const { store, path } = await temporaryStore();
    const surveyId = await openTestSurvey(store);
    const { sql, parameters } = modelsAfter(store, surveyId, { states: ["listed", "resolved"] }, -1).compile();
    const plan = readStore(path, (database) => database.prepare(`explain query plan ${sql}`).all(...parameters) as { detail: string }[]);
    const details = plan.map(({ detail }) => detail);
    expect(details[0]).toMatch(/^SEARCH survey_model USING INDEX survey_model_position/);
    expect(details.filter((detail) => /SCAN|TEMP B-TREE/.test(detail))).toEqual([]);
  });
});
