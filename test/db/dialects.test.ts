/** One contract, two stores: the same rows, and the same answer to every question, on SQLite and on PostgreSQL. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runSurvey } from "../../crawler/survey.ts";
import { openStore, type Store } from "../../db/connection.ts";
import { EXPORTS } from "../../db/exports/tables.ts";
import { buildIndex } from "../../db/index/build-index.ts";
import { loadIndex } from "../../db/index/survey-index.ts";
import { computeManifest } from "../../db/manifest.ts";
import * as blockers from "../../db/queries/blockers.ts";
import * as callables from "../../db/queries/callables.ts";
import { candidateClasses } from "../../db/queries/candidates.ts";
import { modelEvidence } from "../../db/queries/evidence.ts";
import { ALL_MODELS, type Cursor } from "../../db/queries/filters.ts";
import * as hubScans from "../../db/queries/hub-scans.ts";
import { listJudgements } from "../../db/queries/judgements.ts";
import { findModel, judgedModel, modelFiles, modelHistory, usedCallables } from "../../db/queries/model.ts";
import { countFacets, listModels } from "../../db/queries/models.ts";
import * as policies from "../../db/queries/policies.ts";
import * as success from "../../db/queries/success.ts";
import { listSurveys, surveyTotals } from "../../db/queries/surveys.ts";
import { sampleStore } from "../browser/sample-store.ts";
import { surveyEffects, surveyRequest } from "../crawler/survey-setup.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import { maliciousRepositories, modelRepositories, wheels } from "../hub/samples.ts";
import { dumpPostgres, dumpTables } from "./dump.ts";
import { type Postgres, postgresPrograms, startPostgres } from "./postgres.ts";
import { readStore, temporaryPath } from "./temporary-store.ts";

const programs = postgresPrograms();
if (programs === null) console.warn("PostgreSQL is not installed: nothing is tested on it");

let postgres: Postgres;
beforeAll(async () => {
  if (programs !== null) postgres = await startPostgres(programs);
});
afterAll(() => postgres?.stop());

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Without the numbers that files got, which mean nothing outside a store. */
function numbered(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value) => (key === "fileId" ? undefined : value instanceof Set ? [...value].sort() : value)),
  );
}

