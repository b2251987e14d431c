/** The invented models of the browser's tests in a store of its own, for the tests of queries. */
import { onTestFinished } from "vitest";
import { findSurvey } from "../../../db/queries/surveys.ts";
import { type SampleOptions, sampleStore } from "../../browser/sample-store.ts";
import { temporaryPath } from "../temporary-store.ts";

export async function sampleSurvey(options: SampleOptions = {}) {
  const store = await sampleStore(temporaryPath(), options);
  onTestFinished(() => store.destroy());
  const survey = await findSurvey(store, null);
  return { store, surveyId: survey!.surveyId, survey: survey! };
}
