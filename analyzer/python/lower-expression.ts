/**
 * Expressions to instructions: each gives the register that holds its value, or NOTHING or COMPUTED where the value cannot be
 * or carry an object that a pickle would name. Boundary: statements and scopes are `lower-body.ts`.
 */
import type { Argument, ContainerKind, DisplayItem, Instruction, Register } from "./code.ts";
import { ASKING, COMPUTED, isEmpty, isNumber, NONE, NOTHING, ONE, SLICE, ZERO } from "./code.ts";
import { conditionOf } from "./conditions.ts";
import { numberRegister } from "./constant-kinds.ts";
import { copiedNamespace } from "./removed-keys.ts";
import type { Scope } from "./scope.ts";
import { DEEPEST_EXPRESSION, type SyntaxNode } from "./syntax-node.ts";
import { textForm } from "./text-forms.ts";
import { isBetween, operandsOf, operatorBetween, stringText } from "./type-expression.ts";

type Lower = (node: SyntaxNode, scope: Scope) => Register;

/** The register that holds the value of `node`. */
export function lowerExpression(node: SyntaxNode, scope: Scope): Register {
  return inside(scope, () => EXPRESSIONS[node.type]?.(node, scope) ?? notRead(node, scope));
}

function notRead(node: SyntaxNode, scope: Scope): Register {
  if (!isBetween(node)) scope.noteNotRead(lineOf(node));
  return COMPUTED;
}

/** What Python asks of operands without giving anything to keep. */
export function ask(scope: Scope, operator: string, left: Register, right: Register, line: number): void {
  if (!scope.maker.isThorough || (isEmpty(left) && isEmpty(right))) return;
  emit(scope, { op: "operate", into: scope.fresh(), operator, left, right, inPlace: false, line });
}

/** A test: what it gives is asked whether it is true. */
export function lowerTest(node: SyntaxNode, scope: Scope): void {
  ask(scope, ASKING.truth, lowerExpression(node, scope), NOTHING, lineOf(node));
}

/** What is inside another expression. Deeper than any program needs it is not understood: the stack would not do. */
function inside(scope: Scope, lower: () => Register): Register {
  if (scope.depth === DEEPEST_EXPRESSION) {
    scope.maker.syntax.giveUp();
    return COMPUTED;
  }
  scope.depth++;
  const register = lower();
  scope.depth--;
  return register;
}