/** Everything that pages, exports and the command line ask, of a survey of the sample models. */
const QUESTIONS: Readonly<Record<string, (store: Store, surveyId: number) => Promise<unknown>>> = {
  surveys: listSurveys,
  totals: surveyTotals,
  judgements: listJudgements,
  manifest: computeManifest,
  "load success": success.loadSuccess,
  models: (store, surveyId) => listModels(store, surveyId, { ...ALL_MODELS, size: 1_000 }),
  "models by name, page after page": async (store, surveyId) => {
    const names: string[] = [];
    let after: Cursor | null = null;
    do {
      const page = await listModels(store, surveyId, { ...ALL_MODELS, sort: "name", size: 7, after });
      names.push(...page.models.map(({ name }) => name));
      after = page.next?.after ?? null;
    } while (after !== null);
    return names;
  },
  "models by a part of the name, in any case": (store, surveyId) => listModels(store, surveyId, { ...ALL_MODELS, q: "BERT", size: 1_000 }),
  facets: (store, surveyId) =>
    countFacets(store, surveyId, {
      ...ALL_MODELS,
      filters: { ...ALL_MODELS.filters, verdict: ["blocked", "none"], container: ["torch-zip"] },
    }),
  blockers: (store, surveyId) => blockers.topBlockers(store, surveyId, ALL_MODELS.lens, 50),
  "blocked opcodes": (store, surveyId) => blockers.blockedOpcodes(store, surveyId, ALL_MODELS.lens),
  "blocked capabilities": (store, surveyId) => blockers.blockedCapabilities(store, surveyId, ALL_MODELS.lens),
  "callables by name": (store, surveyId) => callables.listCallables(store, surveyId, "TENSOR", 50),
  "each callable": async (store, surveyId) =>
    Promise.all(
      (await callables.listCallables(store, surveyId, "", 20)).map(async ({ callable }) => {
        const [found] = await callables.findCallables(store, callable);
        const { callableId } = found!;
        return [
          callable,
          await callables.callableUse(store, surveyId, found!),
          await callables.callableModels(store, surveyId, found!, 20),
          (await callables.allowingPolicies(store, callableId)).map(({ name, kinds }) => [name, kinds]),
          await callables.blockedUnder(store, surveyId, found!),
        ];
      }),
    ),
  "each model": async (store, surveyId) =>
    Promise.all(
      (await listModels(store, surveyId, { ...ALL_MODELS, size: 1_000 })).models.map(async ({ name }) => {
        const model = (await findModel(store, surveyId, name))!;
        const judged = await judgedModel(store, surveyId, model.modelId);
        const files = await modelFiles(store, model.revisionId, judged);
        const evidence = await modelEvidence(store, files, judged);
        return [
          model,
          judged,
          files,
          evidence,
          await usedCallables(store, model.revisionId, 100),
          await modelHistory(store, model.modelId),
          await hubScans.hubScansOf(store, model.revisionId),
        ];
      }),
    ),
  "the Hub's scans": (store, surveyId) => hubScans.hubAgreement(store, surveyId, ALL_MODELS.lens),
  candidates: async (store, surveyId) =>
    candidateClasses(
      store,
      surveyId,
      (await listModels(store, surveyId, { ...ALL_MODELS, size: 1_000 })).models.map(({ modelId }) => modelId),
    ),
  policies: async (store, surveyId) => {
    const rows = await store.selectFrom("policy").select(["policy_id", "name"]).orderBy("name").execute();
    return Promise.all(
      rows.map(async ({ policy_id, name }) => [
        name,
        await policies.policyEntries(store, policy_id),
        await policies.policyUse(store, surveyId, policy_id),
      ]),
    );
  },
  "the derived index": async (store, surveyId) => {
    await buildIndex(store, surveyId);
    const index = (await loadIndex(store, surveyId))!;
    const dimensions = [...index.columns.keys()].sort();
    const cells = await store.selectFrom("survey_cell").selectAll().orderBy("dimension").orderBy("value").orderBy("slot").execute();
    return [
      dimensions,
      index.count({ where: {}, within: [index.named("Bert")] }, dimensions),
      new Set(cells.map((cell) => JSON.stringify(cell))),
    ];
  },
  ...Object.fromEntries(
    Object.values(EXPORTS).map((table) => [
      `export ${table.name}`,
      (store: Store, surveyId: number) => collect(table.rows(store, surveyId)),
    ]),
  ),
};

describe.skipIf(programs === null)("the same question has the same answer", () => {
  let stores: readonly Store[];
  let surveyId: number;
  beforeAll(async () => {
    stores = [await sampleStore(":memory:"), await sampleStore(postgres.database())];
    surveyId = (await listSurveys(stores[0]!))[0]!.surveyId;
    return async () => {
      for (const store of stores) await store.destroy();
    };
  });

  test.each(Object.keys(QUESTIONS))("%s", async (question) => {
    const [sqlite, postgresql] = await Promise.all(stores.map((store) => QUESTIONS[question]!(store, surveyId)));
    expect(numbered(postgresql)).toEqual(numbered(sqlite));
  });
});

describe.skipIf(programs === null)("a survey", () => {
  let hub: Hub;
  beforeAll(async () => {
    const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
    const repositories = [...(await modelRepositories(`${fixtures}/models`)), ...maliciousRepositories()];
    hub = await startHub({ repositories, distributions: await wheels(`${fixtures}/wheels`) });
    return () => hub.close();
  });

  test("comes to the same rows", async () => {
    const path = temporaryPath();
    const sqlite = await openStore(path);
    const first = await runSurvey(surveyRequest(hub), surveyEffects(sqlite));
    await sqlite.destroy();
    const store = await openStore(postgres.database());
    const second = await runSurvey(surveyRequest(hub), surveyEffects(store));
    expect(second).toEqual({ ...first, requests: expect.any(Number), bytesRead: expect.any(Number) });
    expect(second.outcome).toBe("finished");
    // What is left of a rate limit is written only where several machines share it.
    const { rate_limit: _, ...rows } = await dumpPostgres(store);
    const { rate_limit: __, ...expected } = readStore(path, dumpTables);
    expect(rows).toEqual(expected);
    await store.destroy();
  }, 300_000);
});
