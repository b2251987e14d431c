/**
 * Which keys a function takes out of the dict that it makes of an object's attributes, as `__getstate__` does. Boundary: keys that are
 * constants, taken out whatever happens; one that is there after all is in the pickle.
 */
import type { SyntaxNode } from "./syntax-node.ts";
import { isBetween, operandsOf, operatorBetween, stringText } from "./type-expression.ts";

/** `del state["x"]`, `state.pop("x")`, `state["x"] = None`; `for key in ("x", "y"): del state[key]`; `{k: v for k, v in ... if k != "x"}`. */
export function removedKeys(body: SyntaxNode): ReadonlySet<string> {
  const removals = new Removals();
  if (NAMESPACE.test(body.text)) removals.block(body);
  return removals.keys;
}

/** `{key: value for key, value in object.__dict__.items() ...}`: the part that is a namespace. Null where it is anything else. */
export function copiedNamespace(comprehension: SyntaxNode): SyntaxNode | null {
  const copied = copiedDict(comprehension);
  return copied && /(\.__dict__|^vars\(\w+\))$/.test(copied.text) ? copied : null;
}

/** The same of any dict. */
function copiedDict(comprehension: SyntaxNode): SyntaxNode | null {
  const [body, clause, ...others] = comprehension.namedChildren.filter((child) => !isBetween(child));
  if (body?.type !== "pair" || clause?.type !== "for_in_clause" || others.some(({ type }) => type !== "if_clause")) return null;
  const names = clause.childForFieldName("left")?.namedChildren.map(({ text }) => text) ?? [];
  const kept = [body.childForFieldName("key")?.text, body.childForFieldName("value")?.text];
  if (names.length !== 2 || names.join() !== kept.join()) return null;
  const callee = clause.childForFieldName("right")?.childForFieldName("function");
  if (callee?.type !== "attribute" || callee.childForFieldName("attribute")?.text !== "items") return null;
  return callee.childForFieldName("object");
}

