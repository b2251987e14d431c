/** The one connection of this process to the store, and the index of the survey that is looked at: read-only, opened at the first request, kept across reloads of modules. */
import { openStore, type Store } from "../db/connection.ts";
import { loadIndex, type SurveyIndex } from "../db/index/survey-index.ts";
import { countTotals, listSurveys, type Survey, type SurveyTotals, storedTotals } from "../db/queries/surveys.ts";
import { nextTurn } from "./turns.ts";

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
const counting = new Map<string, Promise<SurveyTotals>>();

/**
 * What a survey amounts to: as it was counted when it finished, or, while it runs, when it was last counted, a moment ago.
 * Pages ask `countUnfinished` first, so that nobody's turn is taken up by counting.
 */
export async function totalsOf(store: Store, { surveyId }: Survey): Promise<SurveyTotals> {
  return (await storedTotals(store, surveyId)) ?? counted.get(keyOf(surveyId))?.totals ?? countTotals(store, surveyId);
}

/** Sees to it that what surveys that run amount to is known, and counts anew behind the pages' back where that was long ago. */
export async function countUnfinished(store: Store): Promise<void> {
  for (const { surveyId, finishedAt } of await listSurveys(store)) {
    if (finishedAt !== null) continue;
    const known = counted.get(keyOf(surveyId));
    if (known === undefined) await count(store, surveyId);
    else if (performance.now() >= known.until) count(store, surveyId).catch(() => undefined);
  }
}

/** Counts a survey, once at a time, with others' turns in between. */
function count(store: Store, surveyId: number): Promise<SurveyTotals> {
  const key = keyOf(surveyId);
  const under = counting.get(key);
  if (under !== undefined) return under;
  const started = performance.now();
  const now = countTotals(store, surveyId, nextTurn).finally(() => counting.delete(key));
  counting.set(key, now);
  return now.then((totals) => {
    const ended = performance.now();
    counted.set(key, { totals, until: ended + KEPT_FOR * (ended - started) });
    return totals;
  });
}

function keyOf(surveyId: number): string {
  return JSON.stringify([process.env.CENSUS_DATABASE, surveyId]);
}
