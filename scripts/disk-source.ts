/** A file on disk as a `ByteSource`, and the files of a folder. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { type ByteSource, SourceError } from "../analyzer/bytes/byte-source.ts";

export interface DiskSource extends ByteSource {
  close(): Promise<void>;
}

/** Opens a file for reading by ranges. Rejects with `SourceError` where it cannot be opened. */
export async function diskSource(file: string): Promise<DiskSource> {
  try {
    const handle = await open(file, "r");
    const { size } = await handle.stat();
    return { size, read: (start, end) => readRange(handle, start, Math.min(end, size)), close: () => handle.close() };
  } catch (error) {
    throw unavailable(error);
  }
}

async function readRange(handle: Awaited<ReturnType<typeof open>>, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  try {
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
      if (bytesRead === 0) throw new Error("the file became shorter while it was read");
      filled += bytesRead;
    }
  } catch (error) {
    throw unavailable(error);
  }
  return bytes;
}

/** sha256 of a file's content, in hex. Rejects with `SourceError`. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk);
  } catch (error) {
    throw unavailable(error);
  }
  return hash.digest("hex");
}

function unavailable(error: unknown): SourceError {
  return new SourceError("unavailable", error instanceof Error ? error.message : String(error), { cause: error });
}

/**
 * The files below a folder, in the order of their paths. Links are followed, as the Hub's own cache is made of them, but
 * no folder is entered twice; `.git` is not entered. One inside that may not be read stands for itself: whoever opens it says so.
 */
export async function* filesBelow(folder: string, entered: Set<string> = new Set()): AsyncGenerator<string> {
  const real = await realpath(folder);
  if (entered.has(real)) return;
  const isInside = entered.size > 0;
  entered.add(real);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isInside) return null;
    throw error;
  });
  if (entries === null) return yield folder;
  for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    if (entry.name === ".git") continue;
    const inside = path.join(folder, entry.name);
    // A link to nowhere is a file that cannot be read; whoever opens it says so.
    const kind = entry.isFile() || entry.isDirectory() ? entry : await stat(inside).catch(() => null);
    if (kind?.isDirectory()) yield* filesBelow(inside, entered);
    else if (kind === null || kind.isFile()) yield inside;
  }
}
