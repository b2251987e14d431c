/** The classes that models may load as, and the verdict on them as each. */
import type { VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { ClassState, Confidence, FileRole } from "../schema.ts";
import { bySlotAndMode, type Judgement } from "./judgements.ts";

/** A class that a model may load as. The first counts for the model. */
export interface CandidateClass {
  readonly modelId: number;
  /** From 0. */
  readonly candidate: number;
  readonly class: string;
  readonly confidence: Confidence;
  /** What points at it. */
  readonly evidence: string;
  readonly state: ClassState;
  readonly failure: string | null;
  readonly verdicts: readonly CandidateVerdict[];
}

/** The verdict on the files of one role of a model, judged as one of its candidates. */
export interface CandidateVerdict extends Judgement {
  readonly role: FileRole;
  readonly verdict: VerdictKind;
  readonly policyId: number;
  readonly policy: string;
}

/** How sure it is that a model loads as a class. */
export const CONFIDENCES = {
  certain: "its pickle holds one",
  likely: "its configuration names it",
  possible: "its card's code uses it",
} as const satisfies Record<Confidence, string>;

/** The candidates of models, by model and in their order, each with its verdicts under the policies of the class. */
export async function candidateClasses(store: Store, surveyId: number, modelIds: readonly number[]): Promise<CandidateClass[]> {
  const rows = await store
    .selectFrom("model_candidate")
    .where("survey_id", "=", surveyId)
    .where("model_id", "in", modelIds)
    .select(["model_id as modelId", "candidate", "class", "confidence", "evidence", "state", "failure"])
    .orderBy("model_id")
    .orderBy("candidate")
    .execute();
  const of = (table: "model_verdict" | "candidate_verdict") =>
    store
      .selectFrom(table)
      .innerJoin("policy", "policy.policy_id", `${table}.policy_id`)
      .where("survey_id", "=", surveyId)
      .where("model_id", "in", modelIds)
      .select([
        "model_id as modelId",
        `${table}.slot`,
        "mode",
        "role",
        "verdict",
        `${table}.policy_id as policyId`,
        "policy.name as policy",
      ]);
  const first = await of("model_verdict").where("model_verdict.slot", "in", ["class", "class+open", "class-range"]).execute();
  const others = await of("candidate_verdict").select("candidate").execute();
  const verdicts = [...first.map((row) => ({ ...row, candidate: 0 })), ...others].sort(
    (a, b) => b.role.localeCompare(a.role) || bySlotAndMode(a, b),
  );
  return rows.map((row) => ({
    ...row,
    verdicts: verdicts
      .filter(({ modelId, candidate }) => modelId === row.modelId && candidate === row.candidate)
      .map(({ modelId: _, candidate: __, ...verdict }) => verdict),
  }));
}
