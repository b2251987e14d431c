/** The source that policies were inferred from, as far as it is stored. */
import type { Store } from "../connection.ts";

/** A file of a released distribution. */
export interface SourceFile {
  readonly sourceId: number;
  readonly distribution: string;
  readonly version: string;
  readonly path: string;
  readonly text: string;
}

/** A file of a source, or null. */
export async function findSourceFile(store: Store, sourceId: number, path: string): Promise<SourceFile | null> {
  const row = await store
    .selectFrom("source_file")
    .innerJoin("source", "source.source_id", "source_file.source_id")
    .where("source.source_id", "=", sourceId)
    .where("path", "=", path)
    .select(["source.source_id as sourceId", "distribution", "version", "path", "text"])
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Where the files that a policy's reasons name are stored, by path: in the library's own source, or else in the only
 * stored source that has such a file (a dependency's). Paths that several have are left out: a guess would mislead.
 */
export async function locateSources(
  store: Store,
  library: { readonly name: string | null; readonly version: string | null },
  paths: readonly string[],
): Promise<Map<string, number>> {
  const wanted = [...new Set(paths)];
  const files = store
    .selectFrom("source")
    .innerJoin("source_file", "source_file.source_id", "source.source_id")
    .select(["path", "source.source_id as sourceId"]);
  const own = await files
    .where("distribution", "=", library.name ?? "")
    .where("version", "=", library.version ?? "")
    .where("path", "in", wanted)
    .execute();
  const elsewhere = wanted.filter((path) => !own.some((file) => file.path === path));
  const others = elsewhere.length === 0 ? [] : await files.where("path", "in", elsewhere).execute();
  const found = [...own, ...others];
  const unique = wanted.filter((path) => new Set(found.filter((file) => file.path === path).map((file) => file.sourceId)).size === 1);
  return new Map(unique.map((path) => [path, found.find((file) => file.path === path)!.sourceId]));
}

/** A released file of a distribution, and how many files of source were read of it. */
export interface Source {
  readonly version: string;
  readonly filename: string;
  readonly sha256: string;
  readonly releasedAt: string | null;
  readonly files: number;
}

/** The releases of a distribution whose source is stored, the latest first. */
export function sourcesOf(store: Store, distribution: string): Promise<Source[]> {
  return store
    .selectFrom("source")
    .where("distribution", "=", distribution)
    .select(({ selectFrom }) => [
      "version",
      "filename",
      "sha256",
      "released_at as releasedAt",
      selectFrom("source_file")
        .whereRef("source_file.source_id", "=", "source.source_id")
        .select(({ fn }) => fn.countAll<number>().as("n"))
        .$asScalar()
        .$notNull()
        .as("files"),
    ])
    .orderBy("released_at", "desc")
    .orderBy("version", "desc")
    .execute();
}
