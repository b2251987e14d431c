/** What a survey comes to, from the store alone: the last line of `census survey`. */
import type { VerdictKind } from "../analyzer/verdict/verdict.ts";
import type { ClassState, ModelState } from "../db/schema.ts";

/** How a run of a survey ended: `stopped` is a Hub that gave up on us before the population was known; `refused`, a request that cannot be carried out. */
export type SurveyOutcome = "finished" | "interrupted" | "stopped" | "refused";

export type VerdictCounts = Partial<Record<VerdictKind, number>>;

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
  /** Models by verdict on their weights, in strict mode: under each weights-only policy by its name, under `class` for the models that have a class policy. */
  readonly verdicts: Readonly<Record<string, VerdictCounts>>;
  /** Models by where they stand, and by how the search for their class ended. */
  readonly states: Partial<Record<ModelState, number>>;
  readonly classes: Partial<Record<ClassState, number>>;
  /** HTTP requests sent and body bytes received, in all runs of the survey. */
  readonly requests: number;
  readonly bytesRead: number;
  /** What the distinct files that were read hold. */
  readonly bytesHeld: number;
}

/** What a survey would cost, from one page of its listing. */
export interface SurveyPlan {
  readonly survey: string;
  /** Null where only listing them all would tell. */
  readonly models: number | null;
  /** The models that the other numbers are for: `models`, or those of the first page. */
  readonly plannedModels: number;
  readonly files: number;
  readonly requests: number;
  readonly bytes: number;
  /** With the limits that the Hub announced. */
  readonly seconds: number;
}