const EXPRESSIONS: Readonly<Record<string, Lower>> = {
  identifier: (node, scope) => scope.read(node.text, lineOf(node)),
  string: lowerString,
  concatenated_string: lowerString,
  none: () => NONE,
  true: () => ONE,
  false: () => ZERO,
  ellipsis: (node, scope) => constant(node, scope, "ellipsis"),
  integer: (node, scope) => (/j$/i.test(node.text) ? constant(node, scope, "complex") : numberRegister(node.text)),
  float: (node, scope) => (/j$/i.test(node.text) ? constant(node, scope, "complex") : numberRegister(node.text)),
  attribute: lowerAttribute,
  subscript: lowerSubscript,
  call: lowerCall,
  parenthesized_expression: lowerInner,
  await: (node, scope) => emit(scope, { op: "result", into: scope.fresh(), from: lowerInner(node, scope), line: lineOf(node) }),
  list_splat: lowerInner,
  type: lowerInner,
  named_expression(node, scope) {
    const value = lowerField(node, "value", scope);
    const name = node.childForFieldName("name");
    if (name) scope.write(name.text, value, lineOf(node));
    return value;
  },
  conditional_expression(node, scope) {
    const [then, test, otherwise] = operandsOf(node);
    if (test && scope.maker.isThorough) lowerTest(test, scope);
    else if (test) scope.noteUnread(test, lineOf(test));
    const lower = (side: SyntaxNode | undefined, isTrue: boolean) => () =>
      scope.guarded(test ? conditionOf(test, isTrue, scope) : null, lineOf(node), () => (side ? lowerExpression(side, scope) : NOTHING));
    return join(node, scope, [lower(then, true), lower(otherwise, false)]);
  },
  boolean_operator(node, scope) {
    const left = node.childForFieldName("left");
    const right = node.childForFieldName("right");
    if (!left || !right) return COMPUTED;
    const isAnd = operatorBetween(node, left, right) === "and";
    return join(node, scope, [
      () => {
        const from = lowerExpression(left, scope);
        ask(scope, ASKING.truth, from, NOTHING, lineOf(left));
        return from;
      },
      () => scope.guarded(conditionOf(left, isAnd, scope), lineOf(node), () => lowerExpression(right, scope)),
    ]);
  },
  binary_operator(node, scope) {
    const left = node.childForFieldName("left");
    const right = node.childForFieldName("right");
    if (!left || !right) return COMPUTED;
    const operator = operatorBetween(node, left, right);
    return withForm(node, scope, operate(node, scope, operator, lowerExpression(left, scope), lowerExpression(right, scope)));
  },
  unary_operator: (node, scope) => operate(node, scope, `unary ${node.text.slice(0, 1)}`, lowerField(node, "argument", scope), NOTHING),
  comparison_operator(node, scope) {
    const operands = operandsOf(node);
    const registers = operands.map((child) => lowerExpression(child, scope));
    // `a < b < c` gives what one of them gives.
    const given = operands.slice(1).map((right, index) => {
      const operator = operatorBetween(node, operands[index]!, right);
      if (MEMBERSHIP.has(operator)) ask(scope, ASKING.membership, registers[index]!, registers[index + 1]!, lineOf(node));
      return IDENTITIES.has(operator) ? NOTHING : operate(node, scope, operator, registers[index]!, registers[index + 1]!);
    });
    if (given.length > 1) for (const register of given) ask(scope, ASKING.truth, register, NOTHING, lineOf(node));
    return join(
      node,
      scope,
      given.map((register) => () => register),
    );
  },
  not_operator(node, scope) {
    ask(scope, ASKING.truth, lowerField(node, "argument", scope), NOTHING, lineOf(node));
    return NOTHING;
  },
  lambda(node, scope) {
    const into = scope.fresh();
    const { code, defaults } = scope.declareFunction(node, "<lambda>", []);
    return emit(scope, { op: "function", into, code, defaults, line: lineOf(node) });
  },
  yield: (node, scope) => lowerYield(node, scope, true),
  list: (node, scope) => display(node, scope, "list", node.namedChildren),
  tuple: (node, scope) => display(node, scope, "tuple", node.namedChildren),
  expression_list: (node, scope) => display(node, scope, "tuple", node.namedChildren),
  pattern_list: (node, scope) => display(node, scope, "tuple", node.namedChildren),
  set: (node, scope) => display(node, scope, "set", node.namedChildren),
  dictionary: lowerDictionary,
  list_comprehension: (node, scope) => comprehension(node, scope, "list"),
  set_comprehension: (node, scope) => comprehension(node, scope, "set"),
  dictionary_comprehension: lowerDictComprehension,
  generator_expression: (node, scope) => comprehension(node, scope, "generator"),
};

/** `isRead`: something is done with what the expression gives. */
export function lowerYield(node: SyntaxNode, scope: Scope, isRead: boolean): Register {
  const line = lineOf(node);
  const [value] = operandsOf(node);
  const given = value ? lowerExpression(value, scope) : NOTHING;
  const isFrom = /^yield\s+from\b/.test(node.text);
  const from = isFrom ? emit(scope, { op: "iterate", into: scope.fresh(), from: given, line }) : given;
  scope.instructions.push({ op: "yield", from, line });
  scope.isGenerator = true;
  if (!isRead) return COMPUTED;
  return isFrom ? emit(scope, { op: "result", into: scope.fresh(), from: given, line }) : scope.receive();
}

export function lineOf(node: SyntaxNode): number {
  return node.startPosition.row + 1;
}

/** Adds an instruction, and gives the register it fills. */
export function emit(scope: Scope, instruction: Instruction & { readonly into: Register }): Register {
  scope.instructions.push(instruction);
  return instruction.into;
}

function lowerField(node: SyntaxNode, field: string, scope: Scope): Register {
  const child = node.childForFieldName(field);
  return child ? lowerExpression(child, scope) : NOTHING;
}

function lowerInner(node: SyntaxNode, scope: Scope): Register {
  const [inner] = operandsOf(node);
  return inner ? lowerExpression(inner, scope) : COMPUTED;
}

