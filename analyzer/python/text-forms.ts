/**
 * Texts of which a part is written: `f"build_{kind}"`, `"build_" + kind`, `"build_%s" % kind`, `"build_{}".format(kind)`,
 * `"_".join(["build", kind])`. Boundary: names alone; of a text that could be no part of one nothing is told.
 */
import { ownName, type Place } from "./imports.ts";
import type { SyntaxNode } from "./syntax-node.ts";
import { operandsOf, operatorBetween, stringText } from "./type-expression.ts";

/** In a text: any characters. No source has it. */
export const ANYTHING = "\u0000";

/**
 * The form of the text that an expression gives; null where nothing of it is written. What `__name__` and `__package__` say in its module is as
 * good as written, and so are the texts that variables are known to have.
 */
export function textForm(node: SyntaxNode, { module, isPackage }: Place, texts: ReadonlyMap<string, string> = NONE): string | null {
  const form = formOf(node, { module, isPackage, texts })?.replace(/\0+/g, ANYTHING);
  return form !== undefined && /^[\w.\0]*\w[\w.\0]*$/.test(form) ? form : null;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Where a text is, and what variables there say. */
interface Known extends Place {
  readonly texts: ReadonlyMap<string, string>;
}

function said(variable: string, known: Known): string | null {
  return known.texts.get(variable) ?? ownName(variable, known);
}

/** Whether a text is one of which only the form is known. */
export function isForm(text: string): boolean {
  return text.includes(ANYTHING);
}

/** Whether a name is of a form. */
export function isOfForm(name: string, form: string): boolean {
  const [first = "", ...rest] = form.split(ANYTHING);
  const last = rest.pop() ?? "";
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let from = first.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return from <= name.length - last.length;
}

/** So many operators inside each other are read. */
const DEEPEST = 20;

function formOf(node: SyntaxNode, known: Known, depth = 0): string | undefined {
  if (depth > DEEPEST) return undefined;
  switch (node.type) {
    case "string":
      return stringText(node) ?? interpolated(node.text, known);
    case "identifier":
      return said(node.text, known) ?? undefined;
    case "parenthesized_expression": {
      const [inner] = node.namedChildren;
      return inner ? formOf(inner, known, depth + 1) : undefined;
    }
    case "binary_operator":
      return ofOperator(node, known, depth);
    case "call":
      return ofMethod(node, known, depth);
    default:
      return undefined;
  }
}

/** `f"build_{kind}"`. */
function interpolated(literal: string, known: Known): string | undefined {
  const [, prefix = "", , body = ""] = /^([A-Za-z]*)("""|'''|"|')([\s\S]*)\2$/.exec(literal) ?? [];
  if (!/^(f|rf|fr)$/i.test(prefix) || body.includes("\\") || body.includes("{{") || body.includes("}}")) return undefined;
  return body.replace(/\{([^{}]*)\}/g, (_, expression: string) => said(expression, known) ?? ANYTHING);
}

function ofOperator(node: SyntaxNode, known: Known, depth: number): string | undefined {
  const left = node.childForFieldName("left");
  const right = node.childForFieldName("right");
  if (!left || !right) return undefined;
  const operator = operatorBetween(node, left, right);
  const [before, after] = [formOf(left, known, depth + 1), formOf(right, known, depth + 1)];
  if (operator === "+" && (before ?? after) !== undefined) return `${before ?? ANYTHING}${after ?? ANYTHING}`;
  // What follows a percent sign that is no directive is left in, and is no part of a name.
  return operator === "%" ? before?.replace(/%(\(\w+\))?[-#0 +]*\d*(\.\d+)?[sdrif]/g, ANYTHING) : undefined;
}

/** `"build_{}".format(kind)`, `"_".join(["build", kind])`. */
function ofMethod(node: SyntaxNode, known: Known, depth: number): string | undefined {
  const callee = node.childForFieldName("function");
  const object = callee?.type === "attribute" ? callee.childForFieldName("object") : null;
  const method = callee?.childForFieldName("attribute")?.text;
  const text = object?.type === "string" ? stringText(object) : null;
  if (text === null) return undefined;
  if (method === "format") return text.replace(/\{[^{}]*\}/g, ANYTHING);
  const list = node.childForFieldName("arguments");
  const [display, ...others] = list ? operandsOf(list) : [];
  if (method !== "join" || others.length > 0 || (display?.type !== "list" && display?.type !== "tuple")) return undefined;
  const items = operandsOf(display);
  return items.some(({ type }) => type === "list_splat")
    ? undefined
    : items.map((item) => formOf(item, known, depth + 1) ?? ANYTHING).join(text);
}
