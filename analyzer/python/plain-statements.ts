/**
 * Parses plain Python 3 into the nodes that tree-sitter's grammar gives it, six times as fast; a text that has anything
 * else (Python 2, `match`, `type`, mistakes) is left to tree-sitter. Boundary: statements; expressions are
 * `plain-expressions.ts`.
 */
import { asPattern, Expressions, type Place } from "./plain-expressions.ts";
import type { PlainNode, SyntaxNode } from "./syntax-node.ts";
import { NotPlain, type PassedLines } from "./tokens.ts";

/** A stretch of a text that is one definition, from `def` (or `async`) or `class` on. */
export interface DefinitionRange {
  readonly definition: number;
  readonly definitionRow: number;
  readonly end: number;
}

/** Classes and functions that are parsed later, their nodes by where they start. */
export type LateNodes = ReadonlyMap<number, { readonly node: SyntaxNode; readonly end: number; readonly endRow: number }>;

/** The tree of a text, `passed` lines left out; null where the text is not plain. A function whose body is passed has an empty block. */
export function parsePlain(text: string, passed: readonly PassedLines[], late: LateNodes = NONE_LATE): PlainNode | null {
  return unlessNotPlain(() => new Statements(text, passed, 0, text.length, 0, late).module());
}

/** The tree of one definition of a function or class; null where it is not plain. */
export function parsePlainDefinition(
  text: string,
  { definition, definitionRow, end }: DefinitionRange,
  passed: readonly PassedLines[],
  late: LateNodes = NONE_LATE,
): SyntaxNode | null {
  return unlessNotPlain(() => new Statements(text, passed, definition, end, definitionRow, late).definition());
}

const NONE_LATE: LateNodes = new Map();

function unlessNotPlain<Parsed>(parse: () => Parsed): Parsed | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof NotPlain) return null;
    throw error;
  }
}

const AUGMENTED = new Set(["+=", "-=", "*=", "/=", "@=", "//=", "%=", "**=", ">>=", "<<=", "&=", "^=", "|="]);

class Statements extends Expressions {
  constructor(
    text: string,
    passed: readonly PassedLines[],
    from: number,
    to: number,
    fromRow: number,
    private readonly late: LateNodes,
  ) {
    super(text, passed, from, to, fromRow);
  }

  module(): PlainNode {
    this.advance();
    const start = { startIndex: 0, row: 0 };
    const statements: SyntaxNode[] = [];
    while (!this.is("end")) this.statement(statements);
    return this.from(start, "module", statements);
  }

  definition(): SyntaxNode {
    this.advance();
    const node = this.isWord("async") ? this.afterAsync() : this.isWord("class") ? this.class() : this.function(this.here());
    if (!this.is("end") || !node.type.endsWith("_definition")) throw new NotPlain();
    return node;
  }

  /** One line of statements, or a compound one. */
  private statement(into: SyntaxNode[]): void {
    if (this.is("newline")) {
      this.advance();
      return;
    }
    const compound = this.compound();
    if (compound) {
      into.push(compound);
      return;
    }
    do {
      if (this.is("newline")) break;
      into.push(this.simple());
    } while (this.takes(";"));
    this.endLine();
  }

  private endLine(): void {
    if (!this.is("newline")) throw new NotPlain();
    this.advance();
  }

  private suite(): PlainNode {
    this.expect(":");
    const start = this.here();
    const statements: SyntaxNode[] = [];
    if (!this.is("newline")) {
      if (this.compound()) throw new NotPlain();
      this.statement(statements);
      return this.from(start, "block", statements);
    }
    this.advance();
    if (!this.is("indent")) return this.from(start, "block", []);
    this.advance();
    while (!this.is("dedent")) {
      if (this.is("end") || this.is("indent")) throw new NotPlain();
      this.statement(statements);
    }
    this.advance();
    return this.from(start, "block", statements);
  }

  // -- compound statements

  private compound(): SyntaxNode | null {
    const start = this.here();
    if (this.isOperator("@")) return this.decorated();
    if (!this.is("name")) return null;
    switch (this.word) {
      case "if":
        return this.conditional("if_statement");
      case "while":
        return this.conditional("while_statement");
      case "for":
        return this.loop(start);
      case "try":
        return this.attempt();
      case "with":
        return this.with(start);
      case "def":
        return this.function(start);
      case "class":
        return this.class();
      case "async":
        return this.afterAsync();
      default:
        return null;
    }
  }

  private afterAsync(): SyntaxNode {
    const start = this.here();
    this.expectWord("async");
    if (this.isWord("def")) return this.function(start);
    if (this.isWord("for")) return this.loop(start);
    return this.with(start);
  }

