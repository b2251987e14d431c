/** What a survey's models of one kind were seen to do: whose policy is what the others do (`observed`). */
import type { Store } from "./connection.ts";

/** Models that are observed together: of a class, or, where none is known, of the Hub's library. */
export interface ObservedGroup {
  readonly class: string | null;
  readonly library: string | null;
}

/** A pickle in the weights of a model. */
export interface ObservedPickle {
  readonly modelId: number;
  readonly model: string;
  readonly path: string;
  readonly blobId: number;
  readonly pickleId: number;
  readonly factSetId: number;
}

/** The groups of a survey's models that were judged by their weights and that are of a class or a library, in the order of their names. */
export async function observedGroups(store: Store, surveyId: number): Promise<ObservedGroup[]> {
  const rows = await judged(store, surveyId).select(["class", "library"]).distinct().execute();
  const keys = new Map<string, ObservedGroup>();
  for (const { class: cls, library } of rows) {
    const group = cls === null ? { class: null, library } : { class: cls, library: null };
    if (cls !== null || library !== null) keys.set(JSON.stringify([cls, group.library]), group);
  }
  return [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** The models of a group, in their order. */
export function modelsOfGroup(store: Store, surveyId: number, group: ObservedGroup): Promise<{ modelId: number; revisionId: number }[]> {
  return ofGroup(judged(store, surveyId), group)
    .select(["survey_model.model_id as modelId", "revision_id as revisionId"])
    .orderBy("position")
    .execute();
}

/** What their weights hold, model after model. */
export function picklesOfGroup(store: Store, surveyId: number, group: ObservedGroup): Promise<ObservedPickle[]> {
  return ofGroup(judged(store, surveyId), group)
    .innerJoin("file", "file.revision_id", "survey_model.revision_id")
    .innerJoin("pickle", "pickle.blob_id", "file.blob_id")
    .where("file.role", "=", "weights")
    .select(["survey_model.model_id as modelId", "listed_name as model", "path", "pickle.blob_id as blobId"])
    .select(["pickle_id as pickleId", "fact_set_id as factSetId"])
    .orderBy("position")
    .orderBy("path")
    .orderBy("ordinal")
    .execute();
}

function judged(store: Store, surveyId: number) {
  return store
    .selectFrom("survey_model")
    .where("survey_model.survey_id", "=", surveyId)
    .where("survey_model.state", "=", "judged")
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("model_verdict")
          .whereRef("model_verdict.survey_id", "=", "survey_model.survey_id")
          .whereRef("model_verdict.model_id", "=", "survey_model.model_id")
          .where("model_verdict.role", "=", "weights")
          .select("model_verdict.model_id"),
      ),
    );
}

function ofGroup(models: ReturnType<typeof judged>, group: ObservedGroup) {
  return group.class !== null
    ? models.where("survey_model.class", "=", group.class)
    : models.where("survey_model.class", "is", null).where("survey_model.library", "=", group.library);
}
