/**
 * Expressions of plain Python 3, as the nodes that tree-sitter's grammar gives them. Boundary: statements are
 * `plain-statements.ts`; what a formatted string computes is not read, as nothing in it is kept.
 */
import { DEEPEST_EXPRESSION, PlainNode, type SyntaxNode } from "./syntax-node.ts";
import { NotPlain, Tokens } from "./tokens.ts";

const BINARY: ReadonlyMap<string, number> = new Map([
  ["|", 1],
  ["^", 2],
  ["&", 3],
  ["<<", 4],
  [">>", 4],
  ["+", 5],
  ["-", 5],
  ["*", 6],
  ["/", 6],
  ["//", 6],
  ["%", 6],
  ["@", 6],
]);
const COMPARISONS = new Set(["<", "<=", "==", "!=", ">=", ">", "<>"]);

/** Words that are no names. */
const KEYWORDS: ReadonlySet<string> = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(
    " ",
  ),
);

/** Where a node starts: what it starts with, or a place. */
export interface Place {
  readonly startIndex: number;
  readonly row: number;
}

export class Expressions extends Tokens {
  private nesting = 0;

  // -- making nodes

  protected leaf(type: string): PlainNode {
    const node = new PlainNode(type, this.text, this.start, this.end, this.row);
    this.advance();
    return node;
  }

  /** A node from where `first` starts to the end of the last token. */
  protected from(first: Place, type: string, parts: readonly SyntaxNode[], fields?: readonly string[]): PlainNode {
    return new PlainNode(type, this.text, first.startIndex, this.lastEnd, first.row, parts, fields);
  }

  /** The place of the current token. */
  protected here(): Place {
    return { startIndex: this.start, row: this.row };
  }

  protected isOperator(word: string): boolean {
    return this.word === word && this.is("operator");
  }

  protected isWord(word: string): boolean {
    return this.word === word && this.is("name");
  }

  /** Passes an operator if it is there. */
  protected takes(operator: string): boolean {
    if (!this.isOperator(operator)) return false;
    this.advance();
    return true;
  }