  private conditional(type: string): PlainNode {
    const start = this.here();
    this.advance();
    const parts = [this.named(), this.suite()];
    const fields = ["condition", type === "while_statement" ? "body" : "consequence"];
    while (type === "if_statement" && this.isWord("elif")) {
      parts.push(this.conditional("elif_clause"));
      fields.push("alternative");
    }
    if (type !== "elif_clause") this.otherwise(parts, fields);
    return this.from(start, type, parts, fields);
  }

  private otherwise(parts: PlainNode[], fields: string[]): void {
    const start = this.here();
    if (!this.takesWord("else")) return;
    parts.push(this.from(start, "else_clause", [this.suite()], ["body"]));
    fields.push("alternative");
  }

  private loop(start: Place): PlainNode {
    this.expectWord("for");
    const left = this.targets();
    this.expectWord("in");
    const right = this.expressions();
    const parts = [left, right, this.suite()];
    const fields = ["left", "right", "body"];
    this.otherwise(parts, fields);
    return this.from(start, "for_statement", parts, fields);
  }

  private attempt(): PlainNode {
    const start = this.here();
    this.expectWord("try");
    const parts = [this.suite()];
    const fields = ["body"];
    while (this.isWord("except")) {
      parts.push(this.except());
      fields.push("");
    }
    this.otherwise(parts, fields);
    const last = this.here();
    if (this.takesWord("finally")) parts.push(this.from(last, "finally_clause", [this.suite()]));
    return this.from(start, "try_statement", parts, fields);
  }

  private except(): PlainNode {
    const start = this.here();
    this.expectWord("except");
    this.takes("*");
    const parts: PlainNode[] = [];
    const fields: string[] = [];
    if (!this.isOperator(":")) {
      parts.push(this.aliased());
      fields.push("value");
    }
    parts.push(this.suite());
    return this.from(start, "except_clause", parts, fields);
  }

  private with(start: Place): PlainNode {
    this.expectWord("with");
    const first = this.here();
    const items = this.parenthesizedItems() ?? this.withItems(":");
    const clause = this.from(first, "with_clause", items);
    return this.from(start, "with_statement", [clause, this.suite()], ["", "body"]);
  }

  /** `with (a as b, c):`; null where the brackets are of an expression. */
  private parenthesizedItems(): PlainNode[] | null {
    if (!this.isOperator("(")) return null;
    const mark = this.mark();
    const items = unlessNotPlain(() => {
      this.advance();
      const found = this.withItems(")");
      this.expect(")");
      return this.isOperator(":") ? found : null;
    });
    if (!items) this.goBack(mark);
    return items;
  }

  private withItems(close: string): PlainNode[] {
    const items: PlainNode[] = [];
    while (!this.isOperator(close)) {
      const value = this.aliased();
      items.push(this.from(value, "with_item", [value], ["value"]));
      if (!this.takes(",")) break;
    }
    if (items.length === 0) throw new NotPlain();
    return items;
  }

  /** An expression, or `expression as target`. */
  private aliased(): PlainNode {
    const value = this.expression();
    if (!this.takesWord("as")) return value;
    const target = asPattern(this.binary(1));
    const alias = this.from(target, "as_pattern_target", [target]);
    return this.from(value, "as_pattern", [value, alias], ["", "alias"]);
  }

  private function(start: Place): SyntaxNode {
    const late = this.late.get(start.startIndex);
    if (late) {
      this.pass(late.end, late.endRow);
      return late.node;
    }
    this.expectWord("def");
    const name = this.identifier();
    this.typeParameters();
    const open = this.here();
    this.expect("(");
    const list = this.parameters(")", true);
    this.expect(")");
    const parts = [name, this.from(open, "parameters", list)];
    const fields = ["name", "parameters"];
    if (this.takes("->")) {
      parts.push(this.type());
      fields.push("return_type");
    }
    parts.push(this.suite());
    fields.push("body");
    return this.from(start, "function_definition", parts, fields);
  }

  private class(): SyntaxNode {
    const late = this.late.get(this.start);
    if (late) {
      this.pass(late.end, late.endRow);
      return late.node;
    }
    const start = this.here();
    this.expectWord("class");
    const parts = [this.identifier()];
    const fields = ["name"];
    this.typeParameters();
    if (this.isOperator("(")) {
      parts.push(this.argumentList());
      fields.push("superclasses");
    }
    parts.push(this.suite());
    fields.push("body");
    return this.from(start, "class_definition", parts, fields);
  }

  /** `[T, *Ts]` after a name: nothing is asked of them. */
  private typeParameters(): void {
    if (!this.isOperator("[")) return;
    let depth = 0;
    do {
      if (this.isOperator("[")) depth++;
      else if (this.isOperator("]")) depth--;
      if (this.is("end")) throw new NotPlain();
      this.advance();
    } while (depth > 0);
  }

