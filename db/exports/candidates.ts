/** The table of the classes that models may load as. */
import type { Store } from "../connection.ts";
import { CONFIDENCES, candidateClasses } from "../queries/candidates.ts";
import { modelRanges } from "../queries/model-ranges.ts";
import { type ExportRow, type ExportTable, integer, text } from "./table.ts";

async function* candidateRows(store: Store, surveyId: number): AsyncGenerator<ExportRow> {
  for await (const [first, last] of modelRanges(store, surveyId)) {
    const models = await store
      .selectFrom("survey_model")
      .innerJoin("model", "model.model_id", "survey_model.model_id")
      .where("survey_id", "=", surveyId)
      .where("survey_model.model_id", ">=", first)
      .where("survey_model.model_id", "<=", last)
      .select(["survey_model.model_id as modelId", "name"])
      .execute();
    const names = new Map(models.map(({ modelId, name }) => [modelId, name]));
    for (const { modelId, verdicts, ...candidate } of await candidateClasses(store, surveyId, [...names.keys()])) {
      const row = { model: names.get(modelId)!, ...candidate };
      if (verdicts.length === 0) yield { ...row, slot: null, policy: null, mode: null, role: null, verdict: null };
      for (const { policyId: _, ...verdict } of verdicts) yield { ...row, ...verdict };
    }
  }
}

const SURENESS = Object.entries(CONFIDENCES)
  .map(([confidence, meaning]) => `${confidence}: ${meaning}`)
  .join("; ");

export const candidatesTable: ExportTable = {
  name: "candidates",
  description: "The classes that each model may load as, with the verdict as each: one row for each policy of it, mode and role of files.",
  columns: [
    text("model", "Repository on the Hub, owner/name."),
    integer("candidate", "Its place among the model's candidates, from 0: the first counts for the model."),
    text("class", "The class."),
    text("confidence", `How sure it is. ${SURENESS}.`),
    text("evidence", "What points at it."),
    text("state", "How the search for its policies ended."),
    text("failure", "Why it has no policy, or not in every slot, or what of the library could not be read; else null."),
    text("slot", "Which of the policies of the class; null where it has none."),
    text("policy", "The policy's name."),
    text("mode", "strict or lazy."),
    text("role", "weights, or side: what training left beside them."),
    text("verdict", "The worst over the model's files of the role."),
  ],
  rows: candidateRows,
};
