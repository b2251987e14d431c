/**
 * Which functions a code calls by a dotted name: `torch.save(...)`, also where it imports the module itself. Boundary:
 * names as the source writes them, resolved; what is called through values is the flow's.
 */
import type { Code } from "../../python/code.ts";
import type { Definition } from "../../python/resolve.ts";
import type { Flow } from "./flow.ts";

/** The full names of the functions that codes call by name, each code read once. */
export class CalledNames {
  private readonly known = new Map<Code, readonly string[]>();

  constructor(private readonly flow: Flow) {}

  /** In order; a name that means several things in several branches counts as all of them. */
  of(code: Code): readonly string[] {
    const known = this.known.get(code);
    if (known) return known;
    const names = calledNames(this.flow, code);
    this.known.set(code, names);
    return names;
  }
}

function calledNames(flow: Flow, code: Code): string[] {
  const { resolver } = flow;
  const meant = new Map<number, readonly Definition[]>();
  return code.body.instructions.flatMap((instruction) => {
    if (instruction.op === "name") meant.set(instruction.into, resolver.name(code.unit, instruction.name));
    else if (instruction.op === "import") {
      const { module, name, into } = instruction;
      meant.set(into, name === null ? [resolver.module(module)] : resolver.member(module, name));
    } else if (instruction.op === "move") {
      const known = meant.get(instruction.from);
      if (known) meant.set(instruction.into, [...(meant.get(instruction.into) ?? []), ...known]);
    } else if (instruction.op === "load") {
      const object = meant.get(instruction.object);
      if (object)
        meant.set(
          instruction.into,
          object.flatMap((each) => resolver.attribute(each, instruction.attribute)),
        );
    } else if (instruction.op === "call") return (meant.get(instruction.callee) ?? []).flatMap((each) => nameOf(flow, each));
    return [];
  });
}

function nameOf(flow: Flow, definition: Definition): string[] {
  if (definition.kind === "external") return [definition.name];
  return definition.kind === "function" ? [flow.nameOf(definition.code)] : [];
}
