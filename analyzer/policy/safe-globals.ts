/**
 * A policy as the two lines of `torch.serialization.add_safe_globals`, where torch's own unpickler then enforces it.
 * Boundary: what that list can say of names. Which files torch reads at all is in `analyzer/verdict/weights-only.ts`.
 */
import { dangerOf } from "./danger.ts";
import type { Policy, PolicyEntry } from "./policy.ts";
import { DEFAULT_WEIGHTS_ONLY, type WeightsOnlyPolicy } from "./weights-only.ts";

/** Why the list would let in more than the policy, or less. */
export interface Shortfall {
  readonly callable: string;
  readonly kind: "not-a-name" | "blocked-module" | "nested" | "import-only" | "acts-for-the-pickle";
  readonly message: string;
}

export interface SafeGlobals {
  /** The names that torch does not let in by itself, sorted. */
  readonly names: readonly string[];
  /** Python to run before `torch.load(file, weights_only=True)`; empty where nothing is to be added. */
  readonly text: string;
  /** Empty where the text is enough: then torch lets in what the policy does, and from outside its own table nothing else. */
  readonly shortfalls: readonly Shortfall[];
}

/** Whether a release lets what a user adds be made and built as well: since 2.5, where its error texts name the list (2.4 lets it be looked up and called). */
export function hasSafeGlobals({ unpickler }: WeightsOnlyPolicy): boolean {
  return unpickler.messages.newobj?.includes("add_safe_globals") === true;
}

/** What to add to a release of torch for a policy; the release is the first in which `torch.load` is weights-only by default. */
export function safeGlobals(policy: Policy, { unpickler }: WeightsOnlyPolicy = DEFAULT_WEIGHTS_ONLY): SafeGlobals {
  const calls = new Set(policy.calls.map(({ callable }) => callable));
  const all = new Map([...policy.imports, ...policy.calls].map((entry) => [entry.callable, entry]));
  const added = [...all.values()].filter(({ callable }) => !unpickler.kinds.has(callable)).sort(byName);
  const shortfalls = added.flatMap((entry): Shortfall[] => {
    const { callable } = entry;
    const module = moduleOf(entry);
    if (!isName(callable)) return [{ callable, kind: "not-a-name", message: "Python code cannot spell it" }];
    if (unpickler.blockedModules.includes(module)) {
      return [{ callable, kind: "blocked-module", message: `torch ${unpickler.torch} refuses everything of ${module}, listed or not` }];
    }
    if (callable.slice(module.length + 1).includes(".")) {
      return [{ callable, kind: "nested", message: "torch looks up names of modules, not what is inside of them" }];
    }
    if (!calls.has(callable)) {
      return [{ callable, kind: "import-only", message: "the policy lets it be looked up; torch would let it be called as well" }];
    }
    const danger = dangerOf(callable);
    if (danger === null) return [];
    return [{ callable, kind: "acts-for-the-pickle", message: `torch does not look at what it is given, and it could do harm: ${danger}` }];
  });
  return { names: added.map(({ callable }) => callable), text: textOf(added.filter(({ callable }) => isName(callable))), shortfalls };
}

function textOf(entries: readonly PolicyEntry[]): string {
  if (entries.length === 0) return "";
  const modules = new Set(["torch", ...entries.map(moduleOf)]);
  const names = entries.map(({ callable }) => callable);
  return `import ${[...modules].join(", ")}\ntorch.serialization.add_safe_globals([${names.join(", ")}])\n`;
}

/** A policy of what pickles were seen to do holds whatever they spelt, and this becomes code. */
function isName(callable: string): boolean {
  return /^[\p{ID_Start}_][\p{ID_Continue}]*(\.[\p{ID_Start}_][\p{ID_Continue}]*)+$/u.test(callable);
}

function moduleOf({ callable, module }: PolicyEntry): string {
  return module ?? callable.slice(0, callable.lastIndexOf("."));
}

function byName(left: PolicyEntry, right: PolicyEntry): number {
  return left.callable < right.callable ? -1 : 1;
}
