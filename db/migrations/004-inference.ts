/** The table of what inferring each policy cost. */
import { type Kysely, sql } from "kysely";
import { dialectOf } from "../dialect.ts";

/** Creates it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(dialectOf(db).definition(TABLE)).execute(db);
}

const TABLE = `create table inference (policy_id integer primary key references policy, milliseconds integer not null,
  distributions integer not null, files integer not null, bytes integer not null) strict`;
