/**
 * The whole road of a survey: list, crawl, infer, judge. What each stage has to do it finds in the store, so each can be
 * interrupted anywhere, killed, and run again, alone or with the others.
 */

import { finishSurvey, reopenSurvey } from "../db/finish.ts";
import { countModels, isComplete } from "../db/work.ts";
import { retryClasses } from "../db/writes-class.ts";
import { retryFailed } from "../db/writes-crawl.ts";
import { findSurveyRow, openSurvey, type SurveyRow } from "../db/writes-listing.ts";
import { crawlModels } from "./crawl.ts";
import { CLASS_ENGINE } from "./engine.ts";
import { describeFailure } from "./http-failure.ts";
import { inferPolicies, TO_INFER } from "./infer.ts";
import { judgeModels } from "./judge.ts";
import { listPopulation } from "./list.ts";
import { judgeByOthers } from "./observe.ts";
import { scanModels } from "./scans.ts";
import { refusedSummary, type SurveySummary, summarize } from "./summary.ts";
import type { Population, SurveyEffects, SurveyRequest } from "./survey-request.ts";
import { SurveyRun } from "./survey-run.ts";
import { Tracing } from "./tracing.ts";
import { surveyTogether } from "./workers.ts";

/** Runs a survey to its end, or goes on with one that was interrupted. One that is finished is only summarised. */
export async function runSurvey(request: SurveyRequest, effects: SurveyEffects): Promise<SurveySummary> {
  return runStages(request, effects, "unfinished", async (run, survey) => {
    return (await crawlStage(run, survey)) ?? (await inferStage(run)) ?? (await judgeStage(run));
  });
}

/** The same together with every process that works on the store, which is on PostgreSQL: `workers.ts`. */
export async function runSurveyTogether(request: SurveyRequest, effects: SurveyEffects, database: string): Promise<SurveySummary> {
  return runStages(request, effects, "unfinished", async (run, survey) => {
    await run.commit((store) => retryFailed(store, run.surveyId));
    await run.commit((store) => retryClasses(store, run.surveyId, CLASS_ENGINE));
    const { token, concurrency, threads } = run;
    const outcome = await surveyTogether(run, { database, token, concurrency, threads }, async (listed) => {
      const done = await listPopulation(run, survey, listed);
      return done.ok || run.interrupted ? null : describeFailure(done.error);
    });
    if (!outcome.through) return outcome.failure === null ? INTERRUPTED : { outcome: "stopped", failure: outcome.failure };
    return finishStage(run);
  });
}

/** The first part alone: lists the models and reads their files. */
export async function crawl(request: SurveyRequest, effects: SurveyEffects): Promise<SurveySummary> {
  return runStages(request, effects, "unfinished", crawlStage);
}

/** The second part alone, of a survey that there is: finds classes and infers policies, for what was read; of a finished one, those that another engine made. */
export async function inferAll(request: SurveyRequest, effects: SurveyEffects): Promise<SurveySummary> {
  return runStages(request, effects, "known", inferStage);
}

/** The third part alone, of a survey that there is: judges what was read by the policies there are, as far as it is not judged by them. */
export async function judgeAll(request: SurveyRequest, effects: SurveyEffects): Promise<SurveySummary> {
  return runStages(request, effects, "known", judgeStage);
}

/** Why a stage did not get to its end; null where it did. */
type Stop = { readonly outcome: "interrupted" | "stopped"; readonly failure: string | null } | null;

const INTERRUPTED: Stop = { outcome: "interrupted", failure: null };

async function runStages(
  request: SurveyRequest,
  effects: SurveyEffects,
  surveys: "unfinished" | "known",
  stages: (run: SurveyRun, survey: SurveyRow) => Promise<Stop>,
): Promise<SurveySummary> {
  const query = queryOf(request.population);
  const known = await findSurveyRow(effects.store, request.name);
  if (known !== null && (known.query !== query || known.hub !== request.hub)) {
    return refusedSummary(request.name, `there is a survey ${request.name} of other models: give this one another name`);
  }
  // What was not read cannot be worked on: a name that was mistyped would stay in the store as a survey of nothing.
  if (known === null && surveys === "known") return refusedSummary(request.name, `no survey ${request.name}`);
  if (known?.finished_at && surveys === "unfinished") return summarize(effects.store, known, "finished", null);
  const startedAt = effects.date().toISOString();
  const survey = await openSurvey(effects.store, { name: request.name, hub: request.hub, query, startedAt });
  const run = new SurveyRun(survey.survey_id, request, effects);
  const stop = await stages(run, survey);
  // What was spent since the last item, such as on requests that failed.
  await run.commit(async () => undefined);
  return summarize(effects.store, survey, stop?.outcome ?? "finished", stop?.failure ?? null);
}

async function crawlStage(run: SurveyRun, survey: SurveyRow): Promise<Stop> {
  await run.commit((store) => retryFailed(store, run.surveyId));
  const listed = await listPopulation(run, survey);
  if (!listed.ok && !run.interrupted) return { outcome: "stopped", failure: describeFailure(listed.error) };
  const tracing = Tracing.of(run);
  try {
    if (!run.interrupted) await crawlModels(run, tracing);
  } finally {
    await tracing.close();
  }
  if (run.request.hubScans && !run.interrupted) await scanModels(run, survey.started_at);
  return stopOf(run);
}

async function inferStage(run: SurveyRun): Promise<Stop> {
  await run.commit((store) => retryClasses(store, run.surveyId, CLASS_ENGINE));
  if ((await countModels(run.store, run.surveyId, TO_INFER)) > 0) await reopenSurvey(run.store, run.surveyId);
  await inferPolicies(run);
  return stopOf(run);
}

async function judgeStage(run: SurveyRun): Promise<Stop> {
  if ((await countModels(run.store, run.surveyId, { states: ["traced"] })) > 0) await reopenSurvey(run.store, run.surveyId);
  await judgeModels(run);
  const stop = stopOf(run);
  const { totals } = await run.store.selectFrom("survey").select("totals").where("survey_id", "=", run.surveyId).executeTakeFirstOrThrow();
  if (stop === null && totals === null && (await isComplete(run.store, run.surveyId))) return finishStage(run);
  return stop;
}

/** What takes all models: what the others of each were seen to do, and what is derived from the whole. */
async function finishStage(run: SurveyRun): Promise<Stop> {
  await judgeByOthers(run);
  const stop = stopOf(run);
  if (stop === null) await finishSurvey(run.store, run.surveyId, run.effects.date().toISOString());
  return stop;
}

function stopOf(run: SurveyRun): Stop {
  if (run.effects.signal.aborted) return INTERRUPTED;
  return run.outage === null ? null : { outcome: "stopped", failure: run.outage };
}

/** The population in one way of writing it, by which the store knows it again: `survey.query`. */
export function queryOf(population: Population): string {
  if (population.kind === "models") return JSON.stringify(population);
  const { top, sort, minimumDownloads, filters, modifiedSince } = population;
  const sorted = filters.toSorted((a, b) => (a.key + a.value < b.key + b.value ? -1 : 1));
  const optional = { ...(sort && { sort }), ...(modifiedSince && { modifiedSince }) };
  const canonical: Population = { kind: "query", top, minimumDownloads, filters: sorted, ...optional };
  return JSON.stringify(canonical);
}
