/**
 * Which functions that unpickle a code may call by a dotted name: `torch.load(...)`, also where it imports the
 * module itself. Boundary: names as the source writes them, resolved; what is called through values is the flow's.
 */
import type { Code, Register } from "../../../../python/code.ts";
import type { Definition } from "../../../../python/resolve.ts";
import type { Flow } from "../flow.ts";

/** What such functions are called; no other name is resolved, for that may mean to parse the module it is in. */
const UNPICKLING = /^loads?$/;

/** The full names of the functions, each code read once. */
export class CalledNames {
  private readonly known = new Map<Code, readonly string[]>();

  constructor(private readonly flow: Flow) {}

  /** In order; a name that means several things in several branches counts as all of them. */
  of(code: Code): readonly string[] {
    const known = this.known.get(code);
    if (known) return known;
    const names = this.calledBy(code);
    this.known.set(code, names);
    return names;
  }

  private calledBy(code: Code): string[] {
    const { resolver } = this.flow;
    const paths = new Map<
      Register,
      { readonly first: () => readonly Definition[]; readonly rest: readonly string[]; readonly last: string }[]
    >();
    return code.body.instructions.flatMap((instruction) => {
      if (instruction.op === "name") {
        const { name } = instruction;
        paths.set(instruction.into, [{ first: () => resolver.name(code.unit, name), rest: [], last: name }]);
      } else if (instruction.op === "import") {
        const { module, name } = instruction;
        const first = () => resolver.imported(module, name);
        paths.set(instruction.into, [{ first, rest: [], last: name ?? module }]);
      } else if (instruction.op === "move")
        paths.set(instruction.into, [...(paths.get(instruction.into) ?? []), ...(paths.get(instruction.from) ?? [])]);
      else if (instruction.op === "load") {
        const { attribute } = instruction;
        const object = paths.get(instruction.object) ?? [];
        paths.set(
          instruction.into,
          object.map(({ first, rest }) => ({ first, rest: [...rest, attribute], last: attribute })),
        );
      } else if (instruction.op === "call")
        return (paths.get(instruction.callee) ?? [])
          .filter(({ last }) => UNPICKLING.test(last))
          .flatMap(({ first, rest }) => rest.reduce((found, name) => found.flatMap((each) => resolver.attribute(each, name)), first()))
          .flatMap((definition) => this.nameOf(definition));
      return [];
    });
  }

  private nameOf(definition: Definition): string[] {
    if (definition.kind === "external") return [definition.name];
    return definition.kind === "function" ? [this.flow.nameOf(definition.code)] : [];
  }
}
