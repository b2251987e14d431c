/**
 * Two policies side by side: what a policy misses of what was observed, what it allows beyond, and what changed between
 * releases. Boundary: names only; what a name can do is `lint.ts`.
 */
import { byCallable, joinedEntry } from "./format-entry.ts";
import type { Policy, PolicyEntry } from "./policy.ts";

/** How one list of names fares against the one it is measured by. */
export interface Comparison {
  readonly expected: number;
  readonly actual: number;
  /** Expected, and not there. */
  readonly missing: readonly string[];
  /** There, and not expected. */
  readonly extra: readonly string[];
  /** Share of what is there that was expected; 1 where nothing is there. */
  readonly precision: number;
  /** Share of what was expected that is there; 1 where nothing was expected. */
  readonly recall: number;
  readonly f1: number;
}

export interface PolicyComparison {
  readonly imports: Comparison;
  readonly calls: Comparison;
}

/** Measures `actual` by `expected`: the policy of what was observed, or of a reference. */
export function comparePolicies(expected: Policy, actual: Policy): PolicyComparison {
  return { imports: compareNames(expected.imports, actual.imports), calls: compareNames(expected.calls, actual.calls) };
}

function compareNames(expected: readonly PolicyEntry[], actual: readonly PolicyEntry[]): Comparison {
  const wanted = namesOf(expected);
  const present = namesOf(actual);
  const missing = [...wanted].filter((name) => !present.has(name)).sort();
  const extra = [...present].filter((name) => !wanted.has(name)).sort();
  const found = wanted.size - missing.length;
  const precision = present.size === 0 ? 1 : found / present.size;
  const recall = wanted.size === 0 ? 1 : found / wanted.size;
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { expected: wanted.size, actual: present.size, missing, extra, precision, recall, f1 };
}

function namesOf(entries: readonly PolicyEntry[]): Set<string> {
  return new Set(entries.map((entry) => entry.callable));
}

export interface PolicyDifference {
  readonly imports: { readonly added: readonly PolicyEntry[]; readonly removed: readonly PolicyEntry[] };
  readonly calls: { readonly added: readonly PolicyEntry[]; readonly removed: readonly PolicyEntry[] };
}

/** What a policy has that an earlier one had not, and the other way round, with the reasons. */
export function diffPolicies(before: Policy, after: Policy): PolicyDifference {
  const difference = (a: readonly PolicyEntry[], b: readonly PolicyEntry[]) => {
    const known = namesOf(a);
    return [...b].filter((entry) => !known.has(entry.callable)).sort(byCallable);
  };
  return {
    imports: { added: difference(before.imports, after.imports), removed: difference(after.imports, before.imports) },
    calls: { added: difference(before.calls, after.calls), removed: difference(after.calls, before.calls) },
  };
}

/**
 * What any of the policies allows. A name's reasons are those of the first policy that allows it; `class` and `library`
 * are kept where all agree (a library at several versions keeps its name).
 */
export function unionPolicies(name: string, policies: readonly Policy[]): Policy {
  const same = <T>(values: readonly T[]): T | null =>
    values.length > 0 && values.every((value) => value === values[0]) ? (values[0] ?? null) : null;
  const libraryName = same(policies.map((policy) => policy.library?.name ?? null));
  const version = same(policies.map((policy) => policy.library?.version ?? null));
  const sourceSha256 = same(policies.map((policy) => policy.library?.sourceSha256 ?? null));
  return {
    name,
    class: same(policies.map((policy) => policy.class)),
    library: libraryName === null ? null : { name: libraryName, version, sourceSha256 },
    imports: unionEntries(policies.map((policy) => policy.imports)),
    calls: unionEntries(policies.map((policy) => policy.calls)),
  };
}

function unionEntries(lists: readonly (readonly PolicyEntry[])[]): PolicyEntry[] {
  const found = new Map<string, PolicyEntry>();
  for (const entry of lists.flat()) {
    found.set(entry.callable, joinedEntry(found.get(entry.callable) ?? entry, entry));
  }
  return [...found.values()].sort(byCallable);
}
