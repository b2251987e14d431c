/** What the Hub's own scanners said of files, laid beside what the facts say they import and what we say of them. */
import type { Capability, Mode, VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { FileRole, PolicySlot } from "../schema.ts";
import { callableName } from "./callable-name.ts";

/** The Hub's word on a file, with every name that either its scanner or our facts find the file to import. */
export interface HubScanOfFile {
  readonly fileId: number;
  readonly path: string;
  readonly role: FileRole;
  /** `safe`, `caution`, `suspicious`, `unsafe`, `unscanned`, `queued`; null where the Hub said nothing of the file. */
  readonly status: string | null;
  /** What each scanner says, by the Hub's name for it: `avScan`, `pickleImportScan`, `protectAiScan` ... */
  readonly scanners: Readonly<Record<string, string>>;
  readonly askedAt: string;
  /** Whether its content was read: where it was not, that our facts lack a name says nothing. */
  readonly read: boolean;
  /** By name. */
  readonly imports: readonly ImportOfFile[];
}

export interface ImportOfFile {
  readonly callableId: number;
  readonly callable: string;
  readonly capability: Capability;
  /** By the Hub's scanner: `innocuous`, `suspicious` or `dangerous`; null where it did not find it. */
  readonly safety: string | null;
  /** Whether our facts have it. */
  readonly found: boolean;
}

/** Of the candidate files of a revision, weights first: those that the Hub was asked about. */
export async function hubScansOf(store: Store, revisionId: number): Promise<HubScanOfFile[]> {
  const files = await store
    .selectFrom("file")
    .innerJoin("hub_scan", "hub_scan.file_id", "file.file_id")
    .where("revision_id", "=", revisionId)
    .select(["file.file_id as fileId", "path", "role", "status", "scanners", "asked_at as askedAt", "blob_id as blobId"])
    .orderBy("role", "desc")
    .orderBy("path")
    .execute();
  const imports = await importsOf(
    store,
    files.map(({ fileId }) => fileId),
  );
  return files.map(({ blobId, scanners, ...file }) => ({
    ...file,
    scanners: JSON.parse(scanners) as Record<string, string>,
    read: blobId !== null,
    imports: imports.get(file.fileId) ?? [],
  }));
}

/** What the Hub's scanner and our facts find files to import, by the files' ids. */
export async function importsOf(store: Store, fileIds: readonly number[]): Promise<ReadonlyMap<number, readonly ImportOfFile[]>> {
  const told = await store
    .selectFrom("hub_scan_import")
    .innerJoin("callable", "callable.callable_id", "hub_scan_import.callable_id")
    .where("file_id", "in", fileIds)
    .select(["file_id as fileId", "callable.callable_id as callableId", callableName.$notNull().as("callable"), "capability", "safety"])
    .execute();
  const ours = await store
    .selectFrom("file")
    .innerJoin("pickle", "pickle.blob_id", "file.blob_id")
    .innerJoin("fact_set_member", "fact_set_member.fact_set_id", "pickle.fact_set_id")
    .innerJoin("callable", "callable.callable_id", "fact_set_member.callable_id")
    .where("file.file_id", "in", fileIds)
    .where("kind", "=", "import")
    .select(["file.file_id as fileId", "callable.callable_id as callableId", callableName.$notNull().as("callable"), "capability"])
    .distinct()
    .execute();
  const byFile = new Map<number, Map<number, ImportOfFile>>(fileIds.map((fileId) => [fileId, new Map()]));
  for (const { fileId, ...name } of ours) byFile.get(fileId)!.set(name.callableId, { ...name, safety: null, found: true });
  for (const { fileId, ...name } of told) {
    const imports = byFile.get(fileId)!;
    imports.set(name.callableId, { ...name, found: imports.has(name.callableId) });
  }
  const byName = (a: ImportOfFile, b: ImportOfFile) => (a.callable < b.callable ? -1 : 1);
  return new Map(Array.from(byFile, ([fileId, imports]) => [fileId, [...imports.values()].sort(byName)]));
}

/** Files of which the Hub says one thing and we another. */
export interface HubAgreement {
  /** As in `HubScanOfFile`. */
  readonly status: string | null;
  /** Null where the file was not judged. */
  readonly verdict: VerdictKind | null;
  readonly files: number;
}

/** How many files of a role the Hub's scanners and a policy slot say what of: a row for each pair that occurs. */
export function hubAgreement(
  store: Store,
  surveyId: number,
  { slot, mode, role }: { readonly slot: PolicySlot; readonly mode: Mode; readonly role: FileRole },
): Promise<HubAgreement[]> {
  return store
    .selectFrom("survey_model")
    .innerJoin("file", "file.revision_id", "survey_model.revision_id")
    .innerJoin("hub_scan", "hub_scan.file_id", "file.file_id")
    .leftJoin("model_verdict", (join) =>
      join
        .onRef("model_verdict.survey_id", "=", "survey_model.survey_id")
        .onRef("model_verdict.model_id", "=", "survey_model.model_id")
        .onRef("model_verdict.role", "=", "file.role")
        .on("model_verdict.slot", "=", slot)
        .on("model_verdict.mode", "=", mode),
    )
    .leftJoin("verdict", (join) =>
      join
        .onRef("verdict.blob_id", "=", "file.blob_id")
        .onRef("verdict.policy_id", "=", "model_verdict.policy_id")
        .onRef("verdict.mode", "=", "model_verdict.mode"),
    )
    .where("survey_model.survey_id", "=", surveyId)
    .where("file.role", "=", role)
    .select(({ fn }) => ["hub_scan.status", "verdict.verdict", fn.countAll<number>().as("files")])
    .groupBy(["hub_scan.status", "verdict.verdict"])
    .orderBy("hub_scan.status")
    .orderBy("verdict.verdict")
    .execute();
}
