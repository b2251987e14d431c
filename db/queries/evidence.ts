/** The evidence: what was outside a model's policies, where it happens, and the bytes around it. */
import { inflateRawSync } from "node:zlib";
import type { Program } from "../../analyzer/containers/trace.ts";
import type { Capability, Mode } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { callableName } from "./callable-name.ts";
import type { JudgedModel, ModelFile } from "./model.ts";

/** One callable outside the policies, in one pickle: every place where it is. */
export interface Evidence {
  readonly fileId: number;
  readonly path: string;
  readonly pickleId: number;
  readonly entry: string | null;
  /** Null where the loader lacks the opcode itself, or no callable is concerned. */
  readonly callableId: number | null;
  readonly callable: string | null;
  readonly capability: Capability | null;
  /** By offset. */
  readonly places: readonly Place[];
  /** Policies of this store that allow looking the callable up, and calling it. */
  readonly allowedBy: { readonly imports: number; readonly calls: number };
}

/** Where a pickle first does something that policies do not allow, and why each of them does not. */
export interface Place {
  readonly offset: number;
  readonly opcode: string;
  /** `count`: how often in this pickle, for the same reason. */
  readonly blockedBy: readonly { readonly policyId: number; readonly mode: Mode; readonly reason: string; readonly count: number }[];
}

/** Rows read at most: evidence of more than this is told by its first. */
const BLOCKED_ROWS = 5_000;

/**
 * What blocks the files of a model under the policies in `judged`. Callables of which it is known what they could do come
 * first, then those that most policies block, then by file and offset.
 */
export async function modelEvidence(store: Store, files: readonly ModelFile[], judged: readonly JudgedModel[]): Promise<Evidence[]> {
  const rows = await store
    .selectFrom("blocked")
    .innerJoin("pickle", "pickle.pickle_id", "blocked.pickle_id")
    .leftJoin("callable", "callable.callable_id", "blocked.callable_id")
    .where(
      "blocked.blob_id",
      "in",
      files.flatMap((file) => file.blob?.blobId ?? []),
    )
    .where("blocked.policy_id", "in", [...new Set(judged.map((judgement) => judgement.policyId))])
    .select([
      "blocked.blob_id as blobId",
      "blocked.policy_id as policyId",
      "blocked.mode",
      "pickle.pickle_id as pickleId",
      "pickle.ordinal",
      "entry",
      "blocked.callable_id as callableId",
      callableName.as("callable"),
      "capability",
      "blocked.opcode",
      "blocked.offset",
      "blocked.reason",
      "blocked.count",
    ])
    .orderBy("blocked.blob_id")
    .orderBy("pickle.ordinal")
    .orderBy("blocked.offset")
    .orderBy("blocked.opcode")
    .orderBy("blocked.policy_id")
    .limit(BLOCKED_ROWS)
    .execute();
  const allowed = await allowances(
    store,
    rows.flatMap((row) => row.callableId ?? []),
  );
  const evidence = files.flatMap((file) => {
    const applies = (row: (typeof rows)[number]) =>
      row.blobId === file.blob?.blobId &&
      judged.some((judgement) => judgement.role === file.role && judgement.policyId === row.policyId && judgement.mode === row.mode);
    const groups = new Map<string, (typeof rows)[number][]>();
    for (const row of rows.filter(applies)) {
      const key = `${row.pickleId} ${row.callableId ?? row.opcode}`;
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
    return [...groups.values()].map((group) => {
      const { pickleId, entry, callableId, callable, capability } = group[0]!;
      return {
        fileId: file.fileId,
        path: file.path,
        pickleId,
        entry,
        callableId,
        callable,
        capability,
        places: groupPlaces(group),
        allowedBy: allowed.get(callableId) ?? { imports: 0, calls: 0 },
      };
    });
  });
  return evidence.sort((a, b) => weight(b) - weight(a));
}

/** What could do something known outweighs any number of policies. */
function weight({ capability, places }: Evidence): number {
  const policies = new Set(places.flatMap(({ blockedBy }) => blockedBy.map(({ policyId }) => policyId))).size;
  return policies + (capability === null || capability === "unknown" ? 0 : 1_000);
}

function groupPlaces(rows: readonly ({ offset: number; opcode: string } & Place["blockedBy"][number])[]): Place[] {
  const places: (Place & { blockedBy: Place["blockedBy"][number][] })[] = [];
  for (const { offset, opcode, policyId, mode, reason, count } of rows) {
    const last = places.at(-1);
    if (last?.offset === offset && last.opcode === opcode) last.blockedBy.push({ policyId, mode, reason, count });
    else places.push({ offset, opcode, blockedBy: [{ policyId, mode, reason, count }] });
  }
  return places;
}

async function allowances(store: Store, callableIds: readonly number[]): Promise<Map<number | null, { imports: number; calls: number }>> {
  const rows = await store
    .selectFrom("policy_entry")
    .where("callable_id", "in", [...new Set(callableIds)])
    .groupBy("callable_id")
    .select(({ fn }) => [
      "callable_id as callableId",
      fn.countAll<number>().filterWhere("kind", "=", "import").as("imports"),
      fn.countAll<number>().filterWhere("kind", "=", "call").as("calls"),
    ])
    .execute();
  return new Map(rows.map(({ callableId, ...counts }) => [callableId, counts]));
}

/** A stored pickle program; null where it is longer than `maxBytes`, or not stored. */
export async function findProgram(store: Store, pickleId: number, maxBytes: number): Promise<Program | null> {
  const row = await store.selectFrom("pickle").where("pickle_id", "=", pickleId).select(["program", "segments"]).executeTakeFirst();
  const bytes = row && inflateUpTo(row.program, maxBytes);
  return bytes ? { bytes, segments: JSON.parse(row.segments) as Program["segments"] } : null;
}

function inflateUpTo(deflated: Uint8Array, maxBytes: number): Uint8Array | null {
  try {
    return inflateRawSync(deflated, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return null;
    throw error;
  }
}
