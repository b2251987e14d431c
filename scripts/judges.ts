/** Everyone who can be asked about a file, side by side: torch's releases, given policies, a deny-list, the Hub's own scanner. */
import type { Trace } from "../analyzer/containers/trace.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { WEIGHTS_ONLY } from "../analyzer/policy/weights-only.ts";
import { forbiddenNames } from "../analyzer/verdict/deny-list.ts";
import { judgeTrace } from "../analyzer/verdict/judge.ts";
import type { Verdict } from "../analyzer/verdict/verdict.ts";
import type { HubScan } from "../crawler/hub-scans.ts";

/** A judge that comes to verdicts. */
export interface Judge {
  readonly name: string;
  readonly judge: (trace: Trace) => Verdict;
}

/** The releases of torch, and each policy under our rules, strictly and lazily, and under PickleBall's. */
export function judgesOf(policies: readonly Policy[]): readonly Judge[] {
  return [
    ...WEIGHTS_ONLY.map((policy): Judge => ({ name: policy.name, judge: (trace) => judgeTrace(trace, policy, "strict") })),
    ...policies.flatMap((policy): Judge[] => [
      { name: policy.name, judge: (trace) => judgeTrace(trace, policy, "strict") },
      { name: `${policy.name}, lazy`, judge: (trace) => judgeTrace(trace, policy, "lazy") },
      { name: `${policy.name}, PickleBall's rules`, judge: (trace) => judgeTrace(trace, policy, "lazy", "pickleball") },
    ]),
  ];
}

/** One line of a comparison. */
export interface Opinion {
  readonly judge: string;
  /** A kind of verdict; of those who come to none, their own word. */
  readonly says: string;
  /** What it says that of: the first thing blocked, the names found. */
  readonly of: readonly string[];
}

/** What a list of forbidden names finds, and what the Hub's scanner said: for contrast, neither is a verdict. */
export function opinionsOn(trace: Trace, policies: readonly Policy[], hubScan: HubScan | null): readonly Opinion[] {
  const verdicts = judgesOf(policies).map(({ name, judge }): Opinion => {
    const { verdict, blocked } = judge(trace);
    const [first] = blocked;
    return { judge: name, says: verdict, of: first === undefined ? [] : [first.callable ?? first.opcode] };
  });
  const forbidden = forbiddenNames(trace);
  const denied: Opinion = { judge: "deny-list (no verdict)", says: forbidden.length > 0 ? "forbids" : "finds none", of: forbidden };
  if (hubScan === null) return [...verdicts, denied];
  const told = hubScan.imports.filter(({ safety }) => safety !== "innocuous").map(({ name, safety }) => `${name} (${safety})`);
  return [...verdicts, denied, { judge: "the Hub's scanner (no verdict)", says: hubScan.status, of: told }];
}
