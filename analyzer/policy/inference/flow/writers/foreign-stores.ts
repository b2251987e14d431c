/**
 * Code of the library that writes attributes of objects that are not its own: `self.model.model_card = card`. Such a
 * store is how a trainer leaves its optimizer in the model it trains. Boundary: finding the functions; running them is
 * `foreign-writers.ts`.
 */
import type { Code } from "../../../../python/code.ts";
import type { Resolver } from "../../../../python/resolve.ts";

/** Functions and methods of the library that store to one of these attributes of something other than their receiver. */
export function foreignWriters(resolver: Resolver, attributes: ReadonlySet<string>): Code[] {
  const { modules } = resolver;
  if (attributes.size === 0) return [];
  const pattern = new RegExp(`\\.(${[...attributes].join("|")})\\s*(?::[^=\\n]*)?=(?!=)`);
  return modules.libraryModulesWith(pattern, [...attributes]).flatMap((module) => {
    const unit = modules.unit(module);
    if (!unit) return [];
    return functionsOf(unit.code).filter((code) => pattern.test(code.text) && storesForeign(code, attributes));
  });
}

/** Functions of a module and methods of its classes, in order; functions inside functions belong to those. */
export function functionsOf(code: Code): Code[] {
  return code.body.instructions.flatMap((instruction) => {
    if (instruction.op === "function") return [instruction.code];
    return instruction.op === "class" ? functionsOf(instruction.code) : [];
  });
}

function storesForeign(code: Code, attributes: ReadonlySet<string>): boolean {
  const receiver = code.parent?.kind === "class" ? code.body.parameters[0] : undefined;
  return code.body.instructions.some(
    (instruction) => instruction.op === "store" && attributes.has(instruction.attribute) && instruction.object !== receiver,
  );
}
