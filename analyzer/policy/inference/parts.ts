/**
 * What was found to be held, as the parts of a policy: names with their reasons, and open slots. A policy of a class has
 * one part, that of what a library saves one for each place that saves. Boundary: it reads what was solved, and follows nothing.
 */
import { aliasesOf } from "../../python/aliases.ts";
import type { Code } from "../../python/code.ts";
import type { Resolver } from "../../python/resolve.ts";
import { dangerOf } from "../danger.ts";
import { byCallable, joinedEntry } from "../format-entry.ts";
import type { OpenSlot, Policy, PolicyEntry } from "../policy.ts";
import { dangerIn, type Handed, handedOf } from "./danger-in-code.ts";
import type { Flow, Notice } from "./flow/flow.ts";
import { isRecordedFunction, placesOf } from "./flow/models/natives.ts";
import type { Value } from "./flow/values.ts";
import { modulesOfDotted, needDotted } from "./holding/dotted-names.ts";
import type { Holding, Need } from "./holding/holding.ts";
import { joinSlots, slotsOf } from "./holding/open-slots.ts";
import { reasonsFor } from "./holding/reasons.ts";
import { returnsShared } from "./shared-results.ts";

/** A part of a policy, and what it took. */
export interface Part {
  /** Under one name each; the others come last (`withAliases`). */
  readonly imports: readonly PolicyEntry[];
  readonly calls: readonly PolicyEntry[];
  readonly openSlots: readonly OpenSlot[];
  /** Classes and functions of the analysed source that are named. */
  readonly named: ReadonlySet<Code>;
  readonly notices: readonly Notice[];
  readonly activations: number;
  readonly nodes: number;
}

export function partOf(holding: Holding): Part {
  const { flow, named } = holding;
  needDotted(holding);
  return {
    imports: withBound(holding, entries(holding, holding.imports)),
    calls: withResults(holding, entries(holding, holding.calls)),
    openSlots: slotsOf(holding),
    named,
    notices: flow.notices,
    activations: flow.frameCount,
    nodes: flow.graph.nodes,
  };
}

/** What any of several needs, each name with the reasons of the first. */
export function joinParts(parts: readonly Part[]): Part {
  const [first, ...others] = parts as [Part, ...Part[]];
  if (others.length === 0) return first;
  const notices = new Map(parts.flatMap((part) => part.notices.map((notice) => [JSON.stringify(notice), notice])));
  return {
    imports: firstOfEach(parts.map(({ imports }) => imports)),
    calls: firstOfEach(parts.map(({ calls }) => calls)),
    openSlots: joinSlots(parts.flatMap(({ openSlots }) => openSlots)),
    named: new Set(parts.flatMap(({ named }) => [...named])),
    notices: [...notices.values()],
    activations: parts.reduce((sum, { activations }) => sum + activations, 0),
    nodes: parts.reduce((sum, { nodes }) => sum + nodes, 0),
  };
}

function firstOfEach(lists: readonly (readonly PolicyEntry[])[]): PolicyEntry[] {
  const found = new Map<string, PolicyEntry>();
  for (const entry of lists.flat()) found.set(entry.callable, joinedEntry(found.get(entry.callable) ?? entry, entry));
  return [...found.values()].sort(byCallable);
}

function entries(holding: Holding, needs: ReadonlyMap<string, Need>): PolicyEntry[] {
  // A class inside a class, or a method: everything before the last dot is no module.
  const nested = modulesOfDotted(holding);
  return [...needs.values()]
    .map((need): PolicyEntry => {
      const module = need.module ?? nested.get(need.callable);
      return { callable: need.callable, ...(module !== undefined && { module }), reasons: reasonsFor(holding, need) };
    })
    .sort(byCallable);
}

/** Says of which names objects keep partials: those only that get to nothing dangerous, whatever they are bound to. */
function withBound(holding: Holding, imports: readonly PolicyEntry[]): PolicyEntry[] {
  const { flow, named, methods, bound } = holding;
  if (bound.size === 0) return [...imports];
  const handed = handedOf(flow.classes, new Set([...named, ...methods.values()]), unreadIn(imports));
  const names = new Set([...bound].flatMap((value) => boundNames(flow, value, handed)));
  return imports.map((entry): PolicyEntry => (names.has(entry.callable) ? { ...entry, bound: true } : entry));
}

/** A name that a policy lets be looked up, of whose source nothing is known and which is in no table; null where there is none. */
function unreadIn(imports: readonly PolicyEntry[]): string | null {
  const unread = imports.find(({ callable, reasons }) => reasons.at(-1)?.kind === "unanalysed" && !isRecordedFunction(callable));
  return unread?.callable ?? null;
}

function boundNames(flow: Flow, value: Value, handed: Handed): readonly string[] {
  const data = flow.data(value);
  const namesOf = (name: string) => placesOf(name)?.map(({ callable }) => callable) ?? [name];
  if (data.kind === "external") return namesOf(data.name).filter((name) => isRecordedFunction(name) && dangerOf(name) === null);
  if (data.kind !== "function" && data.kind !== "class") return [];
  const { code } = data;
  const name = flow.nameOf(code);
  const danger = dangerIn(flow.classes, code, handed);
  if (danger === null) return namesOf(name);
  flow.notice(`a partial of ${name} is kept, and not let be made: a call of it may get to ${danger}`, code, code.line);
  return [];
}

/** Says of the library's own functions which return what others may hold. */
function withResults({ flow, named, methods }: Holding, calls: readonly PolicyEntry[]): PolicyEntry[] {
  const functions = new Map([...named].filter((code) => code.kind === "function").map((code) => [flow.nameOf(code), code]));
  for (const [name, code] of methods) functions.set(name, code);
  return calls.map((entry): PolicyEntry => {
    const code = functions.get(entry.callable);
    return code !== undefined && returnsShared(flow.classes, code) ? { ...entry, returns: "shared" } : entry;
  });
}

/** The same objects under every other name that the library gives them: pickles carry the name of the day they were saved. */
export function withAliases(
  resolver: Resolver,
  named: ReadonlySet<Code>,
  policy: Pick<Policy, "imports" | "calls">,
): Pick<Policy, "imports" | "calls"> {
  const aliases = aliasesOf(resolver, named);
  const extend = (known: readonly PolicyEntry[]) => {
    const byName = new Map(known.map((entry) => [entry.callable, entry]));
    const added = aliases.flatMap(({ name, code, file, line }): PolicyEntry[] => {
      const entry = byName.get(code.fullName);
      if (!entry || byName.has(name)) return [];
      const reason = { kind: "alias" as const, text: `another name of ${entry.callable}`, name, file, line };
      const { module: _, ...same } = entry;
      return [{ ...same, callable: name, sameAs: entry.callable, reasons: [...entry.reasons, reason] }];
    });
    return [...known, ...added].sort(byCallable);
  };
  return { imports: extend(policy.imports), calls: extend(policy.calls) };
}
