/**
 * Statements to instructions. Of control flow there is left which branches a test of constants decides; whatever else may run is taken to
 * run. Boundary: expressions are `lower-expression.ts`, tests `conditions.ts`, names and registers `scope.ts`.
 */
import { allOf } from "./branches.ts";
import type { Body, Code } from "./code.ts";
import { ASKING, isEmpty, isNumber, NOTHING } from "./code.ts";
import { conditionOf } from "./conditions.ts";
import { importedModule } from "./imports.ts";
import { ask, emit, lineOf, lowerExpression, lowerKey, lowerTest, lowerYield } from "./lower-expression.ts";
import { lowerPatterns, lowerSubject } from "./lower-pattern.ts";
import { removedKeys } from "./removed-keys.ts";
import { type CodeMaker, Scope } from "./scope.ts";
import type { SyntaxNode } from "./syntax-node.ts";
import { dottedPath, isBetween, operandsOf, operatorBetween, typeExpression } from "./type-expression.ts";

/** The instructions of a module's, class's or function's body. */
export function lowerBody(code: Code, block: SyntaxNode, maker: CodeMaker): Body {
  const scope = new Scope(code, maker);
  if (block.type === "block" || block.type === "module") {
    lowerBlock(block, scope, code.kind === "module");
    scope.endsWithRaise = block.namedChildren.findLast((child) => !isBetween(child))?.type === "raise_statement";
    scope.mayGiveNone ||= !leaves(block);
    if (code.kind === "function") scope.removedKeys = removedKeys(block);
  } else scope.instructions.push({ op: "return", from: lowerExpression(block, scope), line: lineOf(block) });
  return scope.finish();
}

/** `isTop`: statements of a module are kept apart, so that a variable can be evaluated without the rest of its module. */
function lowerBlock(block: SyntaxNode, scope: Scope, isTop: boolean): void {
  if (scope.code.kind === "function") {
    lowerStatements(block.namedChildren, 0, scope);
    return;
  }
  for (const statement of block.namedChildren) {
    if (isTop && SPLIT.has(statement.type)) lowerNested(statement, scope, true);
    else lowerStatement(statement, scope);
    if (isTop) scope.endStatement();
  }
}

/** The statements of a block from one on; what follows an `if` that leaves the block runs only where its test may be false. */
function lowerStatements(statements: readonly SyntaxNode[], from: number, scope: Scope): void {
  for (let index = from; index < statements.length; index++) {
    const statement = statements[index]!;
    if (statement.type !== "if_statement") {
      lowerStatement(statement, scope);
      continue;
    }
    lowerIf(statement, scope);
    const following = allOf(leavingTests(statement).map((test) => conditionOf(test, false, scope)));
    if (following === null) continue;
    scope.guarded(following, lineOf(statement), () => lowerStatements(statements, index + 1, scope));
    return;
  }
}

/** The clauses of an `if`; `else` has no test. */
function clausesOf(node: SyntaxNode): { test: SyntaxNode | null; block: SyntaxNode | null }[] {
  const parts = [node, ...node.namedChildren.filter(({ type }) => type === "elif_clause" || type === "else_clause")];
  return parts.map((part) => ({
    test: part.childForFieldName("condition"),
    block: part.childForFieldName("consequence") ?? part.childForFieldName("body"),
  }));
}

/** The tests of the first clauses of an `if` whose blocks always leave. */
function leavingTests(node: SyntaxNode): SyntaxNode[] {
  const clauses = clausesOf(node);
  const stays = clauses.findIndex(({ block }) => !block || !leaves(block));
  return clauses.slice(0, stays === -1 ? clauses.length : stays).flatMap(({ test }) => test ?? []);
}

function lowerIf(node: SyntaxNode, scope: Scope): void {
  const clauses = clausesOf(node);
  const lowerFrom = (first: number): void => {
    for (let index = first; index < clauses.length; index++) {
      const { test, block } = clauses[index]!;
      if (test) lowerTest(test, scope);
      const line = lineOf(test ?? node);
      if (block) scope.guarded(test && conditionOf(test, true, scope), line, () => lowerBlock(block, scope, false));
      const otherwise = test && conditionOf(test, false, scope);
      if (otherwise === null) continue;
      scope.guarded(otherwise, line, () => lowerFrom(index + 1));
      return;
    }
  };
  lowerFrom(0);
}

const LEAVING = new Set(["return_statement", "raise_statement", "continue_statement", "break_statement"]);

/** Whether what follows a block never runs after it. */
function leaves(block: SyntaxNode): boolean {
  const last = block.namedChildren.findLast((child) => !isBetween(child));
  if (!last) return false;
  if (last.type !== "if_statement") return LEAVING.has(last.type);
  const clauses = clausesOf(last);
  return clauses.at(-1)!.test === null && clauses.every(({ block }) => block !== null && leaves(block));
}

