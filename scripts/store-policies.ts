/** The class policies of a store, for files that `scan` is given: which of them says most of a file. */
import type { Trace } from "../analyzer/containers/trace.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { judgeTrace } from "../analyzer/verdict/judge.ts";
import type { Verdict } from "../analyzer/verdict/verdict.ts";
import { compareVersions } from "../crawler/compare-versions.ts";
import type { Store } from "../db/connection.ts";
import { type ClassPolicyRow, classPolicies } from "../db/queries/class-policy.ts";
import { readPolicy } from "../db/stored-policy.ts";

export interface StoreVerdict {
  readonly policy: Policy;
  readonly verdict: Verdict;
}

export class StorePolicies {
  /** A folder of checkpoints asks for the same few classes again and again. */
  readonly #known = new Map<string, readonly Policy[]>();

  constructor(private readonly store: Store) {}

  /**
   * The verdict under the policy of this class that fits the file: the newest under which it loads, since nothing in a pickle
   * says which release saved it; where it loads under none, the newest. Null where the store has none.
   */
  async verdictOn(trace: Trace, className: string): Promise<StoreVerdict | null> {
    const verdicts: StoreVerdict[] = [];
    for (const policy of await this.#policiesOf(className)) {
      const verdict = judgeTrace(trace, policy, "strict");
      if (verdict.verdict === "loads") return { policy, verdict };
      verdicts.push({ policy, verdict });
    }
    return verdicts[0] ?? null;
  }

  async #policiesOf(className: string): Promise<readonly Policy[]> {
    const known = this.#known.get(className);
    if (known !== undefined) return known;
    const policies: Policy[] = [];
    for (const { policyId } of (await classPolicies(this.store, className)).sort(newestFirst))
      policies.push(await readPolicy(this.store, policyId));
    this.#known.set(className, policies);
    return policies;
  }
}

/** Those of one release before those of several, which allow more. */
function newestFirst(a: ClassPolicyRow, b: ClassPolicyRow): number {
  if (a.slot !== b.slot) return a.slot === "class" ? -1 : 1;
  return compareVersions(b.version ?? "", a.version ?? "") || b.policyId - a.policyId;
}
