/** Entries of policies say of which callables a pickle may make partials (`PolicyEntry.bound`). */
import { type Kysely, sql } from "kysely";

/** Adds the column: policies of before are inferred anew, by another engine. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table policy_entry add column bound integer not null default 0`.execute(db);
}
