/** What an import statement names, as absolute module names. Boundary: whether such a module exists is `modules.ts`. */
import type { SyntaxNode } from "./syntax-node.ts";

/** The module that code is in. */
export interface Place {
  readonly module: string;
  readonly isPackage: boolean;
}

/** The absolute name of the module in `from module import ...`, with the dots of a relative import resolved. */
export function importedModule(statement: SyntaxNode, unit: Place): string {
  const node = statement.childForFieldName("module_name");
  if (!node) return "__future__";
  return absoluteModule(node.text.replace(/\s/g, ""), unit);
}

/** `text` as an absolute module name: its leading dots are steps up from the importing module's package. */
export function absoluteModule(text: string, unit: Place): string {
  if (!text.startsWith(".")) return text;
  const dots = /^\.+/.exec(text)?.[0].length ?? 0;
  const parts = unit.module.split(".");
  const kept = parts.slice(0, parts.length - dots + (unit.isPackage ? 1 : 0));
  const rest = text.slice(dots);
  return rest ? [...kept, rest].join(".") : kept.join(".");
}

/** What a module has in variables that it does not bind: `__name__` and `__package__`. */
export function ownName(variable: string, { module, isPackage }: Place): string | null {
  if (variable === "__name__") return module;
  if (variable !== "__package__") return null;
  return isPackage ? module : module.split(".").slice(0, -1).join(".");
}
