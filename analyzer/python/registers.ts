/**
 * The registers of one code's instructions: which are the same, which are read, and how many there need to be. Boundary: a
 * register is a number here, and what an instruction does is `execute.ts`.
 */
import { renamed as renamedCondition, select, withoutIdleGuards } from "./branches.ts";
import { type Instruction, RESERVED, type Register, UNREAD } from "./code.ts";
import { numberValues } from "./value-numbering.ts";

export interface Allocated {
  readonly instructions: readonly Instruction[];
  /** How many there are. */
  readonly registers: number;
  /** What became of each register. */
  readonly registerOf: (register: Register) => Register;
}

/**
 * Leaves out what is there twice and what nothing reads, and numbers the registers that are left.
 *
 * @param count of registers
 * @param assigned registers that are also written elsewhere: parameters, by calls
 * @param variables registers that have names, parameters among them; functions inside the code may read them too
 * @param keepsPlaces instructions stay where they are in the list
 */
export function allocateRegisters(
  instructions: readonly Instruction[],
  count: number,
  assigned: readonly Register[],
  variables: readonly Register[],
  keepsPlaces: boolean,
): Allocated {
  const { instructions: different, registerOf: sameOf } = keepsPlaces
    ? { instructions, registerOf: (register: Register) => register }
    : numberValues(withoutIdleGuards(instructions), count, assigned);
  const isRead = new Uint8Array(count);
  const read = (register: Register) => {
    isRead[sameOf(register)] = 1;
    return register;
  };
  for (const variable of variables) read(variable);
  for (const instruction of different) {
    withReads(instruction, read);
    // A register that is only annotated holds what the annotation says.
    if (instruction.op === "annotate") read(instruction.into);
  }
  const numbers = new Int32Array(count).fill(-1);
  for (let register = 0; register < RESERVED; register++) numbers[register] = register;
  let registers = RESERVED;
  const registerOf = (register: Register): Register => {
    const same = sameOf(register);
    if (numbers[same] === -1) numbers[same] = isRead[same] ? registers++ : UNREAD;
    return numbers[same]!;
  };
  for (const variable of variables) registerOf(variable);
  const left = keepsPlaces ? different : select(different, (each) => !(MAKES.has(each.op) && "into" in each && !isRead[sameOf(each.into)]));
  const renamed = left.map((instruction) => {
    const reading = withReads(instruction, registerOf);
    return "into" in reading ? { ...reading, into: registerOf(reading.into) } : reading;
  });
  return { instructions: renamed, registers, registerOf };
}

/** What does nothing but fill its register. */
const MAKES: ReadonlySet<Instruction["op"]> = new Set(["text", "constant", "outer", "super"]);

/** The instruction with other registers to read from. */
function withReads(instruction: Instruction, registerOf: (register: Register) => Register): Instruction {
  switch (instruction.op) {
    case "move":
    case "iterate":
    case "result":
    case "enter":
    case "bind":
    case "set-outer":
    case "return":
    case "yield":
      return { ...instruction, from: registerOf(instruction.from) };
    case "load":
    case "super":
      return { ...instruction, object: registerOf(instruction.object) };
    case "store":
      return { ...instruction, object: registerOf(instruction.object), from: registerOf(instruction.from) };
    case "item":
      return { ...instruction, object: registerOf(instruction.object), keyFrom: registerOf(instruction.keyFrom) };
    case "set-item":
      return {
        ...instruction,
        object: registerOf(instruction.object),
        keyFrom: registerOf(instruction.keyFrom),
        from: registerOf(instruction.from),
      };
    case "call":
      return {
        ...instruction,
        callee: registerOf(instruction.callee),
        arguments: instruction.arguments.map((argument) => ({ ...argument, from: registerOf(argument.from) })),
      };
    case "make":
      return {
        ...instruction,
        items: instruction.items.map((item) => ({ ...item, from: registerOf(item.from), keyFrom: registerOf(item.keyFrom) })),
      };
    case "operate":
      return { ...instruction, left: registerOf(instruction.left), right: registerOf(instruction.right) };
    case "guard":
      return { ...instruction, condition: renamedCondition(instruction.condition, registerOf) };
    case "function":
      return { ...instruction, defaults: instruction.defaults.map(registerOf) };
    default:
      return instruction;
  }
}
