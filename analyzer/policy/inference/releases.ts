/**
 * The policy of a class over several releases of its library: a model carries the module paths, and holds the objects, of
 * the day it was saved. Boundary: one inference a release, joined; each name says in which releases it is needed.
 */
import type { PythonParser } from "../../python/parser.ts";
import { failed, ok, type Result } from "../../result.ts";
import { byCallable, joinedEntry } from "../format-entry.ts";
import type { Policy, PolicyEntry, Reason } from "../policy.ts";
import type { Notice } from "./flow/flow.ts";
import { type InferError, infer, type SourceTree } from "./infer.ts";

/** A release of the library, with the dependencies of its day. */
export interface Release {
  readonly library: SourceTree;
  readonly dependencies: readonly SourceTree[];
}

export interface InferReleasesRequest {
  readonly parser: PythonParser;
  /** From the earliest to the latest; at least one. */
  readonly releases: readonly Release[];
  /** `pkg.mod.Class`, as any of the releases names it. */
  readonly class: string;
}

/** A policy over releases, and what the inference has to say about it. */
export interface InferredReleases {
  readonly policy: Policy;
  /** Releases that do not have the class. */
  readonly without: readonly string[];
  readonly notices: readonly Notice[];
  readonly unparsed: readonly string[];
}

/** What a release is called in reasons: its version, or else its tree. */
export function releaseName({ library }: Release): string {
  return library.version ?? library.name;
}

/**
 * What the class may need in any of the releases (`class-range`). Files that did not change between releases are parsed
 * once. The reasons of a name are those of the latest release that needs it, after a step that names all of them.
 * An error where no release has the class: that of the latest.
 */
export function inferReleases({ parser, releases, class: class_ }: InferReleasesRequest): Result<InferredReleases, InferError> {
  const inferred = releases.map((release) => ({ name: releaseName(release), result: infer({ parser, ...release, class: class_ }) }));
  const found = inferred.flatMap(({ name, result }) => (result.ok ? [{ name, ...result.value }] : []));
  const last = found.at(-1);
  if (!last) return failed(inferred.map(({ result }) => result).findLast((result) => !result.ok)!.error);
  const trees = new Set(releases.map(({ library }) => library.name));
  const library = trees.size === 1 ? [...trees][0]! : last.policy.class!.split(".")[0]!;
  return ok({
    policy: joinReleases(library, found),
    without: inferred.filter(({ result }) => !result.ok).map(({ name }) => name),
    notices: last.notices,
    unparsed: [...new Set(found.flatMap(({ unparsed }) => unparsed))],
  });
}

/**
 * The policies of one class in several releases of a library as one (`class-range`), from the earliest to the latest; at
 * least one. `name` is what a release is called in reasons.
 */
export function joinReleases(library: string, releases: readonly { readonly name: string; readonly policy: Policy }[]): Policy {
  const names = releases.map(({ name }) => name);
  const range = names.length === 1 ? names[0]! : `${names[0]}..${names.at(-1)}`;
  const class_ = releases.at(-1)!.policy.class;
  const join = (list: "imports" | "calls") => joinEntries(releases.map(({ name, policy }) => [name, policy[list]] as const));
  return {
    name: `class-range:${class_}@${library}-${range}`,
    class: class_,
    library: { name: library, version: range, sourceSha256: null },
    imports: join("imports"),
    calls: join("calls"),
  };
}

/** Entries by callable. An object that has a name of its own in any release is known by it in the union. */
function joinEntries(lists: readonly (readonly [string, readonly PolicyEntry[]])[]): PolicyEntry[] {
  const releases = new Map<string, string[]>();
  const entries = new Map<string, PolicyEntry>();
  for (const [release, list] of lists) {
    for (const entry of list) {
      releases.set(entry.callable, [...(releases.get(entry.callable) ?? []), release]);
      const known = entries.get(entry.callable);
      const isKept = !known || entry.sameAs === undefined || known.sameAs !== undefined;
      entries.set(entry.callable, isKept ? joinedEntry(entry, known) : joinedEntry(known, entry));
    }
  }
  const all = lists.map(([release]) => release);
  return [...entries.values()]
    .map((entry) => ({ ...entry, reasons: [releaseReason(releases.get(entry.callable)!, all), ...entry.reasons] }))
    .sort(byCallable);
}

function releaseReason(releases: readonly string[], all: readonly string[]): Reason {
  return { kind: "release", text: `needed ${releaseRanges(releases, all)}`, releases };
}

/** `in 0.4.3 to 0.6, 0.8`: neighbours among all releases are told as a range. */
export function releaseRanges(releases: readonly string[], all: readonly string[]): string {
  const ranges: string[][] = [];
  for (const release of releases) {
    const range = ranges.at(-1);
    if (range && all.indexOf(release) === all.indexOf(range.at(-1)!) + 1) range.push(release);
    else ranges.push([release]);
  }
  return `in ${ranges.map((range) => (range.length === 1 ? range[0] : `${range[0]} to ${range.at(-1)}`)).join(", ")}`;
}
