/** The table of models: each with its verdict under every policy. */
import type { Mode } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { ALL_MODELS, type Cursor, comesAfter, type ModelQuery, SORTS } from "../queries/filters.ts";
import { type Lens, MODES, POLICY_SLOTS, ROLES, sameLens } from "../queries/judgements.ts";
import { listVerdicts, matching } from "../queries/models.ts";
import type { FileRole, PolicySlot } from "../schema.ts";
import { boolean, type ExportRow, type ExportTable, integer, text } from "./table.ts";

/** Models read at once: enough to make a statement worth its while, few enough to keep memory flat. */
const BATCH = 500;

const LENSES: readonly Lens[] = (Object.keys(POLICY_SLOTS) as PolicySlot[]).flatMap((slot) =>
  (Object.keys(MODES) as Mode[]).flatMap((mode) => (Object.keys(ROLES) as FileRole[]).map((role) => ({ slot, mode, role }))),
);

/** The column of the `models` table that holds a verdict: `verdict_class_open_strict_weights`. */
function verdictColumn({ slot, mode, role }: Lens): string {
  return `verdict_${slot.replaceAll(/\W/g, "_")}_${mode}_${role}`;
}

const MODEL_COLUMNS = [
  text("model", "Repository on the Hub, owner/name."),
  text("commit_sha", "The commit that was surveyed."),
  text("created_at", "When the repository was created; null if the Hub did not say."),
  text("modified_at", "When the commit was made; null if the Hub did not say."),
  text("library", "The Hub's library_name; null if none is stated."),
  text("task", "The Hub's pipeline_tag; null if none is stated."),
  integer("downloads", "Downloads in the last 30 days, as the Hub said when the survey listed the model."),
  integer("likes", "Likes, at the same time."),
  boolean("gated", "Whether the Hub asks for permission before it gives the files."),
  text("state", "How far the survey came with the model: judged, or where and why it ended."),
  text("class", "The class that it loads as; null if none was found."),
  text("class_reason", "Why that class was chosen."),
  integer("files_weights", "Candidate files that the library loads."),
  integer("files_side", "Candidate files that training left beside them."),
  ...LENSES.map((lens) =>
    text(
      verdictColumn(lens),
      `Verdict on its ${ROLES[lens.role].label}, ${POLICY_SLOTS[lens.slot].label} (${lens.slot}), ${lens.mode}; null if not judged so.`,
    ),
  ),
];

/** The rows of the `models` table: all models of a survey, or those that `query` asks for, in its order. */
export async function* modelRows(store: Store, surveyId: number, query: ModelQuery = ALL_MODELS): AsyncGenerator<ExportRow> {
  const { column, direction } = SORTS[query.sort];
  let cursor: Cursor | null = null;
  do {
    const rows = await matching(store, surveyId, query)
      .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
      .where(comesAfter(query.sort, cursor))
      .select(({ selectFrom }) => {
        const files = (role: FileRole) =>
          selectFrom("file")
            .whereRef("file.revision_id", "=", "survey_model.revision_id")
            .where("file.role", "=", role)
            .select(({ fn }) => fn.countAll<number>().as("n"))
            .$asScalar()
            .$notNull();
        return ["survey_model.model_id", files("weights").as("files_weights"), files("side").as("files_side")] as const;
      })
      .select(["model.name", "commit_sha", "created_at", "modified_at", "library", "task", "downloads", "likes", "gated"])
      .select(["state", "class", "class_reason"])
      .orderBy(column, direction)
      .orderBy("survey_model.model_id")
      .limit(BATCH)
      .execute();
    const verdicts = await listVerdicts(
      store,
      surveyId,
      rows.map((row) => row.model_id),
    );
    for (const { model_id, name, gated, ...row } of rows) {
      const verdictOf = (wanted: Lens) => verdicts.get(model_id)!.find((verdict) => sameLens(verdict, wanted))?.verdict ?? null;
      yield {
        model: name,
        gated: gated === 1,
        ...row,
        ...Object.fromEntries(LENSES.map((lens) => [verdictColumn(lens), verdictOf(lens)])),
      };
    }
    const last = rows.at(-1);
    cursor = rows.length < BATCH || last === undefined ? null : { value: last[query.sort], modelId: last.model_id };
  } while (cursor !== null);
}

export const modelsTable: ExportTable = {
  name: "models",
  description: "One row for each model of the survey, with its verdict under each policy, weights and side files apart.",
  columns: MODEL_COLUMNS,
  rows: (store, surveyId) => modelRows(store, surveyId),
};
