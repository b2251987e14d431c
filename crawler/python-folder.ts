/** The Python source below a folder. It is looked for without waiting for each of a thousand folders, which takes four times as long. */
import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import type { FolderAnswers } from "./folder-answers.ts";
import { PythonFile } from "./python-file.ts";

const SOURCE = /\.py[ix]?$/;

/**
 * Every `.py`, `.pyi` and `.pyx` file below a folder, in the order of their paths, each read when its text is asked for. Links are
 * followed, but no folder is entered twice; `.git` is not entered. `answers`: what was answered of those files in earlier runs. Throws
 * where the folder cannot be read.
 */
export function pythonFilesBelow(folder: string, answers: FolderAnswers | null = null): PythonFile[] {
  const files: PythonFile[] = [];
  const entered = new Set<string>();
  const enter = (place: string, real: string, prefix: string) => {
    if (entered.has(real)) return;
    entered.add(real);
    for (const entry of readdirSync(place, { withFileTypes: true }).sort(byName)) {
      const { name } = entry;
      const inside = `${place}/${name}`;
      const kind = kindOf(entry, inside);
      if (kind === "file" && SOURCE.test(name)) files.push(new PythonFile(prefix + name, inside, answers));
      // The real place of what is no link is known from that of the folder it is in.
      if (kind === "folder" && name !== ".git")
        enter(inside, entry.isSymbolicLink() ? realpathSync(inside) : `${real}/${name}`, `${prefix}${name}/`);
    }
  };
  enter(folder, realpathSync(folder), "");
  return files;
}

function byName(left: Dirent, right: Dirent): number {
  return left.name < right.name ? -1 : 1;
}

/** A link to nowhere is a file that cannot be read; whoever opens it says so. */
function kindOf(entry: Dirent, place: string): "file" | "folder" | null {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  const found = entry.isSymbolicLink() ? statSync(place, { throwIfNoEntry: false }) : null;
  if (found === undefined || found?.isFile()) return "file";
  return found?.isDirectory() ? "folder" : null;
}
