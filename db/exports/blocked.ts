/** The table of everything that was blocked, down to the byte. */
import type { Store } from "../connection.ts";
import { blockedInModels } from "../queries/blocked-in-models.ts";
import { callableName } from "../queries/callable-name.ts";
import { modelRanges } from "../queries/model-ranges.ts";
import { type ExportRow, type ExportTable, integer, text } from "./table.ts";

const BLOCKED_COLUMNS = [
  text("model", "Repository on the Hub, owner/name."),
  text("commit_sha", "The commit that was surveyed."),
  text("file", "Path in the repository."),
  text("role", "weights, or side: what training left beside them."),
  text("container", "How the file holds its pickles."),
  text("sha256", "Of the file's content; git:ID where the Hub tells only the git blob's id."),
  text("entry", "The archive member that holds the pickle; null for the file itself."),
  integer("pickle", "Index of the pickle in the file, in the order of reading."),
  integer("offset", "Byte offset of the opcode in the content that holds the pickle."),
  text("opcode", "The opcode, as CPython names it."),
  text("callable", "module.qualified.name; null where no callable is concerned."),
  text("capability", "What the callable could do, from what is known of it; null where no callable is concerned."),
  text("slot", "Which of the policies judged side by side: weights-only, class ..."),
  text("policy", "Name of the policy that stood in the slot."),
  text("mode", "strict or lazy."),
  integer("position", "Place among what the policy blocks in the file, in execution order; the one at 0 stops the load."),
  integer("count", "How often it happens in the pickle, for the same reason; the offset is of the first."),
  text("reason", "Why it is blocked."),
];

/** The rows of the `blocked` table, by model, file, policy and position. */
async function* blockedRows(store: Store, surveyId: number): AsyncGenerator<ExportRow> {
  for await (const [first, last] of modelRanges(store, surveyId)) yield* await blockedOf(store, surveyId, first, last);
}

function blockedOf(store: Store, surveyId: number, firstModel: number, lastModel: number): Promise<ExportRow[]> {
  return blockedInModels(store, surveyId)
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
    .innerJoin("blob", "blob.blob_id", "file.blob_id")
    .innerJoin("pickle", "pickle.pickle_id", "blocked.pickle_id")
    .innerJoin("policy", "policy.policy_id", "blocked.policy_id")
    .where("model_verdict.model_id", ">=", firstModel)
    .where("model_verdict.model_id", "<=", lastModel)
    .select(["model.name as model", "commit_sha", "file.path as file", "file.role", "blob.container", "blob.sha256", "pickle.entry"])
    .select(["pickle.ordinal as pickle", "blocked.offset", "blocked.opcode", callableName.as("callable"), "callable.capability"])
    .select([
      "model_verdict.slot",
      "policy.name as policy",
      "blocked.mode",
      "blocked.ordinal as position",
      "blocked.count",
      "blocked.reason",
    ])
    .orderBy("model.model_id")
    .orderBy("file.path")
    .orderBy("policy.name")
    .orderBy("blocked.mode")
    .orderBy("blocked.ordinal")
    .execute();
}

export const blockedTable: ExportTable = {
  name: "blocked",
  description: "One row for each thing that a policy blocked: model, file, opcode, byte offset, callable, policy.",
  columns: BLOCKED_COLUMNS,
  rows: blockedRows,
};
