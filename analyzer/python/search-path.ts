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
   * Dotted names that a dict of the file has for others, where the file makes entries of `sys.modules` under names that it computes:
   * `for old, new in names.items(): sys.modules[old] = import_module(new)`, in whatever function that is.
   */
  readonly renamed: readonly { readonly name: string; readonly meaning: string; readonly line: number }[];
}

const NONE: ImportEffects = { folders: [], modules: [], renamed: [] };
const COMPUTED_ENTRY = /\bsys\.modules\[(?!__name__\])[A-Za-z_]\w*\]\s*=(?!=)/;
/** `"old.module": "new.module"`. Only what the new name means decides whether it is a name for something. */
const RENAMING = /(["'])([A-Za-z_]\w*(?:\.\w+)*)\1\s*:\s*(["'])([A-Za-z_]\w*(?:\.\w+)+)\3/g;

export function importEffects(root: SyntaxNode, file: SourceFile): ImportEffects {
  const { text } = file;
  if (!text.includes("sys.path") && !text.includes("sys.modules")) return NONE;
  const reader = new Reader(file);
  reader.block(root);
  const { folders, modules } = reader;
  return { folders, modules, renamed: COMPUTED_ENTRY.test(text) ? renamingsIn(text) : [] };
}

function renamingsIn(text: string): ImportEffects["renamed"] {
  return [...text.matchAll(RENAMING)].map(({ 2: name = "", 4: meaning = "", index }) => ({
    name,
    meaning,
    line: text.slice(0, index).split("\n").length,
  }));
}

class Reader implements Omit<ImportEffects, "renamed"> {
  readonly folders: string[] = [];
  readonly modules: { name: string; path: string[] }[] = [];
  private readonly variables = new Map<string, string>();

  constructor(private readonly file: SourceFile) {}

  block(node: SyntaxNode): void {
    for (const child of node.namedChildren) {
      if (child.type === "function_definition" || child.type === "class_definition") continue;
      if (child.type === "assignment") this.assignment(child);
      else if (child.type === "call") this.call(child);
      this.block(child);
    }
  }

  private assignment(node: SyntaxNode): void {
    const left = node.childForFieldName("left");
    const right = node.childForFieldName("right");
    if (!left || !right) return;
    if (left.type === "identifier") {
      const folder = this.evaluate(right);
      // `ROOT = relative(ROOT)` keeps the first meaning: it is the same place, told in another way.
      if (folder !== null && !this.variables.has(left.text)) this.variables.set(left.text, folder);
    } else if (left.type === "subscript" && left.childForFieldName("value")?.text === "sys.modules") {
      const key = left.childForFieldName("subscript");
      const name = key && textForm(key, this.file);
      const path = dottedPath(right);
      if (name && !isForm(name) && path) this.modules.push({ name, path });
    }
  }

  private call(node: SyntaxNode): void {
    const callee = node.childForFieldName("function")?.text;
    if (callee !== "sys.path.append" && callee !== "sys.path.insert") return;
    const argument = node.childForFieldName("arguments")?.namedChildren.at(-1);
    const folder = argument ? this.evaluate(argument) : null;
    if (folder !== null && !this.folders.includes(folder)) this.folders.push(folder);
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
