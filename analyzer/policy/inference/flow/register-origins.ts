/** Where what a register holds came from, within one code. Boundary: instructions and names only, whatever the flow knows of them. */
import { type Code, type Instruction, isSlice, type Register } from "../../../python/code.ts";
import type { Definition, Resolver } from "../../../python/resolve.ts";

export type RegisterOrigin = Instruction | { readonly op: "parameter"; readonly register: Register };

/** The instructions and parameters that what a register holds came from, by way of other variables and slices. */
export function originsOf(code: Code, register: Register, seen = new Set<Register>()): RegisterOrigin[] {
  if (seen.has(register)) return [];
  seen.add(register);
  const written = writersOf(code, register).flatMap((instruction) => {
    if (instruction.op === "move") return originsOf(code, instruction.from, seen);
    return isSlice(instruction) ? originsOf(code, instruction.left, seen) : [instruction];
  });
  return code.body.parameters.includes(register) ? [{ op: "parameter", register }, ...written] : written;
}

/** The instructions that write a register: looked for once in each code, as functions of hundreds of instructions are asked of each. */
export function writersOf({ body: { instructions } }: Code, register: Register): readonly Instruction[] {
  let byRegister = WRITERS.get(instructions);
  if (byRegister === undefined) {
    byRegister = new Map();
    for (const instruction of instructions) {
      if (!("into" in instruction)) continue;
      const known = byRegister.get(instruction.into);
      if (known) known.push(instruction);
      else byRegister.set(instruction.into, [instruction]);
    }
    WRITERS.set(instructions, byRegister);
  }
  return byRegister.get(register) ?? [];
}

const WRITERS = new WeakMap<readonly Instruction[], Map<Register, Instruction[]>>();

/** Whether what a register holds may be what a parameter takes. */
export function mayBeParameter(code: Code, register: Register, parameter: Register | undefined): boolean {
  return originsOf(code, register).some((origin) => origin.op === "parameter" && origin.register === parameter);
}

/** What the source says that something is: a name of the module, an import, an attribute of one. Empty where one of its ways is not known. */
export function definitionsOf(resolver: Resolver, code: Code, origin: RegisterOrigin, seen = new Set<Register>()): readonly Definition[] {
  switch (origin.op) {
    case "name":
      return resolver.nameOrBuiltin(code.unit, origin.name);
    case "import":
      return resolver.imported(origin.module, origin.name);
    case "load": {
      // `node = node.next`
      const found = originsOf(code, origin.object, seen).map((object) => definitionsOf(resolver, code, object, new Set(seen)));
      if (found.some((definitions) => definitions.length === 0)) return [];
      return found.flat().flatMap((definition) => resolver.attribute(definition, origin.attribute));
    }
    default:
      return [];
  }
}
