/** Whether something in a function came from who calls it. Boundary: the instructions of one code; it tells more rather than less. */
import type { Code, Instruction, Register } from "../../../../python/code.ts";
import { isEmpty } from "../../../../python/code.ts";

/** Whether a register may hold, or contain, what is in a parameter, in an attribute of one, or in a variable of a function around it. */
export function mayComeFromCaller(code: Code, register: Register): boolean {
  const { instructions, parameters } = code.body;
  const seen = new Set<Register>();
  const queue = [register];
  for (const each of queue) {
    if (seen.has(each) || isEmpty(each)) continue;
    seen.add(each);
    if (parameters.includes(each)) return true;
    for (const instruction of instructions) {
      if ("into" in instruction && instruction.into === each) {
        if (instruction.op === "outer") return true;
        queue.push(...readBy(instruction, instructions));
      } else if (instruction.op === "set-item" && instruction.object === each) queue.push(instruction.from);
      else if (instruction.op === "store" && instruction.object === each) queue.push(instruction.from);
      // `state.update(other)`
      else if (instruction.op === "call" && objectOf(instruction, instructions) === each)
        queue.push(...instruction.arguments.map(({ from }) => from));
    }
  }
  return false;
}

/** What an instruction makes its result of. */
function readBy(instruction: Instruction, instructions: readonly Instruction[]): Register[] {
  switch (instruction.op) {
    case "move":
    case "iterate":
    case "result":
    case "enter":
      return [instruction.from];
    case "load":
    case "item":
    case "super":
      return [instruction.object];
    case "make":
      return instruction.items.map(({ from }) => from);
    case "operate":
      return [instruction.left, instruction.right];
    case "call": {
      const object = objectOf(instruction, instructions);
      return [...instruction.arguments.map(({ from }) => from), ...(object === null ? [] : [object])];
    }
    default:
      return [];
  }
}

/** The object of which a call calls a method. */
function objectOf({ callee }: Extract<Instruction, { readonly op: "call" }>, instructions: readonly Instruction[]): Register | null {
  const load = instructions.find((each) => each.op === "load" && each.into === callee);
  return load?.op === "load" ? load.object : null;
}
