/**
 * Which entry each reader hands out when it is asked for a name: Python's `zipfile`, and torch's `PyTorchFileReader`
 * (miniz). Every entry is read whoever would find it; this says where the two part ways.
 */
import type { Finding } from "../trace.ts";
import type { ZipDirectory, ZipEntry } from "./directory.ts";
import type { ZipReader } from "./end-record.ts";

/** Finds the entry that a reader hands out for a name; undefined where it has none. */
export type ZipView = (name: string) => ZipEntry | undefined;

/** What each reader sees of the directories that an end record describes. */
export function viewsOf(directories: readonly ZipDirectory[]): Record<ZipReader, ZipView> {
  return { zipfile: viewOfZipfile(directories), torch: viewOfTorch(directories) };
}

/** Of several entries of a name the last (zipfile.py: `NameToInfo`). */
function viewOfZipfile(directories: readonly ZipDirectory[]): ZipView {
  const byName = new Map(seenBy("zipfile", directories).map((entry) => [entry.name, entry]));
  return (name) => byName.get(name);
}

/**
 * Names without regard to the case of ASCII, found by a binary search in directory offsets that were heap-sorted: which
 * of several entries of a name comes up depends on all others (miniz.c: `mz_zip_locate_file_binary_search`,
 * `mz_zip_reader_sort_central_dir_offsets_by_filename`).
 */
function viewOfTorch(directories: readonly ZipDirectory[]): ZipView {
  const sorted = heapSorted(seenBy("torch", directories).map((entry) => ({ entry, key: lowerCase(entry.rawName) })));
  return (name) => {
    const key = lowerCase(name);
    for (let low = 0, high = sorted.length - 1; low <= high; ) {
      const middle = (low + high) >>> 1;
      const found = sorted[middle]!;
      if (found.key === key) return found.entry;
      if (found.key < key) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  };
}

/** The entries that a reader comes to: torch's reads as many as the end record says. */
function seenBy(reader: ZipReader, directories: readonly ZipDirectory[]): readonly ZipEntry[] {
  for (const { places, entries } of directories) {
    const place = places.find((candidate) => candidate.reader === reader);
    if (place) return reader === "torch" ? entries.slice(0, place.entryCount) : entries;
  }
  return [];
}

/** miniz's MZ_TOLOWER. */
function lowerCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

interface Keyed {
  readonly entry: ZipEntry;
  readonly key: string;
}

/** Sorts in place, as miniz does: where equal keys come to lie is part of what is to be known. */
function heapSorted(items: Keyed[]): readonly Keyed[] {
  const swap = (a: number, b: number): void => {
    [items[a], items[b]] = [items[b]!, items[a]!];
  };
  const sift = (from: number, size: number): void => {
    for (let root = from; ; ) {
      let child = 2 * root + 1;
      if (child >= size) return;
      if (child + 1 < size && items[child]!.key < items[child + 1]!.key) child++;
      if (!(items[root]!.key < items[child]!.key)) return;
      swap(root, child);
      root = child;
    }
  };
  for (let start = (items.length - 2) >> 1; start >= 0; start--) sift(start, items.length);
  for (let end = items.length - 1; end > 0; end--) {
    swap(end, 0);
    sift(0, end);
  }
  return items;
}

/** Names for which the readers hand out different bytes, or which only one of them has. */
export function compareViews(directories: readonly ZipDirectory[]): Omit<Finding, "entry">[] {
  const entries = directories.flatMap((directory) => directory.entries);
  if (directories.length === 1 && new Set(entries.map(({ rawName }) => lowerCase(rawName))).size === entries.length) return [];
  const views = viewsOf(directories);
  const findings: Omit<Finding, "entry">[] = [];
  const said = new Set<string>();
  for (const { name, rawName, headerOffset } of entries) {
    const [zipfile, torch] = [views.zipfile(name), views.torch(rawName)];
    if (said.has(name) || (zipfile && torch && sameBytes(zipfile, torch))) continue;
    said.add(name);
    const message = `asked for ${JSON.stringify(name)}, zipfile hands out ${describe(zipfile)}, torch's reader ${describe(torch)}`;
    findings.push({ kind: "zip-readers-differ", message, offset: headerOffset });
  }
  return findings;
}

function sameBytes(a: ZipEntry, b: ZipEntry): boolean {
  return a.localOffset === b.localOffset && a.method === b.method && a.compressedSize === b.compressedSize;
}

function describe(entry: ZipEntry | undefined): string {
  return entry ? `the entry at ${entry.localOffset}` : "none";
}
