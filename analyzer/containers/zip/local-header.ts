/** The header in front of an entry's bytes, and where it and the directory disagree: readers trust one or the other. */
import type { ByteSource } from "../../bytes/byte-source.ts";
import type { Finding } from "../trace.ts";
import { decodeName, type ZipEntry, zip64Sizes } from "./directory.ts";

export const LOCAL_HEADER_BYTES = 30;
/** Longest name and extra field. */
export const LONGEST_LOCAL_HEADER = LOCAL_HEADER_BYTES + 2 * 0xffff;

/** Sizes and checksum follow the data (general purpose bit 3). */
export const SIZES_FOLLOW = 0x8;

/** A local header as written. */
export interface LocalHeader {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where the entry's bytes begin in the file. */
  readonly dataStart: number;
}

/** Reads the local header at `offset`; null where none lies there. */
export async function readLocalHeader(source: ByteSource, offset: number): Promise<LocalHeader | null> {
  if (offset < 0 || offset + LOCAL_HEADER_BYTES > source.size) return null;
  const fixed = await source.read(offset, offset + LOCAL_HEADER_BYTES);
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength);
  if (view.getUint32(0, true) !== 0x04034b50) return null;
  const nameLength = view.getUint16(26, true);
  const extraLength = view.getUint16(28, true);
  const dataStart = offset + LOCAL_HEADER_BYTES + nameLength + extraLength;
  const rest = await source.read(offset + LOCAL_HEADER_BYTES, dataStart);
  const flags = view.getUint16(6, true);
  const extra = rest.subarray(nameLength);
  const sizes = zip64Sizes(new DataView(extra.buffer, extra.byteOffset, extra.byteLength), {
    size: view.getUint32(22, true),
    compressedSize: view.getUint32(18, true),
    localOffset: 0,
  });
  return {
    name: decodeName(rest.subarray(0, nameLength), flags),
    flags,
    method: view.getUint16(8, true),
    crc32: view.getUint32(14, true),
    compressedSize: sizes.compressedSize,
    size: sizes.size,
    dataStart,
  };
}

/** Everything in which the local header and the directory disagree. What follows the data is not compared. */
export function compareHeaders(entry: ZipEntry, local: LocalHeader, path: string): Finding[] {
  const findings: Finding[] = [];
  const differ = (what: string, directory: number | string, written: number | string): void => {
    findings.push({
      kind: `zip-${what}-differs`,
      message: `the directory says ${what} ${JSON.stringify(directory)}, the local header ${JSON.stringify(written)}`,
      entry: path,
      offset: entry.localOffset,
    });
  };
  if (entry.name !== local.name) differ("name", entry.name, local.name);
  if (entry.flags !== local.flags) differ("flags", entry.flags, local.flags);
  if (entry.method !== local.method) differ("method", entry.method, local.method);
  if (!((entry.flags | local.flags) & SIZES_FOLLOW)) {
    if (entry.crc32 !== local.crc32) differ("checksum", entry.crc32, local.crc32);
    if (entry.compressedSize !== local.compressedSize) differ("compressed-size", entry.compressedSize, local.compressedSize);
    if (entry.size !== local.size) differ("size", entry.size, local.size);
  }
  return findings;
}
