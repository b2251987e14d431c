/**
 * The end of a zip archive: which record says where the directory lies. Python's `zipfile` and torch's reader (miniz)
 * both take the last one in the file, and differ in where they then look for the zip64 record and for the directory.
 */
import type { ByteSource } from "../../bytes/byte-source.ts";

/** Who reads an archive: Python's `zipfile`, or torch's `PyTorchFileReader` (miniz). */
export type ZipReader = "zipfile" | "torch";

/** Where a reader looks for the directory, and what it is told of it. */
export interface DirectoryPlace {
  readonly reader: ZipReader;
  readonly start: number;
  readonly size: number;
  readonly entryCount: number;
  /** How far the archive is moved against the offsets written in it: the length of what was put before it. */
  readonly moved: number;
}

/** An end record, and where it sends each reader. */
export interface EndRecord {
  /** Where the record lies in the file. */
  readonly offset: number;
  /** First byte after the record and its comment. */
  readonly end: number;
  readonly places: readonly DirectoryPlace[];
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
  const letter = 0x50;
  for (let at = tail.length; at > 0 && records.length < MOST_RECORDS; ) {
    at = tail.lastIndexOf(letter, at - 1);
    if (at === -1) break;
    if (at + END_RECORD_BYTES > tail.length || view.getUint32(at, true) !== 0x06054b50) continue;
    const offset = start + at;
    const plain: Described = {
      entryCount: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    };
    const zip64 = at >= LOCATOR_BYTES ? await readZip64(source, view, at - LOCATOR_BYTES, offset) : {};
    records.push({
      offset,
      end: offset + END_RECORD_BYTES + view.getUint16(at + 20, true),
      places: [placeOfZipfile(offset, plain, zip64.zipfile), placeOfTorch(zip64.torch ?? plain)],
    });
  }
  return records;
}

/** What a record says of the directory; the offset counts from the start of the archive, which need not be that of the file. */
interface Described {
  readonly entryCount: number;
  readonly size: number;
  readonly offset: number;
}

/** The directory ends where the record begins, whatever was put before the archive (zipfile.py, `_RealGetContents`). */
function placeOfZipfile(endOffset: number, plain: Described, zip64: Described | undefined): DirectoryPlace {
  const { size, offset, entryCount } = zip64 ?? plain;
  const start = endOffset - (zip64 ? LOCATOR_BYTES + ZIP64_RECORD_BYTES : 0) - size;
  return { reader: "zipfile", start, size, entryCount, moved: start - offset };
}

/** The directory begins where it is written that it does (miniz.c, `mz_zip_reader_read_central_dir`). */
function placeOfTorch({ size, offset, entryCount }: Described): DirectoryPlace {
  return { reader: "torch", start: offset, size, entryCount, moved: 0 };
}

/**
 * The zip64 record that each reader takes, where the locator before the end record says that there is one (APPNOTE
 * 4.3.14, 4.3.15): zipfile the one right before the locator, miniz the one where the locator points.
 */
async function readZip64(
  source: ByteSource,
  tail: DataView,
  locator: number,
  endOffset: number,
): Promise<Partial<Record<ZipReader, Described>>> {
  if (tail.getUint32(locator, true) !== 0x07064b50) return {};
  const zipfile = await readZip64Record(source, endOffset - LOCATOR_BYTES - ZIP64_RECORD_BYTES);
  const torch = await readZip64Record(source, Number(tail.getBigUint64(locator + 8, true)));
  return { ...(zipfile && { zipfile }), ...(torch && { torch }) };
}

async function readZip64Record(source: ByteSource, at: number): Promise<Described | null> {
  if (at < 0 || at + ZIP64_RECORD_BYTES > source.size) return null;
  const bytes = await source.read(at, at + ZIP64_RECORD_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 0x06064b50) return null;
  return {
    entryCount: Number(view.getBigUint64(32, true)),
    size: Number(view.getBigUint64(40, true)),
    offset: Number(view.getBigUint64(48, true)),
  };
}
