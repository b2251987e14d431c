/** Files that real libraries make, written once per test run by Debian's Python into a folder that is removed after it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PYTHON = "/usr/bin/python3";
const LIBRARIES = "import joblib, numpy, torch";

/** A file, and what Python says lies in it. */
export interface MadeFile {
  readonly file: string;
  readonly container: string;
  /** For each entry (empty for the file itself), the name of the file with its content. */
  readonly contents: Readonly<Record<string, string>>;
  readonly pickles: number;
  readonly findings: readonly string[];
}

/** Why the files cannot be made here; null where they can. */
export function whyNotMade(): string | null {
  if (!existsSync(PYTHON)) return `there is no ${PYTHON}`;
  try {
    execFileSync(PYTHON, ["-c", LIBRARIES], { stdio: "pipe" });
    return null;
  } catch {
    return `${PYTHON} lacks one of: ${LIBRARIES.replace("import ", "")}`;
  }
}

/** The folder the files were written to. */
export interface MadeFiles {
  readonly files: readonly MadeFile[];
  read(name: string): Uint8Array;
  path(name: string): string;
  remove(): void;
}

/** Makes the files. */
export function makeFiles(): MadeFiles {
  const folder = mkdtempSync(join(tmpdir(), "containers-"));
  execFileSync(PYTHON, [fileURLToPath(new URL("make_files.py", import.meta.url)), folder], { stdio: "pipe" });
  const path = (name: string): string => join(folder, name);
  return {
    files: JSON.parse(readFileSync(path("files.json"), "utf8")) as MadeFile[],
    path,
    read: (name) => readFileSync(path(name)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
