/**
 * One entry of a zip archive, opened: its local header held against the directory, its bytes as content of their own.
 * Nothing that a header says decides that an entry need not be looked at.
 */
import { heldInMemory, heldSlice } from "../../bytes/held-source.ts";
import { type Codec, decompress, outcomeOf } from "../compressed/decompress.ts";
import { crc32 } from "../crc32.ts";
import type { Loader } from "../trace.ts";
import { type Content, failure, memberPath, type Reading, type Tracing, worse } from "../tracing.ts";
import type { ZipEntry } from "./directory.ts";
import { compareHeaders, readLocalHeader, SIZES_FOLLOW } from "./local-header.ts";

/** Encrypted, patched, strongly encrypted, directory encrypted: Python refuses them, torch reads on. */
const UNREADABLE_FLAGS = 0x1 | 0x20 | 0x40 | 0x2000;

const STORED = 0;
/** Compression methods (APPNOTE 4.4.5). */
const CODECS: Readonly<Record<number, Codec>> = { 8: "deflate", 12: "bzip2", 14: "zip-lzma", 93: "zstd", 95: "xz" };

/** Methods that neither Python's zipfile nor torch's reader knows. */
const METHOD_NAMES: Readonly<Record<number, string>> = {
  1: "shrunk",
  6: "imploded",
  9: "Deflate64",
  10: "PKWARE DCL",
  96: "JPEG",
  97: "WavPack",
  98: "PPMd",
  99: "encrypted with AES",
};

const NO_PROPERTIES = new Uint8Array(0);

/** Entries that were read, and where each ends: several views of an archive may show the same ones. */
export type ReadEntries = Map<string, number>;

/** What tells an entry from others: which bytes it is, and how they are read. */
export function identify(entry: ZipEntry): string {
  return `${entry.localOffset} ${entry.method} ${entry.compressedSize} ${entry.name}`;
}

/** What reading an entry came to, and where its bytes end in the archive: what lies between entries belongs to none. */
export interface EntryReading {
  readonly reading: Reading;
  readonly end: number;
}

/** The bytes of an entry, as one of its headers describes them. */
interface Body {
  readonly path: string;
  readonly start: number;
  readonly method: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly crc32: number;
  readonly flags: number;
}

/** Reads one entry and everything in it. Whatever is wrong with it is a finding, and ends this entry only. */
export async function readEntry(archive: Content, entry: ZipEntry, loader: Loader, tracing: Tracing): Promise<EntryReading> {
  const path = memberPath(archive.entry, entry.name);
  const local = await readLocalHeader(archive.source, entry.localOffset);
  if (!local) {
    const message = `there is no local header at ${entry.localOffset}, where ${JSON.stringify(entry.name)} should begin`;
    const reading = broken("zip-no-local-header", message, entry.localOffset, path, tracing);
    return { reading, end: entry.localOffset };
  }
  for (const finding of compareHeaders(entry, local, path)) tracing.find(finding);

  const flags = entry.flags | local.flags;
  let reading = await readBody(archive, { ...entry, path, start: local.dataStart, flags }, loader, tracing);
  const readAlso = async (other: Omit<Body, "path" | "start" | "flags">): Promise<void> => {
    const also = await readBody(archive, { ...other, path, start: local.dataStart, flags }, loader, tracing);
    reading = { ...reading, outcome: worse(reading.outcome, also.outcome) };
  };
  const bytesDiffer = local.method !== entry.method || local.compressedSize !== entry.compressedSize;
  // What a reader that streams would see, which never comes to the directory.
  if (bytesDiffer && !(flags & SIZES_FOLLOW)) await readAlso(local);
  if (entry.method === STORED && entry.size !== entry.compressedSize) {
    const message = `a stored entry of ${entry.compressedSize} bytes says that it has ${entry.size}, which is what miniz reads`;
    tracing.find({ kind: "zip-stored-size", message, entry: path, offset: entry.headerOffset });
    if (entry.size > entry.compressedSize) await readAlso({ ...entry, compressedSize: entry.size });
  }
  return { reading, end: local.dataStart + entry.compressedSize };
}

