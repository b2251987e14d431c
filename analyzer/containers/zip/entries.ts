/**
 * The entries of one directory, looked into: planned first, so that a file of any size costs the ranges that hold its
 * pickles and no more, then read. No entry is passed over for its name; storages are, for being named by a pickle.
 */
import type { Range } from "../../bytes/ranges.ts";
import { DETECTION_BYTES } from "../detect.ts";
import { type Content, memberPath, type Reading, readingOf, type Tracing, worse } from "../tracing.ts";
import type { ZipDirectory, ZipEntry } from "./directory.ts";
import { identify, type ReadEntries, readEntry } from "./entry.ts";
import { codeFinding, kindByContent, kindByNames, loaderOf } from "./kinds.ts";
import { LONGEST_LOCAL_HEADER } from "./local-header.ts";
import { compareStorages, liesWithStorages, storagesOf } from "./storages.ts";
import { readUnlisted, unlistedRegions } from "./unlisted.ts";

/** Entries up to this size, and pickles of any, are fetched whole and with their neighbours; of others the first bytes. */
const SMALL_ENTRY = 256 * 1024;
const ENTRY_HEAD = 2 * DETECTION_BYTES;

/** What reading the archive takes: its entries but for those that lie where storages do. Planned before anything is read. */
export function planEntries(directory: ZipDirectory): Range[] {
  const names = new Set(directory.entries.map((entry) => entry.name));
  return rangesOf(
    directory.entries.filter((entry) => !liesWithStorages(entry.name, names)),
    directory,
  );
}

/** Reads every entry that is no storage, and what lies between them; but for those in `read`, to which it adds. */
export async function readEntries(content: Content, directory: ZipDirectory, read: ReadEntries, tracing: Tracing): Promise<Reading> {
  const entries = directory.entries.filter((entry) => !isFolder(entry));
  reportDuplicates(content, entries, tracing);
  const names = new Set(entries.map((entry) => entry.name));
  const kind = kindByNames(names);
  const readings: Reading[] = [];
  const readAll = async (all: readonly ZipEntry[]): Promise<void> => {
    const chosen = all.filter((entry) => !read.has(identify(entry)));
    await content.source.prefetch(rangesOf(chosen, directory));
    for (const entry of chosen) {
      const { reading, end } = await readEntry(content, entry, loaderOf(entry.name, kind, content.loader), tracing);
      readings.push(
        reading.failure ? { ...reading, failure: { ...reading.failure, message: `${entry.name}: ${reading.failure.message}` } } : reading,
      );
      read.set(identify(entry), end);
    }
  };

  const aside = entries.filter((entry) => liesWithStorages(entry.name, names));
  const firstPickle = tracing.pickles.length;
  await readAll(aside.length === 0 ? entries : entries.filter((entry) => !liesWithStorages(entry.name, names)));
  if (aside.length > 0) {
    const pickles = tracing.pickles.slice(firstPickle);
    const storages = storagesOf(pickles);
    for (const finding of compareStorages(storages, aside, content.entry)) tracing.find(finding);
    // Where a pickle broke, which storages it names is not known; and the archive does not pass for understood anyway.
    if (pickles.every((pickle) => pickle.outcome === "ok")) {
      await readAll(aside.filter((entry) => !storages.has(memberPath(content.entry, entry.name))));
    }
  }
  for (const region of unlistedRegions(directory, read)) readings.push(...(await readUnlisted(content, region, read, tracing)));

  const reading = readingOf(kind ?? kindByContent(readings, tracing.pickles.slice(firstPickle)), readings);
  const code = codeFinding(reading.container, entries, content.entry);
  if (code) tracing.find(code);
  return directory.limited ? { ...reading, outcome: worse(reading.outcome, "unfinished") } : reading;
}

function isFolder(entry: ZipEntry): boolean {
  return entry.name.endsWith("/") && entry.compressedSize === 0;
}

/** Python takes the last of several entries of one name, torch any of them: all are read. */
function reportDuplicates(content: Content, entries: readonly ZipEntry[], tracing: Tracing): void {
  const seen = new Set<string>();
  for (const { name, headerOffset } of entries) {
    // miniz compares names without regard to case.
    const key = name.toLowerCase();
    if (seen.has(key))
      tracing.find({
        kind: "zip-duplicate",
        message: `several entries are called ${JSON.stringify(name)}`,
        entry: content.entry,
        offset: headerOffset,
      });
    seen.add(key);
  }
}

/** The bytes of entries, up to where the next one (or the directory) begins, or to the end that their headers could reach. */
function rangesOf(entries: readonly ZipEntry[], directory: ZipDirectory): Range[] {
  const starts = directory.entries.map((entry) => entry.localOffset).sort((a, b) => a - b);
  return entries.map((entry) => {
    const start = entry.localOffset;
    const whole = entry.compressedSize <= SMALL_ENTRY || entry.name.endsWith(".pkl");
    if (!whole) return { start, end: start + ENTRY_HEAD };
    const longest = start + LONGEST_LOCAL_HEADER + entry.compressedSize;
    return { start, end: Math.min(longest, firstBeyond(starts, start) ?? directory.start) };
  });
}

/** The first of `ascending` that is greater than `value`. */
function firstBeyond(ascending: readonly number[], value: number): number | undefined {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return ascending[low];
}
