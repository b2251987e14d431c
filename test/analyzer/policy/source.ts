/** Source trees from folders of this repository, and one parser for all tests of a file. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { SourceTree } from "../../../analyzer/python/module-file.ts";
import type { FolderAnswers } from "../../../crawler/folder-answers.ts";
import { PythonFile } from "../../../crawler/python-file.ts";

/** Every `.py`, `.pyi` and `.pyx` file below a folder, in order of path; each is read when its text is asked for. */
export function sourceTree(folder: string, name: string, version: string | null = null, answers: FolderAnswers | null = null): SourceTree {
  return { name, version, files: pythonFiles(folder).map((path) => new PythonFile(path, join(folder, path), answers)) };
}

function pythonFiles(folder: string, prefix = ""): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    if (entry.isDirectory()) return pythonFiles(join(folder, entry.name), `${prefix}${entry.name}/`);
    return /\.py[ix]?$/.test(entry.name) ? [prefix + entry.name] : [];
  });
}
