/** The facts of a blob as rows, written once and read back as they were: deciding again parses nothing again. */
import type { Finding, PickleTrace, Program, Trace } from "../analyzer/containers/trace.ts";
import type { Fact, Failure, OpcodeUse } from "../analyzer/pickle/facts.ts";
import { type CapabilityOf, callableIds } from "./callables.ts";
import { chunksOf } from "./chunks.ts";
import type { Store } from "./connection.ts";

/** A program as it is kept: deflated (RFC 1951). */
export interface StoredProgram {
  readonly deflated: Uint8Array;
  readonly segments: Program["segments"];
}

/** The facts of one blob, and what reading it cost. */
export interface TracedBlob {
  /** Hex; `git:` and the git blob's id where the sha256 is not known. */
  readonly sha256: string;
  readonly trace: Trace;
  /** Of the trace's pickles, in the same order. */
  readonly programs: readonly StoredProgram[];
  readonly requests: number;
  readonly bytesRead: number;
}

/** The id of the blob with this content; null if it was never read. */
export async function findBlob(store: Store, sha256: string): Promise<number | null> {
  const row = await store.selectFrom("blob").select("blob_id").where("sha256", "=", sha256).executeTakeFirst();
  return row?.blob_id ?? null;
}

/** Writes a blob with its pickles and facts, within the caller's transaction. What is stored already stays as it is. */
export async function writeTrace(store: Store, blob: TracedBlob, capabilityOf: CapabilityOf): Promise<number> {
  const known = await findBlob(store, blob.sha256);
  if (known !== null) return known;
  const { trace } = blob;
  const { blob_id } = await store
    .insertInto("blob")
    .values({
      sha256: blob.sha256,
      size: trace.size,
      container: trace.container,
      outcome: trace.outcome,
      failure: jsonOrNull(trace.failure),
      findings: JSON.stringify(trace.findings),
      requests: blob.requests,
      bytes_read: blob.bytesRead,
    })
    .returning("blob_id")
    .executeTakeFirstOrThrow();
  const callables = await callableIds(store, trace.pickles.flatMap(spellings), capabilityOf);
  for (const [ordinal, pickle] of trace.pickles.entries())
    await writePickle(store, blob_id, ordinal, pickle, blob.programs[ordinal]!, callables);
  return blob_id;
}

async function writePickle(
  store: Store,
  blobId: number,
  ordinal: number,
  pickle: PickleTrace,
  program: StoredProgram,
  callables: ReadonlyMap<string, number>,
): Promise<void> {
  const { pickle_id } = await store
    .insertInto("pickle")
    .values({
      blob_id: blobId,
      ordinal,
      entry: pickle.entry,
      start: pickle.offset,
      length: pickle.length,
      protocol: pickle.protocol,
      outcome: pickle.outcome,
      failure: jsonOrNull(pickle.failure),
      opcodes: JSON.stringify(pickle.opcodes),
      loader: pickle.loader ?? null,
      root: pickle.root,
      program: Buffer.from(program.deflated.buffer, program.deflated.byteOffset, program.deflated.byteLength),
      segments: JSON.stringify(program.segments),
    })
    .returning("pickle_id")
    .executeTakeFirstOrThrow();
  const rows = pickle.facts.map((fact, index) => ({
    pickle_id,
    ordinal: index,
    kind: fact.kind,
    opcode: fact.opcode,
    offset: fact.offset,
    callable_id: "callable" in fact ? callables.get(fact.callable)! : null,
    detail: JSON.stringify(fact),
  }));
  for (const chunk of chunksOf(rows)) await store.insertInto("fact").values(chunk).execute();
}

/** The trace of a blob as it was written, with the ids of its pickles in their order. Rejects where there is no such blob. */
export async function readTrace(store: Store, blobId: number): Promise<{ readonly trace: Trace; readonly pickleIds: readonly number[] }> {
  const blob = await store.selectFrom("blob").selectAll().where("blob_id", "=", blobId).executeTakeFirstOrThrow();
  const pickles = await store
    .selectFrom("pickle")
    .select(["pickle_id", "entry", "start", "length", "protocol", "outcome", "failure", "opcodes", "loader", "root"])
    .where("blob_id", "=", blobId)
    .orderBy("ordinal")
    .execute();
  const facts = await store
    .selectFrom("pickle")
    .innerJoin("fact", "fact.pickle_id", "pickle.pickle_id")
    .select(["fact.pickle_id", "fact.detail"])
    .where("blob_id", "=", blobId)
    .orderBy("fact.pickle_id")
    .orderBy("fact.ordinal")
    .execute();
  const byPickle = new Map<number, Fact[]>(pickles.map(({ pickle_id }) => [pickle_id, []]));
  for (const { pickle_id, detail } of facts) byPickle.get(pickle_id)!.push(JSON.parse(detail) as Fact);
  const trace: Trace = {
    size: blob.size,
    container: blob.container,
    outcome: blob.outcome,
    ...failureKey(blob.failure),
    findings: JSON.parse(blob.findings) as Finding[],
    pickles: pickles.map((row) => ({
      entry: row.entry,
      ...(row.loader === null ? {} : { loader: row.loader }),
      offset: row.start,
      length: row.length,
      protocol: row.protocol,
      outcome: row.outcome,
      ...failureKey(row.failure),
      facts: byPickle.get(row.pickle_id)!,
      opcodes: JSON.parse(row.opcodes) as OpcodeUse[],
      root: row.root,
    })),
  };
  return { trace, pickleIds: pickles.map(({ pickle_id }) => pickle_id) };
}

/** Whether a blob holds a pickle. */
export async function hasPickles(store: Store, blobId: number): Promise<boolean> {
  const row = await store.selectFrom("pickle").select("pickle_id").where("blob_id", "=", blobId).limit(1).executeTakeFirst();
  return row !== undefined;
}

function spellings({ facts }: PickleTrace): string[] {
  return facts.flatMap((fact) => ("callable" in fact ? [fact.callable] : []));
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function failureKey(json: string | null): { failure?: Failure } {
  return json === null ? {} : { failure: JSON.parse(json) as Failure };
}
