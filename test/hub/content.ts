/**
 * The content of a file on the loopback Hub: bytes in memory, a file on disk read when asked for, or bytes that are
 * worked out from their position and never held. What its bytes mean is nobody's business here.
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { ByteSource } from "../../analyzer/bytes/byte-source.ts";

/** Bytes with the two names the Hub gives them. */
export interface Content extends ByteSource {
  /** Hex; the id of a file in large storage. */
  readonly sha256: string;
  /** Hex sha1 of the git blob with these bytes; the id of a file kept in git. */
  readonly gitId: string;
}

/** Content held in memory; text is UTF-8. Hashed when a hash is first asked for. */
export function heldContent(bytes: Uint8Array | string): Content {
  const held = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  let sha256: string | undefined;
  let gitId: string | undefined;
  return {
    size: held.length,
    get sha256() {
      sha256 ??= createHash("sha256").update(held).digest("hex");
      return sha256;
    },
    get gitId() {
      gitId ??= gitBlobId(held);
      return gitId;
    },
    read: async (start, end) => held.subarray(start, end),
  };
}

/** The file at `path`, hashed now and read again for each range, so that a folder of models is not held in memory. */
export async function diskContent(path: string): Promise<Content> {
  const file = await open(path);
  try {
    const bytes = await file.readFile();
    return { ...hashes(bytes), size: bytes.length, read: (start, end) => readDisk(path, start, Math.min(end, bytes.length)) };
  } finally {
    await file.close();
  }
}

/**
 * Content of any size that `read` makes from its position, for files too large to hold or to hash. `name` stands for
 * the bytes: content of one name and size has one sha256, which is not the hash of its bytes.
 */
export function virtualContent(name: string, size: number, read: (start: number, end: number) => Uint8Array): Content {
  const identity = new TextEncoder().encode(`${name} ${size}`);
  return { ...hashes(identity), size, read: async (start, end) => read(start, Math.min(end, size)) };
}

/** Virtual content of zeros but for `pieces`, each at its offset; how a checkpoint of any size looks whose tensors are zero. */
export function sparseContent(name: string, size: number, pieces: readonly { offset: number; bytes: Uint8Array }[]): Content {
  return virtualContent(name, size, (start, end) => {
    const bytes = new Uint8Array(end - start);
    for (const piece of pieces) {
      const from = Math.max(piece.offset, start);
      const to = Math.min(piece.offset + piece.bytes.length, end);
      if (from < to) bytes.set(piece.bytes.subarray(from - piece.offset, to - piece.offset), from - start);
    }
    return bytes;
  });
}

/** The text that git holds in place of a file in large storage (git-lfs specification, "The Pointer"). */
export function largeFilePointer(content: Content): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${content.sha256}\nsize ${content.size}\n`;
}

export function gitBlobId(bytes: Uint8Array | string): string {
  return createHash("sha1")
    .update(`blob ${Buffer.byteLength(bytes)}\0`)
    .update(bytes)
    .digest("hex");
}

function hashes(bytes: Uint8Array): { sha256: string; gitId: string } {
  return { sha256: createHash("sha256").update(bytes).digest("hex"), gitId: gitBlobId(bytes) };
}

async function readDisk(path: string, start: number, end: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(Math.max(0, end - start));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
