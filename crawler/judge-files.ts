/** The verdict of one policy on contents, each judged once, and on a model's files of a role. */
import type { Policy } from "../analyzer/policy/policy.ts";
import { capabilityOf } from "../analyzer/verdict/capability.ts";
import { judgeTrace } from "../analyzer/verdict/judge.ts";
import type { Mode, VerdictKind } from "../analyzer/verdict/verdict.ts";
import type { Store } from "../db/connection.ts";
import type { FileRole } from "../db/schema.ts";
import { hasPickles, readTrace } from "../db/stored-trace.ts";
import type { FileWork } from "../db/work.ts";
import { findVerdict, writeVerdict } from "../db/writes-verdict.ts";

/** The modes of every policy but torch's own. */
export const MODES: readonly Mode[] = ["strict", "lazy"];

/** Worst first. What blocks is known; of what is broken, unread or not had, only that it cannot be said to load. */
const BADNESS: readonly VerdictKind[] = ["blocked", "malformed", "unsupported", "unfinished", "unavailable", "loads"];

/** A policy and the mode in which it is held against a file. */
export interface By {
  readonly policyId: number;
  readonly policy: Policy;
  readonly mode: Mode;
}

/** The verdict on a model's files of a role: the worst of them. Null where none of the role holds a pickle, or may hold one. */
export async function verdictOnFiles(store: Store, files: readonly FileWork[], role: FileRole, by: By): Promise<VerdictKind | null> {
  const kinds: VerdictKind[] = [];
  for (const file of files.filter((candidate) => candidate.role === role)) {
    const kind = file.blobId === null ? "unavailable" : await verdictOnBlob(store, file.blobId, by);
    if (kind !== null) kinds.push(kind);
  }
  return worstOf(kinds);
}

/** The worst of the verdicts on files. Null where there is none. */
export function worstOf(verdicts: readonly VerdictKind[]): VerdictKind | null {
  return BADNESS.find((kind) => verdicts.includes(kind)) ?? null;
}

/** The verdict on a blob, which is judged once by each policy. Null where it was read to its end and holds no pickle. */
async function verdictOnBlob(store: Store, blobId: number, { policyId, policy, mode }: By): Promise<VerdictKind | null> {
  const known = await findVerdict(store, blobId, policyId, mode);
  if (known !== null) return known === "loads" && !(await hasPickles(store, blobId)) ? null : known;
  const { trace, pickleIds } = await readTrace(store, blobId);
  const verdict = judgeTrace(trace, policy, mode);
  await writeVerdict(store, blobId, policyId, verdict, pickleIds, capabilityOf);
  return trace.pickles.length === 0 && verdict.verdict === "loads" ? null : verdict.verdict;
}
