/** What inferring policies cost. */
import type { Store } from "../connection.ts";

export interface InferenceCost {
  readonly policyId: number;
  readonly policy: string;
  readonly class: string | null;
  readonly library: string | null;
  readonly libraryVersion: string | null;
  readonly milliseconds: number;
  readonly distributions: number;
  readonly files: number;
  readonly bytes: number;
  readonly imports: number;
  readonly calls: number;
}

/** The costs of all policies of which one is known, or of those of a library: the longest first, ties by name. */
export function inferenceCosts(store: Store, library?: string): Promise<InferenceCost[]> {
  return store
    .selectFrom("inference")
    .innerJoin("policy", "policy.policy_id", "inference.policy_id")
    .$if(library !== undefined, (rows) => rows.where("library", "=", library!))
    .select(["policy.policy_id as policyId", "name as policy", "class", "library", "library_version as libraryVersion"])
    .select(["milliseconds", "distributions", "files", "bytes"])
    .select(({ selectFrom }) => {
      const entries = (kind: "import" | "call") =>
        selectFrom("policy_entry")
          .whereRef("policy_entry.policy_id", "=", "policy.policy_id")
          .where("kind", "=", kind)
          .select(({ fn }) => fn.countAll<number>().as("n"))
          .$asScalar()
          .$notNull();
      return [entries("import").as("imports"), entries("call").as("calls")];
    })
    .orderBy("milliseconds", "desc")
    .orderBy("name")
    .execute();
}
