/** The whole road of a survey: list, crawl, infer, judge. Each part can be run alone, interrupted, and run again. */

import type { SurveyPlan, SurveySummary } from "./summary.ts";
import type { SurveyEffects, SurveyRequest } from "./survey-request.ts";

/** Runs a survey to its end, or goes on with one that was interrupted. */
export type RunSurvey = (request: SurveyRequest, effects: SurveyEffects) => Promise<SurveySummary>;
/** What it would cost; sends one request or two, and stores nothing. */
export type PlanSurvey = (request: SurveyRequest, effects: SurveyEffects) => Promise<SurveyPlan>;
