/** The end of a survey: what is derived from its tables once they are complete, so that nobody has to count them again. */
import type { Store } from "./connection.ts";
import { buildIndex } from "./index/build-index.ts";
import { computeManifest } from "./manifest.ts";
import { countTotals } from "./queries/surveys.ts";

/**
 * Builds the derived index, the totals and the manifest of a survey that is through, and then notes when that was, the
 * first time that it is. Killed before its end, it is done again by the next run.
 */
export async function finishSurvey(store: Store, surveyId: number, finishedAt: string): Promise<void> {
  await buildIndex(store, surveyId);
  const totals = JSON.stringify(await countTotals(store, surveyId));
  const manifest = await computeManifest(store, surveyId);
  await store
    .updateTable("survey")
    .set(({ fn, val }) => ({ totals, manifest, finished_at: fn.coalesce("finished_at", val(finishedAt)) }))
    .where("survey_id", "=", surveyId)
    .execute();
}

/** Takes back what was derived of a survey that is to be judged again: it is counted from the tables until it is through. */
export async function reopenSurvey(store: Store, surveyId: number): Promise<void> {
  await store.updateTable("survey").set({ totals: null, manifest: null }).where("survey_id", "=", surveyId).execute();
}
