/** The versions of a store's tables: which there are, which a store has, and how it comes to the last. */
import { DEFAULT_MIGRATION_TABLE, Migrator, sql } from "kysely";
import type { Store } from "./connection.ts";
import { withLock } from "./locks.ts";
import * as tables from "./migrations/001-tables.ts";
import * as index from "./migrations/002-index.ts";
import * as hubScans from "./migrations/003-hub-scans.ts";
import * as inference from "./migrations/004-inference.ts";
import * as moreLists from "./migrations/005-more-lists.ts";
import * as sharedResults from "./migrations/006-shared-results.ts";
import * as bound from "./migrations/007-bound.ts";
import { StoreVersionError } from "./store-version-error.ts";

const MIGRATIONS = {
  "001-tables": tables,
  "002-index": index,
  "003-hub-scans": hubScans,
  "004-inference": inference,
  "005-more-lists": moreLists,
  "006-shared-results": sharedResults,
  "007-bound": bound,
};

/** The version of the tables: the name of the last migration. */
export const STORE_SCHEMA = Object.keys(MIGRATIONS).at(-1)!;

/** Throws `StoreVersionError` where a store that is only to be read is not of this census's version. */
export async function refuseOtherVersions(store: Store): Promise<void> {
  const version = await migrating(store, () => versionOf(store));
  if (version === STORE_SCHEMA) return;
  if (version === null) throw new StoreVersionError("The store is empty, or no census made it: 'census survey' fills one.");
  refuseLater(version);
  throw new StoreVersionError(
    `The store is of version ${version}, this census reads ${STORE_SCHEMA}. 'census judge' brings it up to date, and judges its last survey again; keep a copy for an older census.`,
  );
}

function refuseLater(version: string | null): void {
  if (version === null || Object.hasOwn(MIGRATIONS, version)) return;
  throw new StoreVersionError(
    `The store is of version ${version}, which a later census than this one made (${STORE_SCHEMA}): update census.`,
  );
}

/** The last migration of a store; null where it has none. */
async function versionOf(store: Store): Promise<string | null> {
  const tables = await store.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return null;
  const { rows } = await sql<{ name: string }>`select max(name) as name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(store);
  return rows[0]?.name ?? null;
}

/** Brings the tables of a store up to date, and creates them. Throws `StoreVersionError` where a later census made them. */
export async function migrate(store: Store): Promise<void> {
  refuseLater(await migrating(store, () => versionOf(store)));
  const migrator = new Migrator({ db: store, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrating(store, () => migrator.migrateToLatest());
  if (error !== undefined) throw error;
}

/**
 * Runs what describes or changes the tables of the database, of whatever schema, while no other process does: kysely
 * describes all there are, and PostgreSQL fails where a column of one goes away meanwhile, as when the job queue migrates.
 */
export function migrating<T>(store: Store, work: () => Promise<T>): Promise<T> {
  return withLock(store, "migrations", work);
}
