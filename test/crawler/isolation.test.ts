/**
 * A file that hangs the analyzer, fills its memory or makes it crash costs its own verdict and no other's: in a scan, in
 * a survey, and when it is judged. No such file is known, so that the worker here dies of what it reads in the first bytes.
 */
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import { DEFAULT_WEIGHTS_ONLY } from "../../analyzer/policy/weights-only.ts";
import { crawlModels } from "../../crawler/crawl.ts";
import { judgeModels } from "../../crawler/judge.ts";
import { listPopulation } from "../../crawler/list.ts";
import { SurveyRun } from "../../crawler/survey-run.ts";
import { Tracing } from "../../crawler/tracing.ts";
import { openStore } from "../../db/connection.ts";
import { openSurvey } from "../../db/writes-listing.ts";
import { FileTracer } from "../../scripts/file-tracer.ts";
import { judgeFile } from "../../scripts/judging.ts";
import { program } from "../analyzer/pickle/programs.ts";
import { temporaryPath } from "../db/temporary-store.ts";
import { startHub } from "../hub/hub.ts";
import { makeRepository } from "../hub/repositories.ts";
import { surveyEffects, surveyRequest } from "./survey-setup.ts";

const FILES: Readonly<Record<string, Uint8Array>> = {
  "a-hangs.pkl": Buffer.from("HANG"),
  "b-benign.pkl": program("EMPTY_LIST\nSTOP"),
  "c-fills.pkl": Buffer.from("FILL"),
  "d-crashes.pkl": Buffer.from("BUG!"),
  "e-malicious.pkl": program('GLOBAL "os system"\nBINUNICODE "id"\nTUPLE1\nREDUCE\nSTOP'),
};

const VERDICTS = {
  "a-hangs.pkl": "unfinished",
  "b-benign.pkl": "loads",
  "c-fills.pkl": "unfinished",
  "d-crashes.pkl": "unfinished",
  "e-malicious.pkl": "blocked",
};

let tracing: Tracing;
beforeEach(() => {
  tracing = new Tracing(1, new URL("./workers/trace-or-die.ts", import.meta.url), { milliseconds: 5_000, megabytes: 64 });
});
afterEach(() => tracing.close());

describe("a worker that dies costs its file's verdict, and no other", () => {
  test("in a scan", { timeout: 60_000 }, async () => {
    const tracer = new FileTracer(tracing);
    const judged = await Promise.all(
      Object.entries(FILES).map(([name, bytes]) =>
        judgeFile(
          { name, isNamed: true, read: (use) => use(memorySource(bytes)) },
          [{ policy: DEFAULT_WEIGHTS_ONLY, mode: "strict" }],
          tracer,
        ),
      ),
    );
    expect(Object.fromEntries(judged.map(({ name, verdicts }) => [name, verdicts[0]!.verdict]))).toEqual(VERDICTS);
    const failures = judged.flatMap(({ trace }) => trace?.failure ?? []);
    expect(failures).toMatchObject([
      { kind: "limit", resource: "workSeconds" },
      { kind: "limit", resource: expect.stringMatching("heapMegabytes|workSeconds") },
      { kind: "crash", message: "a bug" },
    ]);
  });

  test("in a survey, and when what it found is judged", { timeout: 60_000 }, async () => {
    const repositories = Object.entries(FILES).map(([name, bytes]) => makeRepository(`a/${name}`, { [name]: bytes }));
    const hub = await startHub({ repositories });
    onTestFinished(() => hub.close());
    const store = await openStore(temporaryPath());
    onTestFinished(() => store.destroy());
    const request = surveyRequest(hub);
    const query = JSON.stringify(request.population);
    const survey = await openSurvey(store, { name: request.name, hub: request.hub, query, startedAt: "2026-01-01T00:00:00Z" });
    const run = new SurveyRun(survey.survey_id, request, surveyEffects(store));

    expect(await listPopulation(run, survey)).toMatchObject({ ok: true });
    await crawlModels(run, tracing);
    await judgeModels(run);
    const rows = await store
      .selectFrom("model_verdict")
      .innerJoin("model", "model.model_id", "model_verdict.model_id")
      .where("slot", "=", "weights-only")
      .select(["name", "verdict"])
      .execute();
    expect(Object.fromEntries(rows.map(({ name, verdict }) => [name.slice("a/".length), verdict]))).toEqual(VERDICTS);
  });
});
