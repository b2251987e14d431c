/**
 * Branches in a list of instructions: a guard, and as many instructions after it as its length says. Boundary: which instructions are
 * there; what a condition means is the flow's.
 */
import type { Condition, Instruction, Register } from "./code.ts";

/** A guard whose instructions are looked at, or the whole list. */
export interface Branch {
  readonly place: number;
  readonly end: number;
  /** What its instructions ask, and which register has the answer (`value-numbering.ts`). */
  readonly asked: Map<string, Register>;
}

/**
 * The instructions that `isLeft` says are left, with guards over what is left of their branches, if anything is; of a guard that is not
 * left the branch is. `branches` are those that an instruction is in, the whole list first.
 */
export function select(
  instructions: readonly Instruction[],
  isLeft: (instruction: Instruction, branches: readonly Branch[]) => boolean,
): Instruction[] {
  const left: Instruction[] = [];
  const branches: Branch[] = [{ place: -1, end: Number.POSITIVE_INFINITY, asked: new Map() }];
  const closeUntil = (index: number) => {
    for (let branch = branches.at(-1)!; branch.end <= index; branch = branches.at(-1)!) {
      branches.pop();
      const length = left.length - branch.place - 1;
      const guard = left[branch.place]!;
      if (length === 0) left.pop();
      else if (guard.op === "guard" && guard.length !== length) left[branch.place] = { ...guard, length };
    }
  };
  instructions.forEach((instruction, index) => {
    closeUntil(index);
    if (!isLeft(instruction, branches)) return;
    if (instruction.op === "guard") branches.push({ place: left.length, end: index + 1 + instruction.length, asked: new Map() });
    left.push(instruction);
  });
  closeUntil(instructions.length);
  return left;
}

/** What gives something of which nothing is known, or that is not asked for its constants. */
const UNKNOWN: ReadonlySet<Instruction["op"]> = new Set(["name", "item", "enter", "result", "operate", "constant"]);

/** What needs no guard: it only reads. */
const READS: ReadonlySet<Instruction["op"]> = new Set(["load", "name", "text", "constant", "outer", "super", "guard"]);

/** The instructions without the guards that always hold, and those over nothing that matters. */
export function withoutIdleGuards(instructions: readonly Instruction[]): readonly Instruction[] {
  if (!instructions.some(({ op }) => op === "guard")) return instructions;
  const unknown = new Set<Register>();
  for (const instruction of instructions) {
    if (UNKNOWN.has(instruction.op) && "into" in instruction) unknown.add(instruction.into);
    else if (instruction.op === "load" && unknown.has(instruction.object)) unknown.add(instruction.into);
  }
  let index = 0;
  const decided = instructions.map((instruction) =>
    instruction.op === "guard" ? { ...instruction, condition: withoutUnknown(instruction.condition, unknown) ?? ALWAYS } : instruction,
  );
  return select(decided, (instruction) => {
    index++;
    if (instruction.op !== "guard") return true;
    return instruction.condition !== ALWAYS && decided.slice(index, index + instruction.length).some(({ op }) => !READS.has(op));
  });
}

const ALWAYS: Condition = { all: [] };

/** A condition on the other registers; null where it always holds. */
function withoutUnknown(condition: Condition, unknown: ReadonlySet<Register>): Condition | null {
  if ("register" in condition) return unknown.has(condition.register) ? null : condition;
  if ("all" in condition) return allOf(condition.all.map((each) => withoutUnknown(each, unknown)));
  const any = condition.any.map((each) => withoutUnknown(each, unknown));
  return any.includes(null) ? null : { any: any.filter((each) => each !== null) };
}

/** The condition that all of these hold; null where there is none. */
export function allOf(conditions: readonly (Condition | null)[]): Condition | null {
  const known = conditions.filter((condition) => condition !== null);
  return known.length < 2 ? (known[0] ?? null) : { all: known };
}

/** A condition on other registers. */
export function renamed(condition: Condition, registerOf: (register: Register) => Register): Condition {
  if ("register" in condition) return { ...condition, register: registerOf(condition.register) };
  const rename = (each: Condition) => renamed(each, registerOf);
  return "all" in condition ? { all: condition.all.map(rename) } : { any: condition.any.map(rename) };
}
