/** Reads tree-sitter's wasm from the installed packages, so that `analyzer/python/` needs no file system. */
import { readFile } from "node:fs/promises";
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
  const files = pythonGrammarFiles();
  const [runtime, grammar] = await Promise.all([readFile(files.runtime), readFile(files.grammar)]);
  return createPythonParser({ runtime, grammar }, kept);
}
