/** Where what a register holds came from, within one code. Boundary: instructions only, whatever the flow knows of them. */
import { type Code, type Instruction, isSlice, type Register } from "../../python/code.ts";

export type RegisterOrigin = Instruction | { readonly op: "parameter"; readonly register: Register };

/** The instructions and parameters that what a register holds came from, by way of other variables and slices. */
export function originsOf(code: Code, register: Register, seen = new Set<Register>()): RegisterOrigin[] {
  if (seen.has(register)) return [];
  seen.add(register);
  const written = code.body.instructions.flatMap((instruction) => {
    if (!("into" in instruction) || instruction.into !== register) return [];
    if (instruction.op === "move") return originsOf(code, instruction.from, seen);
    return isSlice(instruction) ? originsOf(code, instruction.left, seen) : [instruction];
  });
  return code.body.parameters.includes(register) ? [{ op: "parameter", register }, ...written] : written;
}
