/** How often facts of a kind happen, over the rows of the joined `fact`: a row of it may stand for many. */
import { type RawBuilder, sql } from "kysely";

/** The number of imports or calls; 0 where there are none. */
export function countOf(kind: "import" | "call"): RawBuilder<number> {
  return sql<number>`coalesce(sum(fact.count) filter (where fact.kind = ${sql.lit(kind)}), 0)`;
}
