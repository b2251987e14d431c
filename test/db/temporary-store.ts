/** A store in a file of its own, which is gone after the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { sql } from "kysely";
import { onTestFinished } from "vitest";
import { openStore, type Store } from "../../db/connection.ts";
import { STORE_SCHEMA } from "../../db/migrate.ts";

/** The path of a store that does not exist yet. */
export function temporaryPath(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "census-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, "census.db");
}

export async function temporaryStore(): Promise<{ store: Store; path: string }> {
  const file = temporaryPath();
  const store = await openStore(file);
  onTestFinished(() => store.destroy());
  return { store, path: file };
}

/** Takes back the last migration: a store as the census before this one left it. */
export async function makeOlder(store: Store): Promise<void> {
  await sql`alter table policy_entry drop column bound`.execute(store);
  await sql`delete from kysely_migration where name = ${STORE_SCHEMA}`.execute(store);
}

/** Reads a store beside whoever has it open. */
export function readStore<T>(file: string, read: (database: BetterSqlite3.Database) => T): T {
  const database = new BetterSqlite3(file, { readonly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}
