/**
 * Which kinds of constants a value of the graph may be (`constant-kinds.ts`): what tests of truth, of None and of equality make of it.
 * Boundary: values as they are; what flows where is the graph's.
 */
import type { Code } from "../../../python/code.ts";
import { IS_DEFINITION, IS_EXTERNAL, IS_OBJECT, textKinds } from "../../../python/constant-kinds.ts";
import type { Value, Values } from "./values.ts";

export function kindsOfValue(values: Values, value: Value): number {
  const data = values.get(value);
  switch (data.kind) {
    case "text":
      return textKinds(data.text);
    case "function":
      // A decorator may make anything of it.
      return areDecoratorsPlain(data.code) ? IS_DEFINITION : IS_DEFINITION | IS_EXTERNAL;
    case "method":
      return kindsOfValue(values, data.function);
    case "module":
    case "builtin-method":
      return IS_DEFINITION;
    case "instance":
    case "class":
    case "container":
    case "partial":
    case "super":
    case "namespace":
      return IS_OBJECT;
    default:
      return IS_EXTERNAL;
  }
}

/** Decorators that leave to a function what it takes and gives. */
const PLAIN_DECORATORS = /(^|\.)((cached_?)?property|getter|setter|deleter|staticmethod|classmethod|abstract\w*|wraps)$/;

/** Whether a function is called as it is written, and gives what it returns. */
export function areDecoratorsPlain({ decorators }: Code): boolean {
  return decorators.length === 0 || decorators.every((decorator) => PLAIN_DECORATORS.test(decorator));
}
