/**
 * The policy of what pickles were seen to do (PickleBall's baseline): every lookup and call of their facts, each with the
 * place it was seen at. Boundary: names; of an object that a call returned nothing is listed, as no name stands for it.
 */
import { byCallable } from "./format-entry.ts";
import type { Policy, PolicyEntry } from "./policy.ts";

/** A lookup or call, as facts and `census trace` tell them. */
export interface SeenFact {
  readonly callable: string;
  readonly module: string;
  readonly opcode: string;
  readonly offset: number;
  readonly origin: string;
  /** A method of an object that the callable made: it needs no name of its own. */
  readonly method?: string | undefined;
}

/** What one file was seen to do. */
export interface Seen {
  readonly file: string;
  readonly imports: readonly SeenFact[];
  readonly calls: readonly SeenFact[];
}

/** A policy that allows what was seen, and nothing else. */
export function observedPolicy({ file, imports, calls }: Seen): Policy {
  return { name: `observed:${file}`, class: null, library: null, imports: entriesOf(file, imports), calls: entriesOf(file, calls) };
}

function entriesOf(file: string, facts: readonly SeenFact[]): PolicyEntry[] {
  const entries = new Map<string, PolicyEntry>();
  for (const { callable, module, opcode, offset, origin, method } of facts) {
    if (method !== undefined || origin === "computed" || origin === "mutated" || entries.has(callable)) continue;
    // A module that is not all before the last dot has to be said.
    const isNested = module !== callable.slice(0, callable.lastIndexOf("."));
    const reasons = [{ kind: "observed", text: `${opcode} at byte ${offset}`, file }] as const;
    entries.set(callable, { callable, ...(isNested && { module }), reasons });
  }
  return [...entries.values()].sort(byCallable);
}
