/**
 * From a class policy to `class+open`: the slots that it leaves open, with what may fill them. Only what a set of pickles
 * names is asked about, so that the policy stays as small as they are. Boundary: which class may sit where; what sits
 * where in a pickle is the verdict's.
 */

import { dangerOf } from "../danger.ts";
import { byText } from "../format-entry.ts";
import { ANY_ATTRIBUTE, type Filler, type OpenSlot, type Policy, type PolicyEntry } from "../policy.ts";
import { isRecordedFunction, type NativeType, type Reduction, recordedTypes } from "./flow/models/natives.ts";
import type { Loading } from "./inertness/inertness.ts";

/** What is known of a class beyond its policy: whether it may fill a slot, and which it answers. */
export interface Filling {
  readonly loading: Loading;
  /** Methods and attributes that its objects have. */
  readonly attributes: ReadonlySet<string>;
  /** Whether asking an object of it for something runs code of the class (`asked-methods.ts`). */
  runs(asked: string): boolean;
  /** Its method resolution order, by name. */
  readonly classes: ReadonlySet<string>;
  /** What a state of slots may set of its objects. */
  readonly slots: readonly string[];
  /** Whether making an object of it gets to nothing dangerous, so that it may be handed over itself: looked for when it is asked. */
  isHarmless(): boolean;
}

/** What a name in a pickle may fill slots with. */
export type Candidate =
  | { readonly kind: "class"; readonly policy: Policy; readonly filling: Filling }
  /** A function of the analysed source that gets to nothing dangerous. */
  | { readonly kind: "function" };

/** What the name stands for in the analysed libraries; null where it is no class or function there, or a dangerous one. */
export type FindCandidate = (name: string) => Candidate | null;

interface Found {
  readonly filler: Filler;
  readonly filling: Filling | null;
}

/**
 * The policy with its slots open to the classes, recorded types and functions among `named` that answer them and are
 * inert to load. `named` are the callables that the pickles in question look up.
 */
export function openPolicy(policy: Policy, named: Iterable<string>, find: FindCandidate): Policy {
  const found: Found[] = [];
  const hasSlots = (policy.openSlots ?? []).length > 0;
  for (const name of hasSlots ? [...new Set(named)].sort(byText) : []) {
    const filler = recordedFiller(name) ?? analysedFiller(name, find(name)) ?? recordedFunction(name);
    if (filler !== null) found.push(filler);
  }
  let harmlessFound: readonly Found[] | null = null;
  const harmless = () => (harmlessFound ??= found.filter(({ filling }) => filling?.isHarmless()));
  const open = (slots: readonly OpenSlot[], holder: Filling | null = null) =>
    slots.map((slot) => {
      const called = [slot.attribute, ANY_ATTRIBUTE].flatMap((attribute) => [...(holder?.loading.touchesInside.get(attribute) ?? [])]);
      const takes = found.filter((each) => answers(each, slot) && !hasAny(each, called));
      const classes = slot.asks.functions ? harmless().filter((each) => !hasAny(each, called)) : [];
      return {
        ...slot,
        takes: takes.map(({ filler }) => filler.name),
        ...(classes.length > 0 && { takesClasses: classes.map(({ filler }) => filler.name) }),
      };
    });
  return {
    ...policy,
    name: policy.name.replace(/^class:/, "class+open:"),
    openSlots: open(policy.openSlots ?? []),
    fillers: found.map(({ filler, filling }) => ({ ...filler, openSlots: open(filler.openSlots, filling) })),
  };
}

/**
 * Whether what fills is what the slot asks for: an object of a class it is compared with, or with one of the methods it is
 * asked for (a pipeline asks different ones of its steps). Recorded types are data, which any slot may hold.
 */
