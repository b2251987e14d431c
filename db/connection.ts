/** Opens the store: one SQLite file, in WAL mode so that readers and the one writer do not wait for each other. */
import BetterSqlite3 from "better-sqlite3";
import { Kysely, Migrator, SqliteDialect } from "kysely";
import * as tables from "./migrations/001-tables.ts";
import type { Database } from "./schema.ts";

export type Store = Kysely<Database>;

const MIGRATIONS = { "001-tables": tables };

/**
 * The store at `path` (`:memory:` for none on disk), created and migrated if need be. A read-only store must exist and
 * is not migrated. Throws what SQLite throws where the file cannot be opened or is not a database.
 */
export async function openStore(path: string, options: { readonly?: boolean } = {}): Promise<Store> {
  const readonly = options.readonly ?? false;
  const database = new BetterSqlite3(path, { readonly, fileMustExist: readonly });
  // Measured in docs/data.md: WAL and NORMAL lose nothing at a crash of the process; the cache is 64 MB.
  if (readonly) database.pragma("query_only = on");
  else for (const pragma of ["journal_mode = wal", "synchronous = normal", "journal_size_limit = 67108864"]) database.pragma(pragma);
  for (const pragma of ["cache_size = -64000", "busy_timeout = 5000", "foreign_keys = on"]) database.pragma(pragma);
  const store = new Kysely<Database>({ dialect: new SqliteDialect({ database }) });
  if (!readonly) await migrate(store);
  return store;
}

async function migrate(store: Store): Promise<void> {
  const migrator = new Migrator({ db: store, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
