/** What a policy says of a file, with the evidence for it. */

/** Every kind of verdict, with what it means: the one table that pages, exports and the command line read. */
export const VERDICT_KINDS = {
  loads: { label: "loads", counts: "success", meaning: "Every import and call is inside the policy, and every pickle ran to its STOP." },
  blocked: {
    label: "blocked",
    counts: "failure",
    meaning: "At least one import or call is outside the policy; the first one would stop the load.",
  },
  malformed: {
    label: "malformed",
    counts: "unknown",
    meaning: "The file or a pickle in it is broken: no loader would get to its end. Nothing before the break was blocked.",
  },
  unsupported: {
    label: "unsupported",
    counts: "unknown",
    meaning: "A container or opcode that the analyzer does not read. It may hold anything.",
  },
  unavailable: {
    label: "unavailable",
    counts: "unknown",
    meaning: "The bytes could not be had: gated, deleted, disabled, or the network failed.",
  },
  unfinished: { label: "unfinished", counts: "unknown", meaning: "A limit was reached before the end. Nothing before it was blocked." },
} as const;

export type VerdictKind = keyof typeof VERDICT_KINDS;

/** What blocked code could do, from what is known of the callable; `unknown` for everything that is in no table. */
export type Capability = "runs-code" | "reads" | "writes" | "network" | "imports" | "embedded-code" | "calls-callables" | "unknown";

/** `strict`: an import outside the policy blocks. `lazy` (PickleBall's): it becomes a stub, and blocks once something is done with it. */
export type Mode = "strict" | "lazy";

/** Whose rules hold a policy against a pickle: ours, or PickleBall's, gaps included, for comparison. */
export type Enforcer = "census" | "pickleball";

/** One thing outside the policy, with where it first happens. */
export interface Blocked {
  /** `module.qualified.name`; null where no callable is concerned (an opcode that the loader does not have). */
  readonly callable: string | null;
  readonly opcode: string;
  readonly entry: string | null;
  readonly offset: number;
  /** Index into the trace's pickles. */
  readonly pickle: number;
  readonly capability: Capability;
  /** Why, in one sentence: `import outside the policy`, or the error text of the loader. */
  readonly reason: string;
  /** How often it happens in this pickle, for the same reason. */
  readonly count: number;
}

/** The verdict on one file under one policy. `blocked` is in execution order: its first element is what stops the load. */
export interface Verdict {
  readonly policy: string;
  readonly mode: Mode;
  /** Absent where it is ours. */
  readonly enforcer?: Enforcer;
  readonly verdict: VerdictKind;
  readonly blocked: readonly Blocked[];
  /** Why it could not be decided, for the kinds that count as unknown. */
  readonly message?: string;
}
