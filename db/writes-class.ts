/** What the search for a model's class came to: its candidates and their policies, for the survey, and found again by others. */
import type { Store } from "./connection.ts";
import type { ClassState, Confidence, PolicySlot } from "./schema.ts";

/** A class that a model may load as, and the policies of it that the model is judged by. */
export interface Candidate {
  readonly class: string;
  readonly confidence: Confidence;
  /** What points at it, for people. */
  readonly evidence: string;
  readonly state: ClassState;
  /** Why it has no policy, or not in every slot, or what of the library could not be read; else null. */
  readonly failure: string | null;
  readonly policies: readonly { readonly slot: PolicySlot; readonly policyId: number }[];
}

/** What the search for a model's class came to. */
export interface ChosenClass {
  readonly state: ClassState;
  /** Of the first candidate; null where there is none. */
  readonly class: string | null;
  readonly reason: string;
  /** The one that counts for the model first. */
  readonly candidates: readonly Candidate[];
}

/**
 * What the same search came to in another survey, by the same engine, on the same commit; null where there was none, where
 * the package index did not answer then, or where files could not be had that may be there now.
 */
export async function findClassOfRevision(store: Store, revisionId: number, engine: string): Promise<ChosenClass | null> {
  const row = await store
    .selectFrom("survey_model")
    .select(["survey_id", "model_id", "class_state", "class", "class_reason"])
    .where("revision_id", "=", revisionId)
    .where("class_engine", "=", engine)
    .where("class_state", "!=", "unavailable")
    .where("failure", "is", null)
    .orderBy("survey_id", "desc")
    .executeTakeFirst();
  if (row === undefined || row.class_state === null) return null;
  const candidates = await candidatesOf(store, row.survey_id, row.model_id);
  // What could not be had then is asked for again; a policy that was made anew since has the same number, and another engine.
  if (candidates.some(({ state }) => state === "unavailable")) return null;
  if (row.class_state === "inferred" && (candidates[0]?.policies.length ?? 0) === 0) return null;
  return { state: row.class_state, class: row.class, reason: row.class_reason ?? "", candidates };
}

async function candidatesOf(store: Store, surveyId: number, modelId: number): Promise<Candidate[]> {
  const rows = await store
    .selectFrom("model_candidate")
    .select(["candidate", "class", "confidence", "evidence", "state", "failure"])
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .orderBy("candidate")
    .execute();
  const policies = await store
    .selectFrom("model_policy")
    .select(["candidate", "slot", "policy_id"])
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .orderBy("slot")
    .execute();
  return rows.map(({ candidate, ...row }) => ({
    ...row,
    policies: policies.filter((policy) => policy.candidate === candidate).map(({ slot, policy_id: policyId }) => ({ slot, policyId })),
  }));
}

/** The class of a model, its candidates and their policies, or why it has none, by an engine. Where that changes them, it is to be judged again. */
export async function setClass(store: Store, surveyId: number, modelId: number, chosen: ChosenClass, engine: string): Promise<void> {
  const ofModel = { survey_id: surveyId, model_id: modelId };
  await store
    .updateTable("survey_model")
    .set({ class: chosen.class, class_reason: chosen.reason, class_state: chosen.state, class_engine: engine })
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .execute();
  if (JSON.stringify(await candidatesOf(store, surveyId, modelId)) === JSON.stringify(chosen.candidates)) return;
  for (const table of ["model_policy", "model_candidate"] as const)
    await store.deleteFrom(table).where("survey_id", "=", surveyId).where("model_id", "=", modelId).execute();
  for (const [candidate, { policies, ...row }] of chosen.candidates.entries()) {
    await store
      .insertInto("model_candidate")
      .values({ ...ofModel, candidate, ...row })
      .execute();
    for (const { slot, policyId } of policies)
      await store
        .insertInto("model_policy")
        .values({ ...ofModel, candidate, slot, policy_id: policyId })
        .execute();
  }
  await store
    .updateTable("survey_model")
    .set({ state: "traced" })
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .where("state", "=", "judged")
    .execute();
}

/** Has classes looked for again where the package index did not answer, and where the policy was made by another engine. */
export async function retryClasses(store: Store, surveyId: number, engine: string): Promise<void> {
  await store
    .updateTable("survey_model")
    .set({ class_state: null })
    .where("survey_id", "=", surveyId)
    .where(({ or, eb, exists, selectFrom }) =>
      or([
        eb("class_state", "=", "unavailable"),
        exists(
          selectFrom("model_candidate")
            .whereRef("model_candidate.survey_id", "=", "survey_model.survey_id")
            .whereRef("model_candidate.model_id", "=", "survey_model.model_id")
            .where("model_candidate.state", "=", "unavailable")
            .select("model_candidate.candidate"),
        ),
        eb("class_engine", "!=", engine),
        exists(
          selectFrom("model_policy")
            .innerJoin("policy", "policy.policy_id", "model_policy.policy_id")
            .whereRef("model_policy.survey_id", "=", "survey_model.survey_id")
            .whereRef("model_policy.model_id", "=", "survey_model.model_id")
            .where("policy.engine", "!=", engine)
            .select("policy.policy_id"),
        ),
      ]),
    )
    .execute();
}
