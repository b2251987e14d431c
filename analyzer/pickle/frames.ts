/**
 * The other reading of a frame whose end an opcode crosses. From bytes in memory, the C unpickler ignores where frames
 * end. From a file it reads a frame whole, and when a read crosses its end, takes all of that read from behind the frame:
 * what was left of the frame is lost (`_Unpickler_ReadImpl`; gh-154848). Programs that mean different things to
 * `loads(bytes)` and `load(file)` are made of this.
 */
import { LIMITS } from "../limits.ts";
import { decode } from "./decode.ts";
import type { Fact } from "./facts.ts";
import { ARGUMENTS, OPCODE_OF_BYTE, type Opcode } from "./opcodes.ts";
import { newlineAt } from "./operands.ts";
import type { MachineState, Straddle } from "./state.ts";
import type { Depth, Rerun } from "./tell.ts";

/** Bytes of FRAME itself. */
const FRAME_BYTES = 9;

/** The facts of a program whose frame is crossed, as an unpickler that reads from a file comes by them. */
export function readAsFile(state: MachineState, straddle: Straddle, data: Uint8Array, depth: Depth, rerun: Rerun): readonly Fact[] {
  if (depth.rereadings >= LIMITS.frameRereadings.limit) return [];
  const lostFrom = crossingRead(data, straddle);
  const lost = straddle.end - lostFrom;
  const spliced = new Uint8Array(data.length - lost);
  spliced.set(data.subarray(0, lostFrom));
  spliced.set(data.subarray(straddle.end), lostFrom);
  // The frame now ends with the opcode that crossed it.
  const crossed = decode(spliced, straddle.at);
  const end = crossed.ok ? crossed.value.end : spliced.length;
  new DataView(spliced.buffer).setBigUint64(straddle.frame + 1, BigInt(Math.max(0, end - straddle.frame - FRAME_BYTES)), true);
  const again = rerun(spliced, state.start, state.encoding, { ...depth, rereadings: depth.rereadings + 1 });
  return again.facts.map((fact) => (fact.offset < lostFrom ? fact : { ...fact, offset: fact.offset + lost }));
}

/** Where the read begins that crosses the end of the frame: from there to the end of the frame, bytes are lost. */
function crossingRead(data: Uint8Array, { at, end }: Straddle): number {
  const opcode = OPCODE_OF_BYTE[data[at]!] as Opcode;
  const start = at + 1;
  if (opcode.argument === null) return end;
  const argument = ARGUMENTS[opcode.argument];
  if (argument.width === "line" || argument.width === "lines") {
    const first = newlineAt(data, start, data.length);
    return first >= end ? start : Math.min(first + 1, end);
  }
  const width = argument.width === "counted" ? argument.count : argument.width;
  if (start + width > end) return start;
  // Bytes are read into place: what the frame still holds of them first, the rest from behind it. Nothing is lost.
  return opcode.argument.startsWith("bytes") || opcode.argument === "bytearray8" ? end : start + width;
}