function lowerString(node: SyntaxNode, scope: Scope): Register {
  const text = stringText(node);
  if (text !== null) return emit(scope, { op: "text", into: scope.fresh(), value: text, line: lineOf(node) });
  if (scope.maker.isThorough) lowerFormats(node, scope);
  else scope.noteUnread(node, lineOf(node));
  return withForm(node, scope, /^[a-z]*b/i.test(node.text) ? constant(node, scope, "bytes") : COMPUTED);
}

/** What an f-string computes, and asks for a text of. */
function lowerFormats(node: SyntaxNode, scope: Scope): void {
  if (!FORMATTED.test(node.text)) return;
  const line = lineOf(node);
  // A function in there would be looked for at its place in the file.
  if (/\blambda\b/.test(node.text)) scope.noteNotRead(line);
  const lower = (part: SyntaxNode): void => {
    if (part.type === "ERROR" || part.type === "lambda") {
      scope.noteNotRead(line);
      return;
    }
    if (part.type === "interpolation" || part.type === "format_expression") {
      const expression = part.childForFieldName("expression") ?? part.namedChildren[0];
      if (expression && !/\blambda\b/.test(expression.text)) ask(scope, ASKING.format, lowerExpression(expression, scope), NOTHING, line);
    }
    for (const child of part.namedChildren) if (part.type !== "interpolation" || child.type === "format_specifier") lower(child);
  };
  for (const part of node.type === "concatenated_string" ? operandsOf(node) : [node])
    if (FORMATTED.test(part.text)) lower(scope.maker.parse(part.text));
}

