/**
 * Facts x policy -> verdict. From the facts alone: nothing is parsed, run or fetched again, so that a survey can be
 * judged under another policy in minutes; only what sits in open slots is read from the programs that are kept. The rules
 * are in `class-policy.ts`, `open-slots.ts`, `weights-only.ts` and `pickleball.ts`.
 */
import { CONTAINERS, type ContainerName } from "../containers/containers.ts";
import type { Finding, PickleTrace, Program, Trace, TracedFile } from "../containers/trace.ts";
import type { Outcome } from "../pickle/facts.ts";
import { placesOf } from "../pickle/places.ts";
import { unionPolicies } from "../policy/compare.ts";
import type { Policy } from "../policy/policy.ts";
import { isWeightsOnly } from "../policy/weights-only.ts";
import { capabilityOf } from "./capability.ts";
import { ClassPolicyRules, IN_CONSTANT } from "./class-policy.ts";
import { OpenPolicyRules } from "./open-slots.ts";
import { PickleballRules } from "./pickleball.ts";
import { type Refusal, resolvedIds } from "./refusal.ts";
import type { Blocked, Enforcer, Mode, Verdict, VerdictKind } from "./verdict.ts";
import { WeightsOnlyRules } from "./weights-only.ts";

/**
 * The verdict on a file under a class policy or one of torch's weights-only releases (which know no lazy mode).
 *
 * Anything outside the policy gives `blocked`, also where the file breaks later: the load would have stopped there first.
 * Otherwise the trace's outcome decides, and only a file that was read to its end and understood `loads`. A file of a
 * kind that cannot hold a pickle has nothing to block, and loads, unless it brings other code that its loader may run.
 *
 * `enforcer` is ours unless PickleBall's is asked for, which takes any policy as its two lists of names.
 */
export function judgeTrace(trace: Trace, policy: Policy, mode: Mode, enforcer: Enforcer = "census"): Verdict {
  const by = { policy: policy.name, mode, ...(enforcer === "census" ? {} : { enforcer }) };
  const blocked =
    enforcer === "pickleball"
      ? blockedByPickleball(trace, policy, mode)
      : isWeightsOnly(policy)
        ? blockedByUnpickler(trace, new WeightsOnlyRules(policy.unpickler))
        : blockedByPolicy(trace, new ClassPolicyRules(policy, mode));
  const isOurs = enforcer === "census" && !isWeightsOnly(policy);
  return verdictOf(trace, by, blocked, isOurs ? new ClassPolicyRules(policy, mode) : null);
}

/**
 * The verdict on a file under a `class+open` policy: its slots are filled from the objects of each pickle, which only the
 * programs tell. Under any other policy, and where what sits where is not known, that of `judgeTrace`.
 */
export function judgeTracedFile({ trace, programs }: TracedFile, policy: Policy, mode: Mode, enforcer: Enforcer = "census"): Verdict {
  const alone = judgeTrace(trace, policy, mode, enforcer);
  if (policy.fillers === undefined || enforcer !== "census" || alone.verdict !== "blocked") return alone;
  const closed = new ClassPolicyRules(policy, mode);
  const blocked = trace.pickles.flatMap((pickle, index) => {
    const rules = openRules(pickle, programs[index], policy, mode) ?? closed;
    const ids = resolvedIds(trace.container, pickle.loader);
    const refused = pickle.facts.flatMap((fact) => rules.refuse(fact, ids) ?? []).concat(rules.refuseRoot(pickle) ?? []);
    const untold = rules instanceof OpenPolicyRules ? rules.refuseUntold(pickle, refused) : [];
    return evidence(pickle, index, [...refused, ...untold, ...refuseConstants(trace, pickle, closed)]);
  });
  return verdictOf(trace, { policy: policy.name, mode }, blocked, closed);
}

/** The rules for one pickle under a `class+open` policy; null where what sits where is not known, and its slots stay closed. */
function openRules({ outcome }: PickleTrace, program: Program | undefined, policy: Policy, mode: Mode): OpenPolicyRules | null {
  const places = outcome === "ok" && program !== undefined ? placesOf(program.bytes) : null;
  return places === null ? null : new OpenPolicyRules(policy, mode, places);
}

/**
 * What a policy comes to for one file that loads under it: of a `class+open` policy, its own names and those of what fills its
 * slots there, as one list. For no other file is that list the policy: it does not say what may sit where.
 */
