/** The table of candidate files: what each holds, and what reading it cost. */
import type { Store } from "../connection.ts";
import { modelRanges } from "../queries/model-ranges.ts";
import { type ExportRow, type ExportTable, integer, text } from "./table.ts";

async function* fileRows(store: Store, surveyId: number): AsyncGenerator<ExportRow> {
  for await (const [first, last] of modelRanges(store, surveyId)) yield* await filesOf(store, surveyId, first, last);
}

function filesOf(store: Store, surveyId: number, firstModel: number, lastModel: number): Promise<ExportRow[]> {
  return store
    .selectFrom("survey_model")
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
    .innerJoin("file", "file.revision_id", "survey_model.revision_id")
    .leftJoin("blob", "blob.blob_id", "file.blob_id")
    .where("survey_model.survey_id", "=", surveyId)
    .where("survey_model.model_id", ">=", firstModel)
    .where("survey_model.model_id", "<=", lastModel)
    .select(({ selectFrom }) => [
      "model.name as model",
      "commit_sha",
      "file.path as file",
      "file.role",
      "file.size",
      "file.state",
      "file.failure",
      "blob.sha256",
      "blob.container",
      "blob.outcome",
      selectFrom("pickle")
        .whereRef("pickle.blob_id", "=", "blob.blob_id")
        .select(({ fn }) => fn.countAll<number>().as("n"))
        .as("pickles"),
      "blob.requests",
      "blob.bytes_read",
    ])
    .orderBy("model.model_id")
    .orderBy("file.path")
    .execute();
}

export const filesTable: ExportTable = {
  name: "files",
  description: "One row for each file that could hold a pickle, by its name.",
  columns: [
    text("model", "Repository on the Hub, owner/name."),
    text("commit_sha", "The commit that was surveyed."),
    text("file", "Path in the repository."),
    text("role", "weights, or side: what training left beside them."),
    integer("size", "Bytes, as the Hub says."),
    text("state", "listed, read, or unavailable: the bytes could not be had."),
    text("failure", "Why they could not be had; else null."),
    text("sha256", "Of the content; git:ID where the Hub tells only the git blob's id; null if not read."),
    text("container", "What the bytes are, whatever the file is called; null if not read."),
    text("outcome", "ok: every pickle was found and run to its end; else the worst that happened; null if not read."),
    integer("pickles", "Pickle programs in it; null if not read."),
    integer("requests", "Requests that reading the content took, counted once however many models hold it."),
    integer("bytes_read", "Bytes of it that were read, counted in the same way."),
  ],
  rows: fileRows,
};