const FORMATTED = /(^|[^A-Za-z])[A-Za-z]?[fF][A-Za-z]?["']/;

/** Lets the register of an expression hold the form of the text that it gives, where that is written (`text-forms.ts`). */
function withForm(node: SyntaxNode, scope: Scope, register: Register): Register {
  const value = textForm(node, scope.code.unit);
  if (value === null) return register;
  return emit(scope, { op: "text", into: isEmpty(register) ? scope.fresh() : register, value, line: lineOf(node) });
}

function constant(node: SyntaxNode, scope: Scope, type: string): Register {
  return emit(scope, { op: "constant", into: scope.fresh(), type, line: lineOf(node) });
}

function join(node: SyntaxNode, scope: Scope, sides: readonly (() => Register)[]): Register {
  const all = sides.map((side) => side());
  const registers = all.filter((register) => !isNumber(register));
  if (all.every(isNumber)) return all.every((register) => register === all[0]) ? (all[0] ?? NOTHING) : NOTHING;
  if (registers.every(isEmpty)) return registers[0]!;
  let into = registers[0]!;
  if (registers.length > 1) {
    into = scope.fresh();
    for (const from of registers) scope.instructions.push({ op: "move", into, from, line: lineOf(node) });
  }
  for (const register of all) if (isNumber(register)) scope.noteConstant(into, register);
  return into;
}

function operate(node: SyntaxNode, scope: Scope, operator: string, left: Register, right: Register): Register {
  if (isEmpty(left) && isEmpty(right)) return left === COMPUTED || right === COMPUTED ? COMPUTED : NOTHING;
  return emit(scope, { op: "operate", into: scope.fresh(), operator, left, right, inPlace: false, line: lineOf(node) });
}

/** Comparisons of identity and membership, which are true or false whatever is compared; `==` of arrays is an array. */
const IDENTITIES = new Set(["is", "is not", "in", "not in"]);
const MEMBERSHIP = new Set(["in", "not in"]);

function lowerAttribute(node: SyntaxNode, scope: Scope): Register {
  const object = lowerField(node, "object", scope);
  const attribute = node.childForFieldName("attribute")?.text;
  if (isEmpty(object) || !attribute) return COMPUTED;
  return emit(scope, { op: "load", into: scope.fresh(), object, attribute, line: lineOf(node) });
}

/** The constant key that an expression is, as text; null where it is none. */
export function constantKey(node: SyntaxNode | null | undefined): string | null {
  if (!node) return null;
  if (node.type === "integer") return node.text;
  return stringText(node);
}

/** Whether a subscript may be what a dict has an element under: no slice, and not `...`, which are for arrays. */
export function isKey({ type }: SyntaxNode): boolean {
  return type !== "slice" && type !== "ellipsis";
}

function lowerSubscript(node: SyntaxNode, scope: Scope): Register {
  const object = lowerField(node, "value", scope);
  const subscripts = node.childrenForFieldName("subscript");
  const key = subscripts.length === 1 ? subscripts[0] : undefined;
  const isSlice = key?.type === "slice";
  if (isSlice || !key) for (const part of subscripts) scope.noteUnread(part, lineOf(part));
  const keyFrom = scope.maker.isThorough
    ? lowerKey(subscripts, scope)
    : key && isKey(key) && constantKey(key) === null
      ? lowerExpression(key, scope)
      : NOTHING;
  if (isEmpty(object)) {
    ask(scope, ASKING.key, keyFrom, NOTHING, lineOf(node));
    return COMPUTED;
  }
  if (isSlice) return operate(node, scope, SLICE, object, NOTHING);
  return emit(scope, { op: "item", into: scope.fresh(), object, key: constantKey(key), keyFrom, line: lineOf(node) });
}

/** The key of a subscript, where everything is read: what slices and several of them are made of is asked by itself. */
export function lowerKey(subscripts: readonly SyntaxNode[], scope: Scope): Register {
  const [only] = subscripts;
  if (only && subscripts.length === 1 && only.type !== "slice") return constantKey(only) === null ? lowerExpression(only, scope) : NOTHING;
  for (const part of subscripts.flatMap((each) => (each.type === "slice" ? operandsOf(each) : [each])))
    ask(scope, ASKING.key, lowerExpression(part, scope), NOTHING, lineOf(part));
  return NOTHING;
}

function lowerCall(node: SyntaxNode, scope: Scope): Register {
  const callee = node.childForFieldName("function");
  const list = node.childForFieldName("arguments");
  if (!callee || !list) return COMPUTED;
  const line = lineOf(node);
  if (callee.type === "identifier" && callee.text === "super") {
    const object = list.namedChildren[1] ? lowerExpression(list.namedChildren[1], scope) : scope.receiver(line);
    return emit(scope, { op: "super", into: scope.fresh(), object, line });
  }
  scope.noteCall(callee, list);
  const from = lowerExpression(callee, scope);
  const args = list.type === "argument_list" ? lowerArguments(list, scope) : [positional(lowerExpression(list, scope))];
  if (isEmpty(from)) return COMPUTED;
  return withForm(node, scope, emit(scope, { op: "call", into: scope.fresh(), callee: from, arguments: args, line }));
}

function positional(from: Register): Argument {
  return { kind: "positional", from };
}

function lowerArguments(list: SyntaxNode, scope: Scope): Argument[] {
  const result: Argument[] = [];
  for (const child of operandsOf(list)) {
    const [inner] = child.namedChildren;
    if (child.type === "keyword_argument") {
      const name = child.childForFieldName("name")?.text ?? "";
      result.push({ kind: "keyword", name, from: lowerField(child, "value", scope) });
    } else if (child.type === "list_splat" && inner) result.push({ kind: "star", from: lowerExpression(inner, scope) });
    else if (child.type === "dictionary_splat" && inner) result.push({ kind: "double-star", from: lowerExpression(inner, scope) });
    else result.push(positional(lowerExpression(child, scope)));
  }
  return result;
}

export function display(
  node: SyntaxNode,
  scope: Scope,
  container: ContainerKind,
  children: readonly SyntaxNode[],
  into: Register | null = null,
): Register {
  const items: DisplayItem[] = [];
  // Nobody tells the items of a list or a set from each other: those that are displays of one form (the pairs of a table) are one.
  const forms = container === "tuple" ? null : new Map<string, Register>();
  let index: number | null = 0;
  for (const child of children) {
    if (isBetween(child)) continue;
    const spread = isSpread(child);
    if (spread) index = null;
    const key = container === "tuple" && index !== null ? String(index++) : null;
    const form = forms === null ? null : formOf(child);
    const known = form === null ? undefined : forms!.get(form);
    const from =
      form === null
        ? lowerExpression(child, scope)
        : inside(scope, () => display(child, scope, child.type as ContainerKind, child.namedChildren, known));
    if (known !== undefined) continue;
    if (form !== null) forms!.set(form, from);
    items.push({ key, keyFrom: NOTHING, from, spread });
  }
  return emit(scope, { op: "make", into: into ?? scope.fresh(), container, items, line: lineOf(node) });
}

function isSpread(node: SyntaxNode): boolean {
  return node.type === "list_splat" || node.type === "list_splat_pattern" || node.type === "parenthesized_list_splat";
}

/** What displays have in common that hold as many items each; null of what is no such display. */
function formOf(node: SyntaxNode): string | null {
  if (node.type !== "tuple" && node.type !== "list" && node.type !== "set") return null;
  const items = node.namedChildren.filter((child) => !isBetween(child));
  return items.some(isSpread) ? null : `${node.type} of ${items.length}`;
}

function lowerDictionary(node: SyntaxNode, scope: Scope): Register {
  const items: DisplayItem[] = [];
  for (const child of node.namedChildren) {
    if (child.type === "pair") items.push(pair(child, scope));
    else if (child.type === "dictionary_splat")
      items.push({ key: null, keyFrom: NOTHING, from: lowerExpression(child.namedChildren[0] ?? child, scope), spread: true });
  }
  return emit(scope, { op: "make", into: scope.fresh(), container: "dict", items, line: lineOf(node) });
}

function pair(node: SyntaxNode, scope: Scope): DisplayItem {
  const key = constantKey(node.childForFieldName("key"));
  const keyFrom = key === null ? lowerField(node, "key", scope) : NOTHING;
  return { key, keyFrom, from: lowerField(node, "value", scope), spread: false };
}

/** A dict that is made of all attributes of an object is a copy of them. */
function lowerDictComprehension(node: SyntaxNode, scope: Scope): Register {
  const namespace = copiedNamespace(node);
  if (namespace === null) return comprehension(node, scope, "dict");
  const object = lowerExpression(namespace, scope);
  if (isEmpty(object)) return COMPUTED;
  const line = lineOf(node);
  for (const clause of node.namedChildren) {
    if (clause.type !== "if_clause") continue;
    scope.noteUnread(clause, line);
    // Its variables are the comprehension's, which stands for a copy here.
    scope.noteNotRead(line);
  }
  const callee = emit(scope, { op: "load", into: scope.fresh(), object, attribute: "copy", line });
  return emit(scope, { op: "call", into: scope.fresh(), callee, arguments: [], line });
}

function comprehension(node: SyntaxNode, scope: Scope, container: ContainerKind): Register {
  const body = node.childForFieldName("body");
  scope.enterComprehension();
  for (const clause of node.namedChildren) {
    if (clause.type === "for_in_clause") {
      const source = lowerField(clause, "right", scope);
      const target = clause.childForFieldName("left");
      const element = emit(scope, { op: "iterate", into: scope.fresh(), from: source, line: lineOf(clause) });
      if (target) scope.assign(target, element, true);
    } else if (clause.type === "if_clause") ask(scope, ASKING.truth, lowerInner(clause, scope), NOTHING, lineOf(clause));
  }
  const item: DisplayItem | null =
    body?.type === "pair"
      ? pair(body, scope)
      : body
        ? { key: null, keyFrom: NOTHING, from: lowerExpression(body, scope), spread: false }
        : null;
  scope.leaveComprehension();
  return emit(scope, { op: "make", into: scope.fresh(), container, items: item ? [item] : [], line: lineOf(node) });
}

/** The name an expression starts with: `registry` of `registry.entries["x"].add`. */
export function rootName(node: SyntaxNode): string | null {
  if (node.type === "identifier") return node.text;
  const inner = node.childForFieldName("object") ?? node.childForFieldName("value") ?? node.childForFieldName("function");
  return inner ? rootName(inner) : null;
}

/** Whether `node` is `name.x`, `name.x[k]`, `name[k]`, `name.x.y`: something that `name` holds. */
export function isHeldBy(node: SyntaxNode, name: string): boolean {
  return (node.type === "attribute" || node.type === "subscript") && rootName(node) === name;
}