export function filledPolicy(file: TracedFile, policy: Policy, mode: Mode): Policy {
  if (policy.fillers === undefined || judgeTrace(file.trace, policy, mode).verdict === "loads") return policy;
  const filled = file.trace.pickles.flatMap((pickle, index) => openRules(pickle, file.programs[index], policy, mode)?.filled ?? []);
  return unionPolicies(policy.name, [policy, ...filled]);
}

/** `rules` are those that pickles in constants go by; null where nothing would load them. */
function verdictOf(
  trace: Trace,
  by: Pick<Verdict, "policy" | "mode" | "enforcer">,
  blocked: readonly Blocked[],
  rules: ClassPolicyRules | null,
): Verdict {
  if (blocked.length > 0) return { ...by, verdict: "blocked", blocked: inOrderOfExecution(trace.pickles, blocked) };
  const { kind, message } = withNothingBlocked(trace, rules);
  return { ...by, verdict: kind, blocked, ...(message === undefined ? {} : { message }) };
}

function blockedByPickleball(trace: Trace, policy: Policy, mode: Mode): readonly Blocked[] {
  return trace.pickles.flatMap((pickle, index) => {
    const rules = new PickleballRules(policy, mode, pickle);
    const refused = pickle.facts.flatMap((fact) => rules.refuse(fact, resolvedIds(trace.container, pickle.loader)) ?? []);
    const raising = pickle.opcodes.flatMap(({ opcode, offset }) => rules.refuseOpcode(opcode, offset) ?? []);
    return evidence(pickle, index, inOrder(refused, withCallables(raising, pickle)));
  });
}

function blockedByPolicy(trace: Trace, rules: ClassPolicyRules): readonly Blocked[] {
  return trace.pickles.flatMap((pickle, index) => {
    const refused = pickle.facts.flatMap((fact) => rules.refuse(fact, resolvedIds(trace.container, pickle.loader)) ?? []);
    return evidence(pickle, index, refused.concat(rules.refuseRoot(pickle) ?? [], refuseConstants(trace, pickle, rules)));
  });
}

/** Pickles in the constants of a pickle, which are refused at its STOP: by then it is known what was handed to a loader. */
function refuseConstants({ findings }: Trace, pickle: PickleTrace, rules: ClassPolicyRules): readonly Refusal[] {
  if (pickle.outcome !== "ok") return [];
  const isInside = ({ entry, offset = -1 }: Finding) =>
    entry === pickle.entry && offset >= pickle.offset && offset < pickle.offset + pickle.length;
  return findings.flatMap((finding) => (finding.kind === EMBEDDED && isInside(finding) ? (rules.refuseConstant(finding) ?? []) : []));
}

const EMBEDDED = "embedded-pickle";

function blockedByUnpickler(trace: Trace, rules: WeightsOnlyRules): readonly Blocked[] {
  const isScript = trace.pickles.some(({ loader }) => loader === "torchscript");
  const whole = rules.refuseContainer(isScript ? "torchscript" : trace.container);
  return trace.pickles.flatMap((pickle, index) => {
    const ids = resolvedIds(trace.container, pickle.loader);
    const refused = pickle.facts.flatMap((fact) => rules.refuse(fact, ids) ?? []);
    const missing = pickle.opcodes.flatMap(({ opcode, offset }) => rules.refuseOpcode(opcode, offset) ?? []);
    const builds = rules.refuseBuilds(pickle);
    const inside = inOrder(refused, [...withCallables(missing, pickle), ...(builds === null ? [] : [builds])]);
    return evidence(pickle, index, whole === null || index > 0 ? inside : [atFirstOpcode(pickle, whole), ...inside]);
  });
}

/**
 * Pickles run one after another, but for those inside joblib's arrays of objects, which run where they lie between the
 * opcodes of the one around them: there the order of execution is that of the file. Constants are refused at its end.
 */
function inOrderOfExecution(pickles: readonly PickleTrace[], blocked: readonly Blocked[]): readonly Blocked[] {
  let outer = 0;
  const around = pickles.map(({ entry, loader, offset }, index) => {
    const last = pickles[outer]!;
    const isInside = loader === "joblib" && last.loader === "joblib" && last.entry === entry;
    if (!isInside || offset <= last.offset || offset >= last.offset + last.length) outer = index;
    return outer;
  });
  const holdsOthers = new Set(around.filter((outer, index) => outer !== index));
  const isLate = ({ reason }: Blocked) => Number(reason === IN_CONSTANT);
  return blocked.toSorted((left, right) => {
    const [first, second] = [around[left.pickle]!, around[right.pickle]!];
    return first === second && holdsOthers.has(first) ? isLate(left) - isLate(right) || left.offset - right.offset : first - second;
  });
}

