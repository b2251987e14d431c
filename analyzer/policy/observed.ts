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

/**
 * What more than one of a set of models was seen to do. Each of them is so judged by what the others do, as one that is
 * judged by its own trace loads whatever it does: a name that a model uses is in the union over all others exactly where
 * a second one uses it. `policies` are of single pickles, by what holds them; what has the same `of` counts as one.
 */
export function observedByOthers(name: string, policies: Iterable<{ readonly of: string; readonly policy: Policy }>): Policy {
  const lists = { imports: new Map<string, Sighting>(), calls: new Map<string, Sighting>() };
  for (const { of, policy } of policies)
    for (const list of ["imports", "calls"] as const)
      for (const entry of policy[list]) {
        const key = `${entry.callable} ${entry.module ?? ""}`;
        const known = lists[list].get(key);
        if (known === undefined) lists[list].set(key, { entry, by: of, again: false });
        else if (known.by !== of) known.again = true;
      }
  const seenAgain = (sightings: Iterable<Sighting>) =>
    [...sightings].flatMap(({ entry, again }) => (again ? [entry] : [])).sort(byCallable);
  return {
    name,
    class: null,
    library: null,
    imports: seenAgain(lists.imports.values()),
    calls: seenAgain(lists.calls.values()),
  };
}

/** Where a name was seen first, and whether another did it too. */
interface Sighting {
  readonly entry: PolicyEntry;
  readonly by: string;
  again: boolean;
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
