/** Rows for the tests of the store, as plain as can be. */
import type { Trace } from "../../analyzer/containers/trace.ts";
import type { Store } from "../../db/connection.ts";
import { readTrace, writeTrace } from "../../db/stored-trace.ts";
import { type ModelToList, openSurvey, writePage } from "../../db/writes-listing.ts";

export async function openTestSurvey(store: Store, name = "survey"): Promise<number> {
  return (await openSurvey(store, { name, hub: "http://hub", query: "{}", startedAt: "2026-01-01T00:00:00.000Z" })).survey_id;
}

export function model(name: string, changes: Partial<ModelToList> = {}): ModelToList {
  return {
    hubId: `id of ${name}`,
    name,
    commit: "c".repeat(40),
    createdAt: null,
    modifiedAt: null,
    metadata: null,
    downloads: 0,
    likes: 0,
    library: null,
    task: null,
    gated: false,
    format: null,
    candidates: [],
    end: null,
    ...changes,
  };
}

/** Lists models on one page. */
export function listPage(store: Store, surveyId: number, models: readonly ModelToList[], cursor = ""): Promise<number> {
  return writePage(store, surveyId, { models, unreadable: 0, cursor });
}

/** A stored blob with one pickle that does nothing. */
export async function tracedBlob(store: Store, sha256: string): Promise<{ blobId: number; pickleIds: readonly number[] }> {
  const pickle = { entry: null, offset: 0, length: 1, protocol: 2, outcome: "ok", facts: [], opcodes: [], root: null } as const;
  const trace: Trace = { size: 1, container: "pickle", outcome: "ok", findings: [], pickles: [pickle] };
  const programs = [{ deflated: new Uint8Array(0), segments: [] }];
  const blobId = await writeTrace(store, { sha256, trace, programs, requests: 1, bytesRead: 1 }, () => "unknown");
  return { blobId, pickleIds: (await readTrace(store, blobId)).pickleIds };
}
