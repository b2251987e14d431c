/**
 * A module, class or function as Code: its head is read at once, its body is lowered when it is first reached, its
 * parameters and members when they are first asked for. Boundary: one definition; what a file binds is `lower-module.ts`.
 */
import type { Body, Code, Literal, Member, Parameter, TypeExpression, Unit } from "./code.ts";
import { constantKind } from "./conditions.ts";
import { IS_UNKNOWN } from "./constant-kinds.ts";
import { type KeepableCode, keptBody, keptHead, MODULE, qualifiedName } from "./kept-unit.ts";
import { decoratorText, lowerBody } from "./lower-body.ts";
import type { CodeMaker } from "./scope.ts";
import type { SyntaxNode } from "./syntax-node.ts";
import { isBetween, stringText, typeExpression } from "./type-expression.ts";

export class LoweredCode implements KeepableCode {
  readonly qualifiedName: string;
  readonly fullName: string;
  readonly line: number;
  private loweredBases: readonly TypeExpression[] | null = null;
  private loweredNested: readonly Code[] | null = null;
  private loweredBody: Body | null = null;
  private loweredParameters: readonly Parameter[] | null = null;
  private loweredMembers: ReadonlyMap<string, Member> | null = null;
  /** Whether anything was asked for that takes parsing. */
  private isHeadRead = false;

  constructor(
    readonly kind: "module" | "class" | "function",
    private readonly node: SyntaxNode,
    readonly name: string,
    readonly decorators: readonly string[],
    readonly parent: Code | null,
    readonly unit: Unit,
    private readonly maker: CodeMaker,
  ) {
    this.line = kind === "module" ? 1 : node.startPosition.row + 1;
    this.qualifiedName = qualifiedName(kind, name, parent);
    this.fullName = `${unit.module}.${this.qualifiedName}`;
  }

  private get head(): SyntaxNode {
    this.isHeadRead = true;
    return this.node;
  }

  get headSoFar(): string | null {
    return this.isHeadRead ? keptHead(this) : null;
  }

  get bodySoFar(): string | null {
    return this.loweredBody && keptBody(this.loweredBody);
  }

  /** What stands in the brackets of a class. */
  private get supers(): readonly SyntaxNode[] {
    return this.kind === "class" ? (this.head.childForFieldName("superclasses")?.namedChildren ?? []) : [];
  }

  get bases(): readonly TypeExpression[] {
    this.loweredBases ??= this.supers
      .filter((child) => child.type !== "keyword_argument" && !isBetween(child))
      .flatMap(choices)
      .map((child) => baseExpression(child, this.maker.parse))
      .filter((type) => type !== null);
    return this.loweredBases;
  }

  get metaclass(): TypeExpression | null {
    const keyword = this.supers.find((child) => child.type === "keyword_argument" && child.childForFieldName("name")?.text === "metaclass");
    const metaclass = keyword?.childForFieldName("value") ?? this.supers.flatMap(metaclassAmong)[0];
    return metaclass ? typeExpression(metaclass, this.maker.parse) : null;
  }

  get nested(): readonly Code[] {
    this.loweredNested ??= this.kind === "class" ? this.nestedClasses() : [];
    return this.loweredNested;
  }

  private nestedClasses(): Code[] {
    const found: Code[] = [];
    for (const child of this.head.childForFieldName("body")?.namedChildren ?? []) {
      if (child.type === "class_definition") found.push(this.maker.class(child, [], this));
      const definition = child.type === "decorated_definition" ? child.childForFieldName("definition") : null;
      if (definition?.type !== "class_definition") continue;
      const decorators = child.namedChildren.filter((part) => part.type === "decorator").map(decoratorText);
      found.push(this.maker.class(definition, decorators, this));
    }
    return found;
  }

  get parameters(): readonly Parameter[] {
    this.loweredParameters ??= this.kind === "function" ? parametersOf(this.head, this.maker) : [];
    return this.loweredParameters;
  }

  get returns(): TypeExpression | null {
    const type = this.kind === "function" ? this.head.childForFieldName("return_type") : null;
    return type && typeExpression(type, this.maker.parse);
  }

  get members(): ReadonlyMap<string, Member> {
    const block = this.kind === "class" ? this.head.childForFieldName("body") : null;
    this.loweredMembers ??= membersOf(block, this.maker);
    return this.loweredMembers;
  }

  get start(): number {
    return this.kind === "module" ? MODULE : this.node.startIndex;
  }

  get range(): readonly [number, number] {
    const { startIndex } = this.head;
    return [startIndex, startIndex + this.text.length];
  }

  get text(): string {
    return this.maker.syntax.textOf(this.head);
  }

  get body(): Body {
    if (this.loweredBody) return this.loweredBody;
    const { syntax } = this.maker;
    const block = this.kind === "module" ? this.node : syntax.bodyOf(this.node);
    const body = lowerBody(this, block ?? this.node, this.maker);
    this.loweredBody = body;
    // Definitions inside it are lowered later, from the same tree.
    const isDone = this.kind === "function" && !body.instructions.some(({ op }) => op === "function" || op === "class");
    if (isDone) syntax.forgetBody(this.node);
    return body;
  }
}

/** `Meta` of `with_metaclass(Meta, Base)`. */
function metaclassAmong(node: SyntaxNode): SyntaxNode[] {
  const isMaker = node.type === "call" && /(^|\.)with_metaclass$/.test(node.childForFieldName("function")?.text ?? "");
  return isMaker ? (node.childForFieldName("arguments")?.namedChildren.slice(0, 1) ?? []) : [];
}

