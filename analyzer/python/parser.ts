/**
 * The door to tree-sitter: Python text in, a syntax tree out. Boundary: the grammar's bytes are injected, so that this
 * room needs no file system; what the tree means is read in `lower-module.ts`.
 */
import { Language, type Node, Parser } from "web-tree-sitter";
import type { Unit } from "./code.ts";

export interface PythonGrammar {
  /** `web-tree-sitter.wasm`. */
  readonly runtime: Uint8Array;
  /** `tree-sitter-python.wasm`. */
  readonly grammar: Uint8Array;
}

/** Parses Python source. Keeps the trees it made alive until `forget`, because function bodies are read only when they are reached. */
export interface PythonParser {
  /** The root of the syntax tree of `text`; where the text is not Python the tree has error nodes. */
  parse(text: string): Node;
  /** The files that were read of the trees it keeps, for `lower-module.ts`. */
  readonly units: Map<string, Unit>;
  /** Frees every tree. Nodes and units handed out before must not be used afterwards. */
  forget(): void;
}

/** A parser from the wasm of tree-sitter's runtime and of its Python grammar. Rejects if the bytes are not those. */
export async function createPythonParser(wasm: PythonGrammar): Promise<PythonParser> {
  await Parser.init({ wasmBinary: wasm.runtime });
  const parser = new Parser();
  parser.setLanguage(await Language.load(wasm.grammar));
  const trees = new Map<string, NonNullable<ReturnType<Parser["parse"]>>>();
  const units = new Map<string, Unit>();
  return {
    units,
    parse(text) {
      const known = trees.get(text);
      if (known) return known.rootNode;
      const tree = parser.parse(text);
      if (!tree) throw new Error("tree-sitter was cancelled, which nobody asks for");
      trees.set(text, tree);
      return tree.rootNode;
    },
    forget() {
      for (const tree of trees.values()) tree.delete();
      trees.clear();
      units.clear();
    },
  };
}
