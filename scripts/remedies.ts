/**
 * What could be done about a blocked file, in words for people. Policies are inferred and never added to, so a name by itself
 * is no advice; what could do harm is never part of any.
 */
import type { Policy } from "../analyzer/policy/policy.ts";
import { hasSafeGlobals } from "../analyzer/policy/safe-globals.ts";
import { isWeightsOnly, WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../analyzer/policy/weights-only.ts";
import type { Blocked, Capability, Verdict } from "../analyzer/verdict/verdict.ts";
import { type Advice, NO_ADVICE } from "./advice.ts";
import { listed, wrap } from "./lines.ts";

/** What blocked code could do, as it is said of a callable. */
export const CAPABILITY_PHRASES: Readonly<Record<Capability, string | null>> = {
  "runs-code": "runs code",
  reads: "reads files or the environment",
  writes: "writes or removes files",
  network: "reaches the network",
  imports: "imports modules by name",
  "embedded-code": "brings code of its own",
  "calls-callables": "calls what it is handed",
  unknown: null,
};

/** What a model should not do while it is loaded, whatever its library. */
const HARMFUL: ReadonlySet<Capability> = new Set(["runs-code", "embedded-code", "imports", "network", "writes"]);
/** Columns that the lines stand behind. */
const INDENTATION = 4;

/** The first thing blocked that no policy should allow; undefined where there is none. */
export function harmfulOf(blocked: readonly Blocked[]): Blocked | undefined {
  return blocked.find(({ capability }) => HARMFUL.has(capability));
}

/** The lines on what it would take for the file to load, as far as that can be said. */
export function remedies(verdict: Verdict, policy: Policy | undefined, advice: Advice): string[] {
  const harmful = harmfulOf(verdict.blocked);
  const known = policy !== undefined && isWeightsOnly(policy);
  // Of the verdict by torch alone is anything known but names.
  const ofTorch = known && policy.name === advice.policy ? advice : NO_ADVICE;
  const later = ofTorch.loadsFrom === null ? [] : [fromRelease(ofTorch.loadsFrom)];
  if (harmful !== undefined) return [...lines(refusal(harmful)), ...later];
  return known ? [...forTorch(verdict, policy, ofTorch), ...later, ...forRoot(ofTorch)] : forPolicy(verdict, policy);
}

function forTorch({ blocked }: Verdict, policy: WeightsOnlyPolicy, { safeGlobals }: Advice): string[] {
  const missing = blocked.map(({ opcode }) => opcode).filter((opcode) => !policy.unpickler.opcodes.has(opcode));
  if (missing.length > 0) return lines(`no allowance helps: this unpickler has no ${listed(missing)}`);
  if (safeGlobals !== null)
    return [
      "to load it, first run",
      ...safeGlobals.text
        .trimEnd()
        .split("\n")
        .map((line) => `  ${line}`),
    ];
  const names = outside(blocked);
  if (names.length === 0) return [];
  return lines(`${hasSafeGlobals(policy) ? "add_safe_globals is not enough for" : "this release lacks"} ${listed(names)}`);
}

/** A class policy may let in what torch does not; where torch does, nobody needs one. */
function forRoot({ root, loadsFrom, safeGlobals }: Advice): string[] {
  if (root === null || loadsFrom !== null || safeGlobals !== null) return [];
  return lines(`it holds a ${root}: the policy of that class may let it in (census infer)`);
}

function forPolicy({ blocked, enforcer }: Verdict, policy: Policy | undefined): string[] {
  const names = outside(blocked);
  const told = names.length === 0 ? [] : lines(`the policy lacks ${listed(names)}`);
  // PickleBall's rules are for comparison.
  if (policy === undefined || policy.class === null || enforcer === "pickleball") return told;
  return [...told, ...forSlots(policy), ...forReleases(policy)];
}

/** What the caller gave is in no policy of the class: one for this file has it, where that is inert to load. */
function forSlots({ openSlots = [], fillers }: Policy): string[] {
  if (openSlots.length === 0) return [];
  const attributes = openSlots.map(({ class: owner, attribute }) => `${owner.slice(owner.lastIndexOf(".") + 1)}.${attribute}`);
  return lines(
    fillers === undefined
      ? `the class leaves ${listed(attributes)} to its caller: 'census infer' with --open FILE fills that with what this file has there, where it is inert to load`
      : `${listed(attributes)}: filled with what is inert to load in the files that were given; 'census infer' with --open FILE looks at this one`,
  );
}

/** Nothing in a pickle says which release saved it. */
function forReleases({ library }: Policy): string[] {
  if (library === null) return [];
  const release = library.version === null ? library.name : `${library.name} ${library.version}`;
  return lines(`if another release than ${release} saved it: 'census infer' with that as its --source, or with several, a --source each`);
}

/** The names, and of those that could do something what that is: they are told, never advised. */
function outside(blocked: readonly Blocked[]): string[] {
  return blocked.flatMap(({ callable, capability }) => {
    const phrase = CAPABILITY_PHRASES[capability];
    return callable === null ? [] : [phrase === null ? callable : `${callable} (${phrase})`];
  });
}

function refusal({ callable, capability }: Blocked): string {
  return `it would take ${callable}, which ${CAPABILITY_PHRASES[capability]}: no policy should allow that`;
}

/** Releases between two that were extracted were not looked at: it may have been sooner. */
function fromRelease(loadsFrom: WeightsOnlyPolicy): string {
  const [major, minor] = numbers(loadsFrom);
  const [majorBefore, minorBefore] = numbers(WEIGHTS_ONLY[WEIGHTS_ONLY.indexOf(loadsFrom) - 1]!);
  const isNext = major === majorBefore && minor === minorBefore! + 1;
  return `it loads weights-only from torch ${loadsFrom.unpickler.torch} on${isNext ? "" : ", or sooner"}`;
}

function numbers({ unpickler }: WeightsOnlyPolicy): number[] {
  return unpickler.torch.split(".").map(Number);
}

function lines(text: string): string[] {
  return wrap(text, INDENTATION);
}