/** What a base may be: of `Fast if HAS_FAST else Slow` either. */
function choices(node: SyntaxNode): readonly SyntaxNode[] {
  if (node.type === "parenthesized_expression") return node.namedChildren.flatMap(choices);
  if (node.type !== "conditional_expression") return [node];
  const [then, , otherwise] = node.namedChildren;
  return [then, otherwise].flatMap((each) => (each ? choices(each) : []));
}

/** A base class; for `with_metaclass(Meta, Base)` the bases among its arguments, for `namedtuple("Name", fields)` what makes it. */
function baseExpression(node: SyntaxNode, parse: CodeMaker["parse"]): TypeExpression | null {
  if (node.type !== "call") return typeExpression(node, parse);
  const args = node.childForFieldName("arguments")?.namedChildren ?? [];
  const callee = node.childForFieldName("function");
  const name = callee?.text ?? "";
  const base = name.endsWith("with_metaclass") ? args[1] : /(^|\.)(namedtuple|NamedTuple)$/.test(name) ? callee : undefined;
  return base ? typeExpression(base, parse) : null;
}

function parametersOf(node: SyntaxNode, maker: CodeMaker): Parameter[] {
  const result: Parameter[] = [];
  let kind: "positional" | "keyword-only" = "positional";
  for (const child of node.childForFieldName("parameters")?.namedChildren ?? []) {
    const line = child.startPosition.row + 1;
    if (isBetween(child)) continue;
    if (child.type === "keyword_separator") kind = "keyword-only";
    else if (child.type === "positional_separator") {
      for (const [index, earlier] of result.entries()) result[index] = { ...earlier, kind: "positional-only" };
    } else {
      const type = child.childForFieldName("type");
      const named = child.childForFieldName("name") ?? (child.type === "typed_parameter" ? child.namedChildren[0] : child);
      const star = named?.type === "list_splat_pattern" ? "star" : named?.type === "dictionary_splat_pattern" ? "double-star" : null;
      const name = (star ? named?.namedChildren[0]?.text : named?.text) ?? "";
      const annotation = type && typeExpression(type, maker.parse);
      const value = child.childForFieldName("value");
      result.push({ name, kind: star ?? kind, annotation, default: value ? constantKind(value) || IS_UNKNOWN : 0, line });
      if (star === "star") kind = "keyword-only";
    }
  }
  return result;
}

/** The plain names among the targets of an assignment. */
export function targetNames(target: SyntaxNode | null): string[] {
  if (!target) return [];
  if (target.type === "identifier") return [target.text];
  if (target.type === "attribute" || target.type === "subscript") return [];
  return target.namedChildren.flatMap(targetNames);
}

/** The names that a class body binds, in any branch. */
function membersOf(block: SyntaxNode | null, maker: CodeMaker): Map<string, Member> {
  const members = new Map<string, Member>();
  const add = (name: string, member: Member) => {
    const known = members.get(name);
    if (!known) members.set(name, member);
    else if (known.annotation === null && member.annotation !== null) members.set(name, { ...member, literal: null });
    else members.set(name, { ...known, hasValue: known.hasValue || member.hasValue, literal: null });
  };
  const visit = (node: SyntaxNode): void => {
    const line = node.startPosition.row + 1;
    if (node.type === "assignment" || node.type === "augmented_assignment") {
      const type = node.childForFieldName("type");
      const right = node.childForFieldName("right");
      const isPlain = node.type === "assignment" && node.childForFieldName("left")?.type === "identifier";
      for (const name of targetNames(node.childForFieldName("left")))
        add(name, {
          annotation: type && typeExpression(type, maker.parse),
          hasValue: right !== null,
          isAssigned: true,
          isEmpty: right?.type === "none",
          literal: right && isPlain ? literalOf(right) : null,
          line,
        });
      if (right) visit(right);
    } else if (node.type === "function_definition" || node.type === "class_definition")
      add(node.childForFieldName("name")?.text ?? "", { ...DEFINED, line });
    else if (node.type.startsWith("import")) {
      for (const child of node.childrenForFieldName("name")) {
        const name = child.childForFieldName("alias")?.text ?? child.text.split(".")[0] ?? "";
        add(name, { ...DEFINED, line });
      }
    } else if (MEMBER_CONTAINERS.has(node.type)) for (const child of node.namedChildren) visit(child);
  };
  if (block) visit(block);
  return members;
}

/** The constant that an expression is, if it is one. One with escapes (`\n`) is not told. */
function literalOf(node: SyntaxNode): Literal | null {
  if (node.type === "integer" && /^\d+$/.test(node.text)) return { kind: "number", number: Number(node.text) };
  if (node.type === "call" && /^(\w+\.)*auto\(\)$/.test(node.text)) return { kind: "auto" };
  const text = stringText(node);
  return text === null || text.includes("\\") ? null : { kind: "string", text };
}

const DEFINED = { annotation: null, hasValue: true, isAssigned: false, isEmpty: false, literal: null };

const MEMBER_CONTAINERS = new Set([
  "block",
  "expression_statement",
  "decorated_definition",
  "if_statement",
  "elif_clause",
  "else_clause",
  "try_statement",
  "except_clause",
  "finally_clause",
  "with_statement",
  "for_statement",
]);
