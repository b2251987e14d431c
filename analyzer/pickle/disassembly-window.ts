/**
 * The opcodes around a place in a program, for pages and reports that show where something happens. It needs to know
 * where opcodes begin, not what they do: the machine is no part of this.
 */
import { decode, type Instruction } from "./decode.ts";
import type { ArgumentName, Opcode } from "./opcodes.ts";
import { readArgument } from "./pickletools-arguments.ts";
import { codeOf, placeOf } from "./pickletools-line.ts";
import { reprBytes } from "./python-repr.ts";

/** One opcode of a program, for a page. */
export interface DisassembledOpcode {
  readonly offset: number;
  readonly opcode: string;
  /** The argument as Python prints it, cut where it is long; null where there is none. */
  readonly argument: string | null;
  /** The line as pickletools prints it, without the indentation by marks. */
  readonly text: string;
}

/** Longest argument of a line in a window. */
const LONGEST_ARGUMENT = 200;

/**
 * The opcodes around an offset: up to so many before and after the one that begins there (or covers it). Programs have
 * to be read from their start for that, at some 50 million opcodes a second. Ends where no opcode can be decoded.
 */
export function disassemblyAround(bytes: Uint8Array, offset: number, opcodesEachSide: number, start = 0): DisassembledOpcode[] {
  let window: Instruction[] = [];
  let behind = 0;
  for (let next = decode(bytes, start); next.ok; next = decode(bytes, next.value.end)) {
    window.push(next.value);
    if (next.value.end <= offset) {
      // The opcode asked for is still to come.
      if (window.length > 2 * opcodesEachSide + 1) window = window.slice(window.length - opcodesEachSide);
      continue;
    }
    if (next.value.offset > offset) behind++;
    if (behind >= opcodesEachSide || next.value.opcode.name === "STOP") break;
  }
  const at = window.findIndex((instruction) => instruction.end > offset);
  const from = Math.max(0, (at < 0 ? window.length : at) - opcodesEachSide);
  return window.slice(from).map((instruction) => describe(bytes, instruction));
}

function describe(bytes: Uint8Array, { opcode, offset, end, argumentStart, argumentEnd }: Instruction): DisassembledOpcode {
  const argument = opcode.argument === null ? null : shownArgument(bytes, opcode, offset, end, argumentStart, argumentEnd);
  const text = `${placeOf(offset)}${codeOf(opcode).padEnd(4)} ${argument === null ? opcode.name : `${opcode.name.padEnd(10)} ${argument}`}`;
  return { offset, opcode: opcode.name, argument, text };
}

function shownArgument(bytes: Uint8Array, opcode: Opcode, offset: number, end: number, from: number, to: number): string {
  // A long argument is cut before it is read: what pickletools would make of all of it is of no interest here.
  if (end - offset > 4 * LONGEST_ARGUMENT) return `${reprBytes(bytes.subarray(from, from + LONGEST_ARGUMENT / 2))}… (${to - from} bytes)`;
  const read = readArgument(bytes.subarray(0, end), opcode as Opcode & { argument: ArgumentName }, offset + 1);
  const repr = read.ok ? read.value.repr : reprBytes(bytes.subarray(from, to));
  return repr.length > LONGEST_ARGUMENT ? `${repr.slice(0, LONGEST_ARGUMENT)}…` : repr;
}
