/** The central directory of a zip archive: what the archive says of its entries, before any of them is looked at. */
import type { ByteSource } from "../../bytes/byte-source.ts";
import { LIMITS } from "../../limits.ts";
import type { Finding } from "../trace.ts";
import type { DirectoryPlace, EndRecord } from "./end-record.ts";

/** An entry as the directory describes it. */
export interface ZipEntry {
  /** Decoded, cut at a NUL as Python cuts it. */
  readonly name: string;
  /** The bytes of the name, as Latin-1: what torch's reader goes by. */
  readonly rawName: string;
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
  /** Whose directory this is, and what the end record says of it. */
  readonly places: readonly DirectoryPlace[];
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
 * Reads the directories that an end record describes: one where both readers look in the same place, two where they see
 * different archives, none where no directory header lies there.
 */
export async function readDirectories(source: ByteSource, end: EndRecord): Promise<ZipDirectory[]> {
  const directories: ZipDirectory[] = [];
  for (const place of end.places) {
    const { start, size, moved, entryCount } = place;
    if (start < 0 || start > source.size) continue;
    const same = directories.findIndex((known) => known.start === start && known.moved === moved && known.places[0]!.size === size);
    if (same !== -1) {
      directories[same] = { ...directories[same]!, places: [...directories[same]!.places, place] };
      continue;
    }
    const directory = await readDirectory(source, end, place);
    if (directory.entries.length > 0 || (size === 0 && entryCount === 0)) directories.push(directory);
  }
  return directories;
}

async function readDirectory(source: ByteSource, end: EndRecord, place: DirectoryPlace): Promise<ZipDirectory> {
  const { start, moved, entryCount } = place;
  const entries: ZipEntry[] = [];
  const findings: Finding[] = [];
  const stop = Math.min(source.size, start + place.size);
  let at = start;
  let limited = false;
  let chunk: Uint8Array = new Uint8Array(0);
  let chunkStart = start;
  while (at < stop) {
    const resource = limitAt(entries.length, at - start);
    if (resource !== null) {
      limited = true;
      const { limit, unit } = LIMITS[resource];
      const message = `the directory of ${entryCount} entries is longer than ${limit} ${unit}; the rest was not read`;
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
  if (at > stop) {
    findings.push({
      kind: "directory-broken",
      message: `the last header ends ${at - stop} bytes beyond the directory`,
      entry: null,
      offset: stop,
    });
  }
  if (!limited && entries.length !== entryCount) {
    findings.push({
      kind: "entry-count",
      message: `the end record says ${entryCount} entries, the directory has ${entries.length}`,
      entry: null,
      offset: end.offset,
    });
  }
  return { entries, findings, places: [place], start, moved, limited };
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
  const flags = view.getUint16(at + 8, true);
  const name = chunk.subarray(at + HEADER_BYTES, at + HEADER_BYTES + nameLength);
  // Where the directory ends inside a header, zipfile takes what there is.
  const extraAt = Math.min(chunk.length, at + HEADER_BYTES + nameLength);
  const extra = new DataView(chunk.buffer, chunk.byteOffset + extraAt, Math.min(extraLength, chunk.length - extraAt));
  const sizes = zip64Sizes(extra, {
    size: view.getUint32(at + 24, true),
    compressedSize: view.getUint32(at + 20, true),
    localOffset: view.getUint32(at + 42, true),
  });
  return {
    entry: {
      name: decodeName(name, flags),
      rawName: LATIN1.decode(name),
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
