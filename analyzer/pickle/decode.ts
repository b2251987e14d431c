/**
 * One opcode of a program taken apart: where it starts and ends and which bytes are its argument. It interprets
 * nothing: what the bytes of an argument mean is for whoever asks (`operands.ts` for C's rules, `disassemble.ts` for
 * pickletools'). The machine's loop does this for itself, in line.
 */
import { failed, ok, type Result } from "../result.ts";
import { ARGUMENTS, OPCODE_OF_BYTE, type Opcode } from "./opcodes.ts";

/** An opcode and where its argument lies: fixed bytes, the counted bytes without their count, a line without its newline. */
export interface Instruction {
  readonly opcode: Opcode;
  readonly offset: number;
  /** Offset after the opcode and its argument. */
  readonly end: number;
  readonly argumentStart: number;
  readonly argumentEnd: number;
  /** GLOBAL and INST: the second line. */
  readonly secondStart?: number;
}

/** Why there is no opcode at an offset. `wanted` and `left` are bytes of the argument. */
export type DecodeError =
  | { readonly kind: "end"; readonly offset: number }
  | { readonly kind: "unknown-opcode"; readonly offset: number; readonly byte: number }
  | { readonly kind: "truncated"; readonly offset: number; readonly opcode: Opcode; readonly wanted: number; readonly left: number }
  | { readonly kind: "no-newline"; readonly offset: number; readonly opcode: Opcode; readonly lineStart: number }
  | { readonly kind: "negative-count"; readonly offset: number; readonly opcode: Opcode; readonly count: number };

const NEWLINE = 0x0a;

/** The unsigned little-endian number of `width` bytes; beyond 2^53 it is rounded, but still beyond any length. */
export function unsignedAt(bytes: Uint8Array, offset: number, width: number): number {
  let value = 0;
  for (let index = width - 1; index >= 0; index--) value = value * 256 + bytes[offset + index]!;
  return value;
}

/** The opcode at `offset`, or why there is none. Counts are unsigned but for LONG4's, as in CPython's `_pickle.c`. */
export function decode(bytes: Uint8Array, offset: number): Result<Instruction, DecodeError> {
  if (offset >= bytes.length) return failed({ kind: "end", offset });
  const opcode = OPCODE_OF_BYTE[bytes[offset]!];
  if (opcode === undefined) return failed({ kind: "unknown-opcode", offset, byte: bytes[offset]! });
  const start = offset + 1;
  if (opcode.argument === null) return ok({ opcode, offset, end: start, argumentStart: start, argumentEnd: start });

  const argument = ARGUMENTS[opcode.argument];
  if (argument.width === "line" || argument.width === "lines") {
    const first = bytes.indexOf(NEWLINE, start);
    if (first < 0) return failed({ kind: "no-newline", offset, opcode, lineStart: start });
    if (argument.width === "line") return ok({ opcode, offset, end: first + 1, argumentStart: start, argumentEnd: first });
    const second = bytes.indexOf(NEWLINE, first + 1);
    if (second < 0) return failed({ kind: "no-newline", offset, opcode, lineStart: first + 1 });
    return ok({ opcode, offset, end: second + 1, argumentStart: start, argumentEnd: second, secondStart: first + 1 });
  }

  const width = argument.width === "counted" ? argument.count : argument.width;
  const left = bytes.length - start;
  if (width > left) return failed({ kind: "truncated", offset, opcode, wanted: width, left });
  if (argument.width !== "counted") return ok({ opcode, offset, end: start + width, argumentStart: start, argumentEnd: start + width });

  const unsigned = unsignedAt(bytes, start, width);
  const count = opcode.name === "LONG4" ? unsigned | 0 : unsigned;
  if (count < 0) return failed({ kind: "negative-count", offset, opcode, count });
  if (count > left - width) return failed({ kind: "truncated", offset, opcode, wanted: count, left: left - width });
  const argumentStart = start + width;
  return ok({ opcode, offset, end: argumentStart + count, argumentStart, argumentEnd: argumentStart + count });
}
