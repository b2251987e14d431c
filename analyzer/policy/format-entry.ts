/**
 * How the entries of a policy are written, and in which order: what all parts of a policy file share. What reads them is
 * `entry-schema.ts`, apart: worker threads order entries and read no policy file, and would each load zod for it.
 */
import type { EntryOnFile } from "./entry-schema.ts";
import type { PolicyEntry } from "./policy.ts";

/** Entries as they are written: by callable. */
export function sortedEntries(entries: readonly PolicyEntry[]): EntryOnFile[] {
  return [...entries].sort(byCallable).map(({ callable, sameAs, module, returns, bound, reasons }) => ({
    callable,
    ...(sameAs === undefined ? {} : { sameAs }),
    ...(module === undefined ? {} : { module }),
    ...(returns === undefined ? {} : { returns }),
    ...(bound === undefined ? {} : { bound }),
    reasons: reasons.map(({ kind, text, name, file, line, releases }) => ({
      kind,
      text,
      ...(name === undefined ? {} : { name }),
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      ...(releases === undefined ? {} : { releases: [...releases] }),
    })),
  }));
}

/** An entry that stands for another of its callable as well: what may be shared, or bound, under one policy may be under both. */
export function joinedEntry(entry: PolicyEntry, other: PolicyEntry | undefined): PolicyEntry {
  if (other?.returns === undefined && other?.bound === undefined) return entry;
  return { ...entry, ...(other.returns && { returns: other.returns }), ...(other.bound && { bound: other.bound }) };
}

/** Orders entries by callable, by code unit, on every machine alike. */
export function byCallable(a: { readonly callable: string }, b: { readonly callable: string }): number {
  return a.callable < b.callable ? -1 : a.callable > b.callable ? 1 : 0;
}

/** Orders texts by code unit. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
