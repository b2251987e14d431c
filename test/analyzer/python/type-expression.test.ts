/** Annotations as they are written. */
import { beforeAll, describe, expect, test } from "vitest";
import type { TypeExpression } from "../../../analyzer/python/code.ts";
import type { PythonParser } from "../../../analyzer/python/parser.ts";
import { typeExpression } from "../../../analyzer/python/type-expression.ts";
import { loadPythonParser } from "../../../crawler/python-grammar.ts";

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

function told(type: TypeExpression | null): string {
  if (type === null) return "-";
  if (type.kind === "name") return type.path.join(".");
  const items = type.items.map(told).join(", ");
  if (type.kind === "subscript") return `${told(type.base)}<${items}>`;
  return type.kind === "union" ? `(${type.items.map(told).join(" | ")})` : `[${items}]`;
}

describe("an annotation", () => {
  test.each([
    ["Part", "Part"],
    ["torch.nn.Module", "torch.nn.Module"],
    ["A | B | None", "((A | B) | None)"],
    ["Optional['Late']", "Optional<Late>"],
    ["'dict[str, \"Inner\"]'", "dict<str, Inner>"],
    ["Dict[str, List[Part]]", "Dict<str, List<Part>>"],
    ["Callable[[A, B], C]", "Callable<[A, B], C>"],
    ["tuple[Part, ...]", "tuple<Part>"],
    ["None", "None"],
    ["3", "-"],
    ["make()", "-"],
  ])("%s", (text, expected) => {
    const definition = parser.parse(`def f(x: ${text}): ...\n`).namedChildren[0];
    const type = definition?.childForFieldName("parameters")?.namedChildren[0]?.childForFieldName("type");
    expect(told(type ? typeExpression(type, (inner) => parser.parse(inner)) : null)).toBe(expected);
  });
});