/** Only of copies of a namespace keys are taken out. */
const NAMESPACE = /__dict__|\bvars\(|__getstate__/;

class Removals {
  readonly keys = new Set<string>();
  /** The tests that what is read is behind; null stands for one of which nothing is known. */
  private readonly tests: (string | null)[] = [];
  /** The texts that a variable of a loop takes, one after the other. */
  private readonly loops = new Map<string, readonly string[]>();
  /** Variables that hold a copy of a namespace. */
  private readonly copies = new Set<string>();

  block(node: SyntaxNode): void {
    const before = this.tests.length;
    for (const statement of node.namedChildren) {
      this.statement(statement);
      // What follows does not run where that has returned something.
      if (statement.type === "if_statement" && /^\s*return\s+\S/m.test(statement.text)) this.tests.push(null);
    }
    this.tests.length = before;
  }

  private statement(node: SyntaxNode): void {
    switch (node.type) {
      case "if_statement":
        this.conditional(node);
        return;
      case "for_statement":
        this.loop(node);
        return;
      case "while_statement":
      case "match_statement":
        this.behind(null, () => this.parts(node));
        return;
      case "except_clause":
        this.behind(null, () => this.parts(node));
        return;
      case "function_definition":
      case "class_definition":
      case "decorated_definition":
        return;
      case "delete_statement":
        for (const target of node.namedChildren) this.deleted(target);
        return;
      default:
        this.parts(node);
    }
  }

  /** Whatever is inside, in order. */
  private parts(node: SyntaxNode): void {
    for (const child of node.namedChildren) {
      if (child.type === "block") this.block(child);
      else if (child.type.endsWith("_statement") || child.type.endsWith("_clause")) this.statement(child);
      else this.expression(child);
    }
  }

  private behind(test: string | null, read: () => void): void {
    this.tests.push(test);
    read();
    this.tests.pop();
  }

  private conditional(node: SyntaxNode): void {
    for (const part of [node, ...node.namedChildren.filter(({ type }) => type === "elif_clause" || type === "else_clause")]) {
      const test = part.childForFieldName("condition");
      const block = part.childForFieldName("consequence") ?? part.childForFieldName("body");
      if (test) this.expression(test);
      if (block) this.behind(test?.text ?? null, () => this.block(block));
    }
  }

  private loop(node: SyntaxNode): void {
    const variable = node.childForFieldName("left");
    const texts = textsOf(node.childForFieldName("right"));
    const body = node.childForFieldName("body");
    if (!body) return;
    if (variable?.type !== "identifier" || texts === null) {
      this.behind(null, () => this.block(body));
      return;
    }
    this.loops.set(variable.text, texts);
    this.block(body);
    this.loops.delete(variable.text);
  }

  private deleted(target: SyntaxNode): void {
    if (target.type === "subscript") this.removed(target.childForFieldName("value"), target.childForFieldName("subscript"));
    else for (const child of target.namedChildren) this.deleted(child);
  }

  private expression(node: SyntaxNode): void {
    if (node.type === "lambda") return;
    if (node.type === "call") {
      const callee = node.childForFieldName("function");
      if (callee?.childForFieldName("attribute")?.text === "pop")
        this.removed(callee.childForFieldName("object"), node.childForFieldName("arguments")?.namedChildren[0]);
    } else if (node.type === "assignment") {
      const target = node.childForFieldName("left");
      const value = node.childForFieldName("right");
      if (target?.type === "subscript" && value?.type === "none")
        this.removed(target.childForFieldName("value"), target.childForFieldName("subscript"));
      // `state = {key: value for key, value in state.items() ...}`
      else if (
        target &&
        this.copies.has(target.text) &&
        value?.type === "dictionary_comprehension" &&
        copiedDict(value)?.text === target.text
      )
        this.filtered(value);
      else if (target?.type === "identifier" && value && (NAMESPACE.test(value.text) || this.copies.has(value.text)))
        this.copies.add(target.text);
    } else if (node.type === "dictionary_comprehension" && copiedNamespace(node)) this.filtered(node);
    for (const child of node.namedChildren) this.expression(child);
  }

  /** `if key != "x"`, `if key not in ("x", "y")`, under `and`: what such a comprehension leaves out. */
  private filtered(comprehension: SyntaxNode): void {
    const key = comprehension.childForFieldName("body")?.childForFieldName("key")?.text;
    const read = (test: SyntaxNode): void => {
      if (test.type === "parenthesized_expression") for (const inner of test.namedChildren) read(inner);
      const [left, right] = test.type === "boolean_operator" || test.type === "comparison_operator" ? operandsOf(test) : [];
      if (!left || !right) return;
      const operator = operatorBetween(test, left, right);
      if (test.type === "boolean_operator" && operator === "and") {
        read(left);
        read(right);
      } else if (left.text === key) for (const text of excludedTexts(operator, right)) this.take(text, text);
    };
    for (const clause of comprehension.namedChildren) if (clause.type === "if_clause") for (const test of clause.namedChildren) read(test);
  }

  private removed(from: SyntaxNode | null, key: SyntaxNode | null | undefined): void {
    if (!from || !key || !(this.copies.has(from.text) || from.text.endsWith(".__dict__"))) return;
    const text = stringText(key);
    const texts = text !== null ? [text] : (this.loops.get(key.text) ?? []);
    for (const each of texts) this.take(each, key.text);
  }

  /** `name` is what the key is written as. */
  private take(key: string, name: string): void {
    if (this.tests.every((test) => test !== null && (isAbout(test, key) || isAbout(test, name)))) this.keys.add(key);
  }
}

/** What a comparison with this operator excludes. */
function excludedTexts(operator: string, right: SyntaxNode): readonly string[] {
  if (operator === "not in") return textsOf(right) ?? [];
  const text = operator === "!=" ? stringText(right) : null;
  return text === null ? [] : [text];
}

/** The texts of a tuple, list or set of nothing else. */
function textsOf(node: SyntaxNode | null | undefined): readonly string[] | null {
  if (!node || !/^(tuple|list|set|expression_list)$/.test(node.type)) return null;
  const texts = node.namedChildren.filter((child) => !isBetween(child)).map(stringText);
  return texts.every((text) => text !== null) ? texts : null;
}

/** Whether a test asks after what is behind it: `if "x" in state`, `if self.x is not None`. Where it fails there is nothing to take out. */
function isAbout(test: string, key: string): boolean {
  return !/^not\b|\bis\s+None\b|\bor\b|==/.test(test) && test.split(/\W+/).includes(key);
}