/** Compound statements whose parts stand for themselves at the top of a module. */
const SPLIT = new Set(["if_statement", "try_statement", "with_statement"]);

function lowerNested(node: SyntaxNode, scope: Scope, isTop: boolean): void {
  if (node.type === "except_clause" || node.type === "except_group_clause") noteException(node, scope);
  for (const child of node.namedChildren) {
    if (child.type === "block") lowerBlock(child, scope, isTop);
    else if (child.type === "with_clause") lowerWith(child, scope);
    else if (CLAUSES.has(child.type)) lowerNested(child, scope, isTop);
    else if (child.type.endsWith("_statement") || child.type.endsWith("_definition")) lowerStatement(child, scope);
    else if (!isBetween(child)) lowerExpression(child, scope);
    if (isTop) scope.endStatement();
  }
}

/** `except Error as name:`, and before Python 3 `except Error, name:`. */
function noteException(clause: SyntaxNode, scope: Scope): void {
  for (const child of clause.namedChildren)
    if (child.type !== "block") for (const [name] of child.text.matchAll(/\w+/g)) scope.noteUnseenWrite(name);
}

const CLAUSES = new Set([
  "elif_clause",
  "else_clause",
  "except_clause",
  "except_group_clause",
  "finally_clause",
  "case_clause",
  "if_clause",
]);

function lowerStatement(node: SyntaxNode, scope: Scope): void {
  const line = lineOf(node);
  switch (node.type) {
    case "expression_statement":
      for (const child of node.namedChildren) lowerExpressionStatement(child, scope);
      return;
    case "return_statement": {
      scope.returns = true;
      const [value] = node.namedChildren;
      if (!value) scope.mayGiveNone = true;
      else scope.instructions.push({ op: "return", from: lowerExpression(value, scope), line });
      return;
    }
    case "function_definition":
      lowerFunction(node, scope, []);
      return;
    case "class_definition":
      lowerClass(node, scope, []);
      return;
    case "decorated_definition": {
      const definition = node.childForFieldName("definition");
      const decorators = node.namedChildren.filter((child) => child.type === "decorator");
      if (definition?.type === "function_definition") lowerFunction(definition, scope, decorators);
      else if (definition) lowerClass(definition, scope, decorators);
      return;
    }
    case "import_statement":
    case "import_from_statement":
      lowerImport(node, scope);
      return;
    case "for_statement": {
      const source = node.childForFieldName("right");
      const target = node.childForFieldName("left");
      const from = source ? lowerExpression(source, scope) : NOTHING;
      if (target) scope.assign(target, emit(scope, { op: "iterate", into: scope.fresh(), from, line }));
      lowerBlocks(node, scope);
      return;
    }
    case "match_statement": {
      // Which classes, lengths and keys a subject is asked for.
      scope.noteNotRead(line);
      const from = lowerSubject(node, scope);
      const block = node.childForFieldName("body");
      for (const clause of block?.namedChildren ?? []) {
        lowerPatterns(clause, scope, from);
        lowerBlocks(clause, scope);
      }
      return;
    }
    case "global_statement":
      for (const name of node.namedChildren) scope.declareGlobal(name.text);
      return;
    case "nonlocal_statement":
      for (const name of node.namedChildren) scope.declareNonlocal(name.text);
      return;
    case "delete_statement":
    case "assert_statement":
    case "print_statement":
    case "exec_statement":
      if (scope.maker.isThorough) lowerUnkept(node, scope);
      else scope.noteUnread(node, line);
      return;
    case "raise_statement":
      // What it computes for its message gives nothing that is held, but it runs, and nothing may be loaded or all goes on.
      if (!scope.isCaught) scope.noteRaise(node, line);
      else if (scope.maker.isThorough) for (const child of operandsOf(node)) lowerExpression(child, scope);
      return;
    case "while_statement": {
      const test = node.childForFieldName("condition");
      if (scope.code.kind !== "function" || !test) {
        lowerNested(node, scope, false);
        return;
      }
      lowerTest(test, scope);
      const body = node.childForFieldName("body");
      if (body) scope.guarded(conditionOf(test, true, scope), line, () => lowerBlock(body, scope, false));
      for (const child of node.namedChildren) if (CLAUSES.has(child.type)) lowerNested(child, scope, false);
      return;
    }
    case "try_statement":
    case "with_statement":
      scope.tries++;
      lowerNested(node, scope, false);
      scope.tries--;
      return;
    case "if_statement":
      lowerNested(node, scope, false);
      return;
    default:
      if (!PLAIN_STATEMENTS.has(node.type) && !isBetween(node)) scope.noteNotRead(line);
      return;
  }
}

