/** How pickletools begins a line: where the opcode lies, and its character. */
import type { Opcode } from "./opcodes.ts";

/** The offset, in its column. */
export function placeOf(offset: number): string {
  return `${String(offset).padStart(5)}: `;
}

/** The opcode's character as Python shows it. */
export function codeOf(opcode: Opcode): string {
  return opcode.code < 0x7f ? String.fromCharCode(opcode.code) : `\\x${opcode.code.toString(16)}`;
}
