/**
 * What of a source distribution is read: the modules that would be installed, as far as that can be told without running
 * anything, and the metadata. `NAME-VERSION/` and a `src/` below it are left out of the paths, so that they are a wheel's.
 */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { failed, ok, type Result } from "../analyzer/result.ts";
import { MOST_FILES, MOST_TEXT, SOURCE, type WheelFile } from "./wheel.ts";

/** Modules at the top that build the distribution or test it, and are not installed. */
const NOT_INSTALLED = /^(setup|conftest|noxfile|tasks|versioneer|fabfile)\.py$/;

/** The source and metadata of a `.tar.gz`, by path. An error in words where it is not one that can be read. */
export async function readSdist(bytes: Uint8Array, stem: string): Promise<Result<WheelFile[], string>> {
  const files: WheelFile[] = [];
  let unpacked = 0;
  const archive = Readable.from([bytes]).pipe(createGunzip());
  const entries = archive.pipe(extract());
  archive.on("error", (error) => entries.destroy(error));
  try {
    for await (const entry of entries) {
      const { name, type = "file", size = 0 } = entry.header;
      unpacked += size;
      const path = name.replace(/^(\.\/)?[^/]+\//, "");
      const wanted = type === "file" && (SOURCE.test(path) || path === "PKG-INFO") && size <= MOST_TEXT;
      if (unpacked > MOST_UNPACKED || files.length >= MOST_FILES) return failed(`more than ${MOST_FILES} files or ${MOST_UNPACKED} bytes`);
      if (!wanted) {
        entry.resume();
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      files.push({ path, text: Buffer.concat(chunks).toString() });
    }
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
  const installed = installedFiles(files, stem);
  return installed.some(({ path }) => SOURCE.test(path)) ? ok(installed) : failed("no source in it");
}

/** Unpacked, data and tests included. */
const MOST_UNPACKED = 2 ** 30;

function installedFiles(files: readonly WheelFile[], stem: string): WheelFile[] {
  const inside = files.some(({ path }) => /^src\/([^/]+\/__init__\.pyi?|[^/]+\.py)$/.test(path)) ? "src/" : "";
  const packages = new Set(files.flatMap(({ path }) => new RegExp(`^${inside}([^/]+)/__init__\\.pyi?$`).exec(path)?.[1] ?? []));
  const installed = files.flatMap(({ path, text }) => {
    if (path === "PKG-INFO") return [{ path: `${stem}.dist-info/METADATA`, text }];
    if (!path.startsWith(inside)) return [];
    const below = path.slice(inside.length);
    const [top = ""] = below.split("/");
    const isModule = top === below && !NOT_INSTALLED.test(below);
    const isPackage = packages.has(top) && !/^(tests?|docs?|examples?|benchmarks?)$/.test(top);
    return isModule || isPackage ? [{ path: below, text }] : [];
  });
  return installed.sort((a, b) => (a.path < b.path ? -1 : 1));
}
