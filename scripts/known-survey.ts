/** Surveys that a command expects to find in the store: by their name, or the last one. */
import type { Store } from "../db/connection.ts";
import { findSurvey, listSurveys, type Survey } from "../db/queries/surveys.ts";
import { UsageError } from "./context.ts";

/** The survey of this name; without one the last that was finished, or where none was, begun. Throws `UsageError` where there is none. */
export async function knownSurvey(store: Store, name: string | null): Promise<Survey> {
  return (await findSurvey(store, name)) ?? (await noSurvey(store, name));
}

/** Throws `UsageError`: there is no such survey, and which there are. */
export async function noSurvey(store: Store, wanted: string | null): Promise<never> {
  const names = (await listSurveys(store)).map(({ name }) => name);
  if (names.length === 0)
    throw new UsageError(`no survey${wanted === null ? "" : ` ${wanted}`}: the store holds none; 'census survey' makes one`);
  throw new UsageError(`no survey ${wanted}; there ${names.length === 1 ? "is" : "are"} ${names.join(", ")}`);
}
