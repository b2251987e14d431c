/** What a survey comes to, from the store alone: the last word of `census survey`. */
import type { VerdictKind } from "../analyzer/verdict/verdict.ts";
import type { Store } from "../db/connection.ts";
import { type SurveyTotals, surveyTotals } from "../db/queries/surveys.ts";
import type { ModelState } from "../db/schema.ts";
import type { SurveyRow } from "../db/writes-listing.ts";

/**
 * How a run of a survey ended. `stopped`: the network gave up; the same survey can be gone on with. `refused`: a request
 * that cannot be carried out, such as another population under the name of a survey that exists.
 */
export type SurveyOutcome = "finished" | "interrupted" | "stopped" | "refused";

export type VerdictCounts = Partial<Record<VerdictKind, number>>;

/** A model that could not be had. */
export interface RefusedModel {
  readonly model: string;
  readonly state: ModelState;
  readonly failure: string | null;
}

/** States in which a model ends because it could not be had. */
export const REFUSED: readonly ModelState[] = ["gated", "disabled", "missing", "failed"];
/** As many of them as a summary names. */
const NAMED = 10;

export interface SurveySummary {
  readonly survey: string;
  readonly outcome: SurveyOutcome;
  /** For `stopped` and `refused`: why. */
  readonly failure: string | null;
  readonly models: number;
  /** Candidate files of them. */
  readonly files: number;
  /** Pickle programs in the files' distinct contents. */
  readonly pickles: number;
  /**
   * Models by the verdict on their weights in strict mode: under each weights-only policy by its name, and under `class`
   * for those that have a class policy. Models whose weights hold no pickle are in none.
   */
  readonly verdicts: Readonly<Record<string, VerdictCounts>>;
  /** Entries of the listing that could not be read as models. */
  readonly unreadable: number;
  /** Models by where they stand, and by how the search for their class ended. */
  readonly states: SurveyTotals["states"];
  readonly classes: SurveyTotals["classes"];
  /** The first of the models that could not be had, in the order of the listing, and why. */
  readonly refused: readonly RefusedModel[];
  /** HTTP requests sent and body bytes received, in all runs of the survey. */
  readonly requests: number;
  readonly bytesRead: number;
  /** What the distinct contents of its files hold. */
  readonly bytesHeld: number;
  /** Hex, once it is finished: two surveys that found the same have the same. */
  readonly manifest: string | null;
}

/** The summary of a survey as it stands. */
export async function summarize(
  store: Store,
  { survey_id: surveyId, name }: SurveyRow,
  outcome: SurveyOutcome,
  failure: string | null,
): Promise<SurveySummary> {
  const survey = await store
    .selectFrom("survey")
    .select(["requests", "bytes_read", "unreadable", "manifest"])
    .where("survey_id", "=", surveyId)
    .executeTakeFirstOrThrow();
  const { models, files, pickles, bytesHeld, states, classes } = await surveyTotals(store, surveyId);
  return {
    survey: name,
    outcome,
    failure,
    models,
    files,
    pickles,
    verdicts: await countVerdicts(store, surveyId),
    unreadable: survey.unreadable,
    states,
    classes,
    refused: await firstRefused(store, surveyId),
    requests: survey.requests,
    bytesRead: survey.bytes_read,
    bytesHeld,
    manifest: survey.manifest,
  };
}

function firstRefused(store: Store, surveyId: number): Promise<RefusedModel[]> {
  return store
    .selectFrom("survey_model")
    .select(["listed_name as model", "state", "failure"])
    .where("survey_id", "=", surveyId)
    .where("state", "in", REFUSED)
    .orderBy("position")
    .limit(NAMED)
    .execute();
}

async function countVerdicts(store: Store, surveyId: number): Promise<Record<string, VerdictCounts>> {
  const rows = await store
    .selectFrom("model_verdict")
    .innerJoin("policy", "policy.policy_id", "model_verdict.policy_id")
    .select(({ fn, eb, ref }) => [
      eb.case().when("model_verdict.slot", "=", "weights-only").then(ref("policy.name")).else(ref("model_verdict.slot")).end().as("policy"),
      "verdict",
      fn.countAll<number>().as("models"),
    ])
    .where("survey_id", "=", surveyId)
    .where("role", "=", "weights")
    .where("mode", "=", "strict")
    .groupBy(["policy", "verdict"])
    .orderBy("policy")
    .execute();
  const counts: Record<string, VerdictCounts> = {};
  for (const { policy, verdict, models } of rows) counts[policy] = { ...counts[policy], [verdict]: models };
  return counts;
}

/** The summary of a survey that never began. */
export function refusedSummary(survey: string, failure: string): SurveySummary {
  const nothing = {
    models: 0,
    unreadable: 0,
    files: 0,
    pickles: 0,
    verdicts: {},
    states: {},
    classes: {},
    refused: [],
    requests: 0,
    bytesRead: 0,
    bytesHeld: 0,
    manifest: null,
  };
  return { survey, outcome: "refused", failure, ...nothing };
}
