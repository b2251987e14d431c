/**
 * One register for what is the same: a variable that is assigned once, and with what another register holds, is that
 * register (copy propagation), and what is asked of the same object twice, `self.x` here and there, is asked once
 * (local value numbering; Cocke and Schwartz, "Programming Languages and Their Compilers", 1970). As what may run is
 * taken to run, that holds for a whole body, and what is asked in a branch for that branch. Every activation would keep such a register, and all that it holds, another time.
 * Boundary: the instructions of one function or class body; the statements of a module are found by their place in its list.
 */
import { select } from "./branches.ts";
import { type Instruction, isEmpty, isSlice, type Register } from "./code.ts";

/**
 * The instructions that are left, with their registers as they were, and which register each is now. Registers that are written
 * twice, or elsewhere (`assigned`), stay what they are.
 */
export function numberValues(
  instructions: readonly Instruction[],
  count: number,
  assigned: readonly Register[],
): { readonly instructions: readonly Instruction[]; readonly registerOf: (register: Register) => Register } {
  const writers = new Uint32Array(count);
  for (const instruction of instructions) if ("into" in instruction) writers[instruction.into]!++;
  for (const register of assigned) writers[register]!++;
  const same = Uint32Array.from({ length: count }, (_, register) => register);
  const registerOf = (register: Register): Register => {
    let found = register;
    while (same[found] !== found) found = same[found]!;
    return found;
  };
  const distinct = select(instructions, (instruction) => {
    if (instruction.op !== "move" || writers[instruction.into] !== 1 || isEmpty(instruction.from)) return true;
    const from = registerOf(instruction.from);
    if (from === instruction.into) return true;
    same[instruction.into] = from;
    return false;
  });
  const different = select(distinct, (instruction, branches) => {
    const question = questionOf(instruction, registerOf);
    if (question === null || !("into" in instruction) || writers[instruction.into] !== 1) return true;
    // What may not run stands for nothing that is outside of its branch.
    const known = branches.find(({ asked }) => asked.has(question))?.asked.get(question);
    if (known === undefined) branches.at(-1)!.asked.set(question, instruction.into);
    else same[instruction.into] = known;
    return known === undefined;
  });
  return { instructions: different, registerOf };
}

/** What an instruction asks, the same text for the same; null for those that make or do something each time. */
function questionOf(instruction: Instruction, registerOf: (register: Register) => Register): string | null {
  switch (instruction.op) {
    case "load":
      return `load ${registerOf(instruction.object)} ${instruction.attribute}`;
    case "super":
      return `super ${registerOf(instruction.object)}`;
    case "item":
      return `item ${registerOf(instruction.object)} ${registerOf(instruction.keyFrom)} ${instruction.key}`;
    case "operate":
      return isSlice(instruction) ? `slice ${registerOf(instruction.left)}` : null;
    case "iterate":
      return `iterate ${registerOf(instruction.from)}`;
    case "text":
      return `text ${instruction.value}`;
    case "constant":
      return `constant ${instruction.type}`;
    default:
      return null;
  }
}
