import { afterEach, describe, expect, test } from "vitest";
import { planSurvey } from "../../crawler/plan.ts";
import { runSurvey } from "../../crawler/survey.ts";
import type { Population } from "../../crawler/survey-request.ts";
import { temporaryStore } from "../db/temporary-store.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import { makeRepository } from "../hub/repositories.ts";
import { surveyEffects, surveyRequest } from "./survey-setup.ts";

let hub: Hub;
afterEach(() => hub.close());

const everything: Population = { kind: "query", top: null, minimumDownloads: 0, filters: [] };

async function start(models: number, downloads: (index: number) => number = () => 0) {
  const repositories = Array.from({ length: models }, (_, index) =>
    makeRepository(`a/${index}`, { "x.pkl": Uint8Array.of(0x4e, 0x2e), "x.txt": "x" }, { downloads: downloads(index) }),
  );
  hub = await startHub({ repositories });
  const { store } = await temporaryStore();
  const plan = async (population: Population) => {
    const answer = await planSurvey(surveyRequest(hub, { population }), surveyEffects(store));
    if (!answer.ok) throw new Error(JSON.stringify(answer.error));
    return answer.value;
  };
  return { store, plan };
}

describe("a plan", () => {
  test("of few models is of all of them, costs one request, and stores nothing", async () => {
    const { store, plan } = await start(40);
    expect(await plan(everything)).toMatchObject({ models: 40, plannedModels: 40, files: 40, requests: 1 + 40 * 3.5 });
    expect(hub.log.length).toBe(1);
    expect(await store.selectFrom("survey").selectAll().execute()).toEqual([]);
  });

  test("of the most downloaded is reckoned up from the first page", async () => {
    const { plan } = await start(600);
    expect(await plan({ ...everything, top: 100_000 } as Population)).toMatchObject({
      models: 100_000,
      plannedModels: 100_000,
      files: 100_000,
    });
  });

  test("of as many as there are says that it does not know how many", async () => {
    const { plan } = await start(600);
    expect(await plan(everything)).toMatchObject({ models: null, plannedModels: 500, files: 500 });
  });

  test("ends where the downloads do", async () => {
    const { plan } = await start(600, (index) => 600 - index);
    expect(await plan({ ...everything, minimumDownloads: 500 } as Population)).toMatchObject({ models: 101 });
  });

  test("of named models asks for the first", async () => {
    const { plan } = await start(3);
    expect(await plan({ kind: "models", names: ["a/0", "a/1", "a/2"] })).toMatchObject({ models: 3, files: 3 });
  });

  test("of named models, none of which is there, is a plan to ask for them", async () => {
    const { plan } = await start(0);
    expect(await plan({ kind: "models", names: ["a/0", "a/1"] })).toMatchObject({ models: 2, files: 0, requests: 2 });
  });

  test("takes as long as the limits that the Hub announced", async () => {
    const { plan } = await start(600);
    // At ten files a second, which is what the anonymous may resolve: 3,000 in five minutes.
    expect((await plan({ ...everything, top: 100_000 } as Population)).seconds).toBe(10_000);
  });

  test("counts with what files cost in the surveys before", async () => {
    const { store, plan } = await start(40);
    await runSurvey(surveyRequest(hub), surveyEffects(store));
    expect(await plan(everything)).toMatchObject({ files: 40, requests: 1 + 40 * 2 });
  });

  test("is none where the Hub does not answer", async () => {
    const { store } = await start(1);
    hub.faults.add({ fault: { kind: "body", body: "<html>" } });
    expect(await planSurvey(surveyRequest(hub, { population: everything }), surveyEffects(store))).toMatchObject({
      ok: false,
      error: { kind: "unexpected" },
    });
  });
});