const PLAIN_STATEMENTS = new Set([
  "pass_statement",
  "break_statement",
  "continue_statement",
  "future_import_statement",
  "type_alias_statement",
]);

/** What a statement does that gives nothing to keep. */
function lowerUnkept(node: SyntaxNode, scope: Scope): void {
  if (node.type === "delete_statement") for (const target of operandsOf(node)) lowerDeletion(target, scope);
  else if (node.type !== "assert_statement") scope.noteNotRead(lineOf(node));
  else {
    const [test, message] = operandsOf(node);
    if (test) lowerTest(test, scope);
    if (message) lowerExpression(message, scope);
  }
}

function lowerDeletion(target: SyntaxNode, scope: Scope): void {
  const line = lineOf(target);
  switch (target.type) {
    case "identifier":
      return;
    case "attribute": {
      const object = target.childForFieldName("object");
      const from = object ? lowerExpression(object, scope) : NOTHING;
      // A property may have something to say to it.
      lowerExpression(target, scope);
      ask(scope, ASKING.deleteAttribute, from, NOTHING, line);
      return;
    }
    case "subscript": {
      const object = target.childForFieldName("value");
      const from = object ? lowerExpression(object, scope) : NOTHING;
      ask(scope, ASKING.deleteItem, from, lowerKey(target.childrenForFieldName("subscript"), scope), line);
      return;
    }
    default:
      for (const part of operandsOf(target)) lowerDeletion(part, scope);
  }
}

function lowerBlocks(node: SyntaxNode, scope: Scope): void {
  for (const child of node.namedChildren) {
    if (child.type === "block") lowerBlock(child, scope, false);
    else if (CLAUSES.has(child.type)) lowerNested(child, scope, false);
  }
}

function lowerExpressionStatement(node: SyntaxNode, scope: Scope): void {
  if (node.type === "assignment") lowerAssignment(node, scope);
  else if (node.type === "augmented_assignment") {
    const target = node.childForFieldName("left");
    const value = node.childForFieldName("right");
    if (!target || !value) return;
    const left = lowerExpression(target, scope);
    const right = lowerExpression(value, scope);
    scope.noteChange(target);
    if (isEmpty(left) && isEmpty(right)) return;
    const operator = operatorBetween(node, target, value).slice(0, -1);
    scope.assign(target, emit(scope, { op: "operate", into: scope.fresh(), operator, left, right, inPlace: true, line: lineOf(node) }));
  } else if (node.type === "yield") lowerYield(node, scope, false);
  else if ((scope.maker.isThorough || node.type !== "string") && !isBetween(node)) lowerExpression(node, scope);
}

/** `a = b = value`, and `a: T = value`. */
function lowerAssignment(node: SyntaxNode, scope: Scope): void {
  const targets: SyntaxNode[] = [];
  let current: SyntaxNode | null = node;
  let annotation: SyntaxNode | null = null;
  while (current?.type === "assignment") {
    const left: SyntaxNode | null = current.childForFieldName("left");
    if (left) targets.push(left);
    annotation ??= current.childForFieldName("type");
    current = current.childForFieldName("right");
  }
  let from = NOTHING;
  if (current?.type === "augmented_assignment") lowerExpressionStatement(current, scope);
  else if (current) from = lowerExpression(current, scope);
  const type = annotation && typeExpression(annotation, scope.maker.parse);
  if (type) {
    const into = scope.fresh();
    if (isNumber(from)) scope.noteConstant(into, current ? from : NOTHING);
    else scope.instructions.push({ op: "move", into, from, line: lineOf(node) });
    scope.instructions.push({ op: "annotate", into, type, what: targets[0]?.text ?? "", line: lineOf(node) });
    from = into;
  } else if (annotation && !current) return;
  for (const target of targets) {
    if (target.type === "attribute" && current?.type === "none") scope.noteCleared(target);
    scope.assign(target, from);
  }
}

function lowerFunction(node: SyntaxNode, scope: Scope, decorators: readonly SyntaxNode[]): void {
  const name = node.childForFieldName("name");
  if (!name) return;
  const { code, defaults } = scope.declareFunction(node, name.text, decorators.map(decoratorText));
  if (scope.maker.isThorough && scope.code.kind === "function" && hasComputedAnnotation(node)) scope.noteNotRead(lineOf(node));
  const into = emit(scope, { op: "function", into: scope.fresh(), code, defaults, line: code.line });
  scope.write(name.text, decorateFunction(decorators, into, scope), code.line);
}

