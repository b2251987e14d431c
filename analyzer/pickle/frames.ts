/**
 * The other readings of a frame whose end an opcode crosses. From bytes in memory, the C unpickler ignores where frames
 * end. From a file it reads a frame whole, and when a read crosses its end, takes all of that read from behind the frame:
 * what was left of the frame is lost (`_Unpickler_ReadImpl`; gh-154848). From a file that can be peeked into, as `open`
 * returns it, either happens, by what lies in its buffer. Programs that mean different things to `loads(bytes)` and
 * `load(file)` are made of this.
 */
import type { Fact } from "./facts.ts";
import { ARGUMENTS, OPCODE_OF_BYTE, type Opcode } from "./opcodes.ts";
import { newlineAt } from "./operands.ts";
import type { MachineState, Straddle } from "./state.ts";
import type { Depth, Rerun } from "./tell.ts";

/**
 * The facts of a program as an unpickler comes by them that loses what is left of the frame at one straddle, and at none
 * before it. What is crossed behind it is again both lost and not: in the end every choice is taken.
 */
export function readAsFile(state: MachineState, straddle: Straddle, data: Uint8Array, depth: Depth, rerun: Rerun): readonly Fact[] {
  if (depth.rereadings.left-- <= 0) return [];
  const { bytes, lostFrom } = withoutLost(data, straddle);
  const again = rerun(bytes, state.start, state.encoding, { ...depth, framesPassed: straddle.at });
  const lost = data.length - bytes.length;
  return again.facts.map((fact) => (fact.offset < lostFrom ? fact : { ...fact, offset: fact.offset + lost }));
}

/** The program without the bytes that are lost at the end of the frame. */
export function withoutLost(data: Uint8Array, straddle: Straddle): { bytes: Uint8Array; lostFrom: number } {
  const lostFrom = crossingRead(data, straddle);
  const bytes = new Uint8Array(data.length - (straddle.end - lostFrom));
  bytes.set(data.subarray(0, lostFrom));
  bytes.set(data.subarray(straddle.end), lostFrom);
  return { bytes, lostFrom };
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
