/** Where the machine and CPython's unpicklers disagree about a program, in a sentence; or null. */
import { LIMITS } from "../../analyzer/limits.ts";
import { decode } from "../../analyzer/pickle/decode.ts";
import type { DivergenceKind } from "../../analyzer/pickle/failures.ts";
import { withoutLost } from "../../analyzer/pickle/frames.ts";
import { advance } from "../../analyzer/pickle/machine.ts";
import { BYTE_OF_OPCODE } from "../../analyzer/pickle/opcodes.ts";
import { type MachineState, type Straddle, type StringEncoding, startState } from "../../analyzer/pickle/state.ts";
import { allocateTables } from "../../analyzer/pickle/tables.ts";
import { eventsOf, type Placed } from "./events.ts";
import type { Answer, Event, Question } from "./oracle.ts";

/** What of `DIVERGENCES` the C unpickler fails at when it is given no buffers, and nothing is registered or known. */
const FAILS_IN_C: readonly DivergenceKind[] = [
  "python-only",
  "string-encoding",
  "extension-code",
  "out-of-band-buffer",
  "depends-on-object",
];

/** Errors that say nothing of the program: limits of the oracle's own process. */
const OF_THE_ORACLE = /^(MemoryError|RecursionError)|keywords must be strings|Empty module name|Can't (?:pickle|get) local attribute/;

/** What CPython says of a text number that it does not take. */
const REFUSED_NUMBER = /^ValueError: (?:invalid literal for int|could not convert string to int|Exceeds the limit)/;

/** Runs a program to its end. */
export function run(program: Uint8Array, encoding: StringEncoding = "ASCII", framesPassed = 0): MachineState {
  const state = startState(0, encoding, false, allocateTables(program.length), framesPassed);
  advance(state, program, true);
  return state;
}

/** The disagreement of the machine with an answer of the oracle's. */
export function disagreement({ program, unpickler, encoding }: Question, answer: Answer): string | null {
  if (answer.error !== null && OF_THE_ORACLE.test(answer.error)) return null;
  const state = run(program, encoding);
  switch (unpickler) {
    case "python":
      return missingInOurs(eventsOf(state, program), state, answer);
    case "memory":
      // `loads` has no hook for these.
      if (/persistent/.test(answer.error ?? "")) return missingInOurs(eventsOf(state, program), state, answer);
      return differenceFromC(state, program, answer, false);
    case "buffered":
      return differenceFromAny(state, program, answer, { left: LIMITS.frameRereadings.limit });
    default: {
      const reading = losingAll(state, program);
      return differenceFromC(reading.state, reading.program, answer, true);
    }
  }
}

interface ReadingOfFrames {
  readonly state: MachineState;
  readonly program: Uint8Array;
}

/** A run that loses what is left of the frame at a straddle, and at none before it. */
function losingAt(straddle: Straddle, { state, program }: ReadingOfFrames): ReadingOfFrames {
  const bytes = withoutLost(program, straddle);
  return { state: run(bytes, state.encoding, straddle.at), program: bytes };
}

/** A run that loses what is left of a frame whenever one is crossed. */
function losingAll(state: MachineState, program: Uint8Array): ReadingOfFrames {
  let reading: ReadingOfFrames = { state, program };
  for (let [first] = state.straddles; first !== undefined && first.at <= failureOffset(reading.state); [first] = reading.state.straddles) {
    reading = losingAt(first, reading);
  }
  return reading;
}

/** Null where one of the readings is as C's: it may lose what is left of a frame, or not, each time one is crossed. */
function differenceFromAny(state: MachineState, program: Uint8Array, answer: Answer, readings: { left: number }): string | null {
  const difference = differenceFromC(state, program, answer, false);
  if (difference === null) return null;
  for (const straddle of state.straddles) {
    if (readings.left-- <= 0 || straddle.at > failureOffset(state)) break;
    const lossy = losingAt(straddle, { state, program });
    if (differenceFromAny(lossy.state, lossy.program, answer, readings) === null) return null;
  }
  return difference;
}

