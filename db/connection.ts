/**
 * Opens the store: one SQLite file, in WAL mode so that readers and the one writer do not wait for each other, or a
 * PostgreSQL database that several machines share. The queries are the same; `dialect.ts` has what is not.
 */
import BetterSqlite3 from "better-sqlite3";
import {
  DEFAULT_MIGRATION_TABLE,
  type Dialect,
  HandleEmptyInListsPlugin,
  Kysely,
  Migrator,
  PostgresDialect,
  replaceWithNoncontingentExpression,
  SqliteDialect,
  sql,
} from "kysely";
import pg from "pg";
import { dialectOf } from "./dialect.ts";
import * as tables from "./migrations/001-tables.ts";
import * as index from "./migrations/002-index.ts";
import * as hubScans from "./migrations/003-hub-scans.ts";
import * as inference from "./migrations/004-inference.ts";
import * as moreLists from "./migrations/005-more-lists.ts";
import * as sharedResults from "./migrations/006-shared-results.ts";
import type { Database } from "./schema.ts";

export type Store = Kysely<Database>;

const MIGRATIONS = {
  "001-tables": tables,
  "002-index": index,
  "003-hub-scans": hubScans,
  "004-inference": inference,
  "005-more-lists": moreLists,
  "006-shared-results": sharedResults,
};

/** The version of the tables: the name of the last migration. */
export const STORE_SCHEMA = Object.keys(MIGRATIONS).at(-1)!;

/** Whether a store's address is of a PostgreSQL database; any other is a path. */
export function isPostgres(address: string): boolean {
  return /^postgres(ql)?:\/\//.test(address);
}

/** A store of another version than this census reads. Who only reads changes nothing about it, and is told what would. */
export class StoreVersionError extends Error {}

/**
 * The store at `address`: a path (`:memory:` for none on disk), or `postgres://...`. Created and migrated if need be; a
 * read-only one must exist, is not migrated, and is refused with `StoreVersionError` where it had to be. Throws what the
 * database throws where it cannot be opened or is none.
 */
export async function openStore(address: string, options: { readonly?: boolean } = {}): Promise<Store> {
  const readonly = options.readonly ?? false;
  const dialect = isPostgres(address) ? openPostgres(address, readonly) : openSqlite(address, readonly);
  // `in ()` is nothing in SQLite and an error in PostgreSQL.
  const plugins = [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })];
  const store = new Kysely<Database>({ dialect, plugins });
  try {
    await (readonly ? refuseOtherVersions(store) : migrate(store));
  } catch (error) {
    await store.destroy();
    throw error;
  }
  return store;
}

function openSqlite(path: string, readonly: boolean): Dialect {
  const database = new BetterSqlite3(path, { readonly, fileMustExist: readonly });
  // Measured in docs/data.md: WAL and NORMAL lose nothing at a crash of the process. What a listing
  // writes is spread over whole indexes: at SQLite's 4 MB between checkpoints it would wait for the disk at every page.
  if (readonly) database.pragma("query_only = on");
  else
    for (const pragma of ["journal_mode = wal", "synchronous = normal", "journal_size_limit = 67108864", "wal_autocheckpoint = 8192"])
      database.pragma(pragma);
  // Pages go through all of it, again and again; a survey goes once over everything, and would only hold what it has behind it.
  database.pragma(`cache_size = ${readonly ? -64_000 : -16_000}`);
  for (const pragma of ["busy_timeout = 5000", "foreign_keys = on"]) database.pragma(pragma);
  return new SqliteDialect({ database });
}

/** Connections of one process; a server allows a hundred where nothing else was set. */
export const CONNECTIONS = 16;

function openPostgres(address: string, readonly: boolean): Dialect {
  const options = readonly ? "-c default_transaction_read_only=on" : undefined;
  const pool = new pg.Pool({ connectionString: address, max: CONNECTIONS, types: NUMBERS, ...(options && { options }) });
  // A connection that is idle when the server goes away; whoever asks next is told.
  pool.on("error", () => undefined);
  return new PostgresDialect({ pool });
}

/** Counts and sums as numbers, as SQLite has them: PostgreSQL's bigint and numeric come as text, lest they lose digits. */
const NUMBERS = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC
      ? Number
      : pg.types.getTypeParser(oid, format as "text")) as typeof pg.types.getTypeParser,
};

/** Whether processes on several machines can work on a store. */
export function isShared(store: Store): boolean {
  return dialectOf(store).name === "postgres";
}

async function refuseOtherVersions(store: Store): Promise<void> {
  const version = await versionOf(store);
  if (version === STORE_SCHEMA) return;
  if (version === null) throw new StoreVersionError("The store is empty, or no census made it: 'census survey' fills one.");
  throw new StoreVersionError(
    Object.hasOwn(MIGRATIONS, version)
      ? `The store is of version ${version}, this census reads ${STORE_SCHEMA}. 'census judge' brings it up to date, as every command that writes does; keep a copy for an older census.`
      : `The store is of version ${version}, which a later census than this one made (${STORE_SCHEMA}): update census.`,
  );
}

/** The last migration of a store; null where it has none. */
async function versionOf(store: Store): Promise<string | null> {
  const tables = await store.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return null;
  const { rows } = await sql<{ name: string }>`select max(name) as name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(store);
  return rows[0]?.name ?? null;
}

async function migrate(store: Store): Promise<void> {
  const migrator = new Migrator({ db: store, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
