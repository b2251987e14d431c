/** Reads tree-sitter's wasm from the installed packages, so that `analyzer/python/` needs no file system. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { KeptUnits } from "../analyzer/python/kept-unit.ts";
import { createPythonParser, type PythonParser } from "../analyzer/python/parser.ts";

const require = createRequire(import.meta.url);

/** Where the wasm lies. Throws if the packages are not installed. */
export function pythonGrammarFiles(): { readonly runtime: string; readonly grammar: string } {
  return {
    runtime: require.resolve("web-tree-sitter/web-tree-sitter.wasm"),
    grammar: require.resolve("tree-sitter-python/tree-sitter-python.wasm"),
  };
}

/** A parser for Python source, and what it kept of files in earlier runs. Rejects if the packages are not installed. */
export async function loadPythonParser(kept: KeptUnits | null = null): Promise<PythonParser> {
  const { runtime, grammar } = pythonGrammarFiles();
  // Compiled beside whatever the caller does next, as long as that waits for nothing.
  return createPythonParser({ runtime: readFileSync(runtime), grammar: readFileSync(grammar) }, kept);
}
