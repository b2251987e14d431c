/** A worker thread that judges a file by what sits where in it: its programs run again, and they are by strangers. */
import type { TracedFile } from "../analyzer/containers/trace.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { judgeTracedFile } from "../analyzer/verdict/judge.ts";
import type { Mode, Verdict } from "../analyzer/verdict/verdict.ts";

export interface JudgeTask {
  readonly traced: TracedFile;
  readonly policy: Policy;
  readonly mode: Mode;
}

export default function judgeRemote({ traced, policy, mode }: JudgeTask): Verdict {
  return judgeTracedFile(traced, policy, mode);
}
