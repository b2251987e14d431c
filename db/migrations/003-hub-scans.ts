/** The tables of what the Hub's own scanners say of files. */
import { type Kysely, sql } from "kysely";
import { dialectOf } from "../dialect.ts";

/** Creates them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of TABLES) await sql.raw(dialectOf(db).definition(statement)).execute(db);
}

const TABLES = [
  `create table hub_scan (file_id integer primary key references file, status text, scanners text not null, asked_at text not null) strict`,
  `create table hub_scan_import (file_id integer not null references hub_scan, callable_id integer not null references callable,
     safety text not null, primary key (file_id, callable_id)) strict, without rowid`,
  `create index hub_scan_import_callable on hub_scan_import (callable_id)`,
];
