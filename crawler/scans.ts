/**
 * Where it is asked for: what the Hub's own scanners say of the files that a survey reads, one request for a model. Nothing
 * depends on it, so a Hub that does not tell costs the comparison and no verdict.
 */
import { capabilityOf } from "../analyzer/verdict/capability.ts";
import type { ModelState } from "../db/schema.ts";
import { countModels, type ModelWork, modelsIn, type Selection, unscannedFiles } from "../db/work.ts";
import { writeHubScans } from "../db/writes-hub-scans.ts";
import { forEachConcurrently } from "./concurrently.ts";
import { refusalOf } from "./hub-refusal.ts";
import { fetchHubScans } from "./hub-scans.ts";
import type { SurveyRun } from "./survey-run.ts";

/** The Hub tells of a gated model's files too, though it does not hand them out. */
const TOLD: readonly ModelState[] = ["resolved", "traced", "judged", "gated"];

/** Asks for what was not asked since the survey began; what scanners had come to before it is not asked again. */
export async function scanModels(run: SurveyRun, since: string): Promise<void> {
  const selection: Selection = { states: TOLD, unscannedSince: since };
  run.report({ kind: "stage", stage: "scans", models: await countModels(run.store, run.surveyId, selection) });
  await forEachConcurrently(modelsIn(run.store, run.surveyId, selection), run.concurrency, run.signal, (model) =>
    scanModel(run, model, since),
  );
}

/** Asks for one model, as far as its files were not asked for since the survey began. */
export async function scanModel(run: SurveyRun, model: ModelWork, since: string): Promise<void> {
  if (!TOLD.includes(model.state)) return;
  const files = await unscannedFiles(run.store, model.revisionId, since);
  if (files.length === 0) return;
  const { http, hubUrl } = run.session;
  const scans = await fetchHubScans(
    http,
    hubUrl,
    { model: model.name, commit: model.commit },
    files.map(({ path }) => path),
  );
  if (run.interrupted) return;
  if (!scans.ok) {
    const { kind, message } = refusalOf(scans.error);
    if (kind === "failed") run.failed(message);
    run.report({ kind: "model", model: model.name, state: model.state, failure: `the Hub's scans: ${message}` });
    return;
  }
  run.worked();
  const told = files.map(({ fileId, path }) => {
    const { status = null, scanners = {}, imports = [] } = scans.value.get(path) ?? {};
    return { fileId, status, scanners, imports };
  });
  await run.commit((store) => writeHubScans(store, told, run.effects.date().toISOString(), capabilityOf));
  run.report({ kind: "model", model: model.name, state: model.state, failure: null });
}