function differenceFromC(state: MachineState, program: Uint8Array, answer: Answer, knowsPositions: boolean): string | null {
  // A number that other versions of CPython take: up to there ours does the same, and goes on.
  if (state.divergences.has("text-number") && REFUSED_NUMBER.test(answer.error ?? ""))
    return missingInOurs(eventsOf(state, program), state, answer);
  const failsAt = failureOffset(state);
  const events = eventsOf(state, program);
  const before = events.filter(({ at }) => at < failsAt);
  const ours = before.map(({ event }) => JSON.stringify(event));
  const theirs = answer.events.map((event) => JSON.stringify(event));
  const isLookupOnly =
    state.halt?.kind === "failed" && state.halt.failure === "dotted-name" && failsAt === state.position && !failsBefore(state, failsAt + 1);
  const setsByIndex = state.setByIndex !== null;
  for (let index = 0; index < ours.length; index++) {
    if (setsByIndex ? ours[index]!.slice(0, 8) !== theirs[index]?.slice(0, 8) : ours[index] !== theirs[index]) {
      return `event ${index}: ours ${ours[index]}, theirs ${theirs[index]} (${answer.error})`;
    }
  }
  // Inert names may have dots.
  if (isLookupOnly) return theirs.length > ours.length ? null : `no lookup of a dotted name at ${failsAt}`;
  if (theirs.length > ours.length) return `event ${ours.length}: ours none, theirs ${theirs[ours.length]}; ours fails at ${failsAt}`;
  if (answer.loads !== (failsAt === Number.POSITIVE_INFINITY)) {
    return `ours ${answer.loads ? `fails at ${failsAt} (${JSON.stringify(state.halt)})` : "loads"}, theirs: ${answer.error ?? "loads"}`;
  }
  if (!knowsPositions) return null;
  // A frame is read whole, so that the file is ahead of the program.
  if (state.tables.counts[BYTE_OF_OPCODE.FRAME]! > 0) return null;
  if (answer.loads) return answer.position === state.position ? null : `ours stops at ${state.position}, theirs at ${answer.position}`;
  const failed = decode(program, failsAt);
  const end = failed.ok ? failed.value.end : failed.error.kind === "unknown-opcode" ? failsAt + 1 : program.length;
  return answer.position >= Math.min(failsAt + 1, program.length) && answer.position <= end
    ? null
    : `ours fails at ${failsAt}, theirs before ${answer.position}: ${answer.error}`;
}

/** Whatever the pure-Python unpickler does must be among what we say is done, in the same order. */
function missingInOurs(events: readonly Placed[], state: MachineState, answer: Answer): string | null {
  const ours = events.filter(({ event }) => event[0] !== "root").map(({ event }) => withoutBools(event));
  const theirs = answer.events.filter((event) => event[0] !== "root").map(withoutBools);
  const loose = state.setByIndex !== null;
  for (let index = 0; index < theirs.length; index++) {
    if (ours[index] === theirs[index]) continue;
    // Not even pure Python finds what is looked up under an empty or a dotted name; the oracle does.
    const { halt } = state;
    if (
      ours[index] === undefined &&
      halt?.kind === "failed" &&
      ["dotted-name", "empty-line", "odd-items", "no-mark"].includes(halt.failure)
    )
      return null;
    // Arguments that are no tuple are unpacked by Python; ours are told as unknown.
    if (ours[index]?.includes('"?"') || loose) continue;
    return `event ${index}: ours ${ours[index]}, pure Python's ${theirs[index]} (${answer.error})`;
  }
  return null;
}

/** INT's odd spellings of 0 and 1 are bools only to the C unpickler. */
function withoutBools(event: Event): string {
  return JSON.stringify(event).replaceAll("True", "n1").replaceAll("False", "n0");
}

function failureOffset(state: MachineState): number {
  let offset = state.halt?.kind === "failed" ? state.position : Number.POSITIVE_INFINITY;
  for (const [kind, divergence] of state.divergences) if (FAILS_IN_C.includes(kind)) offset = Math.min(offset, divergence.offset);
  return offset;
}

/** Whether C fails before an offset where the machine goes on. */
function failsBefore(state: MachineState, offset: number): boolean {
  return [...state.divergences].some(([kind, divergence]) => FAILS_IN_C.includes(kind) && divergence.offset < offset);
}
