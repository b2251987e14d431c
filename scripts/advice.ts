/**
 * What it would take for a blocked file to load, as far as its facts show: names to allow, a later torch, a class policy.
 * Advice for people, decided by the same rules as verdicts: nothing is proposed that would not help.
 */
import type { Trace } from "../analyzer/containers/trace.ts";
import type { CallFact, ImportFact } from "../analyzer/pickle/facts.ts";
import type { Policy, PolicyEntry } from "../analyzer/policy/policy.ts";
import { hasSafeGlobals, type SafeGlobals, safeGlobals } from "../analyzer/policy/safe-globals.ts";
import { WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../analyzer/verdict/judge.ts";
import type { Verdict } from "../analyzer/verdict/verdict.ts";

export interface Advice {
  /** The policy whose verdict it is on; null where there is none to give. */
  readonly policy: string | null;
  /** The first release after the judging one whose unpickler takes the file as it is. */
  readonly loadsFrom: WeightsOnlyPolicy | null;
  /** What makes the judging release take it; null where that is not enough, or would let in what could do harm. */
  readonly safeGlobals: SafeGlobals | null;
  /** The class of what the pickles return, where it is one that a library defines: its class policy may let it in. */
  readonly root: string | null;
}

export const NO_ADVICE: Advice = { policy: null, loadsFrom: null, safeGlobals: null, root: null };

/** Advice on a file that one of torch's releases blocks. */
export function adviceOn(trace: Trace | null, verdict: Verdict): Advice {
  const judging = WEIGHTS_ONLY.find(({ name }) => name === verdict.policy);
  if (trace === null || judging === undefined || verdict.verdict !== "blocked") return NO_ADVICE;
  const later = WEIGHTS_ONLY.slice(WEIGHTS_ONLY.indexOf(judging) + 1);
  const loadsFrom = later.find((policy) => judgeTrace(trace, policy, "strict").verdict === "loads") ?? null;
  return { policy: verdict.policy, loadsFrom, safeGlobals: enoughGlobals(trace, judging), root: rootOf(trace) };
}

/** The names to add, where the release then loads the file, and none of them could do harm. */
function enoughGlobals(trace: Trace, judging: WeightsOnlyPolicy): SafeGlobals | null {
  if (!hasSafeGlobals(judging)) return null;
  const needed = safeGlobals(lookedUp(trace), judging);
  if (needed.names.length === 0 || needed.shortfalls.length > 0 || buildsUnknownTypes(trace, judging)) return null;
  const kinds = new Map([...judging.unpickler.kinds, ...needed.names.map((name) => [name, "class"] as const)]);
  // What a user allows may be made and built, whatever the release says of its own table (torch 2.5, `_get_user_allowed_globals`).
  const unpickler = { ...judging.unpickler, kinds, newobj: "allowed", build: "allowed" } as const;
  const extended: WeightsOnlyPolicy = { ...judging, unpickler };
  return judgeTrace(trace, extended, "strict").verdict === "loads" ? needed : null;
}

/** BUILD goes by the exact type of its object, which a call of what is not in torch's table does not show (`numpy.dtype("f4")` is no `numpy.dtype`). */
function buildsUnknownTypes({ pickles }: Trace, { unpickler }: WeightsOnlyPolicy): boolean {
  return pickles.some(({ facts }) => {
    const calls = facts.filter((fact): fact is CallFact => fact.kind === "call" && !unpickler.kinds.has(fact.callable));
    const returned = new Set(calls.filter(({ opcode }) => opcode === "REDUCE").map(({ callable }) => callable));
    return calls.some(({ method, callable }) => method !== undefined && returned.has(callable));
  });
}

/** What the file looks up, all of it callable: torch's list knows no difference. */
function lookedUp({ pickles }: Trace): Policy {
  const imports = pickles.flatMap(({ facts }) => facts).filter((fact): fact is ImportFact => fact.kind === "import");
  const entries: readonly PolicyEntry[] = imports.map(({ callable, module }) => ({ callable, module, reasons: [] }));
  return { name: "observed", class: null, library: null, imports: entries, calls: entries };
}

/** Modules whose classes hold a model rather than being one. */
const HOLDERS = /^(builtins|__builtin__|collections|copyreg|copy_reg|numpy|torch\._utils|joblib)(\.|$)/;

/** As classes are called; what made the object may also be a function, or not be known. */
const CLASS = /\.[A-Z]\w*$/;

function rootOf({ pickles }: Trace): string | null {
  const isOfLibrary = (root: string) => CLASS.test(root) && !HOLDERS.test(root.slice(0, root.lastIndexOf(".")));
  return pickles.find(({ root }) => root !== null && isOfLibrary(root))?.root ?? null;
}