  private decorated(): PlainNode {
    const start = this.here();
    const parts: PlainNode[] = [];
    const fields: string[] = [];
    while (this.isOperator("@")) {
      const at = this.here();
      this.advance();
      parts.push(this.from(at, "decorator", [this.named()]));
      fields.push("");
      this.endLine();
    }
    const definition = this.isWord("class") ? this.class() : this.isWord("async") ? this.afterAsync() : this.function(this.here());
    return this.from(start, "decorated_definition", [...parts, definition], [...fields, "definition"]);
  }

  // -- simple statements

  private simple(): PlainNode {
    const start = this.here();
    if (this.is("name")) {
      switch (this.word) {
        case "pass":
        case "break":
        case "continue":
          return this.leaf(`${this.word}_statement`);
        case "return":
          this.advance();
          return this.from(start, "return_statement", this.isLineEnd() ? [] : [this.expressions()]);
        case "del":
          this.advance();
          return this.from(start, "delete_statement", [this.expressions()]);
        case "raise":
          return this.raise();
        case "assert": {
          this.advance();
          const condition = this.expression();
          return this.from(start, "assert_statement", this.takes(",") ? [condition, this.expression()] : [condition]);
        }
        case "global":
        case "nonlocal":
          return this.declaration(`${this.word}_statement`);
        case "import":
          this.advance();
          return this.imported(start, "import_statement", []);
        case "from":
          return this.importedFrom();
        default:
      }
    }
    return this.expressionStatement();
  }

  private isLineEnd(): boolean {
    return this.is("newline") || this.isOperator(";");
  }

  private raise(): PlainNode {
    const start = this.here();
    this.expectWord("raise");
    const parts = this.isLineEnd() ? [] : [this.expressions()];
    if (this.takesWord("from")) parts.push(this.expression());
    return this.from(start, "raise_statement", parts);
  }

  private declaration(type: string): PlainNode {
    const start = this.here();
    this.advance();
    const names = [this.identifier()];
    while (this.takes(",")) names.push(this.identifier());
    return this.from(start, type, names);
  }

  private imported(start: Place, type: string, module: readonly PlainNode[]): PlainNode {
    const isParenthesized = module.length > 0 && this.takes("(");
    const names: PlainNode[] = [];
    do {
      if (isParenthesized && this.isOperator(")")) break;
      const name = this.dottedName();
      names.push(this.takesWord("as") ? this.from(name, "aliased_import", [name, this.identifier()], ["name", "alias"]) : name);
    } while (this.takes(","));
    if (isParenthesized) this.expect(")");
    return this.from(start, type, [...module, ...names], [...module.map(() => "module_name"), ...names.map(() => "name")]);
  }

  private importedFrom(): PlainNode {
    const start = this.here();
    this.expectWord("from");
    const first = this.here();
    let module: PlainNode;
    if (this.isOperator(".") || this.isOperator("...")) {
      while (this.takes(".") || this.takes("..."));
      if (!this.isWord("import")) this.dottedName();
      module = this.from(first, "relative_import", []);
    } else module = this.dottedName();
    this.expectWord("import");
    if (this.isOperator("*")) {
      const all = this.leaf("wildcard_import");
      return this.from(start, "import_from_statement", [module, all], ["module_name", ""]);
    }
    return this.imported(start, module.text === "__future__" ? "future_import_statement" : "import_from_statement", [module]);
  }

  private dottedName(): PlainNode {
    const first = this.identifier();
    while (this.takes(".")) this.identifier();
    return this.from(first, "dotted_name", []);
  }

  private expressionStatement(): PlainNode {
    const start = this.here();
    const isPrint = this.isWord("print");
    const first = this.element();
    if (isPrint && first.type === "binary_operator") throw new NotPlain();
    if (!this.isOperator(",")) {
      const assigned = this.assigned(first);
      return this.from(start, "expression_statement", [assigned]);
    }
    const items = this.more(first);
    if (!this.isOperator("=") && !this.isAugmented()) return this.from(start, "expression_statement", items);
    return this.from(start, "expression_statement", [this.assigned(this.from(first, "expression_list", items))]);
  }

  /** What is assigned to an expression, if anything is. */
  private assigned(left: PlainNode): PlainNode {
    if (!this.is("operator")) return left;
    if (this.takes("=")) return this.from(left, "assignment", [asPattern(left), this.rightHand()], ["left", "right"]);
    if (this.isAugmented()) {
      this.advance();
      return this.from(left, "augmented_assignment", [asPattern(left), this.rightHand()], ["left", "right"]);
    }
    if (!this.takes(":")) return left;
    const type = this.type();
    if (!this.takes("=")) return this.from(left, "assignment", [asPattern(left), type], ["left", "type"]);
    return this.from(left, "assignment", [asPattern(left), type, this.rightHand()], ["left", "type", "right"]);
  }

  private isAugmented(): boolean {
    return this.is("operator") && AUGMENTED.has(this.word);
  }

  private rightHand(): PlainNode {
    return this.assigned(this.expressions());
  }
}
