/** The evidence: what was outside a model's policies, where it happens, and the bytes around it. */
import type { Program } from "../../analyzer/containers/trace.ts";
import type { Capability, Mode } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { inflateUpTo } from "../stored-trace.ts";
import { callableName } from "./callable-name.ts";
import type { JudgedModel, ModelFile } from "./model.ts";

/** One callable outside the policies, or one opcode that the loader does not have, with every place where it is. */
export interface Evidence {
  /** Null where no callable is concerned. */
  readonly callableId: number | null;
  readonly callable: string | null;
  readonly capability: Capability | null;
  /** By file, pickle and offset; never empty. */
  readonly places: readonly Place[];
  /** Policies that allow looking it up or calling it: how many of this store, and which of those the model was judged by. */
  readonly allowedBy: { readonly policies: number; readonly judged: readonly number[] };
}

/** Where a pickle first does something that policies do not allow, and why each of them does not. */
export interface Place {
  readonly fileId: number;
  readonly path: string;
  readonly pickleId: number;
  readonly entry: string | null;
  readonly offset: number;
  readonly opcode: string;
  readonly blockedBy: readonly Block[];
}

/** One policy's objection to a place. */
export interface Block {
  readonly policyId: number;
  readonly mode: Mode;
  readonly reason: string;
  /** How often in this pickle, for the same reason. */
  readonly count: number;
  /** Place among what the policy blocks in the file, in execution order; the one at 0 stops the load. */
  readonly position: number;
}

/** Rows read at most: evidence of more than this is told by its first. */
const BLOCKED_ROWS = 5_000;

/**
 * What blocks the files of a model under the policies in `judged`. Callables of which it is known what they could do come
 * first, then those that most policies block, opcodes last.
 */
export async function modelEvidence(store: Store, files: readonly ModelFile[], judged: readonly JudgedModel[]): Promise<Evidence[]> {
  const rows = await blockedRows(store, files, judged);
  const allowed = await policiesAllowing(
    store,
    rows.flatMap((row) => row.callableId ?? []),
  );
  const groups = new Map<string | number, { first: (typeof rows)[number]; places: GrowingPlace[] }>();
  for (const file of files) {
    const applies = judged.filter((judgement) => judgement.role === file.role);
    for (const row of rows) {
      if (row.blobId !== file.blob?.blobId) continue;
      if (!applies.some((judgement) => judgement.policyId === row.policyId && judgement.mode === row.mode)) continue;
      const key = row.callableId ?? row.opcode;
      const group = groups.get(key) ?? { first: row, places: [] };
      groups.set(key, group);
      addPlace(group.places, { ...row, fileId: file.fileId, path: file.path });
    }
  }
  return [...groups.values()]
    .map(({ first: { callableId, callable, capability }, places }) => {
      const policies = allowed.get(callableId) ?? [];
      const own = policies.filter((policyId) => judged.some((judgement) => judgement.policyId === policyId));
      return { callableId, callable, capability, places, allowedBy: { policies: policies.length, judged: own } };
    })
    .sort((a, b) => weight(b) - weight(a));
}

function blockedRows(store: Store, files: readonly ModelFile[], judged: readonly JudgedModel[]) {
  return store
    .selectFrom("blocked")
    .innerJoin("pickle", "pickle.pickle_id", "blocked.pickle_id")
    .leftJoin("callable", "callable.callable_id", "blocked.callable_id")
    .where("blocked.blob_id", "in", [...new Set(files.flatMap((file) => file.blob?.blobId ?? []))])
    .where("blocked.policy_id", "in", [...new Set(judged.map((judgement) => judgement.policyId))])
    .select([
      "blocked.blob_id as blobId",
      "blocked.policy_id as policyId",
      "blocked.mode",
      "pickle.pickle_id as pickleId",
      "entry",
      "blocked.callable_id as callableId",
      callableName.as("callable"),
      "capability",
      "blocked.opcode",
      "blocked.offset",
      "blocked.reason",
      "blocked.count",
      "blocked.ordinal as position",
    ])
    .orderBy("blocked.blob_id")
    .orderBy("pickle.ordinal")
    .orderBy("blocked.offset")
    .orderBy("blocked.opcode")
    .orderBy("blocked.policy_id")
    .orderBy("blocked.mode", "desc")
    .limit(BLOCKED_ROWS)
    .execute();
}

