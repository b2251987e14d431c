/**
 * Public repositories, the whole road: models to library and class, source from a loopback index of Debian's libraries,
 * policies inferred, verdicts given; and once more, which costs the listing alone. The files are data of strangers: they
 * are traced, never loaded.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { runSurvey } from "../../crawler/survey.ts";
import { loadIndex } from "../../db/index/survey-index.ts";
import { temporaryStore } from "../db/temporary-store.ts";
import { debianWheels } from "../hub/debian-wheels.ts";
import { startHub } from "../hub/hub.ts";
import { realRepositories } from "../hub/samples.ts";
import { surveyEffects, surveyRequest } from "./survey-setup.ts";

const REAL = fileURLToPath(new URL("../../../shared/data/corpus/real", import.meta.url));
const distributions = debianWheels();
const ready = existsSync(REAL) && distributions.length > 0;
if (!ready) console.warn("The corpus of real models or Debian's Python libraries are not here: no survey of them");

test.skipIf(!ready)(
  "a survey of every real repository, twice",
  async () => {
    const repositories = await realRepositories(REAL);
    const hub = await startHub({ repositories, distributions });
    onTestFinished(() => hub.close());
    const { store } = await temporaryStore();
    const effects = surveyEffects(store);
    const request = { ...surveyRequest(hub, { concurrency: 8, threads: 2 }), name: "first" };
    const first = await runSurvey(request, effects);
    expect(first).toMatchObject({ outcome: "finished", failure: null, models: repositories.length });
    expect(first.states).toEqual({ judged: repositories.length });
    expect(first.pickles).toBeGreaterThan(500);
    // What loads as a class of a library that the index has was judged by that class's own policy.
    expect(first.classes.inferred).toBeGreaterThanOrEqual(5);
    expect(first.classes.unavailable).toBeUndefined();
    const judged = Object.values(first.verdicts.class!).reduce((sum, models) => sum + models, 0);
    expect(judged).toBe(first.classes.inferred);
    const distributionsUsed = await store.selectFrom("policy").select("library").where("slot", "=", "class").distinct().execute();
    expect(distributionsUsed.map(({ library }) => library)).toContain("scikit-learn");
    // No policy without a reason, and each reason at a line of the source that is in the store.
    const bare = await store.selectFrom("policy_entry").select("policy_id").where("reasons", "=", "[]").execute();
    expect(bare).toEqual([]);
    // No content is fetched twice.
    const fetched = hub.log.flatMap(({ origin, method, path, range }) =>
      origin === "files" && method === "GET" && path.startsWith("/repos/") ? [`${/[0-9a-f]{64}/.exec(path)?.[0]} ${range}`] : [],
    );
    expect(fetched.length - new Set(fetched).size).toBe(0);

    const before = hub.log.length;
    const second = await runSurvey({ ...request, name: "second" }, effects);
    expect(hub.log.slice(before).map(({ path }) => path.split("?")[0])).toEqual(["/api/models"]);
    const { models, files, pickles, verdicts, states, classes, bytesHeld, manifest } = first;
    expect(second).toMatchObject({ models, files, pickles, verdicts, states, classes, bytesHeld, manifest, requests: 1 });
    const { survey_id } = await store.selectFrom("survey").select("survey_id").where("name", "=", "second").executeTakeFirstOrThrow();
    expect((await loadIndex(store, survey_id))!.models).toBe(models);
    console.log(
      JSON.stringify({ models, files, pickles, verdicts, classes, requests: first.requests, bytesRead: first.bytesRead, bytesHeld }),
    );
  },
  600_000,
);
