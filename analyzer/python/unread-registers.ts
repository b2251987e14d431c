/**
 * Registers that instructions write and that nothing reads: what a statement's call returns, for one. Boundary: one code's
 * instructions; variables are read by functions inside it too, and so always count as read.
 */
import type { Instruction, Register } from "./code.ts";

/** In order. `variables` are the registers that have names. */
export function unreadRegisters(instructions: readonly Instruction[], count: number, variables: Iterable<Register>): Register[] {
  const isRead = new Uint8Array(count).fill(1);
  for (const instruction of instructions) if ("into" in instruction && instruction.op !== "annotate") isRead[instruction.into] = 0;
  for (const variable of variables) isRead[variable] = 1;
  for (const instruction of instructions) markRead(instruction, isRead);
  const unread: Register[] = [];
  for (let register = 1; register < count; register++) if (isRead[register] === 0) unread.push(register);
  return unread;
}

function markRead(instruction: Instruction, isRead: Uint8Array): void {
  switch (instruction.op) {
    case "move":
    case "set-outer":
    case "bind":
    case "iterate":
    case "enter":
    case "return":
    case "yield":
      isRead[instruction.from] = 1;
      return;
    case "load":
    case "super":
      isRead[instruction.object] = 1;
      return;
    case "store":
      isRead[instruction.object] = isRead[instruction.from] = 1;
      return;
    case "item":
      isRead[instruction.object] = isRead[instruction.keyFrom] = 1;
      return;
    case "set-item":
      isRead[instruction.object] = isRead[instruction.keyFrom] = isRead[instruction.from] = 1;
      return;
    case "call":
      isRead[instruction.callee] = 1;
      for (const { from } of instruction.arguments) isRead[from] = 1;
      return;
    case "make":
      for (const { from, keyFrom } of instruction.items) isRead[from] = isRead[keyFrom] = 1;
      return;
    case "operate":
      isRead[instruction.left] = isRead[instruction.right] = 1;
      return;
    case "function":
      for (const from of instruction.defaults) isRead[from] = 1;
      return;
    default:
      return;
  }
}
