/**
 * The door to tree-sitter: Python text in, a syntax tree out. Boundary: the grammar's bytes are injected, so that this
 * room needs no file system; what the tree means is read in `lower-module.ts`.
 */
import { Language, Parser, type Range, type Tree } from "web-tree-sitter";
import type { Unit } from "./code.ts";
import type { KeptUnits } from "./kept-unit.ts";
import type { SourceFile } from "./lower-module.ts";
import { Syntax } from "./syntax.ts";
import type { SyntaxNode } from "./syntax-node.ts";

export interface PythonGrammar {
  /** `web-tree-sitter.wasm`. */
  readonly runtime: Uint8Array;
  /** `tree-sitter-python.wasm`. */
  readonly grammar: Uint8Array;
}

/** Parses Python source. Keeps the trees it made alive until `forget`, because function bodies are read only when they are reached. */
export interface PythonParser {
  /** The syntax of a file. */
  read(text: string): Syntax;
  /** The root of the syntax tree of a short `text`, as of an annotation in a string; where the text is not Python the tree has error nodes. */
  parse(text: string): SyntaxNode;
  /** The files that were read of the trees it keeps, by module and path, for `lower-module.ts`. */
  readonly units: Map<string, readonly { readonly file: SourceFile; readonly unit: Unit }[]>;
  /** What was kept of files between runs; null where nothing is. */
  readonly kept: KeptUnits | null;
  /** Whether instructions are also made of what gives nothing to keep: truth tests, `in`, formats, `del`, `assert`, `raise`, slices. */
  readonly isThorough: boolean;
  /** The same parser for reading all that a code does. What it reads is read anew, and never kept. */
  readonly thorough: PythonParser;
  /** Frees every tree. Nodes and units handed out before must not be used afterwards. */
  forget(): void;
}

/** A parser from the wasm of tree-sitter's runtime and of its Python grammar. Rejects if the bytes are not those. */
export async function createPythonParser(wasm: PythonGrammar, kept: KeptUnits | null = null): Promise<PythonParser> {
  await Parser.init({ wasmBinary: wasm.runtime });
  const parser = new Parser();
  parser.setLanguage(await Language.load(wasm.grammar));
  const trees = new Map<string, Tree>();
  const files: Syntax[] = [];
  const parseRanges = (text: string, ranges?: Range[]): Tree => {
    const tree = ranges ? parser.parse(inPieces(text, ranges), null, { includedRanges: ranges }) : parser.parse(text);
    if (!tree) throw new Error("tree-sitter was cancelled, which nobody asks for");
    return tree;
  };
  const units: PythonParser["units"] = new Map();
  const thoroughUnits: PythonParser["units"] = new Map();
  const python: Omit<PythonParser, "thorough"> = {
    units,
    kept,
    isThorough: false,
    read(text) {
      const syntax = new Syntax(text, parseRanges);
      files.push(syntax);
      return syntax;
    },
    parse(text) {
      const tree = trees.get(text) ?? parseRanges(text);
      trees.set(text, tree);
      return tree.rootNode;
    },
    forget() {
      for (const file of files.splice(0)) file.forget();
      for (const tree of trees.values()) tree.delete();
      trees.clear();
      units.clear();
      thoroughUnits.clear();
    },
  };
  const thorough: PythonParser = {
    ...python,
    units: thoroughUnits,
    kept: null,
    isThorough: true,
    get thorough() {
      return thorough;
    },
  };
  return { ...python, thorough };
}

/** A text as the parser asks for it: from an offset to the next border of a range, so that nothing is copied in vain. */
function inPieces(text: string, ranges: readonly Range[]): (index: number) => string {
  const borders = ranges.flatMap(({ startIndex, endIndex }) => [startIndex, endIndex]);
  return (index) => {
    let low = 0;
    let high = borders.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (borders[middle]! <= index) low = middle + 1;
      else high = middle;
    }
    return text.slice(index, borders[low]);
  };
}
