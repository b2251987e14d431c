/** Entries of policies say whether what a call returns may be shared (`PolicyEntry.returns`). */
import { type Kysely, sql } from "kysely";

/** Adds the column: policies of before are inferred anew, by another engine. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table policy_entry add column returns text`.execute(db);
}
