/** What the overview is made of. */
import { blockedCapabilities, blockedOpcodes, topBlockers } from "../../../db/queries/blockers.ts";
import type { Judgement, Lens } from "../../../db/queries/judgements.ts";
import { loadSuccess, successBy, successByContainer } from "../../../db/queries/success.ts";
import { surveyTotals } from "../../../db/queries/surveys.ts";
import type { SurveyRequest } from "../../answer.tsx";

/** Rows of the longest tables; what is beyond is summed up. */
const BLOCKERS = 12;
const GROUPS = 10;

export type OverviewData = Awaited<ReturnType<typeof loadOverview>>;

/** What the figures of the overview take. */
export interface FigureProps {
  readonly data: OverviewData;
  readonly request: SurveyRequest;
}

/** The overview of a survey: load success under every judgement, and the rest under one lens. */
export async function loadOverview({ store, survey }: SurveyRequest, judgements: readonly Judgement[], lens: Lens) {
  return {
    survey,
    judgements,
    lens,
    totals: await surveyTotals(store, survey.surveyId),
    success: await loadSuccess(store, survey.surveyId),
    blockers: await topBlockers(store, survey.surveyId, lens, BLOCKERS),
    opcodes: await blockedOpcodes(store, survey.surveyId, lens),
    capabilities: await blockedCapabilities(store, survey.surveyId, lens),
    libraries: await successBy(store, survey.surveyId, lens, "library", GROUPS),
    containers: await successByContainer(store, survey.surveyId, lens, GROUPS),
  };
}
