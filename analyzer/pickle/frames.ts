/**
 * The other readings of a frame whose end an opcode crosses. From bytes in memory, the C unpickler ignores where frames
 * end. From a file it reads a frame whole, and when a read crosses its end, takes all of that read from behind the frame:
 * what was left of the frame is lost (`_Unpickler_ReadImpl`; gh-154848). From a file that can be peeked into, as `open`
 * returns it, either happens, by what lies in its buffer. Programs that mean different things to `loads(bytes)` and
 * `load(file)` are made of this.
 */
import { LIMITS } from "../limits.ts";
import type { Fact } from "./facts.ts";
import { ARGUMENTS, OPCODE_OF_BYTE, type Opcode } from "./opcodes.ts";
import { newlineAt } from "./operands.ts";
import type { MachineState, Straddle } from "./state.ts";
import type { Depth, Rerun } from "./tell.ts";

/** Bytes of a program that an unpickler loses: indexes into the program as it is. */
interface Lost {
  readonly from: number;
  readonly to: number;
}

/** A way to read a program: what is lost, in order, and the FRAMEs that are not looked at again. */
interface Reading {
  readonly lost: readonly Lost[];
  readonly framesPassed: number;
}

/** One reading of a program while it runs: it leaves its straddles here. */
export interface OneReading {
  readonly framesPassed: number;
  readonly straddles: Straddle[];
}

/**
 * The facts of a program as the unpicklers come by them that lose what is left of a frame: for each straddle, at that
 * one and at none before it. What is crossed behind it is again both lost and not: in the end every choice is taken.
 * One reading is in memory at a time.
 */
export function* otherReadings(state: MachineState, data: Uint8Array, depth: Depth, rerun: Rerun): Generator<readonly Fact[]> {
  const pending = readingsBehind(state.straddles, data, []);
  for (let left = LIMITS.frameRereadings.limit; left > 0 && pending.length > 0; left--) {
    const { lost, framesPassed } = pending.shift()!;
    const bytes = without(data, lost);
    const straddles: Straddle[] = [];
    const { facts } = rerun(bytes, state.start, state.encoding, { ...depth, reading: { framesPassed, straddles } });
    yield facts.map((fact) => ({ ...fact, offset: placeOf(fact.offset, lost) }));
    pending.unshift(...readingsBehind(straddles, bytes, lost));
  }
}

/** The readings that part from one of `bytes`, which is without what was `lost`, at its straddles. */
function readingsBehind(straddles: readonly Straddle[], bytes: Uint8Array, lost: readonly Lost[]): Reading[] {
  return straddles.map((straddle) => ({
    lost: [...lost, { from: placeOf(crossingRead(bytes, straddle), lost), to: placeOf(straddle.end, lost) }],
    framesPassed: straddle.at,
  }));
}

/** Where a byte of a reading lies in the program. */
function placeOf(at: number, lost: readonly Lost[]): number {
  return lost.reduce((place, { from, to }) => (place < from ? place : place + to - from), at);
}

function without(data: Uint8Array, lost: readonly Lost[]): Uint8Array {
  const bytes = new Uint8Array(lost.reduce((length, { from, to }) => length - (to - from), data.length));
  let length = 0;
  let next = 0;
  for (const { from, to } of [...lost, { from: data.length, to: data.length }]) {
    bytes.set(data.subarray(next, from), length);
    length += from - next;
    next = to;
  }
  return bytes;
}

/** The program without the bytes that are lost at the end of the frame. */
export function withoutLost(data: Uint8Array, straddle: Straddle): Uint8Array {
  return without(data, [{ from: crossingRead(data, straddle), to: straddle.end }]);
}

/** Where the read begins that crosses the end of the frame: from there to the end of the frame, bytes are lost. */
function crossingRead(data: Uint8Array, { at, end }: Straddle): number {
  const opcode = OPCODE_OF_BYTE[data[at]!] as Opcode;
  const start = at + 1;
  if (opcode.argument === null) return end;
  const argument = ARGUMENTS[opcode.argument];
  if (argument.width === "line" || argument.width === "lines") {
    const first = newlineAt(data, start, data.length);
    return first < 0 || first >= end ? start : first + 1;
  }
  const width = argument.width === "counted" ? argument.count : argument.width;
  if (start + width > end) return start;
  // Bytes are read into place: what the frame still holds of them first, the rest from behind it. Nothing is lost.
  return opcode.argument.startsWith("bytes") || opcode.argument === "bytearray8" ? end : start + width;
}
