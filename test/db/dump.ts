/**
 * All of a store's tables as text that two runs can be compared by: rows by what they are, not by the numbers they got.
 * Columns of other tables' ids become what the row there is known by; new tables and columns are included by themselves.
 */
import type BetterSqlite3 from "better-sqlite3";
import { sql } from "kysely";
import type { Store } from "../../db/connection.ts";

/** What a row is known by, for the tables that others refer to. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  survey: ["name"],
  model: ["hub_id"],
  revision: ["model_id", "commit_sha"],
  file: ["revision_id", "path"],
  blob: ["sha256"],
  pickle: ["blob_id", "ordinal"],
  program: ["sha256"],
  fact_set: ["sha256"],
  callable: ["module", "name"],
  policy: ["name"],
  source: ["sha256"],
};

/** What differs between two runs that came to the same: when they ran, and what they cost. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  survey: ["started_at", "finished_at", "requests", "bytes_read", "generation", "totals"],
  hub_scan: ["asked_at"],
  inference: ["milliseconds"],
  survey_column: ["generation"],
  survey_posting: ["generation"],
  survey_cell: ["generation"],
};

type Row = Readonly<Record<string, unknown>>;

/** The rows of every table of a SQLite store, each as a line of JSON, sorted. */
export function dumpTables(database: BetterSqlite3.Database): Record<string, string[]> {
  const tables = database
    .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%' order by name")
    .pluck()
    .all() as string[];
  return dumpRows(new Map(tables.map((table) => [table, database.prepare(`select * from "${table}"`).all() as Row[]])));
}

/** The same of a store on PostgreSQL. */
export async function dumpPostgres(store: Store): Promise<Record<string, string[]>> {
  const { rows: tables } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like 'kysely_%' order by table_name`.execute(store);
  const rows = new Map<string, readonly Row[]>();
  for (const { name } of tables) rows.set(name, (await sql<Row>`select * from ${sql.table(name)}`.execute(store)).rows);
  return dumpRows(rows);
}

function dumpRows(rows: ReadonlyMap<string, readonly Row[]>): Record<string, string[]> {
  const byId = new Map(Object.keys(KEYS).map((table) => [table, new Map(rows.get(table)!.map((row) => [row[`${table}_id`], row]))]));
  const known = new Map<Row, unknown>();
  const keyOf = (table: string, row: Row): unknown => {
    if (!known.has(row))
      known.set(
        row,
        KEYS[table]!.map((column) => cell(column, row, table)),
      );
    return known.get(row);
  };
  const cell = (column: string, row: Row, table: string): unknown => {
    const referred = column.replace(/_id$/, "");
    const value = row[column];
    if (column === "value" && row.dimension === "policy") return keyOf("policy", byId.get("policy")!.get(Number(value))!);
    if (Buffer.isBuffer(value)) return value.toString("base64");
    if (value === null || !column.endsWith("_id") || referred === table || !byId.has(referred)) return value;
    return keyOf(referred, byId.get(referred)!.get(value)!);
  };
  const line = (table: string, row: Row): string => {
    const left = [`${table}_id`, ...(LEFT_OUT[table] ?? [])];
    const columns = Object.keys(row).filter((column) => !left.includes(column));
    return JSON.stringify(Object.fromEntries(columns.map((column) => [column, cell(column, row, table)])));
  };
  return Object.fromEntries(
    [...rows.keys()].map((table) => [
      table,
      rows
        .get(table)!
        .map((row) => line(table, row))
        .sort(),
    ]),
  );
}