async function readBody(archive: Content, body: Body, loader: Loader, tracing: Tracing): Promise<Reading> {
  const { path, start } = body;
  const inner = { entry: path, depth: archive.depth + 1, loader };
  const end = start + body.compressedSize;
  const compressed = heldSlice(archive.source, start, end);
  if (!tracing.countEntryBytes(compressed.size)) {
    const message = "the entries read so far have more bytes than their archives: they overlap; this one was not read";
    return { container: "unknown", outcome: "unfinished", failure: tracing.limit("overlappingBytes", path, start, message) };
  }
  const cut = compressed.size < body.compressedSize;
  if (cut) broken("zip-beyond-end", `${body.compressedSize} bytes at ${start} reach beyond the end of the archive`, start, path, tracing);

  let reading: Reading;
  let checksum: number | null = null;
  if (body.method === STORED) {
    reading = await tracing.read({ ...inner, source: compressed }, tracing);
    // Bytes that nobody needed are not fetched for the sake of a checksum.
    if (!cut && compressed.holds(0, compressed.size)) checksum = crc32(await compressed.read(0, compressed.size));
  } else {
    const codec = CODECS[body.method];
    if (!codec) {
      const named = METHOD_NAMES[body.method];
      const message = `compression method ${body.method}${named ? ` (${named})` : ""} is not read here`;
      tracing.find({ kind: "zip-method", message, entry: path, offset: start });
      return { container: "unknown", outcome: "unsupported", failure: failure("zip-method", message, start) };
    }
    const { content, failure: fault } = await decompress(compressed, codec, path, tracing, { properties: NO_PROPERTIES, size: body.size });
    reading = await tracing.whileHolding(content.size, () => tracing.read({ ...inner, source: heldInMemory(content) }, tracing));
    if (fault) {
      if (fault.kind !== "limit") tracing.find({ ...fault, entry: path, offset: start + fault.offset });
      reading = { ...reading, outcome: worse(reading.outcome, outcomeOf(fault)), failure: fault };
    } else {
      checksum = await checksumOf(content);
    }
  }
  if (cut) reading = { ...reading, outcome: worse(reading.outcome, "malformed") };

  const wrong = checksum !== null && checksum !== body.crc32;
  const plain = (checksum !== null && !wrong) || !["unknown", "empty", "text"].includes(reading.container);
  if (body.flags & UNREADABLE_FLAGS) markedUnreadable(body, plain, tracing);
  if (body.flags & UNREADABLE_FLAGS && !plain) {
    return { container: "unknown", outcome: "unsupported", failure: failure("zip-encrypted", "the entry is encrypted or patched", start) };
  }
  if (wrong) {
    const message = `the checksum is ${body.crc32}, that of the bytes ${checksum}`;
    const outcome = worse(reading.outcome, broken("zip-checksum", message, start, path, tracing).outcome);
    return { ...reading, outcome };
  }
  return reading;
}

/**
 * An entry that its flags call encrypted or patched. Bytes that fit their checksum, or are something that is known,
 * are plain, whatever the flags say (CVE-2025-1945); others are out of reach, and so is what they hold.
 */
function markedUnreadable(body: Body, plain: boolean, tracing: Tracing): void {
  const flags = `0x${body.flags.toString(16)}`;
  const [kind, message] = plain
    ? ["zip-flags", `flags ${flags} call the entry encrypted or patched, and it is not`]
    : ["zip-encrypted", `flags ${flags}: the entry is encrypted or patched`];
  tracing.find({ kind, message, entry: body.path, offset: body.start });
}

async function checksumOf(content: { size: number; read(start: number, end: number): Promise<Uint8Array> }): Promise<number> {
  const step = 1024 * 1024;
  let checksum = 0;
  for (let at = 0; at < content.size; at += step) checksum = crc32(await content.read(at, at + step), checksum);
  return checksum;
}

/** Records a fault of an entry. */
function broken(kind: string, message: string, offset: number, path: string, tracing: Tracing): Reading {
  tracing.find({ kind, message, entry: path, offset });
  return { container: "unknown", outcome: "malformed", failure: failure(kind, message, offset) };
}