/** A file that is refused as a whole is refused before its first opcode. */
function atFirstOpcode({ opcodes, offset }: PickleTrace, reason: string): Refusal {
  return { callable: null, opcode: opcodes.find((use) => use.offset === offset)?.opcode ?? "PROTO", offset, reason };
}

/** Names the callable that a missing opcode would have looked up or called. */
function withCallables(missing: readonly Refusal[], pickle: PickleTrace): readonly Refusal[] {
  return missing.map((refusal) => {
    const fact = pickle.facts.find(({ offset, opcode }) => offset === refusal.offset && opcode === refusal.opcode);
    return fact !== undefined && "callable" in fact ? { ...refusal, callable: fact.callable } : refusal;
  });
}

/** Both are in the order of execution; a missing opcode goes before the first refusal that lies behind it. */
function inOrder(refused: readonly Refusal[], missing: readonly Refusal[]): readonly Refusal[] {
  const waiting = missing.toSorted((left, right) => left.offset - right.offset);
  const merged: Refusal[] = [];
  for (const refusal of refused) {
    while (waiting.length > 0 && waiting[0]!.offset <= refusal.offset) merged.push(waiting.shift()!);
    merged.push(refusal);
  }
  return merged.concat(waiting);
}

/** One line for each different refusal, where it first happens. */
function evidence(pickle: PickleTrace, index: number, refusals: readonly Refusal[]): readonly Blocked[] {
  const found = new Map<string, { readonly first: Refusal; count: number }>();
  for (const refusal of refusals) {
    const key = `${refusal.callable}\n${refusal.opcode}\n${refusal.reason}`;
    const known = found.get(key) ?? { first: refusal, count: 0 };
    known.count += 1 + (refusal.repeats ?? 0);
    found.set(key, known);
  }
  return Array.from(found.values(), ({ first: { callable, opcode, offset, reason }, count }) => ({
    callable,
    opcode,
    entry: pickle.entry,
    offset,
    pickle: index,
    capability: capabilityOf(callable),
    reason,
    count,
  }));
}

function withNothingBlocked(trace: Trace, rules: ClassPolicyRules | null): { readonly kind: VerdictKind; readonly message?: string } {
  const kind = Object.hasOwn(CONTAINERS, trace.container) ? CONTAINERS[trace.container as ContainerName] : undefined;
  if (kind?.holds === "elsewhere")
    return { kind: "unavailable", message: trace.failure?.message ?? `${kind.title}: its content is not here` };
  const broken = trace.pickles.find(({ outcome }) => outcome !== "ok");
  // The container's outcome is the worst of all; no pickle may have one that it does not show.
  const outcome = trace.outcome === "ok" ? (broken?.outcome ?? "ok") : trace.outcome;
  if (outcome !== "ok") return { kind: outcome, message: describe(trace, outcome) };
  if (kind === undefined || kind.holds === "unknown") {
    return { kind: "unsupported", message: `${kind?.title ?? trace.container}: what it holds is not known` };
  }
  // Any of those below may be among them.
  const leftOut = trace.findings.find(({ resource }) => resource === "findings");
  if (leftOut !== undefined) return { kind: "unfinished", message: leftOut.message };
  // Keras's lambdas, TensorFlow's graphs, TorchServe's handlers: a loader may run them, and no policy speaks of them.
  const code = trace.findings.find((finding) => finding.kind === "code");
  if (code !== undefined) return { kind: "unsupported", message: `${code.message}; only pickles are judged` };
  // joblib reads an array out of it, and where that is one of objects, a pickle.
  const other = trace.findings.find((finding) => finding.kind === "other-file");
  if (other !== undefined) return { kind: "unsupported", message: `${other.message}, which is not looked at here` };
  // The code of an allowed class may unpickle what its state holds, and torch's own loader never does.
  const embedded = trace.findings.find((finding) => finding.kind === EMBEDDED && rules?.accountsFor(finding) === false);
  if (embedded !== undefined) return { kind: "unsupported", message: embedded.message };
  return { kind: "loads" };
}

function describe(trace: Trace, outcome: Outcome): string {
  const pickle = trace.pickles.find((candidate) => candidate.outcome === outcome && candidate.failure !== undefined);
  const failure = trace.failure ?? pickle?.failure;
  if (failure === undefined) return `the trace is ${outcome}`;
  const entry = failure === pickle?.failure && pickle?.entry ? ` of ${pickle.entry}` : "";
  return `${failure.message} (${failure.kind} at byte ${failure.offset}${entry})`;
}
