/**
 * What lies between the entries of an archive, and belongs to none: a reader that goes by the directory never sees it,
 * one that streams through the file does.
 */
import type { HeldSource } from "../../bytes/held-source.ts";
import type { Range } from "../../bytes/ranges.ts";
import type { Content, Reading, Tracing } from "../tracing.ts";
import type { ZipDirectory, ZipEntry } from "./directory.ts";
import { identify, type ReadEntries, readEntry } from "./entry.ts";
import { LOCAL_HEADER_BYTES, type LocalHeader, readLocalHeader, SIZES_FOLLOW } from "./local-header.ts";

/** A data descriptor (APPNOTE 4.3.9) is the longest that may follow an entry's bytes. */
const LONGEST_DESCRIPTOR = 24;
/** How far a header is looked for. */
const SEARCHED = 64 * 1024;

/**
 * The parts of the file before the directory that no entry of it covers.
 *
 * @param ends where the entries that were read end; of the others the header's length is not known, and taken to be
 *   the longest possible
 */
export function unlistedRegions(directory: ZipDirectory, ends: ReadEntries): Range[] {
  const ascending = [...directory.entries].sort((a, b) => a.localOffset - b.localOffset);
  const regions: Range[] = [];
  let covered = 0;
  let slack = 0;
  for (const entry of [...ascending, null]) {
    const next = entry ? Math.max(0, entry.localOffset) : directory.start;
    if (next - covered > slack) regions.push({ start: covered, end: next });
    if (!entry) break;
    const known = ends.get(identify(entry));
    const end = known ?? entry.localOffset + LOCAL_HEADER_BYTES + entry.name.length + entry.compressedSize;
    if (end >= covered) slack = LONGEST_DESCRIPTOR + (known === undefined ? 0xffff : 0);
    covered = Math.max(covered, end);
  }
  return regions;
}

/** Entries that lie in `region` with a header of their own, read as a reader that streams would read them; but for those in `known`. */
export async function readUnlisted(archive: Content, region: Range, known: ReadEntries, tracing: Tracing): Promise<Reading[]> {
  const readings: Reading[] = [];
  let at = region.start;
  while (at < region.end) {
    const offset = await findHeader(archive.source, at, Math.min(region.end, at + SEARCHED));
    const local = offset === null ? null : await readLocalHeader(archive.source, offset);
    if (offset === null || !local) break;
    const entry = entryOf(local, offset);
    const knownEnd = known.get(identify(entry));
    if (knownEnd !== undefined) {
      at = Math.max(knownEnd, offset + LOCAL_HEADER_BYTES);
      continue;
    }
    tracing.find({ kind: "zip-unlisted", message: "an entry that is not in the directory", entry: entry.name, offset });
    const read = await readEntry(archive, entry, archive.loader, tracing);
    readings.push(read.reading);
    known.set(identify(entry), read.end);
    at = Math.max(read.end, offset + LOCAL_HEADER_BYTES);
    if (local.flags & SIZES_FOLLOW && local.compressedSize === 0) break;
  }
  if (readings.length === 0 && region.start > 0) {
    const message = `${region.end - region.start} bytes that belong to no entry`;
    tracing.find({ kind: "zip-gap", message, entry: archive.entry, offset: region.start });
  }
  return readings;
}

function entryOf(local: LocalHeader, offset: number): ZipEntry {
  return { ...local, rawName: local.name, localOffset: offset, headerOffset: offset };
}

async function findHeader(source: HeldSource, start: number, end: number): Promise<number | null> {
  const bytes = await source.read(start, end);
  for (let at = bytes.indexOf(0x50); at !== -1; at = bytes.indexOf(0x50, at + 1)) {
    if (bytes[at + 1] === 0x4b && bytes[at + 2] === 3 && bytes[at + 3] === 4) return start + at;
  }
  return null;
}
