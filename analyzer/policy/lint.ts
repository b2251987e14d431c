/**
 * What is dangerous or vague in a policy: callables that run, read, write, connect or import, functions that call what
 * they are handed, and names nobody has analysed. Boundary: it judges names; what they can do is `danger.ts`.
 */
import type { Danger } from "./capabilities.ts";
import { dangerOf, JUDGED_BY_ARGUMENTS } from "./danger.ts";
import { byCallable } from "./format-entry.ts";
import type { Policy, PolicyEntry } from "./policy.ts";

export interface LintFinding {
  readonly callable: string;
  readonly list: "imports" | "calls";
  /** `arguments`: it could do something, and verdict and loader judge what each pickle hands it. `dangerous`: nothing else does. */
  readonly kind: "dangerous" | "arguments" | "unanalysed" | "unexplained";
  readonly capability?: Danger;
  readonly message: string;
}

/** Everything worth a look in a policy, sorted by callable. */
export function lintPolicy(policy: Policy): LintFinding[] {
  const findings = (["imports", "calls"] as const).flatMap((list) => policy[list].flatMap((entry) => lintEntry(entry, list)));
  // The sort is stable: of one name, imports come before calls, and what is dangerous before what is vague.
  return findings.sort(byCallable);
}

function lintEntry(entry: PolicyEntry, list: "imports" | "calls"): LintFinding[] {
  const { callable } = entry;
  const findings: LintFinding[] = [];
  const capability = dangerOf(callable);
  const last = entry.reasons.at(-1);
  if (capability && JUDGED_BY_ARGUMENTS.has(callable))
    findings.push({
      callable,
      list,
      kind: "arguments",
      capability,
      message: `${MESSAGES[capability]} (verdict and loader judge its arguments)`,
    });
  else if (capability) findings.push({ callable, list, kind: "dangerous", capability, message: MESSAGES[capability] });
  // What the builtins are is Python's own affair: those that do more than to make a value are dangerous by name.
  if (last?.kind === "unanalysed" && !callable.startsWith("builtins."))
    findings.push({ callable, list, kind: "unanalysed", message: "the source that defines it was not given" });
  if (!last) findings.push({ callable, list, kind: "unexplained", message: "the policy gives no reason for it" });
  return findings;
}

const MESSAGES: Readonly<Record<Danger, string>> = {
  "runs-code": "can run any code or program",
  "embedded-code": "makes code out of bytes in the pickle",
  imports: "imports modules by name",
  network: "can connect to the network",
  writes: "can write or delete files",
  reads: "can read files or run a nested pickle",
  "calls-callables": "reaches or calls what it is handed",
};
