/** The table of what the Hub's own scanners said of files, beside what we say of them. */
import type { Store } from "../connection.ts";
import { importsOf } from "../queries/hub-scans.ts";
import { judgedFiles } from "../queries/judged-files.ts";
import { modelRanges } from "../queries/model-ranges.ts";
import { type ExportRow, type ExportTable, integer, text } from "./table.ts";

async function* hubScanRows(store: Store, surveyId: number): AsyncGenerator<ExportRow> {
  for await (const [first, last] of modelRanges(store, surveyId)) yield* await scansOf(store, surveyId, first, last);
}

async function scansOf(store: Store, surveyId: number, firstModel: number, lastModel: number): Promise<ExportRow[]> {
  const files = await store
    .selectFrom("survey_model")
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
    .innerJoin("file", "file.revision_id", "survey_model.revision_id")
    .innerJoin("hub_scan", "hub_scan.file_id", "file.file_id")
    .where("survey_model.survey_id", "=", surveyId)
    .where("survey_model.model_id", ">=", firstModel)
    .where("survey_model.model_id", "<=", lastModel)
    .select([
      "survey_model.model_id as modelId",
      "model.name as model",
      "commit_sha",
      "file.file_id as fileId",
      "file.path as file",
      "file.role",
    ])
    .select(["file.blob_id as blobId", "hub_scan.status", "scanners", "asked_at"])
    .orderBy("model.model_id")
    .orderBy("file.path")
    .execute();
  const fileIds = files.map(({ fileId }) => fileId);
  const imports = await importsOf(store, fileIds);
  const verdicts = await verdictsOf(store, surveyId, firstModel, lastModel);
  return files.map(({ modelId, fileId, blobId, ...file }) => {
    const names = imports.get(fileId) ?? [];
    const rated = (safety: string) => names.filter((name) => name.safety === safety).map(({ callable }) => callable);
    const verdictIn = (slot: string) => verdicts.get(`${modelId} ${blobId} ${file.role} ${slot}`) ?? null;
    return {
      ...file,
      dangerous: rated("dangerous").join(" "),
      suspicious: rated("suspicious").join(" "),
      found_by_both: names.filter(({ safety, found }) => safety !== null && found).length,
      found_by_hub_only: blobId === null ? null : names.filter(({ found }) => !found).length,
      found_by_census_only: names.filter(({ safety }) => safety === null).length,
      weights_only: verdictIn("weights-only"),
      class: verdictIn("class"),
    };
  });
}

/** The strict verdicts on the contents of these models' files, by model, content, role and slot. */
async function verdictsOf(store: Store, surveyId: number, firstModel: number, lastModel: number): Promise<ReadonlyMap<string, string>> {
  const rows = await judgedFiles(store, surveyId)
    .innerJoin("verdict", (join) =>
      join
        .onRef("verdict.blob_id", "=", "file.blob_id")
        .onRef("verdict.policy_id", "=", "model_verdict.policy_id")
        .onRef("verdict.mode", "=", "model_verdict.mode"),
    )
    .where("model_verdict.model_id", ">=", firstModel)
    .where("model_verdict.model_id", "<=", lastModel)
    .where("model_verdict.mode", "=", "strict")
    .where("model_verdict.slot", "in", ["weights-only", "class"])
    .select(["model_verdict.model_id as modelId", "verdict.blob_id as blobId", "file.role", "model_verdict.slot", "verdict.verdict"])
    .execute();
  return new Map(rows.map(({ modelId, blobId, role, slot, verdict }) => [`${modelId} ${blobId} ${role} ${slot}`, verdict]));
}

export const hubScansTable: ExportTable = {
  name: "hub-scans",
  description:
    "One row for each file of which the Hub's own scanners were asked (survey --hub-scans): what they say, the names that they found it to import, and our verdicts.",
  columns: [
    text("model", "Repository on the Hub, owner/name."),
    text("commit_sha", "The commit that was surveyed."),
    text("file", "Path in the repository."),
    text("role", "weights, or side: what training left beside them."),
    text("status", "The Hub's word: safe, caution, suspicious or unsafe; unscanned or queued; null where it said nothing of the file."),
    text("scanners", "JSON: what each scanner says, by the Hub's name for it."),
    text("asked_at", "When the Hub was asked."),
    text("dangerous", "The names that the Hub's import scan rates as dangerous, with spaces between them."),
    text("suspicious", "Those that it rates as suspicious: known neither to be harmless nor to be dangerous."),
    integer("found_by_both", "Names that the Hub's import scan and our facts both have the file import."),
    integer("found_by_hub_only", "Names that only the Hub's scan has it import; null where the file was not read."),
    integer("found_by_census_only", "Names that only our facts have it import."),
    text("weights_only", "Our verdict under weights-only, strict; null where the file was not judged."),
    text("class", "Our verdict under the class policy of the model, strict; null where it has none."),
  ],
  rows: hubScanRows,
};