type GrowingPlace = Place & { readonly blockedBy: Block[] };

/** Adds a blocked row, which comes in order, to the place before it or as a new one. */
function addPlace(places: GrowingPlace[], row: Omit<Place, "blockedBy"> & Block): void {
  const { fileId, path, pickleId, entry, offset, opcode, policyId, mode, reason, count, position } = row;
  const last = places.at(-1);
  const same = last?.fileId === fileId && last.pickleId === pickleId && last.offset === offset && last.opcode === opcode;
  const place = same ? last : { fileId, path, pickleId, entry, offset, opcode, blockedBy: [] };
  if (!same) places.push(place);
  place.blockedBy.push({ policyId, mode, reason, count, position });
}

/**
 * What a judgement's policy blocks first: in the first of the judged files that holds something outside it, what a loader
 * would come to first; and how much else it blocks in all of them. Null where nothing in `evidence` is outside it.
 */
export function firstBlocked(
  evidence: readonly Evidence[],
  files: readonly ModelFile[],
  { role, policyId, mode }: JudgedModel,
): { readonly found: Evidence; readonly place: Place; readonly others: number } | null {
  const order = files.filter((file) => file.role === role).map(({ fileId }) => fileId);
  const blocks = evidence.flatMap((found) =>
    found.places.flatMap((place) =>
      place.blockedBy
        .filter((by) => by.policyId === policyId && by.mode === mode && order.includes(place.fileId))
        .map(({ position }) => ({ found, place, position })),
    ),
  );
  const [first] = blocks.sort((a, b) => order.indexOf(a.place.fileId) - order.indexOf(b.place.fileId) || a.position - b.position);
  if (first === undefined) return null;
  return { found: first.found, place: first.place, others: new Set(blocks.map(({ found }) => found)).size - 1 };
}

/** Whether a place is in the files that were judged, and blocked by the policy that they were judged by. */
export function isBlockedUnder({ role, policyId, mode }: JudgedModel, files: readonly ModelFile[]): (place: Place) => boolean {
  const judged = new Set(files.filter((file) => file.role === role).map(({ fileId }) => fileId));
  return ({ fileId, blockedBy }) => judged.has(fileId) && blockedBy.some((by) => by.policyId === policyId && by.mode === mode);
}

/** What could do something known outweighs any number of policies, and a callable any opcode. */
function weight({ callableId, capability, places }: Evidence): number {
  const policies = new Set(places.flatMap(({ blockedBy }) => blockedBy.map(({ policyId }) => policyId))).size;
  if (callableId === null) return policies - 1_000;
  return policies + (capability === "unknown" ? 0 : 1_000);
}

async function policiesAllowing(store: Store, callableIds: readonly number[]): Promise<Map<number | null, number[]>> {
  const rows = await store
    .selectFrom("policy_entry")
    .where("callable_id", "in", [...new Set(callableIds)])
    .select(["callable_id as callableId", "policy_id as policyId"])
    .distinct()
    .execute();
  const policies = new Map<number | null, number[]>();
  for (const { callableId, policyId } of rows) policies.set(callableId, [...(policies.get(callableId) ?? []), policyId]);
  return policies;
}

/** A stored pickle program; null where it is longer than `maxBytes`, or not stored. */
export async function findProgram(store: Store, pickleId: number, maxBytes: number): Promise<Program | null> {
  const row = await store
    .selectFrom("pickle")
    .innerJoin("program", "program.program_id", "pickle.program_id")
    .where("pickle_id", "=", pickleId)
    .select(["bytes", "segments"])
    .executeTakeFirst();
  // Of what a table of traces says there is no program: nothing, which is no deflated one either.
  if (row === undefined || row.bytes.length === 0) return null;
  const bytes = inflateUpTo(row.bytes, maxBytes);
  return bytes && { bytes, segments: JSON.parse(row.segments) as Program["segments"] };
}
