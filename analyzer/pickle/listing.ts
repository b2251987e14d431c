/**
 * Any bytes as a listing that `assembler.ts` turns back into the same bytes: opcode by opcode, and what is no opcode as
 * RAW. Meant to be edited; for reading there is `disassemble.ts`, which prints what pickletools prints.
 */
import { longBytes } from "./assembler.ts";
import { decode, type Instruction, unsignedAt } from "./decode.ts";
import { ARGUMENTS } from "./opcodes.ts";

/** A listing of all of `bytes`: every program in it, one after the other, and what follows or breaks them. */
export function listProgram(bytes: Uint8Array): string {
  const lines: string[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const instruction = decode(bytes, offset);
    if (!instruction.ok) break;
    lines.push(`${instruction.value.opcode.name} ${argumentText(bytes, instruction.value)}`.trimEnd());
    offset = instruction.value.end;
  }
  for (; offset < bytes.length; offset += 16) {
    lines.push(`RAW ${Array.from(bytes.subarray(offset, offset + 16), (byte) => byte.toString(16).padStart(2, "0")).join(" ")}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function argumentText(bytes: Uint8Array, { opcode, argumentStart, argumentEnd, secondStart }: Instruction): string {
  if (opcode.argument === null) return "";
  const content = bytes.subarray(argumentStart, argumentEnd);
  const argument = ARGUMENTS[opcode.argument];
  if (secondStart !== undefined) {
    return `${quote(bytes.subarray(argumentStart, secondStart - 1))} ${quote(bytes.subarray(secondStart, argumentEnd))}`;
  }
  if (argument.width === "line") return quote(content);
  if (opcode.argument === "long1" || opcode.argument === "long4") return longText(content);
  if (argument.width === "counted") return quote(content);
  if (opcode.argument === "float8") return floatText(content);
  if (opcode.argument === "int4") return String(unsignedAt(content, 0, 4) | 0);
  if (opcode.argument === "uint8") return String(new DataView(content.buffer, content.byteOffset, 8).getBigUint64(0, true));
  return String(unsignedAt(content, 0, content.length));
}

/** In decimal where that is written with these bytes again, else the bytes. */
function longText(content: Uint8Array): string {
  if (content.length > 32) return quote(content);
  let value = 0n;
  for (let index = content.length - 1; index >= 0; index--) value = (value << 8n) | BigInt(content[index]!);
  value = BigInt.asIntN(content.length * 8, value);
  return sameBytes(longBytes(value), content) ? String(value) : quote(content);
}

function floatText(content: Uint8Array): string {
  const value = new DataView(content.buffer, content.byteOffset, 8).getFloat64(0);
  if (Number.isNaN(value)) return quote(content);
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

function sameBytes(left: readonly number[], right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function quote(content: Uint8Array): string {
  return `"${Array.from(content, characterOfByte).join("")}"`;
}

function characterOfByte(byte: number): string {
  if (byte === 0x22) return '\\"';
  if (byte === 0x5c) return "\\\\";
  if (byte === 0x0a) return "\\n";
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
}
