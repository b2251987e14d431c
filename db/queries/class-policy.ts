/** The policy by which what a pickle returns would be judged, whatever survey inferred it. */
import type { Policy } from "../../analyzer/policy/policy.ts";
import type { Store } from "../connection.ts";
import { readPolicy } from "../stored-policy.ts";

/** The policy of this class that was inferred last; null where the store has none. */
export async function findLatestClassPolicy(store: Store, className: string): Promise<Policy | null> {
  const row = await store
    .selectFrom("policy")
    .select("policy_id")
    .where("slot", "=", "class")
    .where("class", "=", className)
    .orderBy("policy_id", "desc")
    .executeTakeFirst();
  return row === undefined ? null : readPolicy(store, row.policy_id);
}
