/**
 * Opens the store: one SQLite file, in WAL mode so that readers and the one writer do not wait for each other, or a
 * PostgreSQL database that several machines share. The queries are the same; `dialect.ts` has what is not.
 */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import BetterSqlite3 from "better-sqlite3";
import { type Dialect, HandleEmptyInListsPlugin, Kysely, PostgresDialect, replaceWithNoncontingentExpression, SqliteDialect } from "kysely";
import type Pg from "pg";
import { CONNECTIONS } from "./dialect.ts";
import { migrate, refuseOtherVersions } from "./migrate.ts";
import type { Database } from "./schema.ts";
import { postgresMistake, StoreError, sqliteMistake } from "./store-error.ts";

export type Store = Kysely<Database>;

/** Whether a store's address is of a PostgreSQL database; any other is a path. */
export function isPostgres(address: string): boolean {
  return /^postgres(ql)?:\/\//.test(address);
}

/**
 * The store at `address`: a path (`:memory:` for none on disk), or `postgres://...`. Created and migrated if need be; a
 * read-only one must exist, is not migrated, and is refused with `StoreVersionError` where it had to be. Throws `StoreError`
 * where it cannot be opened or is none.
 */
export async function openStore(address: string, options: { readonly?: boolean } = {}): Promise<Store> {
  try {
    return await open(address, options.readonly ?? false);
  } catch (error) {
    const mistake = isPostgres(address) ? postgresMistake(error, address) : (misplaced(address) ?? sqliteMistake(error, address));
    if (error instanceof StoreError || mistake === null) throw error;
    throw new StoreError(mistake, { cause: error });
  }
}

/** Why there can be no store at a path: SQLite has but one word for it. */
function misplaced(file: string): string | null {
  if (existsSync(file)) return statSync(file).isDirectory() ? `${file} is a folder, not a store` : null;
  return file === ":memory:" || existsSync(path.dirname(file)) ? null : `there is no folder ${path.dirname(file)} for a store`;
}

async function open(address: string, readonly: boolean): Promise<Store> {
  const dialect = isPostgres(address) ? await openPostgres(address, readonly) : openSqlite(address, readonly);
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

// Read once, before the first database of the process: whether `file:` is an address (https://www.sqlite.org/uri.html).
process.env.SQLITE_USE_URI ??= "1";

/**
 * Opened only to be read. Of a database in WAL mode that needs files beside it, so where its folder may not be written, such as
 * a published one, it is taken for one that nobody changes, as long as nobody has it open: there is no log beside it then.
 */
function openPublished(file: string): BetterSqlite3.Database {
  const database = new BetterSqlite3(file, { readonly: true, fileMustExist: true });
  try {
    database.pragma("schema_version");
    return database;
  } catch (error) {
    database.close();
    const { code = "" } = error as { code?: string };
    if (!/^SQLITE_(READONLY|CANTOPEN)/.test(code)) throw error;
    if (existsSync(`${file}-wal`))
      throw new StoreError(
        `${file} cannot be read: there is a log beside it (${path.basename(file)}-wal), which takes a folder that may be written`,
      );
    return new BetterSqlite3(`${pathToFileURL(file).href}?immutable=1`, { readonly: true });
  }
}

function openSqlite(file: string, readonly: boolean): Dialect {
  const database = readonly ? openPublished(file) : new BetterSqlite3(file);
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

async function openPostgres(address: string, readonly: boolean): Promise<Dialect> {
  // Most stores are files, and a tenth of a second is a fifth of what a short command takes.
  const { default: pg } = await import("pg");
  const options = readonly ? "-c default_transaction_read_only=on" : undefined;
  const types = numbersOf(pg);
  const pool = new pg.Pool({ connectionString: address, max: CONNECTIONS, types, ...(options && { options }) });
  // A connection that is idle when the server goes away; whoever asks next is told.
  pool.on("error", () => undefined);
  return new PostgresDialect({ pool });
}

/** Counts and sums as numbers, as SQLite has them: PostgreSQL's bigint and numeric come as text, lest they lose digits. */
function numbersOf({ types }: typeof Pg): Pg.CustomTypesConfig {
  return {
    getTypeParser: ((oid: number, format?: "text" | "binary") =>
      oid === types.builtins.INT8 || oid === types.builtins.NUMERIC
        ? Number
        : types.getTypeParser(oid, format as "text")) as typeof types.getTypeParser,
  };
}
