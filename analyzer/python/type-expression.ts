/**
 * Annotations, read as they are written: dotted names, subscripts, unions, and strings that hold any of them.
 * Boundary: names stay names; `types.ts` of the policy room says what they stand for.
 */
import type { TypeExpression } from "./code.ts";
import type { SyntaxNode } from "./syntax-node.ts";

/** `a.b.c` as its parts; null for anything that is not a dotted name. */
export function dottedPath(node: SyntaxNode): string[] | null {
  const path: string[] = [];
  let object: SyntaxNode | null = node;
  while (object?.type === "attribute") {
    const attribute = object.childForFieldName("attribute");
    if (!attribute) return null;
    path.push(attribute.text);
    object = object.childForFieldName("object");
  }
  return object?.type === "identifier" ? [...path, object.text].reverse() : null;
}

/** The operator of a node that stands between two of its operands: `and`, `is not`. Comments may be around it. */
export function operatorBetween(node: SyntaxNode, left: SyntaxNode, right: SyntaxNode): string {
  const between = node.text.slice(left.endIndex - node.startIndex, right.startIndex - node.startIndex);
  return between
    .replace(/#.*|\\(?=\r?\n)/g, "")
    .trim()
    .replace(/\s+/g, " ");
}

/** The parts of an expression, without the comments and the ends of lines between them. */
export function operandsOf(node: SyntaxNode): readonly SyntaxNode[] {
  return node.namedChildren.filter((child) => !isBetween(child));
}

/** Whether a node is none of its parent's parts: a comment, or a backslash at the end of a line. */
export function isBetween({ type }: SyntaxNode): boolean {
  return type === "comment" || type === "line_continuation";
}

/** The text of a string literal without prefix and quotes, escapes left as they are; null if it has interpolations. */
export function stringText(node: SyntaxNode): string | null {
  if (node.type === "concatenated_string") {
    const parts = operandsOf(node).map((part) => (part.type === "string" ? stringText(part) : null));
    return parts.includes(null) ? null : parts.join("");
  }
  if (node.type !== "string") return null;
  const children = node.namedChildren;
  if (/^[a-z]*b/i.test(children[0]?.text ?? "") || children.some((child) => child.type === "interpolation")) return null;
  return children
    .filter((child) => child.type === "string_content")
    .map((child) => child.text)
    .join("");
}

/** The type that an annotation names; null where it names none (a number, a call, a syntax that is not a type). */
export function typeExpression(node: SyntaxNode, parse: (text: string) => SyntaxNode, depth = 0): TypeExpression | null {
  if (depth > DEEPEST_TYPE) return null;
  const line = node.startPosition.row + 1;
  switch (node.type) {
    case "type":
    case "parenthesized_expression":
    case "expression_statement":
    case "constrained_type":
    case "slice":
    case "type_parameter": {
      const inner = node.namedChildren[0];
      return inner ? typeExpression(inner, parse, depth + 1) : null;
    }
    case "identifier":
    case "attribute":
    case "member_type": {
      const path = node.type === "member_type" ? node.text.split(".") : dottedPath(node);
      return path && { kind: "name", path, line };
    }
    case "none":
      return { kind: "name", path: ["None"], line };
    case "string":
    case "concatenated_string": {
      const text = stringText(node);
      const expression = text ? parse(text.trim()).namedChildren[0] : undefined;
      const inner = expression && expression.type === "expression_statement" ? typeExpression(expression, parse, depth + 1) : null;
      return inner && at(inner, line);
    }
    case "subscript":
    case "generic_type": {
      const [first, ...rest] = node.namedChildren;
      const base = first ? typeExpression(first, parse, depth + 1) : null;
      if (!base) return null;
      const items = rest.flatMap((child) => (child.type === "type_parameter" ? child.namedChildren : [child]));
      return { kind: "subscript", base, items: types(flattenTuple(items), parse, depth + 1), line };
    }
    case "binary_operator":
    case "union_type":
      return { kind: "union", items: types(node.namedChildren, parse, depth + 1), line };
    case "list":
    case "tuple":
      return { kind: "list", items: types(node.namedChildren, parse, depth + 1), line };
    default:
      return null;
  }
}

/** Types inside each other; what is deeper says nothing. */
const DEEPEST_TYPE = 50;

function types(nodes: readonly SyntaxNode[], parse: (text: string) => SyntaxNode, depth: number): TypeExpression[] {
  return nodes.map((node) => typeExpression(node, parse, depth)).filter((type) => type !== null);
}

function flattenTuple(nodes: readonly SyntaxNode[]): readonly SyntaxNode[] {
  return nodes.length === 1 && nodes[0]?.type === "tuple" ? nodes[0].namedChildren : nodes;
}

/** The same type, at the line of the string it was written in. */
function at(type: TypeExpression, line: number): TypeExpression {
  if (type.kind === "name") return { ...type, line };
  const items = type.items.map((item) => at(item, line));
  return type.kind === "subscript" ? { ...type, base: at(type.base, line), items, line } : { ...type, items, line };
}
