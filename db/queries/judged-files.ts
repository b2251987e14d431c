/** The one way from the verdict on a model to the files that it is about. */
import type { Store } from "../connection.ts";

/** A row for every candidate file of a role and each verdict on that role of its model: of `model_verdict` with `survey_model` and `file`. */
export function judgedFiles(store: Store, surveyId: number) {
  return store
    .selectFrom("model_verdict")
    .innerJoin("survey_model", (join) =>
      join.onRef("survey_model.survey_id", "=", "model_verdict.survey_id").onRef("survey_model.model_id", "=", "model_verdict.model_id"),
    )
    .innerJoin("file", (join) =>
      join.onRef("file.revision_id", "=", "survey_model.revision_id").onRef("file.role", "=", "model_verdict.role"),
    )
    .where("model_verdict.survey_id", "=", surveyId);
}
