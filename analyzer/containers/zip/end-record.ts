/**
 * The end of a zip archive: which record says where the directory lies. Python's `zipfile` and torch's reader (miniz)
 * both take the last one in the file, and differ in where they then look for the directory.
 */
import type { ByteSource } from "../../bytes/byte-source.ts";

/** What the end record says, with zip64 taken into account. */
export interface EndRecord {
  /** Where the record lies in the file. */
  readonly offset: number;
  /** Where the directory must end: at the zip64 record, or at this record. */
  readonly directoryEnd: number;
  readonly entryCount: number;
  readonly directorySize: number;
  /** As written: counted from the start of the archive, which need not be the start of the file. */
  readonly directoryOffset: number;
  /** First byte after the record and its comment. */
  readonly end: number;
}

const END_RECORD_BYTES = 22;
const LOCATOR_BYTES = 20;
const ZIP64_RECORD_BYTES = 56;

/** How many end records are looked at: readers look at one, and each may describe a directory of its own. */
const MOST_RECORDS = 8;

/** The longest that the end of a zip can be: record and comment, and before them the zip64 record and its locator. */
export const LONGEST_END = END_RECORD_BYTES + 0xffff + LOCATOR_BYTES + ZIP64_RECORD_BYTES;

/**
 * Every end record in the last bytes of a file, the last one first: that is the order in which readers look.
 *
 * @param tail the last bytes of the file
 * @param start offset of `tail` in the file
 */
export async function findEndRecords(source: ByteSource, tail: Uint8Array, start: number): Promise<EndRecord[]> {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const records: EndRecord[] = [];
  for (let at = tail.length - END_RECORD_BYTES; at >= 0 && records.length < MOST_RECORDS; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const offset = start + at;
    const zip64 = at >= LOCATOR_BYTES ? await readZip64(source, view, at - LOCATOR_BYTES, offset) : null;
    const end = offset + END_RECORD_BYTES + view.getUint16(at + 20, true);
    records.push(
      zip64
        ? { offset, end, ...zip64 }
        : {
            offset,
            end,
            directoryEnd: offset,
            entryCount: view.getUint16(at + 10, true),
            directorySize: view.getUint32(at + 12, true),
            directoryOffset: view.getUint32(at + 16, true),
          },
    );
  }
  return records;
}

/** The zip64 record that a locator before the end record points at, where there is one (APPNOTE 4.3.14, 4.3.15). */
async function readZip64(
  source: ByteSource,
  tail: DataView,
  locator: number,
  endOffset: number,
): Promise<Pick<EndRecord, "directoryEnd" | "entryCount" | "directorySize" | "directoryOffset"> | null> {
  if (tail.getUint32(locator, true) !== 0x07064b50) return null;
  const written = Number(tail.getBigUint64(locator + 8, true));
  // Python looks right before the locator, miniz where the locator points; junk before the archive moves only the first.
  for (const at of [endOffset - LOCATOR_BYTES - ZIP64_RECORD_BYTES, written]) {
    if (at < 0 || at + ZIP64_RECORD_BYTES > source.size) continue;
    const bytes = await source.read(at, at + ZIP64_RECORD_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint32(0, true) !== 0x06064b50) continue;
    return {
      directoryEnd: at,
      entryCount: Number(view.getBigUint64(32, true)),
      directorySize: Number(view.getBigUint64(40, true)),
      directoryOffset: Number(view.getBigUint64(48, true)),
    };
  }
  return null;
}
