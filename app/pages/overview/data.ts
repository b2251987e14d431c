/** What the overview is made of. */
import { blockedCapabilities, blockedModules, blockedOpcodes, topBlockers } from "../../../db/queries/blockers.ts";
import { formatShares } from "../../../db/queries/formats.ts";
import type { Judgement, Lens } from "../../../db/queries/judgements.ts";
import { loadSuccess, successBy, successByContainer, successOverTime } from "../../../db/queries/success.ts";
import type { SurveyRequest } from "../../answer.tsx";
import { totalsOf } from "../../store.ts";

/** Rows of the longest tables; what is beyond is summed up. */
const BLOCKERS = 12;
const GROUPS = 10;
const YEARS = 20;

export type OverviewData = Awaited<ReturnType<typeof loadOverview>>;

/** What the figures of the overview take. */
export interface FigureProps {
  readonly data: OverviewData;
  readonly request: SurveyRequest;
}

/** The overview of a survey: load success under every judgement, and the rest under one lens. */
export async function loadOverview({ store, survey }: SurveyRequest, judgements: readonly Judgement[], lens: Lens) {
  const { surveyId } = survey;
  return {
    survey,
    judgements,
    lens,
    totals: await totalsOf(store, survey),
    success: await loadSuccess(store, surveyId),
    overTime: await successOverTime(store, lens),
    formats: await formatShares(store, surveyId),
    blockers: await topBlockers(store, surveyId, lens, BLOCKERS),
    modules: await blockedModules(store, surveyId, lens, GROUPS),
    opcodes: await blockedOpcodes(store, surveyId, lens),
    capabilities: await blockedCapabilities(store, surveyId, lens),
    libraries: await successBy(store, surveyId, lens, "library", GROUPS),
    tasks: await successBy(store, surveyId, lens, "task", GROUPS),
    years: await successBy(store, surveyId, lens, "year", YEARS),
    containers: await successByContainer(store, surveyId, lens, GROUPS),
  };
}
