/** The central directory of a zip archive: what the archive says of its entries, before any of them is looked at. */
import type { ByteSource } from "../../bytes/byte-source.ts";
import { LIMITS } from "../../limits.ts";
import type { Finding } from "../trace.ts";
import type { EndRecord } from "./end-record.ts";

/** An entry as the directory describes it. */
export interface ZipEntry {
  /** Decoded, cut at a NUL as Python cuts it. */
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where the local header lies in the file. */
  readonly localOffset: number;
  /** Where this entry's directory header lies in the file. */
  readonly headerOffset: number;
}

/** A directory that could be read, as far as it could be. */
export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  readonly findings: readonly Finding[];
  /** Where the directory begins in the file. */
  readonly start: number;
  /** How far the archive is moved against the offsets written in it: the length of what was put before it. */
  readonly moved: number;
  /** Set where reading stopped at a limit: there are entries that nobody looked at. */
  readonly limited: boolean;
}

const HEADER_BYTES = 46;
/** Read at a time: the directory of some ten thousand entries. */
const STEP = 1024 * 1024;

/**
 * Reads the directory that an end record describes, in each place where a reader would look for it: right before the
 * end record (Python's zipfile, which tolerates bytes before the archive) and at the offset written (miniz). Returns
 * none where no directory header lies there, one where readers agree, two where they see different archives.
 */
export async function readDirectories(source: ByteSource, end: EndRecord): Promise<ZipDirectory[]> {
  const before = end.directoryEnd - end.directorySize;
  const places = [
    { start: before, moved: before - end.directoryOffset },
    { start: end.directoryOffset, moved: 0 },
  ];
  const directories: ZipDirectory[] = [];
  for (const { start, moved } of places) {
    if (start < 0 || start > end.directoryEnd || directories.some((known) => known.start === start && known.moved === moved)) continue;
    const directory = await readDirectory(source, end, start, moved);
    if (directory.entries.length > 0 || (end.directorySize === 0 && end.entryCount === 0)) directories.push(directory);
  }
  return directories;
}

async function readDirectory(source: ByteSource, end: EndRecord, start: number, moved: number): Promise<ZipDirectory> {
  const entries: ZipEntry[] = [];
  const findings: Finding[] = [];
  const stop = Math.min(end.directoryEnd, start + end.directorySize);
  let at = start;
  let limited = false;
  let chunk: Uint8Array = new Uint8Array(0);
  let chunkStart = start;
  while (at < stop) {
    const resource = limitAt(entries.length, at - start);
    if (resource !== null) {
      limited = true;
      const { limit, unit } = LIMITS[resource];
      const message = `the directory of ${end.entryCount} entries is longer than ${limit} ${unit}; the rest was not read`;
      findings.push({ kind: "limit", message, entry: null, offset: at, resource, limit });
      break;
    }
    // Name, extra field and comment are at most 64 KiB each.
    const longest = Math.min(stop, at + HEADER_BYTES + 3 * 0xffff);
    if (longest > chunkStart + chunk.length) {
      chunk = await source.read(at, Math.min(stop, at + STEP));
      chunkStart = at;
    }
    const entry = readHeader(chunk, at - chunkStart, at, moved);
    if (!entry) {
      findings.push({
        kind: "directory-broken",
        message: `no directory header at ${at}, ${stop - at} bytes before its end`,
        entry: null,
        offset: at,
      });
      break;
    }
    entries.push(entry.entry);
    at = entry.next;
  }
  if (!limited && entries.length !== end.entryCount) {
    findings.push({
      kind: "entry-count",
      message: `the end record says ${end.entryCount} entries, the directory has ${entries.length}`,
      entry: null,
      offset: end.offset,
    });
  }
  return { entries, findings, start, moved, limited };
}

function limitAt(entries: number, bytes: number): "archiveEntries" | "directoryBytes" | null {
  if (entries >= LIMITS.archiveEntries.limit) return "archiveEntries";
  return bytes >= LIMITS.directoryBytes.limit ? "directoryBytes" : null;
}

function readHeader(chunk: Uint8Array, at: number, headerOffset: number, moved: number): { entry: ZipEntry; next: number } | null {
  if (at + HEADER_BYTES > chunk.length) return null;
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (view.getUint32(at, true) !== 0x02014b50) return null;
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const length = HEADER_BYTES + nameLength + extraLength + view.getUint16(at + 32, true);
  if (at + length > chunk.length) return null;
  const flags = view.getUint16(at + 8, true);
  const name = chunk.subarray(at + HEADER_BYTES, at + HEADER_BYTES + nameLength);
  const extra = new DataView(chunk.buffer, chunk.byteOffset + at + HEADER_BYTES + nameLength, extraLength);
  const sizes = zip64Sizes(extra, {
    size: view.getUint32(at + 24, true),
    compressedSize: view.getUint32(at + 20, true),
    localOffset: view.getUint32(at + 42, true),
  });
  return {
    entry: {
      name: decodeName(name, flags),
      flags,
      method: view.getUint16(at + 10, true),
      crc32: view.getUint32(at + 16, true),
      compressedSize: sizes.compressedSize,
      size: sizes.size,
      localOffset: sizes.localOffset + moved,
      headerOffset,
    },
    next: headerOffset + length,
  };
}

interface Sizes {
  size: number;
  compressedSize: number;
  localOffset: number;
}

/** Replaces what does not fit 32 bits by the zip64 extra field, which holds only those values, in this order (APPNOTE 4.5.3). */
export function zip64Sizes(extra: DataView, sizes: Sizes): Sizes {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const id = extra.getUint16(at, true);
    const end = Math.min(extra.byteLength, at + 4 + extra.getUint16(at + 2, true));
    if (id === 0x0001) {
      let value = at + 4;
      for (const key of ["size", "compressedSize", "localOffset"] as const) {
        if (sizes[key] !== 0xffffffff || value + 8 > end) continue;
        sizes[key] = Number(extra.getBigUint64(value, true));
        value += 8;
      }
      return sizes;
    }
    at = end;
  }
  return sizes;
}

const UTF8 = new TextDecoder("utf-8");
const LATIN1 = new TextDecoder("latin1");

/** A name as Python reads it, but for code page 437 above ASCII, which is shown as Latin-1: it is compared and shown, never opened. */
export function decodeName(bytes: Uint8Array, flags: number): string {
  const name = flags & 0x800 ? UTF8.decode(bytes) : LATIN1.decode(bytes);
  const end = name.indexOf("\0");
  return end === -1 ? name : name.slice(0, end);
}
