/** Reads tree-sitter's wasm from the installed packages, so that `analyzer/python/` needs no file system. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createPythonParser, type PythonParser } from "../analyzer/python/parser.ts";

const require = createRequire(import.meta.url);

/** A parser for Python source. Rejects if the packages are not installed. */
export async function loadPythonParser(): Promise<PythonParser> {
  const [runtime, grammar] = await Promise.all([
    readFile(require.resolve("web-tree-sitter/web-tree-sitter.wasm")),
    readFile(require.resolve("tree-sitter-python/tree-sitter-python.wasm")),
  ]);
  return createPythonParser({ runtime, grammar });
}
