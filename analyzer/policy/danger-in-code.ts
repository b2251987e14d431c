/**
 * Whether a function of the analysed source can get to something dangerous: what it names, and what the functions it
 * names name in turn. Boundary: names only; a method of an unknown object is not followed.
 */
import type { Code, Register } from "../python/code.ts";
import type { Definition, Resolver } from "../python/resolve.ts";
import { dangerOf } from "./danger.ts";

/** Functions that are looked through before one counts as dangerous for its size alone. */
const MOST_FUNCTIONS = 2_000;

/** A dangerous callable that the function names, itself or by way of others; null where there is none. */
export function dangerIn(resolver: Resolver, function_: Code): string | null {
  const seen = new Set<Code>([function_]);
  const queue = [function_];
  for (let code = queue.pop(); code; code = queue.pop()) {
    for (const definition of namesIn(resolver, code)) {
      if (definition.kind === "external") {
        const danger = dangerOf(definition.name);
        if (danger !== null && danger !== "calls-callables") return definition.name;
      } else if (definition.kind === "function" && !seen.has(definition.code)) {
        if (seen.size >= MOST_FUNCTIONS) return `more than ${MOST_FUNCTIONS} functions`;
        seen.add(definition.code);
        queue.push(definition.code);
      }
    }
  }
  return null;
}

/** What the dotted names in a function's body mean, those of the functions inside it among them. */
function namesIn(resolver: Resolver, code: Code): Definition[] {
  const paths = new Map<Register, readonly Definition[]>();
  const found: Definition[] = [];
  const note = (into: Register, definitions: readonly Definition[]) => {
    paths.set(into, definitions);
    found.push(...definitions);
  };
  for (const instruction of code.body.instructions) {
    if (instruction.op === "name") note(instruction.into, resolver.nameOrBuiltin(code.unit, instruction.name));
    else if (instruction.op === "import") note(instruction.into, resolver.imported(instruction.module, instruction.name));
    else if (instruction.op === "move") paths.set(instruction.into, paths.get(instruction.from) ?? []);
    else if (instruction.op === "load")
      note(
        instruction.into,
        (paths.get(instruction.object) ?? []).flatMap((definition) => resolver.attribute(definition, instruction.attribute)),
      );
    else if (instruction.op === "function") found.push(...namesIn(resolver, instruction.code));
  }
  return found;
}
