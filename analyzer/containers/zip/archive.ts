/**
 * A zip archive, as each of its readers sees it: Python and torch take the last end record, and differ in where they
 * look for the directory. Every view is followed.
 */
import type { HeldSource } from "../../bytes/held-source.ts";
import { type Content, failure, type Reading, readingOf, type Tracing } from "../tracing.ts";
import { readDirectories, type ZipDirectory } from "./directory.ts";
import { type EndRecord, findEndRecords, LONGEST_END } from "./end-record.ts";
import { readEntries } from "./entries.ts";
import type { ReadEntries } from "./entry.ts";
import { readUnlisted } from "./unlisted.ts";
import { compareViews } from "./views.ts";

/** An archive that was found in some content, not yet read. */
export interface ZipArchive {
  readonly end: EndRecord;
  /** One, or two where readers disagree on where the directory lies. */
  readonly directories: readonly ZipDirectory[];
}

/** How much of the end of a file is read to find an archive. */
export const ZIP_TAIL = LONGEST_END;

/**
 * The archives in `source`, the one that every reader takes first. None where no directory lies before an end record.
 * Archives that lie inside an entry of another are read as that entry's content.
 */
export async function findArchives(source: HeldSource): Promise<ZipArchive[]> {
  const start = Math.max(0, source.size - ZIP_TAIL);
  const archives: ZipArchive[] = [];
  for (const end of await findEndRecords(source, await source.read(start, source.size), start)) {
    if (archives.some((archive) => liesInEntry(end, archive))) continue;
    const directories = await readDirectories(source, end);
    if (directories.length > 0) archives.push({ end, directories });
  }
  return archives;
}

function liesInEntry(end: EndRecord, { directories }: ZipArchive): boolean {
  return directories.some(
    ({ start, entries }) => end.offset < start && entries.some((entry) => entry.localOffset >= 0 && entry.localOffset <= end.offset),
  );
}

/** Reads every entry of every view of the archives. */
export async function readArchives(content: Content, archives: readonly ZipArchive[], tracing: Tracing): Promise<Reading> {
  const say = (kind: string, message: string, offset: number): void => tracing.find({ kind, message, entry: content.entry, offset });
  tracing.openArchive(content.source.size);
  const readings: Reading[] = [];
  const read: ReadEntries = new Map();
  for (const [index, { end, directories }] of archives.entries()) {
    if (index > 0) say("zip-several-ends", "another end record, with a directory of its own", end.offset);
    // Readers take the last end record in the file; what an earlier one describes, nobody asks for by name.
    if (index === 0) for (const finding of compareViews(directories)) tracing.find({ ...finding, entry: content.entry });
    for (const [view, directory] of directories.entries()) {
      if (view > 0)
        say("zip-two-directories", "zipfile looks for the directory before its end, torch's reader where it is written", directory.start);
      if (directory.moved !== 0) {
        say("zip-moved", `offsets in the archive are off by ${directory.moved}: something was put before it`, directory.start);
      }
      for (const finding of directory.findings) tracing.find({ ...finding, entry: content.entry });
      readings.push(await readEntries(content, directory, read, tracing));
    }
    if (index === 0 && end.end < content.source.size) {
      say("zip-suffix", `${content.source.size - end.end} bytes after the end of the archive`, end.end);
    }
  }
  return readingOf(readings[0]!.container, readings);
}

/**
 * Content that begins like an archive and has no directory: no reader that goes by the directory opens it, so it is
 * malformed; what a reader that streams would come upon is read all the same.
 */
export async function readWithoutDirectory(content: Content, tracing: Tracing): Promise<Reading> {
  const message = "the archive has no end record with a directory before it";
  tracing.find({ kind: "zip-no-directory", message, entry: content.entry, offset: content.source.size });
  tracing.openArchive(content.source.size);
  await readUnlisted(content, { start: 0, end: content.source.size }, new Map(), tracing);
  return { container: "zip", outcome: "malformed", failure: failure("zip-no-directory", message, content.source.size) };
}
