/**
 * Folders that a module adds to `sys.path`, and modules it enters in `sys.modules`: other names under which a library
 * can be imported, and under which its older releases were. Boundary: one file's syntax, no file system; `__file__` is
 * the file's path in its tree.
 */

import type { SourceFile } from "./lower-module.ts";
import type { SyntaxNode } from "./syntax-node.ts";
import { isForm, textForm } from "./text-forms.ts";
import { dottedPath, operandsOf, operatorBetween, stringText } from "./type-expression.ts";

/** What a file does to the import system when it is imported. */
export interface ImportEffects {
  /** Folders added to `sys.path`, as paths in the tree. */
  readonly folders: readonly string[];
  /** `sys.modules["name"] = path`. */
  readonly modules: readonly { readonly name: string; readonly path: readonly string[] }[];
  /**
   * `sys.modules["name"] = import_module("meaning")`; and dotted names that a dict of the file has for others, where the file makes entries of
   * `sys.modules` under names that it computes: `for old, new in names.items(): sys.modules[old] = import_module(new)`, in whatever function
   * that is.
   */
  readonly renamed: readonly { readonly name: string; readonly meaning: string; readonly line: number }[];
}

const NONE: ImportEffects = { folders: [], modules: [], renamed: [] };
/** What a file has in which it changes what can be imported, under which name. */
export const CHANGES_IMPORTS = /sys\.(path|modules)\b|\bfrom sys import .*\bmodules\b/;
const COMPUTED_ENTRY = /\bsys\.modules\[(?!__name__\])[A-Za-z_]\w*\]\s*=(?!=)/;
/** `"old.module": "new.module"`. Only what the new name means decides whether it is a name for something. */
const RENAMING = /(["'])([A-Za-z_]\w*(?:\.\w+)*)\1\s*:\s*(["'])([A-Za-z_]\w*(?:\.\w+)+)\3/g;

export function importEffects(root: SyntaxNode, file: SourceFile): ImportEffects {
  const { text } = file;
  if (!CHANGES_IMPORTS.test(text)) return NONE;
  const reader = new Reader(file);
  reader.block(root);
  const { folders, modules, renamed } = reader;
  return { folders, modules, renamed: COMPUTED_ENTRY.test(text) ? [...renamed, ...renamingsIn(text)] : renamed };
}

function renamingsIn(text: string): ImportEffects["renamed"] {
  return [...text.matchAll(RENAMING)].map(({ 2: name = "", 4: meaning = "", index }) => ({
    name,
    meaning,
    line: text.slice(0, index).split("\n").length,
  }));
}

/** So often bodies of loops over what is written out are read. */
const MOST_ROUNDS = 1000;

class Reader implements ImportEffects {
  readonly folders: string[] = [];
  readonly modules: { name: string; path: string[] }[] = [];
  readonly renamed: { name: string; meaning: string; line: number }[] = [];
  private readonly variables = new Map<string, string>();
  /** What the file calls `sys.modules`. */
  private readonly registries: ReadonlySet<string>;
  /** Variables that a dict that is written out is assigned to. */
  private readonly dicts = new Map<string, SyntaxNode>();
  /** What the variables of a loop are in this round. */
  private readonly texts = new Map<string, string>();
  private readonly values = new Map<string, SyntaxNode>();
  private rounds = 0;
  /** Functions at the top of the file, and those whose body is read for a call. */
  private readonly functions = new Map<string, SyntaxNode>();
  private readonly called = new Set<string>();

  constructor(private readonly file: SourceFile) {
    const names = file.text.matchAll(/^[ \t]*(?:import sys as (\w+)|from sys import modules(?: as (\w+))?)/gm);
    this.registries = new Set(["sys.modules", ...[...names].map(([, sys, modules]) => (sys ? `${sys}.modules` : (modules ?? "modules")))]);
  }

  block(node: SyntaxNode): void {
    for (const child of node.namedChildren) {
      if (child.type === "function_definition") this.functions.set(child.childForFieldName("name")?.text ?? "", child);
      if (child.type === "function_definition" || child.type === "class_definition") continue;
      if (child.type === "assignment") this.assignment(child);
      else if (child.type === "call") this.call(child);
      if (child.type !== "for_statement" || !this.loop(child)) this.block(child);
    }
  }

  /** Reads the body for each of what a loop goes over, where all of that is written out: texts, or the pairs of a dict. */
  private loop(node: SyntaxNode): boolean {
    const left = node.childForFieldName("left");
    const right = node.childForFieldName("right");
    const body = node.childForFieldName("body");
    if (!left || !right || !body) return false;
    const names = left.type === "identifier" ? [left.text] : operandsOf(left).map(({ text }) => text);
    const rounds = names.length === 1 ? elementsOf(right)?.map((element) => [element]) : names.length === 2 ? this.pairsOf(right) : null;
    if (!rounds) return false;
    for (const round of rounds) {
      if (++this.rounds > MOST_ROUNDS) break;
      for (const [index, name] of names.entries()) {
        const text = stringText(round[index]!);
        if (text !== null) this.texts.set(name, text);
        this.values.set(name, round[index]!);
      }
      this.block(body);
    }
    for (const name of names) {
      this.texts.delete(name);
      this.values.delete(name);
    }
    return true;
  }

  /** What `dict.items()` gives, of a dict that is written out; pairs that are written out themselves. */
  private pairsOf(node: SyntaxNode): (readonly SyntaxNode[])[] | null {
    const callee = node.type === "call" ? node.childForFieldName("function") : null;
    if (callee === null) {
      const pairs = elementsOf(node)?.map(elementsOf);
      return pairs?.every((pair) => pair?.length === 2) ? (pairs as (readonly SyntaxNode[])[]) : null;
    }
    const object = callee?.childForFieldName("attribute")?.text === "items" ? callee.childForFieldName("object") : null;
    return object && entriesOf(object.type === "identifier" ? (this.dicts.get(object.text) ?? object) : object);
  }

  private assignment(node: SyntaxNode): void {
    const left = node.childForFieldName("left");
    const right = node.childForFieldName("right");
    if (!left || !right) return;
    if (left.type === "identifier") {
      if (right.type === "dictionary") this.dicts.set(left.text, right);
      const folder = this.evaluate(right);
      // `ROOT = relative(ROOT)` keeps the first meaning: it is the same place, told in another way.
      if (folder !== null && !this.variables.has(left.text)) this.variables.set(left.text, folder);
    } else if (left.type === "subscript" && this.registries.has(left.childForFieldName("value")?.text ?? ""))
      this.entry(left.childForFieldName("subscript"), right);
  }

  /** `sys.modules[key] = value`. */
  private entry(key: SyntaxNode | null, value: SyntaxNode): void {
    const name = key && this.textOf(key);
    if (!name) return;
    const known = this.values.get(value.text) ?? value;
    const meaning = this.moduleNamed(known);
    const path = dottedPath(known);
    if (meaning) this.renamed.push({ name, meaning, line: value.startPosition.row + 1 });
    else if (path) this.modules.push({ name, path });
  }

  /** The dotted name in `import_module(name)` and `sys.modules[name]`. */
  private moduleNamed(node: SyntaxNode): string | null {
    if (node.type === "subscript" && this.registries.has(node.childForFieldName("value")?.text ?? "")) {
      const key = node.childForFieldName("subscript");
      return key && this.textOf(key);
    }
    if (node.type !== "call" || !/(^|\.)import_module$/.test(node.childForFieldName("function")?.text ?? "")) return null;
    const [argument, ...others] = node.childForFieldName("arguments")?.namedChildren ?? [];
    return argument && others.length === 0 ? this.textOf(argument) : null;
  }

  /** The text that an expression gives, where all of it is written. */
  private textOf(node: SyntaxNode): string | null {
    const text = textForm(node, this.file, this.texts);
    return text !== null && !isForm(text) ? text : null;
  }

  private call(node: SyntaxNode): void {
    const callee = node.childForFieldName("function")?.text ?? "";
    const argument = node.childForFieldName("arguments")?.namedChildren.at(-1);
    if (callee.endsWith(".update") && this.registries.has(callee.slice(0, -".update".length)))
      for (const [key, value] of (argument && entriesOf(argument)) ?? []) this.entry(key!, value!);
    this.ownFunction(callee, node.childForFieldName("arguments")?.namedChildren ?? []);
    if (callee !== "sys.path.append" && callee !== "sys.path.insert") return;
    const folder = argument ? this.evaluate(argument) : null;
    if (folder !== null && !this.folders.includes(folder)) this.folders.push(folder);
  }

  /** Reads the body of a function of the file with what it is called with, as `moved("old.name", module)`. */
  private ownFunction(name: string, given: readonly SyntaxNode[]): void {
    const function_ = this.functions.get(name);
    const body = function_?.childForFieldName("body");
    if (!body || this.called.has(name) || ++this.rounds > MOST_ROUNDS) return;
    const parameters = function_?.childForFieldName("parameters")?.namedChildren ?? [];
    const nameOf = (parameter: SyntaxNode | undefined) => parameter?.childForFieldName("name")?.text ?? parameter?.text ?? "";
    const bound = new Map(parameters.flatMap((each) => withValue(nameOf(each), each.childForFieldName("value"))));
    for (const [index, each] of given.entries()) {
      const isNamed = each.type === "keyword_argument";
      const value = isNamed ? each.childForFieldName("value") : each;
      for (const [parameter, node] of withValue(nameOf(isNamed ? each : parameters[index]), value)) bound.set(parameter, node);
    }
    const kept = [new Map(this.texts), new Map(this.values)] as const;
    const known = [...bound].map(([parameter, value]) => ({
      parameter,
      text: stringText(value) ?? this.textOf(value),
      value: this.values.get(value.text) ?? value,
    }));
    for (const { parameter, text, value } of known) {
      this.values.set(parameter, value);
      if (text === null) this.texts.delete(parameter);
      else this.texts.set(parameter, text);
    }
    this.called.add(name);
    this.block(body);
    this.called.delete(name);
    restore(this.texts, kept[0]);
    restore(this.values, kept[1]);
  }

  /** The path in the tree that an expression over `__file__` gives; null for anything else. */
  private evaluate(node: SyntaxNode): string | null {
    switch (node.type) {
      case "identifier":
        return node.text === "__file__" ? this.file.path : (this.variables.get(node.text) ?? null);
      case "parenthesized_expression": {
        const [inner] = node.namedChildren;
        return inner ? this.evaluate(inner) : null;
      }
      case "attribute": {
        const object = node.childForFieldName("object");
        const base = object ? this.evaluate(object) : null;
        return base !== null && node.childForFieldName("attribute")?.text === "parent" ? parent(base, 1) : base;
      }
      case "subscript": {
        // `path.parents[n]`
        const value = node.childForFieldName("value");
        const base = value ? this.evaluate(value) : null;
        const index = Number(node.childForFieldName("subscript")?.text);
        return base !== null && value?.text.endsWith(".parents") && Number.isInteger(index) ? parent(base, index + 1) : null;
      }
      case "binary_operator": {
        // `path / "part"`
        const [left, right] = operandsOf(node);
        const base = left && right && operatorBetween(node, left, right) === "/" ? this.evaluate(left) : null;
        const part = right ? stringText(right) : null;
        return base === null || part === null ? null : join(base, part);
      }
      case "call": {
        const callee = node.childForFieldName("function");
        const name = callee?.text.split(".").at(-1) ?? "";
        const args = node.childForFieldName("arguments")?.namedChildren ?? [];
        const [first, ...rest] = args;
        if (["resolve", "absolute", "as_posix"].includes(name)) return callee ? this.evaluate(callee) : null;
        const base = first ? this.evaluate(first) : null;
        if (base === null) return null;
        if (["Path", "str", "abspath", "realpath"].includes(name)) return base;
        if (name === "dirname") return parent(base, 1);
        if (name !== "join") return null;
        return rest.map(stringText).reduce<string | null>((path, part) => (path === null || part === null ? null : join(path, part)), base);
      }
      default:
        return null;
    }
  }
}

/** What a tuple or list has, or what is written without brackets; null of anything else. */
function elementsOf(node: SyntaxNode): readonly SyntaxNode[] | null {
  const elements = /^(tuple|list|set|expression_list)$/.test(node.type) ? operandsOf(node) : null;
  return elements?.some(({ type }) => type === "list_splat") ? null : elements;
}

/** Keys and values of a dict that is written out; null of anything else. */
function entriesOf(node: SyntaxNode): (readonly SyntaxNode[])[] | null {
  if (node.type !== "dictionary") return null;
  const pairs = operandsOf(node);
  return pairs.every(({ type }) => type === "pair")
    ? pairs.map((pair) => [pair.childForFieldName("key")!, pair.childForFieldName("value")!])
    : null;
}

function withValue(name: string, value: SyntaxNode | null): [string, SyntaxNode][] {
  return name === "" || value === null ? [] : [[name, value]];
}

function restore<Value>(map: Map<string, Value>, before: ReadonlyMap<string, Value>): void {
  map.clear();
  for (const [key, value] of before) map.set(key, value);
}

function parent(path: string, levels: number): string | null {
  const parts = path === "" ? [] : path.split("/");
  return levels > parts.length ? null : parts.slice(0, parts.length - levels).join("/");
}

function join(path: string, part: string): string | null {
  let result: string | null = path;
  for (const step of part.split("/")) {
    if (result === null) return null;
    if (step === "..") result = parent(result, 1);
    else if (step !== "." && step !== "") result = result === "" ? step : `${result}/${step}`;
  }
  return result;
}
