/** Library source as rows: what policies were inferred from, kept so that inferring again fetches nothing again. */
import { chunksOf } from "./chunks.ts";
import type { Store } from "./connection.ts";

/** The readable part of a released file of a distribution. */
export interface Source {
  /** Normalised name (PEP 503). */
  readonly distribution: string;
  readonly version: string;
  readonly filename: string;
  /** Hex, of the released file. */
  readonly sha256: string;
  readonly releasedAt: string | null;
  /** Paths within it, with `/`. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/** Writes a source within the caller's transaction; one with this sha256 that is stored already stays as it is. */
export async function writeSource(store: Store, source: Source): Promise<void> {
  const inserted = await store
    .insertInto("source")
    .values({
      distribution: source.distribution,
      version: source.version,
      filename: source.filename,
      sha256: source.sha256,
      released_at: source.releasedAt,
    })
    .onConflict((conflict) => conflict.column("sha256").doNothing())
    .returning("source_id")
    .executeTakeFirst();
  if (inserted === undefined) return;
  const rows = source.files.map(({ path, text }) => ({ source_id: inserted.source_id, path, text }));
  for (const chunk of chunksOf(rows)) await store.insertInto("source_file").values(chunk).execute();
}

/** The source with this sha256; null if it was never fetched. */
export async function readSource(store: Store, sha256: string): Promise<Source | null> {
  const row = await store.selectFrom("source").selectAll().where("sha256", "=", sha256).executeTakeFirst();
  if (row === undefined) return null;
  const files = await store
    .selectFrom("source_file")
    .select(["path", "text"])
    .where("source_id", "=", row.source_id)
    .orderBy("path")
    .execute();
  const { distribution, version, filename, released_at } = row;
  return { distribution, version, filename, sha256, releasedAt: released_at, files };
}