function answers({ filler, filling }: Found, { asks }: OpenSlot): boolean {
  if (filler.kind === "function") return asks.functions;
  if (filling === null) return true;
  if (asks.classes.some((name) => filling.classes.has(name))) return true;
  if (asks.functions && filling.attributes.has("__call__")) return true;
  return asks.attributes.some((name) => filling.attributes.has(name));
}

/** Whether loading the holder would call a method that what fills defines. */
function hasAny({ filling }: Found, asked: readonly string[]): boolean {
  return filling !== null && asked.some((each) => filling.attributes.has(each) || filling.runs(each));
}

function analysedFiller(name: string, candidate: Candidate | null): Found | null {
  if (candidate === null) return null;
  if (candidate.kind === "function") return { filler: functionFiller(name), filling: null };
  const { policy, filling } = candidate;
  if (filling.loading.acts.length > 0) return null;
  const { imports, calls, openSlots = [] } = policy;
  const { touches, isCalled } = filling.loading;
  const computes = filling.loading.computes.length > 0 ? { computes: filling.loading.computes } : {};
  const asks = filling.loading.asks.length > 0 ? { asks: filling.loading.asks } : {};
  const slots = filling.slots.length > 0 ? { slots: filling.slots } : {};
  return {
    filler: { name: policy.class ?? name, kind: "class", imports, calls, openSlots, touches, ...computes, ...asks, isCalled, ...slots },
    filling,
  };
}

/** A compiled function that only computes. */
function recordedFunction(name: string): Found | null {
  return isRecordedFunction(name) && dangerOf(name) === null ? { filler: functionFiller(name), filling: null } : null;
}

function functionFiller(name: string): Filler {
  const reason = { kind: "argument" as const, text: "a function that the caller passes", name };
  return {
    name,
    kind: "function",
    imports: [{ callable: name, reasons: [reason] }],
    calls: [],
    openSlots: [],
    touches: [],
    isCalled: false,
  };
}

/** The recorded types that a pickle makes by calling `name`, as one: what any of them needs. */
function recordedFiller(name: string): Found | null {
  const types = (typesByMaker.get(name) ?? []).filter(isData);
  if (types.length === 0) return null;
  // A constant (a dtype, a ufunc) is looked up by its name alone, however many there are of its type.
  const isConstant = types.every(({ own }) => own?.calls[name] === undefined);
  const entries = (kind: "imports" | "calls"): PolicyEntry[] =>
    [...new Set(isConstant ? [name].filter(() => kind === "imports") : types.flatMap(({ own }) => Object.keys(own?.[kind] ?? {})))]
      .sort(byText)
      .map((callable) => ({
        callable,
        reasons: [{ kind: "native", text: `how ${types.map(({ type }) => type).join(", ")} pickles, as recorded`, name: callable }],
      }));
  const filler: Filler = {
    name,
    kind: "recorded",
    imports: entries("imports"),
    calls: entries("calls"),
    openSlots: [],
    touches: [],
    isCalled: true,
  };
  return { filler, filling: null };
}

const typesByMaker = new Map<string, NativeType[]>();
for (const native of recordedTypes()) {
  for (const name of native.makers) {
    const known = typesByMaker.get(name);
    if (known) known.push(native);
    else typesByMaker.set(name, [native]);
  }
}

/** Whether a callable makes data of a recorded type, or is such. */
export function makesData(name: string): boolean {
  return (typesByMaker.get(name) ?? []).some(isData);
}

/** Whether the type is data: its reduction calls nothing that runs, calls or reaches what it is handed. */
function isData({ own }: NativeType): boolean {
  return own !== null && reachedBy(own).every((name) => ALLOWED_IN_DATA.has(name) || dangerOf(name) === null);
}

function reachedBy({ imports, calls }: Reduction): string[] {
  return [...Object.keys(imports), ...Object.keys(calls)];
}

/** Makers that look dangerous: what they make, call or load is judged where they do. */
const ALLOWED_IN_DATA = new Set(["collections.defaultdict", "copyreg._reconstructor", "torch.storage._load_from_bytes"]);
