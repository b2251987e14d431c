/** Zip archives built header by header, so that each field can lie. */
import { deflateSync } from "fflate";
import { crc32 } from "../../../analyzer/containers/crc32.ts";

/** What an entry's headers say, and its bytes. What is left out is honest. */
export interface EntrySpec {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** 0 stored, 8 deflated. */
  readonly method?: number;
  readonly flags?: number;
  readonly crc32?: number;
  /** Of the local header only. */
  readonly local?: { readonly name?: string; readonly flags?: number; readonly method?: number; readonly compressedSize?: number };
  /** The compressed bytes as they are written. */
  readonly compressed?: Uint8Array;
  readonly size?: number;
  readonly compressedSize?: number;
  readonly localOffset?: number;
  readonly localExtra?: Uint8Array;
  /** It is in the directory only: its bytes are those at `localOffset`. */
  readonly listedOnly?: boolean;
  /** The directory does not list it. */
  readonly unlisted?: boolean;
}

/** What surrounds the entries. */
export interface ArchiveSpec {
  readonly prefix?: Uint8Array;
  /** Whether the offsets written count the prefix. */
  readonly countsPrefix?: boolean;
  readonly suffix?: Uint8Array;
  readonly zip64?: boolean;
  readonly entryCount?: number;
  readonly comment?: Uint8Array;
  /** Added to the offset of the directory as it is written. */
  readonly directoryOffBy?: number;
  /** Added to the size of the directory as it is written. */
  readonly directorySizeOffBy?: number;
}

/** Writes an archive of `entries`. */
export function buildZip(entries: readonly EntrySpec[], archive: ArchiveSpec = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    at += bytes.length;
  };
  const prefix = archive.prefix ?? new Uint8Array(0);
  add(prefix);
  const base = archive.countsPrefix ? 0 : prefix.length;
  const directory: Uint8Array[] = [];
  for (const entry of entries) {
    const method = entry.method ?? 0;
    const compressed = entry.compressed ?? (method === 8 ? deflateSync(entry.bytes) : entry.bytes);
    const checksum = entry.crc32 ?? crc32(entry.bytes);
    const flags = entry.flags ?? 0;
    const size = entry.size ?? entry.bytes.length;
    const compressedSize = entry.compressedSize ?? compressed.length;
    const offset = entry.localOffset ?? at - base;
    const local = fields(
      [0x04034b50, 4],
      [20, 2],
      [entry.local?.flags ?? flags, 2],
      [entry.local?.method ?? method, 2],
      [0, 4],
      [checksum, 4],
      [entry.local?.compressedSize ?? compressedSize, 4],
      [size, 4],
      [Buffer.byteLength(entry.local?.name ?? entry.name), 2],
      [entry.localExtra?.length ?? 0, 2],
    );
    if (!entry.listedOnly) {
      for (const part of [local, Buffer.from(entry.local?.name ?? entry.name), entry.localExtra ?? new Uint8Array(0), compressed])
        add(part);
    }
    if (entry.unlisted) continue;
    const zip64 = archive.zip64 ? fields([1, 2], [24, 2], [size, 8], [compressedSize, 8], [offset, 8]) : new Uint8Array(0);
    const narrow = (value: number): number => (archive.zip64 ? 0xffffffff : value);
    directory.push(
      fields(
        [0x02014b50, 4],
        [20, 2],
        [20, 2],
        [flags, 2],
        [method, 2],
        [0, 4],
        [checksum, 4],
        [narrow(compressedSize), 4],
        [narrow(size), 4],
        [Buffer.byteLength(entry.name), 2],
        [zip64.length, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 4],
        [narrow(offset), 4],
      ),
      Buffer.from(entry.name),
      zip64,
    );
  }
  const begins = at;
  for (const bytes of directory) add(bytes);
  const size = at - begins + (archive.directorySizeOffBy ?? 0);
  const start = begins - base + (archive.directoryOffBy ?? 0);
  const count = archive.entryCount ?? entries.filter((entry) => !entry.unlisted).length;
  if (archive.zip64) {
    const record = at - base;
    add(fields([0x06064b50, 4], [44, 8], [45, 2], [45, 2], [0, 4], [0, 4], [count, 8], [count, 8], [size, 8], [start, 8]));
    add(fields([0x07064b50, 4], [0, 4], [record, 8], [1, 4]));
  }
  const narrow = (value: number, width: 2 | 4): number => (archive.zip64 ? 2 ** (8 * width) - 1 : value);
  const comment = archive.comment ?? new Uint8Array(0);
  add(
    fields(
      [0x06054b50, 4],
      [0, 2],
      [0, 2],
      [narrow(count, 2), 2],
      [narrow(count, 2), 2],
      [narrow(size, 4), 4],
      [narrow(start, 4), 4],
      [comment.length, 2],
    ),
  );
  add(comment);
  add(archive.suffix ?? new Uint8Array(0));
  return Buffer.concat(parts);
}

/** Little-endian numbers of the given widths, one after another. */
export function fields(...values: readonly (readonly [value: number, width: number])[]): Uint8Array {
  const bytes: number[] = [];
  for (const [value, width] of values) {
    for (let index = 0; index < width; index++) bytes.push(Math.floor(value / 2 ** (8 * index)) % 256);
  }
  return Uint8Array.from(bytes);
}
