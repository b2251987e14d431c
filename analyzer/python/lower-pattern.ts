/**
 * Patterns of `case` to instructions: each name takes the part of the subject that its pattern stands for (PEP 634). Whether a pattern fits
 * is not asked. Boundary: statements are `lower-body.ts`.
 */
import { isEmpty, NOTHING, type Register } from "./code.ts";
import { constantKey, display, emit, lineOf, lowerExpression } from "./lower-expression.ts";
import type { Scope } from "./scope.ts";
import type { SyntaxNode } from "./syntax-node.ts";
import { operandsOf } from "./type-expression.ts";

/** What a `match` looks at: several expressions are a tuple. */
export function lowerSubject(node: SyntaxNode, scope: Scope): Register {
  const subjects = node.childrenForFieldName("subject");
  const [only] = subjects;
  if (only && subjects.length === 1) return lowerExpression(only, scope);
  return display(node, scope, "tuple", subjects);
}

/** The patterns of one `case`, which are a sequence's where they are several. */
export function lowerPatterns(clause: SyntaxNode, scope: Scope, subject: Register): void {
  const patterns = clause.namedChildren.filter(({ type }) => type === "case_pattern");
  const [first] = patterns;
  if (!first || isEmpty(subject)) return;
  // Which constant a name takes is not told.
  for (const pattern of patterns) for (const [name] of pattern.text.matchAll(/\w+/g)) scope.noteUnseenWrite(name);
  if (patterns.length > 1 || first.type === "splat_pattern") lowerSequence(patterns, scope, subject);
  else lowerPattern(first, scope, subject);
}

function lowerPattern(node: SyntaxNode, scope: Scope, subject: Register): void {
  const parts = operandsOf(node);
  switch (node.type) {
    case "case_pattern":
    case "union_pattern":
    case "as_pattern":
    case "splat_pattern":
      for (const part of parts) lowerPattern(part, scope, subject);
      return;
    case "dotted_name":
    case "identifier":
      // A name with a dot is a value that the subject is compared with.
      if (!node.text.includes(".") && node.text !== "_") scope.write(node.text, subject, lineOf(node));
      return;
    case "list_pattern":
    case "tuple_pattern":
      lowerSequence(parts, scope, subject);
      return;
    case "dict_pattern":
      lowerMapping(node, scope, subject);
      return;
    case "class_pattern":
      for (const part of parts.slice(1)) lowerAttribute(part, scope, subject);
      return;
    default:
      return;
  }
}

/** `[first, *rest]`: elements by their place up to the first star, and any of them from there on. */
function lowerSequence(parts: readonly SyntaxNode[], scope: Scope, subject: Register): void {
  let isPlaced = true;
  parts.forEach((part, index) => {
    const inner = part.type === "case_pattern" ? operandsOf(part)[0] : part;
    if (inner?.type === "splat_pattern") {
      isPlaced = false;
      lowerPattern(inner, scope, subject);
    } else lowerPattern(part, scope, isPlaced ? item(part, scope, subject, String(index)) : anyElement(part, scope, subject));
  });
}

function lowerMapping(node: SyntaxNode, scope: Scope, subject: Register): void {
  const keys = node.childrenForFieldName("key");
  node.childrenForFieldName("value").forEach((value, index) => {
    lowerPattern(value, scope, item(value, scope, subject, constantKey(keys[index])));
  });
  for (const part of operandsOf(node)) if (part.type === "splat_pattern") lowerPattern(part, scope, subject);
}

/** `Box(x=found)`; by their place, of which `__match_args__` tells the names, any attribute, or what is matched itself, as in `str(text)`. */
function lowerAttribute(part: SyntaxNode, scope: Scope, subject: Register): void {
  const line = lineOf(part);
  const inner = part.type === "case_pattern" ? operandsOf(part)[0] : part;
  if (inner?.type === "keyword_pattern") {
    const [name, ...patterns] = operandsOf(inner);
    if (!name) return;
    const value = emit(scope, { op: "load", into: scope.fresh(), object: subject, attribute: name.text, line });
    for (const pattern of patterns) lowerPattern(pattern, scope, value);
    return;
  }
  lowerPattern(part, scope, subject);
  const attributes = emit(scope, { op: "load", into: scope.fresh(), object: subject, attribute: "__dict__", line });
  lowerPattern(part, scope, item(part, scope, attributes, null));
}

function item(node: SyntaxNode, scope: Scope, object: Register, key: string | null): Register {
  return emit(scope, { op: "item", into: scope.fresh(), object, key, keyFrom: NOTHING, line: lineOf(node) });
}

function anyElement(node: SyntaxNode, scope: Scope, from: Register): Register {
  return emit(scope, { op: "iterate", into: scope.fresh(), from, line: lineOf(node) });
}
