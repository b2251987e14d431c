/** What comes of reading a model's files: each write is one step, safe to repeat. */
import type { Store } from "./connection.ts";
import type { ModelState } from "./schema.ts";

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
