/**
 * Tests to conditions: which constants, in which registers, let a branch run. Boundary: tests of variables and attributes under
 * `not`, `and`, `or`, truth, `is None`, `== constant`; of what is anything else both sides may run.
 */
import type { Condition } from "./code.ts";
import {
  ALL_KINDS,
  equalTo,
  FALSE_KINDS,
  IS_EXTERNAL,
  IS_NONE,
  IS_ONE,
  IS_UNKNOWN,
  IS_ZERO,
  kindsOfRegister,
  numberRegister,
  TRUE_KINDS,
  textKinds,
  unequalTo,
} from "./constant-kinds.ts";
import { lowerExpression } from "./lower-expression.ts";
import type { Scope } from "./scope.ts";
import type { SyntaxNode } from "./syntax-node.ts";
import { isBetween, operandsOf, operatorBetween, stringText } from "./type-expression.ts";

/** The condition under which a test may be true, or false; null where it always may. */
export function conditionOf(test: SyntaxNode, isTrue: boolean, scope: Scope): Condition | null {
  if (scope.code.kind !== "function" || scope.guards >= MOST_GUARDS) return null;
  const found = decide(test, isTrue);
  return found && sizeOf(found) <= LARGEST_TEST ? lowered(found, scope) : null;
}

/** Guards inside each other, and variables and attributes in a test; beyond either both sides may run. Programs write functions with thousands. */
const MOST_GUARDS = 100;
const LARGEST_TEST = 50;
const DEEPEST_TEST = 100;

function sizeOf(decided: Decided): number {
  if ("node" in decided) return 1;
  return ("all" in decided ? decided.all : decided.any).reduce((size, each) => size + sizeOf(each), 0);
}

/** A condition whose registers are not lowered yet: nothing is, of a test that decides nothing. */
type Decided =
  | { readonly node: SyntaxNode; readonly kinds: number }
  | { readonly all: readonly Decided[] }
  | { readonly any: readonly Decided[] };

function decide(test: SyntaxNode, isTrue: boolean, depth = 0): Decided | null {
  if (depth > DEEPEST_TEST) return null;
  switch (test.type) {
    case "parenthesized_expression": {
      const [inner] = operandsOf(test);
      return inner ? decide(inner, isTrue, depth + 1) : null;
    }
    case "not_operator": {
      const argument = test.childForFieldName("argument");
      return argument && decide(argument, !isTrue, depth + 1);
    }
    case "boolean_operator": {
      const left = test.childForFieldName("left");
      const right = test.childForFieldName("right");
      if (!left || !right) return null;
      const isAnd = operatorBetween(test, left, right) === "and";
      const sides = [decide(left, isTrue, depth + 1), decide(right, isTrue, depth + 1)];
      const known = sides.filter((side) => side !== null);
      if (isAnd === isTrue) return known.length < 2 ? (known[0] ?? null) : { all: known };
      return known.length < 2 ? null : { any: known };
    }
    case "comparison_operator":
      return decideComparison(test, isTrue);
    default:
      return isVariable(test) ? { node: test, kinds: isTrue ? TRUE_KINDS : FALSE_KINDS } : null;
  }
}

/** A variable, or an attribute of one. */
function isVariable(node: SyntaxNode): boolean {
  let object: SyntaxNode | null = node;
  while (object?.type === "attribute") object = object.childForFieldName("object");
  return object?.type === "identifier";
}

function decideComparison(test: SyntaxNode, isTrue: boolean): Decided | null {
  const [left, right, ...others] = operandsOf(test);
  if (!left || !right || others.length > 0 || test.namedChildren.some(isBetween)) return null;
  const operator = operatorBetween(test, left, right);
  const same = ["is", "=="].includes(operator);
  if (!same && !["is not", "!="].includes(operator)) return null;
  const kind = constantKind(right);
  if (kind === 0 || !isVariable(left)) return null;
  const isEqual = same === isTrue;
  if (!operator.startsWith("is")) return { node: left, kinds: isEqual ? equalTo(kind) : unequalTo(kind) };
  if (kind === IS_NONE) return { node: left, kinds: isEqual ? IS_NONE | IS_EXTERNAL | IS_UNKNOWN : ALL_KINDS & ~IS_NONE };
  // `True` is not the only thing that is equal to 1.
  if (kind !== IS_ONE && kind !== IS_ZERO) return null;
  return isEqual ? { node: left, kinds: kind | IS_EXTERNAL | IS_UNKNOWN } : null;
}

function lowered(decided: Decided, scope: Scope): Condition {
  if ("node" in decided) return { register: lowerExpression(decided.node, scope), kinds: decided.kinds };
  const lower = (each: Decided) => lowered(each, scope);
  return "all" in decided ? { all: decided.all.map(lower) } : { any: decided.any.map(lower) };
}

/** The kind of the constant that an expression is; 0 where it is none, or which is not told. */
export function constantKind(node: SyntaxNode): number {
  switch (node.type) {
    case "none":
      return IS_NONE;
    case "true":
      return IS_ONE;
    case "false":
      return IS_ZERO;
    case "integer":
    case "float":
      return kindsOfRegister(numberRegister(node.text)) & ~IS_UNKNOWN;
    case "string": {
      const text = stringText(node);
      return text === null || text.includes("\\") ? 0 : textKinds(text);
    }
    default:
      return 0;
  }
}
