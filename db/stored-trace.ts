/** The facts of a blob as rows, written once and read back as they were: deciding again parses nothing again. */
import { createHash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Finding, PickleTrace, Program, Trace } from "../analyzer/containers/trace.ts";
import type { Divergence, Fact, Failure, OpcodeUse } from "../analyzer/pickle/facts.ts";
import { type CapabilityOf, callableIds, storable } from "./callables.ts";
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
  const { factSetId, places } = await writeFactSet(store, pickle.facts, callables);
  await store
    .insertInto("pickle")
    .values({
      blob_id: blobId,
      ordinal,
      entry: pickle.entry === null ? null : storable(pickle.entry),
      start: pickle.offset,
      length: pickle.length,
      protocol: pickle.protocol,
      outcome: pickle.outcome,
      failure: jsonOrNull(pickle.failure),
      divergences: jsonOrNull(pickle.divergences),
      loader: pickle.loader ?? null,
      root: pickle.root === null ? null : storable(pickle.root),
      program_id: await writeProgram(store, pickle, program),
      fact_set_id: factSetId,
      places: JSON.stringify(places),
    })
    .execute();
}

/** The id of a program with its facts: one that did exactly the same at the same places is stored once. */
async function writeProgram(store: Store, { opcodes, facts }: PickleTrace, program: StoredProgram): Promise<number> {
  const row = {
    bytes: Buffer.from(program.deflated.buffer, program.deflated.byteOffset, program.deflated.byteLength),
    segments: JSON.stringify(program.segments),
    opcodes: JSON.stringify(opcodes),
  };
  const told = JSON.stringify(facts);
  const hash = createHash("sha256").update(row.bytes);
  for (const part of [row.segments, row.opcodes, told]) hash.update("\n").update(part);
  const sha256 = hash.digest("hex");
  const known = await store.selectFrom("program").select("program_id").where("sha256", "=", sha256).executeTakeFirst();
  if (known !== undefined) return known.program_id;
  const { program_id } = await store
    .insertInto("program")
    .values({ sha256, ...row, facts: deflateRawSync(told) })
    // Another writer may have been quicker: then it is the same.
    .onConflict((conflict) => conflict.column("sha256").doUpdateSet(({ ref }) => ({ sha256: ref("excluded.sha256") })))
    .returning("program_id")
    .executeTakeFirstOrThrow();
  return program_id;
}

/** The set of what the facts do, and where in this pickle each of it is first and how often. */
async function writeFactSet(
  store: Store,
  facts: readonly Fact[],
  callables: ReadonlyMap<string, number>,
): Promise<{ factSetId: number; places: [offset: number, count: number][] }> {
  const members = new Map<string, { kind: Fact["kind"]; opcode: string; callable: string | null; place: [number, number] }>();
  for (const fact of facts) {
    const callable = "callable" in fact ? fact.callable : null;
    const key = `${fact.kind} ${fact.opcode} ${callable ?? ""}`;
    const times = 1 + ("repeats" in fact ? (fact.repeats ?? 0) : 0);
    const known = members.get(key);
    if (known === undefined) members.set(key, { kind: fact.kind, opcode: fact.opcode, callable, place: [fact.offset, times] });
    else known.place[1] += times;
  }
  const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
  const sha256 = createHash("sha256")
    .update(JSON.stringify(sorted.map(([key]) => key)))
    .digest("hex");
  const places = sorted.map(([, { place }]) => place);
  const known = await store.selectFrom("fact_set").select("fact_set_id").where("sha256", "=", sha256).executeTakeFirst();
  if (known !== undefined) return { factSetId: known.fact_set_id, places };
  const { fact_set_id } = await store
    .insertInto("fact_set")
    .values({ sha256 })
    .onConflict((conflict) => conflict.column("sha256").doUpdateSet(({ ref }) => ({ sha256: ref("excluded.sha256") })))
    .returning("fact_set_id")
    .executeTakeFirstOrThrow();
  const rows = sorted.map(([, { kind, opcode, callable }], ordinal) => ({
    fact_set_id,
    ordinal,
    kind,
    opcode,
    callable_id: callable === null ? null : callables.get(callable)!,
  }));
  for (const chunk of chunksOf(rows))
    await store
      .insertInto("fact_set_member")
      .values(chunk)
      .onConflict((conflict) => conflict.columns(["fact_set_id", "ordinal"]).doNothing())
      .execute();
  return { factSetId: fact_set_id, places };
}

/** The trace of a blob as it was written, with the ids of its pickles in their order. Rejects where there is no such blob. */
export async function readTrace(store: Store, blobId: number): Promise<{ readonly trace: Trace; readonly pickleIds: readonly number[] }> {
  const blob = await store.selectFrom("blob").selectAll().where("blob_id", "=", blobId).executeTakeFirstOrThrow();
  const pickles = await store
    .selectFrom("pickle")
    .innerJoin("program", "program.program_id", "pickle.program_id")
    .select([
      "pickle_id",
      "entry",
      "start",
      "length",
      "protocol",
      "outcome",
      "failure",
      "divergences",
      "opcodes",
      "facts",
      "loader",
      "root",
    ])
    .where("blob_id", "=", blobId)
    .orderBy("ordinal")
    .execute();
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
      ...(row.divergences === null ? {} : { divergences: JSON.parse(row.divergences) as Divergence[] }),
      facts: JSON.parse(inflateRawSync(row.facts).toString()) as Fact[],
      opcodes: JSON.parse(row.opcodes) as OpcodeUse[],
      root: row.root,
    })),
  };
  return { trace, pickleIds: pickles.map(({ pickle_id }) => pickle_id) };
}

/** The programs of a blob's pickles, in their order; null where together they are longer than `maxBytes`. */
export async function readPrograms(store: Store, blobId: number, maxBytes: number): Promise<Program[] | null> {
  const rows = await store
    .selectFrom("pickle")
    .innerJoin("program", "program.program_id", "pickle.program_id")
    .select(["bytes", "segments"])
    .where("blob_id", "=", blobId)
    .orderBy("ordinal")
    .execute();
  const programs: Program[] = [];
  let left = maxBytes;
  for (const { bytes: deflated, segments } of rows) {
    const bytes = inflateUpTo(deflated, left);
    if (bytes === null) return null;
    left -= bytes.length;
    programs.push({ bytes, segments: JSON.parse(segments) as Program["segments"] });
  }
  return programs;
}

/** What was deflated (RFC 1951); null where it is longer than `maxBytes`. */
export function inflateUpTo(deflated: Uint8Array, maxBytes: number): Uint8Array | null {
  try {
    return inflateRawSync(deflated, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return null;
    throw error;
  }
}

/** The facts of one pickle, in execution order. */
export async function readFacts(store: Store, pickleId: number): Promise<Fact[]> {
  const { facts } = await store
    .selectFrom("pickle")
    .innerJoin("program", "program.program_id", "pickle.program_id")
    .select("facts")
    .where("pickle_id", "=", pickleId)
    .executeTakeFirstOrThrow();
  return JSON.parse(inflateRawSync(facts).toString()) as Fact[];
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
