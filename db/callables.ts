/** Callables by their spelling: one row each, whoever names them. */
import type { Capability } from "../analyzer/verdict/verdict.ts";
import { chunksOf } from "./chunks.ts";
import type { Store } from "./connection.ts";

/** What a callable could do; the analyzer's table, which this room does not import. */
export type CapabilityOf = (callable: string) => Capability;

/** The ids of callables by their spelling, which are written if they are new. */
export async function callableIds(
  store: Store,
  spellings: Iterable<string>,
  capabilityOf: CapabilityOf,
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  const rows = new Map<string, { module: string; name: string; capability: Capability }>();
  const keys = new Map<string, string>();
  for (const spelling of new Set(spellings)) {
    const row = cut(spelling);
    keys.set(spelling, spellingOf(row));
    rows.set(spellingOf(row), { ...row, capability: capabilityOf(spelling) });
  }
  for (const chunk of chunksOf([...rows.values()])) {
    const found = await store
      .insertInto("callable")
      .values(chunk)
      .onConflict((conflict) => conflict.columns(["module", "name"]).doUpdateSet(({ ref }) => ({ capability: ref("excluded.capability") })))
      .returning(["callable_id", "module", "name"])
      .execute();
    for (const row of found) ids.set(spellingOf(row), row.callable_id);
  }
  return new Map(Array.from(keys, ([spelling, key]) => [spelling, ids.get(key)!]));
}

/** The spelling that a row stands for. */
export function spellingOf(row: { readonly module: string; readonly name: string }): string {
  return row.module === "" ? row.name : `${row.module}.${row.name}`;
}

/** At the last dot; a spelling without one is in no module. Half surrogate pairs, which UTF-8 cannot hold, are replaced. */
function cut(spelling: string): { module: string; name: string } {
  const text = spelling.replace(/\p{Surrogate}/gu, "\ufffd");
  const dot = text.lastIndexOf(".");
  return { module: text.slice(0, Math.max(0, dot)), name: text.slice(dot + 1) };
}
