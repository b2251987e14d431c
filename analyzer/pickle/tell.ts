/** What a run showed, as `PickleFacts`: its facts, how it ended, and where loaders part ways. */
import { LIMITS, type Resource } from "../limits.ts";
import { Callables } from "./callables.ts";
import type { Recording } from "./contents.ts";
import type { Divergence, Fact, Failure, OpcodeUse, Outcome, PickleFacts } from "./facts.ts";
import { DIVERGENCES, type DivergenceKind, FAILURES, type FailureKind } from "./failures.ts";
import { type OneReading, otherReadings } from "./frames.ts";
import * as kinds from "./kinds.ts";
import { runNestedPickles } from "./nested.ts";
import { BYTE_OF_OPCODE as OP, OPCODES } from "./opcodes.ts";
import { type ReadFacts, readFacts } from "./read-facts.ts";
import type { MachineState, StringEncoding } from "./state.ts";

/** Constant bytes that a pickle hands to a loader. */
export interface NestedContent {
  readonly bytes: Uint8Array;
  /** Where they lie in the program; null where they were decoded from text, or lie in a nested program. */
  readonly offset: number | null;
  /** The callable that is to load them: `torch.storage._load_from_bytes`. */
  readonly loader: string;
  /** Offset of the opcode that calls it. */
  readonly call: number;
}

/** Takes over nested content, such as an archive: true where its taker sees to what it holds. */
export type TakeNested = (content: NestedContent) => boolean;

/** How deep a run is in pickles inside pickles, and in other readings of its bytes. */
export interface Depth {
  readonly nesting: number;
  /** Another reading of the program, because of its frames: its own facts alone are wanted. */
  readonly reading: OneReading | null;
  /** Bytes of nested pickles that may still be run, by all of them together. */
  readonly nestedBytes: { left: number };
  /** Asked before anything nested is run. */
  readonly take?: TakeNested | undefined;
  /** Where somebody asks: set if what the program returns is, or has in it, something to call which it chose (`chosen-methods.ts`). */
  readonly brings?: { found: boolean } | undefined;
  /** What opcodes call on objects: of which the pickles around have had the name, and, to be added to, of which this one has. */
  readonly named?: { readonly around: ReadonlySet<string>; readonly found: Set<string> } | undefined;
  /** Objects whose loader puts in their place what such a program returned. */
  readonly brought?: ReadonlySet<number> | undefined;
}

/** The depth of a program that was found in a file. */
export function outermost(take?: TakeNested): Depth {
  return { nesting: 0, reading: null, nestedBytes: { left: LIMITS.nestedBytes.limit }, take };
}

/** Runs a whole program, for one that turned up inside another or in another reading of it. */
export type Rerun = (bytes: Uint8Array, start: number, encoding: StringEncoding, depth: Depth) => PickleFacts;

/** The facts of a run as far as it came. */
export function tell(state: MachineState, data: Uint8Array, depth: Depth, rerun: Rerun): PickleFacts {
  const recording: Recording = { state, data, changesByValue: null, buildsByValue: null };
  const callables = new Callables(recording);
  const divergences = new Map(state.divergences);
  const nested = runNestedPickles(recording, callables, divergences, depth, rerun);
  const read = readFacts(recording, callables, nested, depth);
  depth.reading?.straddles.push(...state.straddles);
  const { facts, limited } =
    depth.reading === null && state.straddles.length > 0 ? unite(read, otherReadings(state, data, depth, rerun)) : read;
  const ending = endOf(state, divergences, limited);
  return {
    offset: state.start,
    length: state.position - state.start,
    protocol: state.highestProtocol,
    outcome: ending.outcome,
    ...(ending.failure !== undefined && { failure: ending.failure }),
    ...(divergences.size > 0 && {
      divergences: Array.from(divergences, ([kind, place]) => ({ kind, message: DIVERGENCES[kind].message, ...place })),
    }),
    facts,
    opcodes: opcodesOf(state),
    root: rootOf(state, data, callables),
  };
}

/** What a failure is called, and what it means. */
export function failureOf(kind: FailureKind, offset: number, resource?: Resource): Failure {
  const { message } = FAILURES[kind];
  return resource === undefined ? { kind, message, offset } : { kind, message, offset, resource, limit: LIMITS[resource].limit };
}

/** How a run ended: the first thing that keeps a loader from its STOP, unless what fails everywhere says more. */
function endOf(
  state: MachineState,
  divergences: ReadonlyMap<DivergenceKind, Pick<Divergence, "offset">>,
  limited: ReadFacts["limited"],
): { outcome: Outcome; failure?: Failure } {
  const { halt, position } = state;
  const stopped = halt?.kind === "stopped";
  let first: { outcome: Outcome; failure: Failure } | null = null;
  for (const [kind, { offset }] of divergences) {
    const { outcome, message } = DIVERGENCES[kind];
    if (outcome === "ok" || (outcome !== "malformed" && halt?.kind === "failed")) continue;
    if (first === null || offset < first.failure.offset) first = { outcome, failure: { kind, message, offset } };
  }
  if (first !== null && (stopped || first.failure.offset < position)) return first;
  if (limited !== null) return { outcome: "unfinished", failure: failureOf("limit", limited.offset, limited.resource) };
  if (stopped) return { outcome: "ok" };
  if (halt?.kind === "failed")
    return { outcome: FAILURES[halt.failure].outcome, failure: failureOf(halt.failure, position, halt.resource) };
  return { outcome: "unfinished", failure: { kind: "interrupted", message: "the run was not taken to its end", offset: position } };
}

function opcodesOf({ tables: { counts, firsts } }: MachineState): OpcodeUse[] {
  const used: OpcodeUse[] = [];
  for (const { name, code } of OPCODES) if (counts[code]! > 0) used.push({ opcode: name, offset: firsts[code]!, count: counts[code]! });
  return used.sort((left, right) => left.offset - right.offset);
}

function rootOf(state: MachineState, data: Uint8Array, callables: Callables): string | null {
  if (state.root < 0 || kinds.KIND[data[state.root]!] !== kinds.FOREIGN) return null;
  const { made, callable } = callables.of(state.root);
  if (!made) return null;
  // Who is instantiated is told nothing.
  const isNew = data[state.root] === OP.NEWOBJ || data[state.root] === OP.NEWOBJ_EX;
  return isNew ? callable : callables.classOf(state.root);
}

/** Facts of one reading of a program, then those that only others have. */
function unite(read: ReadFacts, others: Iterable<readonly Fact[]>): ReadFacts {
  const facts = [...read.facts];
  let known: Set<string> | null = null;
  for (const reading of others) {
    known ??= new Set(facts.map(identity));
    for (const fact of reading) {
      if (known.has(identity(fact))) continue;
      if (facts.length >= LIMITS.renderedFacts.limit)
        return { facts, limited: read.limited ?? { offset: fact.offset, resource: "renderedFacts" } };
      known.add(identity(fact));
      facts.push(fact);
    }
  }
  return { facts, limited: read.limited };
}

function identity(fact: Fact): string {
  return `${fact.offset} ${fact.kind} ${"callable" in fact ? `${fact.callable} ${fact.via}` : ""}`;
}
