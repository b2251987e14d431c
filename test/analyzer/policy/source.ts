/** Source trees from folders of this repository, and one parser for all tests of a file. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceTree } from "../../../analyzer/python/modules.ts";

/** Every `.py`, `.pyi` and `.pyx` file below a folder, in order of path; each is read when its text is asked for. */
export function sourceTree(folder: string, name: string, version: string | null = null): SourceTree {
  const files = pythonFiles(folder).map((path) => ({
    path,
    get text() {
      return readFileSync(join(folder, path), "utf8");
    },
  }));
  return { name, version, files };
}

function pythonFiles(folder: string, prefix = ""): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    if (entry.isDirectory()) return pythonFiles(join(folder, entry.name), `${prefix}${entry.name}/`);
    return /\.py[ix]?$/.test(entry.name) ? [prefix + entry.name] : [];
  });
}