  protected takesWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.advance();
    return true;
  }

  protected expect(operator: string): void {
    if (!this.takes(operator)) throw new NotPlain();
  }

  protected expectWord(word: string): void {
    if (!this.takesWord(word)) throw new NotPlain();
  }

  protected identifier(): PlainNode {
    if (!this.is("name") || KEYWORDS.has(this.word)) throw new NotPlain();
    return this.leaf("identifier");
  }

  // -- lists

  /** `a`, or `a, *b` as an expression list. */
  protected expressions(): PlainNode {
    const first = this.element();
    if (!this.isOperator(",")) return first;
    return this.from(first, "expression_list", this.more(first));
  }

  /** The elements after a first one, up to where no expression can start. */
  protected more(first: PlainNode): PlainNode[] {
    const items = [first];
    while (this.takes(",") && this.startsExpression()) items.push(this.element());
    return items;
  }

  private startsExpression(): boolean {
    if (this.is("operator")) return "([{-+~*".includes(this.word) || this.word === "..." || this.word === "**";
    if (this.is("name")) return !KEYWORDS.has(this.word) || EXPRESSION_WORDS.has(this.word);
    return this.is("number") || this.is("string");
  }

  /** An expression, or one with a star. */
  protected element(): PlainNode {
    if (this.isOperator("*")) {
      const start = this.here();
      this.advance();
      return this.from(start, "list_splat", [this.binary(1)]);
    }
    return this.isWord("yield") ? this.yielded() : this.named();
  }

  protected yielded(): PlainNode {
    const start = this.here();
    this.expectWord("yield");
    if (this.takesWord("from")) return this.from(start, "yield", [this.expression()]);
    return this.from(start, "yield", this.startsExpression() ? [this.expressions()] : []);
  }

  /** What may stand left of `=` and after `for`. */
  protected targets(): PlainNode {
    const first = this.target();
    if (!this.isOperator(",")) return asPattern(first);
    const items = [first];
    while (this.takes(",") && this.startsExpression()) items.push(this.target());
    return asPattern(this.from(first, "expression_list", items));
  }

  private target(): PlainNode {
    if (!this.isOperator("*")) return this.binary(1);
    const start = this.here();
    this.advance();
    return this.from(start, "list_splat", [this.binary(1)]);
  }

  // -- operators, the loosest first

  /** An expression, or `name := value`. */
  protected named(): PlainNode {
    const left = this.expression();
    if (!this.isOperator(":=") || left.type !== "identifier") return left;
    this.advance();
    return this.from(left, "named_expression", [left, this.expression()], NAME_VALUE);
  }

  protected expression(): PlainNode {
    return this.within(() => this.choice());
  }

  /** What is inside something else: so deep, and the stack would not do. */
  private within(read: () => PlainNode): PlainNode {
    if (this.nesting === DEEPEST_EXPRESSION) throw new NotPlain();
    this.nesting++;
    const found = read();
    this.nesting--;
    return found;
  }

  private choice(): PlainNode {
    if (this.isWord("lambda")) return this.lambda();
    const then = this.disjunction();
    if (!this.takesWord("if")) return then;
    const condition = this.disjunction();
    this.expectWord("else");
    return this.from(then, "conditional_expression", [then, condition, this.expression()]);
  }

  private disjunction(): PlainNode {
    let left = this.conjunction();
    while (this.takesWord("or")) left = this.from(left, "boolean_operator", [left, this.conjunction()], SIDES);
    return left;
  }

  private conjunction(): PlainNode {
    let left = this.negation();
    while (this.takesWord("and")) left = this.from(left, "boolean_operator", [left, this.negation()], SIDES);
    return left;
  }

  private negation(): PlainNode {
    if (this.isWord("lambda")) return this.lambda();
    if (!this.isWord("not")) return this.comparison();
    const start = this.here();
    this.advance();
    return this.from(start, "not_operator", [this.within(() => this.negation())], ARGUMENT);
  }

  private comparison(): PlainNode {
    const left = this.binary(1);
    if (!this.comparator()) return left;
    const operands = [left];
    do operands.push(this.binary(1));
    while (this.comparator());
    return this.from(left, "comparison_operator", operands);
  }

  private comparator(): boolean {
    if (this.is("operator")) {
      if (!COMPARISONS.has(this.word)) return false;
      this.advance();
      return true;
    }
    if (!this.is("name")) return false;
    if (this.takesWord("in")) return true;
    if (this.takesWord("not")) {
      this.expectWord("in");
      return true;
    }
    if (!this.takesWord("is")) return false;
    this.takesWord("not");
    return true;
  }

  protected binary(least: number): PlainNode {
    let left = this.unary();
    while (this.is("operator")) {
      const strength = BINARY.get(this.word);
      if (strength === undefined || strength < least) break;
      this.advance();
      left = this.from(left, "binary_operator", [left, this.binary(strength + 1)], SIDES);
    }
    return left;
  }

  private unary(): PlainNode {
    if (this.is("operator") && (this.word === "-" || this.word === "+" || this.word === "~")) {
      const start = this.here();
      this.advance();
      return this.from(start, "unary_operator", [this.within(() => this.unary())], ARGUMENT);
    }
    const base = this.primary();
    if (!this.takes("**")) return base;
    return this.from(base, "binary_operator", [base, this.within(() => this.unary())], SIDES);
  }

  // -- primaries

  private primary(): PlainNode {
    if (this.isWord("await")) {
      const start = this.here();
      this.advance();
      return this.from(start, "await", [this.primary()]);
    }
    let node = this.atom();
    while (this.is("operator")) {
      if (this.takes(".")) {
        // After a dot any word is a name.
        if (!this.is("name")) throw new NotPlain();
        const attribute = this.leaf("identifier");
        node = this.from(node, "attribute", [node, attribute], OBJECT_ATTRIBUTE);
      } else if (this.isOperator("(")) {
        const list = this.argumentList();
        node = this.from(node, "call", [node, list], FUNCTION_ARGUMENTS);
      } else if (this.takes("[")) {
        const subscripts = this.items("]", () => this.subscript());
        const fields = subscripts.length === 1 ? VALUE_SUBSCRIPT : ["value", ...subscripts.map(() => "subscript")];
        node = this.from(node, "subscript", [node, ...subscripts], fields);
      } else break;
    }
    return node;
  }

  private subscript(): PlainNode {
    const start = this.here();
    const first = this.isOperator(":") ? null : this.element();
    if (!this.isOperator(":")) return first!;
    const parts = first ? [first] : [];
    while (this.takes(":")) if (!this.isOperator(":") && !this.isOperator("]") && !this.isOperator(",")) parts.push(this.expression());
    return this.from(start, "slice", parts);
  }

  /** What stands between brackets, with commas between, and the closing bracket. */
  protected items(close: string, item: () => PlainNode): PlainNode[] {
    const found: PlainNode[] = [];
    while (!this.takes(close)) {
      found.push(item());
      if (this.takes(",")) continue;
      this.expect(close);
      break;
    }
    return found;
  }

  protected argumentList(): PlainNode {
    const start = this.here();
    this.expect("(");
    const list: PlainNode[] = [];
    while (!this.takes(")")) {
      const argument = this.argument();
      if (this.isComprehension() && list.length === 0) return this.comprehension(start, "generator_expression", argument, ")");
      list.push(argument);
      if (this.takes(",")) continue;
      this.expect(")");
      break;
    }
    return this.from(start, "argument_list", list);
  }

  private argument(): PlainNode {
    const start = this.here();
    if (this.takes("*")) return this.from(start, "list_splat", [this.expression()]);
    if (this.takes("**")) return this.from(start, "dictionary_splat", [this.expression()]);
    const value = this.named();
    if (!this.isOperator("=") || value.type !== "identifier") return value;
    this.advance();
    return this.from(value, "keyword_argument", [value, this.expression()], NAME_VALUE);
  }

  private atom(): PlainNode {
    if (this.is("name")) {
      const literal = LITERALS[this.word];
      return typeof literal === "string" ? this.leaf(literal) : this.identifier();
    }
    if (this.is("number")) return this.leaf(/^\d[\d_]*[lLjJ]?$|^0[xXoObB]/.test(this.word) ? "integer" : "float");
    if (this.is("string")) return this.strings();
    if (!this.is("operator")) throw new NotPlain();
    if (this.word === "(") return this.parenthesized();
    if (this.word === "[") return this.list();
    if (this.word === "{") return this.braces();
    if (this.word === "...") return this.leaf("ellipsis");
    throw new NotPlain();
  }

  private strings(): PlainNode {
    const first = this.string();
    if (!this.is("string")) return first;
    const parts = [first];
    while (this.is("string")) parts.push(this.string());
    return this.from(first, "concatenated_string", parts);
  }

  private string(): PlainNode {
    const { start, end, row, isInterpolated } = this;
    this.advance();
    const inner = isInterpolated ? [new PlainNode("interpolation", this.text, start, end, row)] : [];
    return new PlainNode("string", this.text, start, end, row, inner);
  }

  private parenthesized(): PlainNode {
    const start = this.here();
    this.expect("(");
    if (this.takes(")")) return this.from(start, "tuple", []);
    const first = this.element();
    if (this.isComprehension()) return this.comprehension(start, "generator_expression", first, ")");
    if (!this.isOperator(",")) {
      this.expect(")");
      return this.from(start, "parenthesized_expression", [first]);
    }
    const items = this.more(first);
    this.expect(")");
    return this.from(start, "tuple", items);
  }

  private list(): PlainNode {
    const start = this.here();
    this.expect("[");
    if (this.takes("]")) return this.from(start, "list", []);
    const first = this.element();
    if (this.isComprehension()) return this.comprehension(start, "list_comprehension", first, "]");
    const items = this.more(first);
    this.expect("]");
    return this.from(start, "list", items);
  }

  private braces(): PlainNode {
    const start = this.here();
    this.expect("{");
    if (this.takes("}")) return this.from(start, "dictionary", []);
    const first = this.entry();
    const isDictionary = first.type === "pair" || first.type === "dictionary_splat";
    if (this.isComprehension())
      return this.comprehension(start, isDictionary ? "dictionary_comprehension" : "set_comprehension", first, "}");
    const items = [first];
    while (this.takes(",") && !this.isOperator("}")) items.push(this.entry());
    this.expect("}");
    return this.from(start, isDictionary ? "dictionary" : "set", items);
  }

  private entry(): PlainNode {
    const start = this.here();
    if (this.takes("**")) return this.from(start, "dictionary_splat", [this.binary(1)]);
    const key = this.element();
    if (!this.takes(":")) return key;
    return this.from(start, "pair", [key, this.expression()], KEY_VALUE);
  }

  // -- comprehensions and lambdas

  private isComprehension(): boolean {
    return this.is("name") && (this.word === "for" || this.word === "async");
  }

  /** The rest of a comprehension behind its body, with the closing bracket. */
  private comprehension(start: Place, type: string, body: PlainNode, close: string): PlainNode {
    const clauses = this.clauses();
    this.expect(close);
    return this.from(start, type, [body, ...clauses], BODY);
  }

  private clauses(): PlainNode[] {
    const found: PlainNode[] = [];
    for (;;) {
      const start = this.here();
      if (this.takesWord("if")) {
        found.push(this.from(start, "if_clause", [this.condition()]));
        continue;
      }
      const isAsync = this.takesWord("async");
      if (!this.takesWord("for")) {
        if (isAsync || found.length === 0) throw new NotPlain();
        return found;
      }
      const left = this.targets();
      this.expectWord("in");
      const right = this.condition();
      found.push(this.from(start, "for_in_clause", [left, right], SIDES));
    }
  }

  /** In a comprehension `if` after an expression is the next clause. */
  private condition(): PlainNode {
    const left = this.disjunction();
    if (!this.isOperator(":=") || left.type !== "identifier") return left;
    this.advance();
    return this.from(left, "named_expression", [left, this.disjunction()], NAME_VALUE);
  }

  private lambda(): PlainNode {
    const start = this.here();
    this.expectWord("lambda");
    const first = this.here();
    const list = this.parameters(":", false);
    const parameters = this.from(first, "lambda_parameters", list);
    this.expect(":");
    const body = this.expression();
    return this.from(start, "lambda", [parameters, body], PARAMETERS_BODY);
  }

  /** Parameters up to a closing token, which is left. */
  protected parameters(close: string, isTyped: boolean): PlainNode[] {
    const found: PlainNode[] = [];
    while (!this.isOperator(close)) {
      found.push(this.parameter(isTyped));
      if (!this.takes(",")) break;
    }
    return found;
  }

  private parameter(isTyped: boolean): PlainNode {
    const start = this.here();
    if (this.takes("/")) return this.from(start, "positional_separator", []);
    const isStar = this.takes("*");
    if (isStar && (this.isOperator(",") || this.isOperator(")") || this.isOperator(":"))) return this.from(start, "keyword_separator", []);
    const isDoubleStar = !isStar && this.takes("**");
    let name = this.identifier();
    if (isStar) name = this.from(start, "list_splat_pattern", [name]);
    else if (isDoubleStar) name = this.from(start, "dictionary_splat_pattern", [name]);
    const type = isTyped && this.takes(":") ? this.type() : null;
    const value = this.takes("=") ? this.expression() : null;
    if (type && value) return this.from(start, "typed_default_parameter", [name, type, value], NAME_TYPE_VALUE);
    if (type) return this.from(start, "typed_parameter", [name, type], TYPE);
    return value ? this.from(start, "default_parameter", [name, value], NAME_VALUE) : name;
  }

  protected type(): PlainNode {
    const start = this.here();
    return this.from(start, "type", [this.element()]);
  }
}

