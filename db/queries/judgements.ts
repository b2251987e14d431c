/**
 * What models are judged under, and how the verdicts are counted. The tables here name the policy slots, the modes and
 * the roles once, for pages, exports and the command line.
 */
import { LIMITS } from "../../analyzer/limits.ts";
import { type Mode, VERDICT_KINDS, type VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { publishedLenses } from "../index/published.ts";
import type { FileRole, PolicySlot } from "../schema.ts";

/** What the models of a survey are judged under: a policy slot, in a mode. */
export interface Judgement {
  readonly slot: PolicySlot;
  readonly mode: Mode;
}

/** How many releases `class-range` unites. */
const RELEASES = LIMITS.releasesOfClass.limit;

/** What the policy slots are, in the order in which they are shown: the one table that pages and exports read. `docs/judging.md` says the same. */
export const POLICY_SLOTS = {
  "weights-only": {
    label: "weights-only",
    phrase: "under torch’s weights-only",
    meaning: "torch’s restricted unpickler: the opcodes, rules and names that torch.load(weights_only=True) allows.",
  },
  class: {
    label: "class policy",
    phrase: "under their class policy",
    meaning:
      "Inferred from the library’s source, or given as a file, for the class that the model loads as; of the release that was the newest when the model was last changed.",
  },
  "class+open": {
    label: "class policy, open",
    phrase: "under their open class policy",
    meaning:
      "The class policy, with what the class leaves to its caller filled by what the model’s weights look up and call, where that is inert to load. Where they name nothing more, that policy stands.",
  },
  "class-range": {
    label: `class policy, ${RELEASES} releases`,
    phrase: `under their class policy over ${RELEASES} releases`,
    meaning: `The union of the class policies of the release that was the newest when the model was last changed and of the last of each minor version before it, ${RELEASES} in all: later ones cannot have saved the model, and older ones than some three years rarely did.`,
  },
  observed: {
    label: "observed",
    phrase: "under the observed policy",
    meaning:
      "What the survey’s other models of the class do, or, where no class is known, those of the Hub’s library without one: for every model the union over the others (leave-one-out), copies of the same weights counting as one. PickleBall’s baseline is a union over all models, the judged one among them. It says how alike models are, not that they are safe.",
  },
} as const satisfies Record<PolicySlot, { label: string; phrase: string; meaning: string }>;

/** Whether each class has policies of its own in a slot. */
export function isOfClass({ slot }: Pick<Judgement, "slot">): boolean {
  return slot.startsWith("class");
}

/** What the modes are. */
export const MODES = {
  strict: { label: "strict", meaning: "An import outside the policy blocks the load." },
  lazy: { label: "lazy", meaning: "An import outside the policy becomes a stub, and blocks only once something is done with it." },
} as const satisfies Record<Mode, { label: string; meaning: string }>;

/** The slots in the order in which they are shown. */
export const SLOT_ORDER = Object.keys(POLICY_SLOTS) as PolicySlot[];

/** What a survey's models were judged under. */
export async function listJudgements(store: Store, surveyId: number): Promise<Judgement[]> {
  const lenses = await listLenses(store, surveyId);
  const first = ({ slot, mode }: Judgement, index: number) =>
    lenses.findIndex((other) => other.slot === slot && other.mode === mode) === index;
  return lenses
    .filter(first)
    .map(({ slot, mode }) => ({ slot, mode }))
    .sort(bySlotAndMode);
}

/** The order in which judgements are shown: that of `POLICY_SLOTS`, strict before lazy. */
export function bySlotAndMode(a: Judgement, b: Judgement): number {
  return SLOT_ORDER.indexOf(a.slot) - SLOT_ORDER.indexOf(b.slot) || b.mode.localeCompare(a.mode);
}

/** What the roles of files are. */
export const ROLES = {
  weights: { label: "weights", meaning: "What the library loads to have the model." },
  side: { label: "side files", meaning: "What training left beside it: optimizer, scheduler, arguments, random state." },
} as const satisfies Record<FileRole, { label: string; meaning: string }>;

/** A judgement of the files of one role: the view under which pages show verdicts. */
export interface Lens extends Judgement {
  readonly role: FileRole;
}

/** The lenses under which a survey has verdicts: weights before side files, each in the order of `listJudgements`. */
export async function listLenses(store: Store, surveyId: number): Promise<Lens[]> {
  const rows =
    (await publishedLenses(store, surveyId)) ??
    (await store.selectFrom("model_verdict").where("survey_id", "=", surveyId).select(["slot", "mode", "role"]).distinct().execute());
  return rows.sort((a, b) => b.role.localeCompare(a.role) || bySlotAndMode(a, b));
}

export function sameLens(a: Lens, b: Lens): boolean {
  return a.slot === b.slot && a.mode === b.mode && a.role === b.role;
}

/** A lens in words: "under their class policy in lazy mode, side files". */
export function lensPhrase(lens: Lens): string {
  const mode = lens.mode === "strict" ? "" : ` in ${MODES[lens.mode].label} mode`;
  return `${POLICY_SLOTS[lens.slot].phrase}${mode}${lens.role === "weights" ? "" : `, ${ROLES[lens.role].label}`}`;
}

/** How many got which verdict; `none` is for those that got no verdict: no policy for their class, or not judged yet. */
export type VerdictCounts = Readonly<Record<VerdictKind | "none", number>>;

/**
 * Counts rows of `{verdict, count}`. What of `total` has no row has no verdict; without a total, rows whose verdict is
 * null have none.
 */
export function countVerdicts(rows: readonly { verdict: VerdictKind | null; count: number }[], total?: number): VerdictCounts {
  const counts: Record<VerdictKind | "none", number> = { ...NO_VERDICTS };
  for (const row of rows) counts[row.verdict ?? "none"] += row.count;
  if (total !== undefined) counts.none = total - VERDICTS.reduce((sum, kind) => sum + counts[kind], 0);
  return counts;
}

const VERDICTS = Object.keys(VERDICT_KINDS) as VerdictKind[];
const NO_VERDICTS = Object.freeze({ loads: 0, blocked: 0, malformed: 0, unsupported: 0, unavailable: 0, unfinished: 0, none: 0 });

/** Counts reduced to the three that decide: only `loads` is success, and not having been able to tell is neither. */
export interface Tally {
  readonly loads: number;
  readonly blocked: number;
  readonly unknown: number;
  /** All three. */
  readonly total: number;
}

/** The three sums of `counts`, by what the table of verdict kinds says that each kind counts as. */
export function tally(counts: VerdictCounts): Tally {
  const sum = (as: "success" | "failure" | "unknown") =>
    VERDICTS.filter((kind) => VERDICT_KINDS[kind].counts === as).reduce((total, kind) => total + counts[kind], 0);
  const [loads, blocked, unknown] = [sum("success"), sum("failure"), sum("unknown") + counts.none];
  return { loads, blocked, unknown, total: loads + blocked + unknown };
}