/** Whether an annotation in the head of a function calls something, when the function is made. */
function hasComputedAnnotation(node: SyntaxNode): boolean {
  const types = [
    node.childForFieldName("return_type"),
    ...(node.childForFieldName("parameters")?.namedChildren ?? []).map((child) => child.childForFieldName("type")),
  ];
  return types.some((type) => type?.text.includes("("));
}

/** The register with what decorators make of a function, the last of them first: the function itself, and what was wrapped around it. */
function decorateFunction(decorators: readonly SyntaxNode[], function_: number, scope: Scope): number {
  let decorated = function_;
  for (const decorator of decorators.toReversed()) {
    const [expression] = decorator.namedChildren;
    const text = decoratorText(decorator);
    if (!expression || MARKS.test(text) || (decorated === function_ && BUILTIN_DECORATORS.has(text))) continue;
    if (expression.type !== "call") scope.noteStatementCall(expression);
    const callee = lowerExpression(expression, scope);
    if (isEmpty(callee)) continue;
    decorated = emit(scope, {
      op: "call",
      into: scope.fresh(),
      callee,
      arguments: [{ kind: "positional" as const, from: decorated }],
      decorator: BINDING.test(text) ? "binding" : "plain",
      line: lineOf(decorator),
    });
  }
  return decorated;
}

/** Decorators that leave what they are over as it is. */
const MARKS = /^((abc\.)?abstractmethod|(typing\.)?overload)$/;
/** Decorators that say how a function of a class is bound. */
const BINDING = /(property|(^|\.)(staticmethod|classmethod|getter|setter|deleter))$/;

function lowerClass(node: SyntaxNode, scope: Scope, decorators: readonly SyntaxNode[]): void {
  const name = node.childForFieldName("name");
  if (!name) return;
  const code = scope.maker.class(node, decorators.map(decoratorText), scope.code);
  const into = emit(scope, { op: "class", into: scope.fresh(), code, line: code.line });
  scope.write(name.text, decorateClass(decorators, into, scope), code.line);
}

/** The register with what decorators make of a class: the class itself, which they may register, and another that they give for it. */
function decorateClass(decorators: readonly SyntaxNode[], class_: number, scope: Scope): number {
  let decorated = class_;
  for (const decorator of decorators.toReversed()) {
    const [expression] = decorator.namedChildren;
    if (!expression) continue;
    if (expression.type !== "call") scope.noteStatementCall(expression);
    const callee = lowerExpression(expression, scope);
    if (isEmpty(callee)) continue;
    const args = [{ kind: "positional" as const, from: decorated }];
    decorated = emit(scope, { op: "call", into: scope.fresh(), callee, arguments: args, decorator: "class", line: lineOf(decorator) });
  }
  return decorated;
}

const BUILTIN_DECORATORS = new Set(["property", "staticmethod", "classmethod"]);

/** The dotted text of a decorator, without the arguments of its call. */
export function decoratorText(decorator: SyntaxNode): string {
  const [expression] = decorator.namedChildren;
  const callee = expression?.type === "call" ? expression.childForFieldName("function") : expression;
  return callee ? (dottedPath(callee)?.join(".") ?? "") : "";
}

function lowerImport(node: SyntaxNode, scope: Scope): void {
  const line = lineOf(node);
  const from = node.type === "import_from_statement" ? importedModule(node, scope.code.unit) : null;
  for (const child of node.childrenForFieldName("name")) {
    const name = child.type === "aliased_import" ? child.childForFieldName("name")?.text : child.text;
    const alias = child.type === "aliased_import" ? child.childForFieldName("alias")?.text : undefined;
    if (!name) continue;
    // `import a.b` binds `a`; `import a.b as c` binds the submodule.
    const [first = name] = name.split(".");
    const module = from ?? (alias ? name : first);
    const into = emit(scope, { op: "import", into: scope.fresh(), module, name: from === null ? null : name, line });
    scope.write(alias ?? (from === null ? first : name), into, line);
  }
}

function lowerWith(clause: SyntaxNode, scope: Scope): void {
  for (const item of clause.namedChildren) {
    const value = item.childForFieldName("value");
    if (!value) continue;
    const isAs = value.type === "as_pattern";
    const expression = isAs ? value.namedChildren[0] : value;
    const from = expression ? lowerExpression(expression, scope) : NOTHING;
    const entered = emit(scope, { op: "enter", into: scope.fresh(), from, line: lineOf(item) });
    const target = isAs ? value.childForFieldName("alias") : null;
    if (target) scope.assign(target.type === "as_pattern_target" ? (target.namedChildren[0] ?? target) : target, entered);
  }
}