const EXPRESSION_WORDS = new Set(["False", "None", "True", "await", "lambda", "not", "yield"]);
const LITERALS: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  None: "none",
  True: "true",
  False: "false",
});

// The fields of nodes, made once.
const SIDES = ["left", "right"];
const NAME_VALUE = ["name", "value"];
const OBJECT_ATTRIBUTE = ["object", "attribute"];
const FUNCTION_ARGUMENTS = ["function", "arguments"];
const VALUE_SUBSCRIPT = ["value", "subscript"];
const BODY = ["body"];
const ARGUMENT = ["argument"];
const KEY_VALUE = ["key", "value"];
const NAME_TYPE_VALUE = ["name", "type", "value"];
const TYPE = ["", "type"];
const PARAMETERS_BODY = ["parameters", "body"];

/** An expression that turned out to be assigned to. */
export function asPattern(node: PlainNode): PlainNode {
  const pattern = PATTERNS[node.type];
  if (pattern === undefined) return node;
  node.type = pattern;
  for (const child of node.namedChildren) if (child instanceof PlainNode) asPattern(child);
  return node;
}

const PATTERNS: Readonly<Record<string, string | undefined>> = {
  expression_list: "pattern_list",
  tuple: "tuple_pattern",
  list: "list_pattern",
  list_splat: "list_splat_pattern",
  parenthesized_expression: "tuple_pattern",
};
