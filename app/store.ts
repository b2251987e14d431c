/** The one connection of this process to the store, and the index of the survey that is looked at: read-only, opened at the first request, kept across reloads of modules. */
import { openStore, type Store } from "../db/connection.ts";
import { loadIndex, type SurveyIndex } from "../db/index/survey-index.ts";
import { countTotals, type Survey, type SurveyTotals, storedTotals } from "../db/queries/surveys.ts";

const kept = globalThis as { censusStore?: Promise<Store>; censusIndex?: { key: string; index: Promise<SurveyIndex | null> } };

/**
 * The store at `CENSUS_DATABASE`. Rejects with what SQLite says where it cannot be opened, and tries again at the next
 * request: a survey may just be about to create it.
 */
export function dashboardStore(): Promise<Store> {
  kept.censusStore ??= open().catch((error: unknown) => {
    delete kept.censusStore;
    throw error;
  });
  return kept.censusStore;
}

async function open(): Promise<Store> {
  const path = process.env.CENSUS_DATABASE;
  if (path === undefined || path === "") throw new Error("CENSUS_DATABASE names no store");
  return openStore(path, { readonly: true });
}

/**
 * The derived index of a survey in memory, loaded when it is first asked for and again when another was published; null
 * where the survey has none. One at a time: it takes some 60 bytes a model.
 */
export function surveyIndex(store: Store, { surveyId, generation, name }: Survey): Promise<SurveyIndex | null> {
  if (generation === 0) return Promise.resolve(null);
  const key = JSON.stringify([process.env.CENSUS_DATABASE, surveyId, generation, name]);
  if (kept.censusIndex?.key !== key) kept.censusIndex = { key, index: loadIndex(store, surveyId) };
  return kept.censusIndex.index;
}

/** How many times as long as counting took its result is kept: a survey that runs has at most a hundredth of the processor counted away. */
const KEPT_FOR = 100;

const counted = new Map<string, { readonly totals: SurveyTotals; readonly until: number }>();

/** What a survey amounts to: as it was counted when it finished, or, while it runs, a moment ago. Counting millions of rows takes seconds. */
export async function totalsOf(store: Store, { surveyId }: Survey): Promise<SurveyTotals> {
  const stored = await storedTotals(store, surveyId);
  if (stored !== null) return stored;
  const key = JSON.stringify([process.env.CENSUS_DATABASE, surveyId]);
  const known = counted.get(key);
  const started = performance.now();
  if (known !== undefined && started < known.until) return known.totals;
  const totals = await countTotals(store, surveyId);
  const ended = performance.now();
  counted.set(key, { totals, until: ended + KEPT_FOR * (ended - started) });
  return totals;
}
