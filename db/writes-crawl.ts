/** What comes of reading a model's files: each write is one step, safe to repeat. */
import type { Store } from "./connection.ts";
import type { ClassState, ModelState } from "./schema.ts";

/** A file's content is known, from the Hub or from the store. */
export async function markRead(store: Store, fileId: number, file: { size: number; blobId: number }): Promise<void> {
  await store
    .updateTable("file")
    .set({ state: "read", size: file.size, blob_id: file.blobId, failure: null })
    .where("file_id", "=", fileId)
    .execute();
}

/** A file's bytes could not be had. `size` is 0 where not even that is known. */
export async function markUnavailable(store: Store, fileId: number, file: { size: number; failure: string }): Promise<void> {
  await store
    .updateTable("file")
    .set({ state: "unavailable", size: file.size, failure: file.failure })
    .where("file_id", "=", fileId)
    .execute();
}

export async function setModelState(
  store: Store,
  surveyId: number,
  modelId: number,
  { state, failure }: { state: ModelState; failure: string | null },
): Promise<void> {
  await store
    .updateTable("survey_model")
    .set({ state, failure })
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .execute();
}

/** What the class is chosen by; JSON. */
export async function setMetadata(store: Store, revisionId: number, metadata: string): Promise<void> {
  await store.updateTable("revision").set({ metadata }).where("revision_id", "=", revisionId).execute();
}

/** What the search for a model's class came to. */
export interface ChosenClass {
  readonly state: ClassState;
  readonly class: string | null;
  readonly reason: string;
  readonly policyId: number | null;
}

/**
 * What the same search came to in another survey, by the same engine, on the same commit; null where there was none, or
 * the package index did not answer then.
 */
export async function findClassOfRevision(store: Store, revisionId: number, engine: string): Promise<ChosenClass | null> {
  const row = await store
    .selectFrom("survey_model")
    .leftJoin("model_policy", (join) =>
      join
        .onRef("model_policy.survey_id", "=", "survey_model.survey_id")
        .onRef("model_policy.model_id", "=", "survey_model.model_id")
        .on("slot", "=", "class"),
    )
    .select(["class_state", "class", "class_reason", "policy_id"])
    .where("revision_id", "=", revisionId)
    .where("class_engine", "=", engine)
    .where("class_state", "!=", "unavailable")
    .orderBy("survey_model.survey_id", "desc")
    .executeTakeFirst();
  if (row === undefined || row.class_state === null) return null;
  // A policy that was made anew since has the same number, and another engine.
  if (row.class_state === "inferred" && row.policy_id === null) return null;
  return { state: row.class_state, class: row.class, reason: row.class_reason ?? "", policyId: row.policy_id };
}

/**
 * The class of a model and its policy, or why it has none, by an engine. A model that was judged by another policy is to be judged
 * again.
 */
export async function setClass(store: Store, surveyId: number, modelId: number, chosen: ChosenClass, engine: string): Promise<void> {
  const ofModel = { survey_id: surveyId, model_id: modelId };
  await store
    .updateTable("survey_model")
    .set({ class: chosen.class, class_reason: chosen.reason, class_state: chosen.state, class_engine: engine })
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .execute();
  const before = await store
    .selectFrom("model_policy")
    .select("policy_id")
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .where("slot", "=", "class")
    .executeTakeFirst();
  if ((before?.policy_id ?? null) === chosen.policyId) return;
  await store
    .deleteFrom("model_policy")
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .where("slot", "=", "class")
    .execute();
  if (chosen.policyId !== null)
    await store
      .insertInto("model_policy")
      .values({ ...ofModel, slot: "class", policy_id: chosen.policyId })
      .execute();
  await store
    .updateTable("survey_model")
    .set({ state: "traced" })
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .where("state", "=", "judged")
    .execute();
}

/** Takes up again what failed in an earlier run for a reason that may have passed. The answers of the Hub itself (missing, gated, disabled) stay. */
export async function retryFailed(store: Store, surveyId: number): Promise<void> {
  await store
    .updateTable("survey_model")
    .set({ state: "listed", failure: null })
    .where("survey_id", "=", surveyId)
    .where("state", "=", "failed")
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("revision")
          .whereRef("revision.revision_id", "=", "survey_model.revision_id")
          .where("commit_sha", "!=", "")
          .select("revision_id"),
      ),
    )
    .execute();
  await store
    .updateTable("survey_model")
    .set({ state: "resolved", class_state: null })
    .where("survey_id", "=", surveyId)
    .where("state", "in", ["traced", "judged"])
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("file")
          .whereRef("file.revision_id", "=", "survey_model.revision_id")
          .where("file.state", "=", "unavailable")
          .select("file.file_id"),
      ),
    )
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
        eb("class_engine", "!=", engine),
        exists(
          selectFrom("model_policy")
            .innerJoin("policy", "policy.policy_id", "model_policy.policy_id")
            .whereRef("model_policy.survey_id", "=", "survey_model.survey_id")
            .whereRef("model_policy.model_id", "=", "survey_model.model_id")
            .where("model_policy.slot", "=", "class")
            .where("policy.engine", "!=", engine)
            .select("policy.policy_id"),
        ),
      ]),
    )
    .execute();
}
