/** The policies by which what a pickle returns would be judged, whatever survey inferred them. */
import type { Store } from "../connection.ts";

export interface ClassPolicyRow {
  readonly policyId: number;
  /** Of one release, or of several together. */
  readonly slot: "class" | "class-range";
  /** Of the library; of several releases the last. */
  readonly version: string | null;
}

/** The policies that the store has of a class, by the name that pickles have for it; what fills open slots is another model's. */
export async function classPolicies(store: Store, className: string): Promise<ClassPolicyRow[]> {
  const rows = await store
    .selectFrom("policy")
    .select(["policy_id as policyId", "slot", "library_version as version"])
    .where("slot", "in", ["class", "class-range"])
    .where("class", "=", className)
    .orderBy("policy_id")
    .execute();
  return rows as ClassPolicyRow[];
}
