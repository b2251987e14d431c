/**
 * The readable part of a wheel that is too large to be fetched whole: its directory from the end, and then only the
 * ranges in which source and metadata lie. Wheels of compiled libraries are megabytes of source in gigabytes of code.
 */
import { inflateRawSync } from "node:zlib";
import { budgetedSource } from "../analyzer/bytes/budgeted-source.ts";
import { type ByteSource, SourceError } from "../analyzer/bytes/byte-source.ts";
import { readDirectories, type ZipEntry } from "../analyzer/containers/zip/directory.ts";
import { findEndRecords, LONGEST_END } from "../analyzer/containers/zip/end-record.ts";
import { LOCAL_HEADER_BYTES } from "../analyzer/containers/zip/local-header.ts";
import { failed, ok, type Result } from "../analyzer/result.ts";
import { isWanted, MOST_FILES, MOST_TEXT, type WheelFile } from "./wheel.ts";

/** Members that lie closer together than this are read at once: the bytes between cost less than another request. */
const GAP = 256 * 1024;
/** No range is longer, lest it all be held. */
const LONGEST_RANGE = 8 * 2 ** 20;
/** Room for a local header whose name or extra field is longer than the directory's. */
const HEADER_ROOM = 512;
const BUDGET = { bytes: 512 * 2 ** 20, requests: 2_000 };

/** The source and metadata of a wheel, by path. An error in words where it cannot be read; rejects with `SourceError` where its bytes cannot. */
export async function readWheelByRanges(wheel: ByteSource): Promise<Result<WheelFile[], string>> {
  const source = budgetedSource(wheel, BUDGET);
  const start = Math.max(0, source.size - LONGEST_END);
  const [end] = await findEndRecords(source, await source.read(start, source.size), start);
  const [directory] = end === undefined ? [] : await readDirectories(source, end);
  if (directory === undefined || directory.limited) return failed("no directory that can be read");
  const wanted = directory.entries.filter(({ name }) => isWanted(name)).sort((a, b) => a.localOffset - b.localOffset);
  if (wanted.length === 0) return failed("no source in it");
  const text = wanted.reduce((sum, { size }) => sum + size, 0);
  if (wanted.length > MOST_FILES || text > MOST_TEXT) return failed(`more than ${MOST_FILES} files or ${MOST_TEXT} bytes of source`);
  const files: WheelFile[] = [];
  for (const group of grouped(wanted)) {
    const first = group[0]!.localOffset;
    const bytes = await source.read(first, Math.min(endOf(group.at(-1)!), source.size));
    for (const entry of group) {
      const content = contentOf(bytes, entry, first);
      if (content === null) return failed(`${entry.name} is not where the directory says`);
      files.push({ path: entry.name, text: new TextDecoder().decode(content) });
    }
  }
  return ok(files.sort((a, b) => (a.path < b.path ? -1 : 1)));
}

function endOf(entry: ZipEntry): number {
  return entry.localOffset + LOCAL_HEADER_BYTES + entry.name.length * 4 + HEADER_ROOM + entry.compressedSize;
}

/** Entries, in the order of their places, that one range is read for. */
function* grouped(entries: readonly ZipEntry[]): Generator<readonly ZipEntry[]> {
  let group: ZipEntry[] = [];
  for (const entry of entries) {
    const last = group.at(-1);
    const apart = last !== undefined && (entry.localOffset - endOf(last) > GAP || endOf(entry) - group[0]!.localOffset > LONGEST_RANGE);
    if (apart) {
      yield group;
      group = [];
    }
    group.push(entry);
  }
  yield group;
}

/** The content of an entry among bytes that begin at `first` of the wheel; null where it is not there. */
function contentOf(bytes: Uint8Array, entry: ZipEntry, first: number): Uint8Array | null {
  const at = entry.localOffset - first;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (at < 0 || at + LOCAL_HEADER_BYTES > bytes.length || view.getUint32(at, true) !== 0x04034b50) return null;
  const start = at + LOCAL_HEADER_BYTES + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  const data = bytes.subarray(start, start + entry.compressedSize);
  if (data.length !== entry.compressedSize) return null;
  if (entry.method === 0) return data;
  if (entry.method !== 8) return null;
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, entry.size) });
  } catch {
    return null;
  }
}

/** The same, where bytes that cannot be had are an error in words too. */
export async function readRemoteWheel(
  wheel: ByteSource,
): Promise<Result<WheelFile[], { readonly unavailable: boolean; readonly message: string }>> {
  try {
    const files = await readWheelByRanges(wheel);
    return files.ok ? files : failed({ unavailable: false, message: files.error });
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return failed({ unavailable: error.kind === "unavailable", message: error.message });
  }
}
