/** Callables by their spelling: one row each, whoever names them. */
import { type SqlBool, sql } from "kysely";
import type { Capability } from "../analyzer/verdict/verdict.ts";
import { chunksOf } from "./chunks.ts";
import type { Store } from "./connection.ts";

/** What a callable could do; the analyzer's table, which this room does not import. */
export type CapabilityOf = (callable: string) => Capability;

interface CallableRow {
  readonly module: string;
  readonly name: string;
  readonly capability: Capability;
}

/** The ids of callables by their spelling, which are written if they are new. */
export async function callableIds(
  store: Store,
  spellings: Iterable<string>,
  capabilityOf: CapabilityOf,
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  const rows = new Map<string, CallableRow>();
  const keys = new Map<string, string>();
  for (const spelling of new Set(spellings)) {
    const row = cut(spelling);
    keys.set(spelling, spellingOf(row));
    rows.set(spellingOf(row), { ...row, capability: capabilityOf(spelling) });
  }
  // In one order, so that two writers never wait for each other in a circle.
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  for (const chunk of chunksOf(sorted)) {
    const known = await find(store, chunk);
    for (const row of known) ids.set(spellingOf(row), row.callable_id);
    // Callables are looked up far more often than they are new: writing those that are known would make all writers wait.
    const capabilities = new Map(known.map((row) => [spellingOf(row), row.capability]));
    const fresh = chunk.filter((row) => capabilities.get(spellingOf(row)) !== row.capability);
    if (fresh.length === 0) continue;
    const written = await store
      .insertInto("callable")
      .values(fresh)
      .onConflict((conflict) => conflict.columns(["module", "name"]).doUpdateSet(({ ref }) => ({ capability: ref("excluded.capability") })))
      .returning(["callable_id", "module", "name"])
      .execute();
    for (const row of written) ids.set(spellingOf(row), row.callable_id);
  }
  return new Map(Array.from(keys, ([spelling, key]) => [spelling, ids.get(key)!]));
}

function find(store: Store, rows: readonly CallableRow[]) {
  return store
    .selectFrom("callable")
    .select(["callable_id", "module", "name", "capability"])
    .where(sql<SqlBool>`(module, name) in (values ${sql.join(rows.map(({ module, name }) => sql`(${module}, ${name})`))})`)
    .execute();
}

/** The spelling that a row stands for. */
export function spellingOf(row: { readonly module: string; readonly name: string }): string {
  return row.module === "" ? row.name : `${row.module}.${row.name}`;
}

/** At the last dot; a spelling without one is in no module. */
function cut(spelling: string): { module: string; name: string } {
  const text = storable(spelling);
  const dot = text.lastIndexOf(".");
  return { module: text.slice(0, Math.max(0, dot)), name: text.slice(dot + 1) };
}

/** Text that every store can hold: half surrogate pairs are not in UTF-8, and NUL is not in PostgreSQL's text. */
export function storable(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, "\ufffd").replaceAll("\0", "\u2400");
}
