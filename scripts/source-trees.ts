/** Python source on disk as the inference takes it: a folder, or a wheel. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { SourceTree } from "../analyzer/policy/inference/infer.ts";
import type { ParseCache } from "../crawler/parse-cache.ts";
import { pythonFilesBelow } from "../crawler/python-folder.ts";
import { type Context, resolvePath, UsageError } from "./context.ts";
import { distributionsIn, statedName, statedVersion } from "./stated-source.ts";

/**
 * The Python source below a folder, or in a wheel; of a folder, each file is read when it is needed. Throws `UsageError`
 * where there is none. `cache`: what was answered about a folder's files in earlier runs.
 */
export async function readSourceTree(context: Context, given: string, cache: ParseCache | null): Promise<SourceTree> {
  const place = resolvePath(context, given);
  const found = await stat(place).catch(() => null);
  if (found === null) throw new UsageError(`no such folder or wheel: ${given}`);
  const tree = found.isDirectory() ? readFolder(place, cache) : await readWheelFile(place, given);
  if (tree.files.length === 0) throw new UsageError(`${given} holds no Python source`);
  return tree;
}

/** The same with its version and the sha256 over its files, for which all of them are read. */
export async function readIdentifiedTree(context: Context, given: string, cache: ParseCache | null): Promise<SourceTree> {
  const tree = await readSourceTree(context, given, cache);
  const version = tree.version ?? statedVersion(resolvePath(context, given), pathsOf(tree.files));
  return { ...tree, version, sha256: digest(tree.files) };
}

/**
 * What to say of a folder that holds everything that is installed, as site-packages does; null of any other. All of it is one library then:
 * every subclass in any distribution counts, and all of the source is read for them.
 */
export function severalDistributions(context: Context, given: string, class_: string | undefined): string | null {
  const place = resolvePath(context, given);
  const count = distributionsIn(place).length;
  if (count < 2) return null;
  const package_ = class_?.split(".")[0];
  const isThere = package_ !== undefined && existsSync(path.join(place, package_));
  const library = path.join(given, isThere ? package_ : "PACKAGE");
  return `${given} holds ${count} distributions, which are read as one library: that takes minutes and gigabytes, and subclasses in any of them count. Of one: --source ${library} --dependency ${given}`;
}

function readFolder(folder: string, cache: ParseCache | null): SourceTree {
  const files = pythonFilesBelow(folder, cache?.answersBelow(folder));
  return { name: statedName(folder, pathsOf(files)), version: null, files };
}

function pathsOf(files: SourceTree["files"]): readonly string[] {
  return files.map((file) => file.path);
}

async function readWheelFile(file: string, given: string): Promise<SourceTree> {
  const { readWheel } = await import("../crawler/wheel.ts");
  const read = readWheel(await readFile(file));
  if (!read.ok) throw new UsageError(`${given} is neither a folder nor a wheel: ${read.error}`);
  const [name, version] = path.basename(file, ".whl").split("-");
  return { name: name!, version: version ?? null, files: read.value.filter((inside) => /\.py[ix]?$/.test(inside.path)) };
}

/** sha256 over paths and texts, in the order of the paths. */
function digest(files: SourceTree["files"]): string {
  const hash = createHash("sha256");
  const ordered = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path: name, text } of ordered) hash.update(`${name}\0${Buffer.byteLength(text)}\0${text}`);
  return hash.digest("hex");
}
