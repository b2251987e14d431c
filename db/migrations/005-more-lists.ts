/**
 * Derived indexes have lists by class and the orders of models since. Those built before are dropped: pages count from the
 * tables until the next `judge` of the survey, which finds its totals gone and finishes it again.
 */
import { type Kysely, sql } from "kysely";

/** Drops what was derived. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ["survey_column", "survey_posting", "survey_cell"]) await sql`delete from ${sql.table(table)}`.execute(db);
  await sql`update survey set generation = 0, totals = null`.execute(db);
}
