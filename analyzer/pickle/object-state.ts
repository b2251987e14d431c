/**
 * What the state that BUILD gives an object does beyond setting attributes: keys under which the unpickler or Python
 * later looks something up and calls it, and callables that the object is handed to call.
 */
import { LIMITS } from "../limits.ts";
import type { Callables } from "./callables.ts";
import { argumentsOf, itemsOf, type Moment, type Recording, stateOf } from "./contents.ts";
import { INDIRECT_CALLABLES } from "./indirect-callables.ts";
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { itemsMade } from "./rare.ts";
import recorded from "./special-names.json" with { type: "json" };
import { NO_FRAME } from "./state.ts";
import { CHANGE } from "./tables.ts";

/** A callable in a state, who calls it, and what it is bound to: the values of a tuple and of a dict; null where that is not known. */
export interface HandedOver {
  readonly value: number;
  readonly via: string;
  readonly bound: { readonly positional: number; readonly keywords: number } | null;
}

/** Changes of other containers while a state is filled, that are looked through. */
const MOST_BETWEEN = 32;

/** Keys of a state that are looked through; no class has as many attributes. */
const MOST_KEYS = 10_000;

/** Whether a text surely is no `__name__`. Most keys are plain and begin with another letter: nothing of them needs decoding. */
export function beginsOtherwise(data: Uint8Array, key: number): boolean {
  if (data[key] === OP.SHORT_BINUNICODE) return data[key + 2] !== UNDERSCORE;
  return data[key] === OP.BINUNICODE && data[key + 5] !== UNDERSCORE;
}

/** Reads states of one recording. */
export class ObjectState {
  private keysLeft: number = LIMITS.stateKeys.limit;
  private knownLateKeys: ReadonlyMap<number, readonly { readonly entry: number; readonly name: string }[]> | null = null;

  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
  ) {}

  /** Keys of a state under which something is later looked up on the object and called; `expected` as in `expectedKeys`. */
  overridesOf(given: number, moment: Moment, expected?: ReadonlySet<string>): readonly string[] | undefined {
    const found = this.overridesAt(given, moment, expected);
    if (expected !== undefined || this.lateKeys.size === 0) return found;
    const parts = kinds.KIND[this.recording.data[given]!] === kinds.TUPLE ? Array.from(itemsMade(this.recording.state, given) ?? []) : [];
    const late = [given, ...parts].flatMap((part) => this.keysPutLater(part, moment));
    return late.length === 0 ? found : [...new Set([...(found ?? []), ...late])];
  }

  /** Keys that override something, put into a dict after a moment: classes exist that keep the very dict they are given for a state. */
  private keysPutLater(dict: number, { change }: Moment): readonly string[] {
    const put = this.lateKeys.get(dict) ?? [];
    this.keysLeft -= put.length;
    return this.keysLeft < 0 ? ["*"] : put.flatMap(({ entry, name }) => (entry >= change ? [name] : []));
  }

  /** All keys that override something, by the dict that they are put into once it is there, and where in `changed`. */
  private get lateKeys(): ReadonlyMap<number, readonly { readonly entry: number; readonly name: string }[]> {
    this.knownLateKeys ??= this.findLateKeys();
    return this.knownLateKeys;
  }

  private findLateKeys(): ReadonlyMap<number, { entry: number; name: string }[]> {
    const { data, state } = this.recording;
    const { changed, changes } = state.tables;
    const found = new Map<number, { entry: number; name: string }[]>();
    for (let entry = 0; entry < state.changedTop; entry += CHANGE) {
      const dict = changed[entry]!;
      if (kinds.KIND[data[dict]!] !== kinds.DICT) continue;
      const to = entry + CHANGE < state.changedTop ? changed[entry + CHANGE + 1]! : state.changesTop;
      for (let index = changed[entry + 1]!; index < to; index += 2) {
        const name = this.overrideOf(changes[index]!);
        if (name === null) continue;
        const known = found.get(dict);
        if (known === undefined) found.set(dict, [{ entry, name }]);
        else known.push({ entry, name });
      }
    }
    return found;
  }

  private overridesAt(given: number, moment: Moment, expected: ReadonlySet<string> | undefined): readonly string[] | undefined {
    const { data } = this.recording;
    const kind = kinds.KIND[data[given]!];
    const hasKeys = (part: number) =>
      kinds.KIND[data[part]!] === kinds.DICT || (expected === undefined && this.isOrderedDict(part, moment));
    if (hasKeys(given)) return this.overridesIn(given, moment, expected);
    if (kind === kinds.FOREIGN) return ["*"];
    if (kind !== kinds.TUPLE) return undefined;
    const parts = itemsOf(this.recording, given, moment, 5);
    if (parts === null) return ["*"];
    // A partial's own attributes, whose dict it keeps.
    if (parts.items.length === 4 && this.partialIn(parts.items) !== null) return this.overridesOfKept(parts.items[3]!);
    // Attributes and slots; a tuple of another length is for the class's own __setstate__ alone.
    if (parts.items.length !== 2) return undefined;
    const found: string[] = [];
    for (const [index, part] of parts.items.entries()) {
      const partKind = kinds.KIND[data[part]!];
      // What slots hold is set past the object's own dict, which has more to it than names.
      if (partKind === kinds.DICT || (index === 0 && hasKeys(part))) found.push(...(this.overridesIn(part, moment, expected) ?? []));
      else if (partKind === kinds.FOREIGN) found.push("*");
    }
    return found.length === 0 ? undefined : found;
  }

  /**
   * Whether a state is a dict with nothing that `overridesOf` would find, as most are: read from the tables as they lie,
   * since a pickle of a million instances asks a million times. `change` is the moment's. False where it takes a closer look to tell.
   */
  isPlain(given: number, change: number): boolean {
    const { data, state } = this.recording;
    const { changed, changes } = state.tables;
    const entry = change - CHANGE;
    if (this.lateKeys.has(given)) return false;
    if (data[given] !== OP.EMPTY_DICT || state.contentsLostAt !== NO_FRAME || entry < 0 || changed[entry] !== given) return false;
    // All its items were set by one opcode; lists and dicts among its values are filled in between.
    let before = entry - CHANGE;
    for (const end = Math.max(0, entry - MOST_BETWEEN * CHANGE); before >= end && changed[before + 2]! > given; before -= CHANGE)
      if (changed[before] === given) return false;
    if (before >= 0 && changed[before + 2]! > given) return false;
    const to = entry + CHANGE < state.changedTop ? changed[entry + CHANGE + 1]! : state.changesTop;
    for (let index = changed[entry + 1]!; index < to; index += 2) {
      if (--this.keysLeft < 0 || this.overrideOf(changes[index]!) !== null) return false;
    }
    return true;
  }

  /** The only keys that the class of an object writes into its state, where its loader calls methods of it. */
  expectedKeys(object: number): ReadonlySet<string> | undefined {
    return LOADED_BY_METHODS.get(this.callables.classOf(object));
  }

  /**
   * Whether a value is an OrderedDict as its own reduction makes it, so that its keys are those that were put into it. One with
   * attributes of its own may have an `items` among them, which pure Python calls.
   */
  private isOrderedDict(value: number, moment: Moment): boolean {
    if (this.recording.data[value] !== OP.REDUCE) return false;
    const { callable, made, origin } = this.callables.of(value);
    if (!made || origin !== "named" || callable !== "collections.OrderedDict") return false;
    return argumentsOf(this.recording, value)?.length === 0 && stateOf(this.recording, value, moment) === null;
  }

  private overridesIn(dict: number, moment: Moment, expected: ReadonlySet<string> | undefined, depth = 0): readonly string[] | undefined {
    const contents = this.keysLeft > 0 ? itemsOf(this.recording, dict, moment, MOST_KEYS * 2) : null;
    if (contents === null || contents.more) return ["*"];
    this.keysLeft -= contents.items.length / 2;
    let found: string[] | undefined;
    for (let index = 0; index < contents.items.length; index += 2) {
      const key = contents.items[index]!;
      const name = expected === undefined ? this.overrideOf(key) : this.unexpected(key, expected);
      if (name === null) continue;
      const inside = expected === undefined && name === ATTRIBUTES && depth === 0 ? this.valueUnder(name, contents.items)! : null;
      const isDict = inside !== null && kinds.KIND[this.recording.data[inside]!] === kinds.DICT;
      const names = isDict ? this.overridesOfKept(inside, 1) : [name];
      if (names !== undefined) found = [...(found ?? []), ...names];
    }
    return found;
  }

  /** Of a dict that becomes the object's own: what is put into it later counts as well. */
  private overridesOfKept(dict: number, depth = 0): readonly string[] | undefined {
    const { rowTop, changedTop } = this.recording.state;
    const kind = kinds.KIND[this.recording.data[dict]!];
    if (kind === kinds.FOREIGN) return ["*"];
    return kind === kinds.DICT ? this.overridesIn(dict, { row: rowTop, change: changedTop }, undefined, depth) : undefined;
  }

  /** The name under which a key overrides something, `*` where the key is not known, null where it does not. */
  private overrideOf(key: number): string | null {
    const { data } = this.recording;
    const kind = kinds.KIND[data[key]!];
    if (kind === kinds.FOREIGN) return "*";
    if (kind !== kinds.STR && kind !== kinds.STRING) return null;
    if (beginsOtherwise(data, key)) return null;
    const name = this.callables.constantText(key)!;
    return OVERRIDING.has(name) ? name : null;
  }

  private unexpected(key: number, expected: ReadonlySet<string>): string | null {
    const name = this.callables.constantText(key);
    return name === null ? "*" : expected.has(name) ? null : name;
  }

  /** What a state hands to the object to call: looked-up callables, and what is in the place of one. */
  handedBy(object: number, given: number, moment: Moment): readonly HandedOver[] {
    const { data } = this.recording;
    const kind = kinds.KIND[data[given]!];
    const handed: HandedOver[] = [];
    if (kind === kinds.TUPLE) {
      const parts = itemsOf(this.recording, given, moment, 5)?.items ?? [];
      const partial = this.partialIn(parts);
      if (partial !== null) handed.push(partial);
      // setattr, past the object's __dict__: a defaultdict's own factory, also in a class that derives from it.
      if (parts.length === 2) handed.push(...this.handedUnder("default_factory", parts[1]!, "collections.defaultdict", moment));
    }
    if (this.expectedKeys(object) !== undefined) handed.push(...this.classesOfArray(object, given, moment));
    if (handed.length === 0 && this.isKeeper(object)) {
      const via = this.callables.of(object).callable;
      handed.push(...this.lookedUpIn(given, moment, DEEPEST).map((value) => ({ value, via, bound: null })));
    }
    return handed;
  }

  /** Whether a state is of the shape that could hand something over: looked at for each of a million states. */
  mayHandOver(given: number): boolean {
    return kinds.KIND[this.recording.data[given]!] === kinds.TUPLE;
  }

  /** `functools.partial.__setstate__`: (function, arguments, keywords, attributes), also in a class that derives from it. */
  private partialIn(parts: readonly number[]): HandedOver | null {
    if (parts.length !== 4) return null;
    const [value, positional, keywords, attributes] = parts as [number, number, number, number];
    const kindOf = (part: number) => kinds.KIND[this.recording.data[part]!]!;
    const mayBe = (part: number, ...allowed: number[]) => kindOf(part) === kinds.FOREIGN || allowed.includes(kindOf(part));
    if (kindOf(value) !== kinds.FOREIGN || !mayBe(positional, kinds.TUPLE)) return null;
    if (!mayBe(keywords, kinds.DICT, kinds.NONE) || !mayBe(attributes, kinds.DICT, kinds.NONE)) return null;
    return { value, via: "functools.partial", bound: { positional, keywords } };
  }

  /** The parts of a tuple that is a state, but for the callable that `handedBy` finds in the place of one. */
  withoutCallee(given: number): readonly number[] {
    const parts = Array.from(itemsMade(this.recording.state, given) ?? []);
    return this.partialIn(parts) === null ? parts : parts.slice(1);
  }

  /** What a dict has under a key: what it was set to last. */
  private handedUnder(key: string, dict: number, via: string, moment: Moment): HandedOver[] {
    if (kinds.KIND[this.recording.data[dict]!] !== kinds.DICT) return [];
    const items = itemsOf(this.recording, dict, moment, MOST_KEYS * 2)?.items ?? [];
    const value = this.valueUnder(key, items);
    return value === undefined ? [] : [{ value, via, bound: null }];
  }

  private valueUnder(key: string, items: readonly number[]): number | undefined {
    return items.findLast((_, index) => index % 2 === 1 && this.isKey(items[index - 1]!, key));
  }

  private isKey(value: number, key: string): boolean {
    const { data } = this.recording;
    if (data[value] === OP.SHORT_BINUNICODE && data[value + 1] !== key.length) return false;
    return this.callables.constantText(value) === key;
  }

  /** The class that joblib makes an array of: `subclass`, or the first of ZNDArrayWrapper's `init_args`. */
  private classesOfArray(object: number, given: number, moment: Moment): HandedOver[] {
    const via = this.callables.classOf(object);
    const initial = this.handedUnder("init_args", given, via, moment).flatMap((handed) =>
      kinds.KIND[this.recording.data[handed.value]!] === kinds.TUPLE
        ? (itemsOf(this.recording, handed.value, moment, 1)?.items ?? []).map((value) => ({ ...handed, value }))
        : handed,
    );
    return [...this.handedUnder("subclass", given, via, moment), ...initial].filter(({ value }) => !this.isArray(value));
  }

  private isKeeper(object: number): boolean {
    const { callable, made } = this.callables.of(object);
    const indirection = made ? INDIRECT_CALLABLES.get(callable) : undefined;
    return indirection?.does === "calls" && indirection.returns.kind === "keeper";
  }

  /** Looked-up callables in a state, in its tuples, lists and dicts. */
  private lookedUpIn(value: number, moment: Moment, depth: number): number[] {
    const kind = kinds.KIND[this.recording.data[value]!]!;
    const isMapping = kind === kinds.DICT || this.isOrderedDict(value, moment);
    if (kind === kinds.FOREIGN && !isMapping) return this.callables.of(value).made ? [] : [value];
    if (depth === 0 || (kind !== kinds.TUPLE && kind !== kinds.LIST && !isMapping)) return [];
    const items = itemsOf(this.recording, value, moment, MOST_KEYS)?.items ?? [];
    const parts = isMapping ? lastSet(this.callables, items) : items;
    return parts.flatMap((item) => this.lookedUpIn(item, moment, depth - 1));
  }

  /** `numpy.ndarray` and `numpy.memmap`, which joblib does not instantiate by itself. */
  private isArray(value: number): boolean {
    if (kinds.KIND[this.recording.data[value]!] !== kinds.FOREIGN) return false;
    const { made, callable, origin } = this.callables.of(value);
    return !made && origin === "named" && ARRAYS.has(callable);
  }
}

/** Keys and values of a dict, in turn, without those that the same text, as a key, replaced later. */
export function lastSet(callables: Callables, items: readonly number[]): readonly number[] {
  const last = new Map<string | number, number>();
  for (let index = 0; index < items.length; index += 2) last.set(callables.keyText(items[index]!) ?? index, index);
  return [...last.values()].flatMap((index) => items.slice(index, index + 2));
}

/** Brackets within a state in which callables are looked for. */
const DEEPEST = 4;

const ARRAYS: ReadonlySet<string> = new Set(["numpy.ndarray", "numpy.memmap", "numpy.core.memmap.memmap", "numpy._core.memmap.memmap"]);

const UNDERSCORE = 0x5f;

/** Special names that nothing calls; `typing` keeps in `__orig_class__` by which alias a generic class was called. */
export const DESCRIBING: ReadonlySet<string> = new Set([
  "__doc__",
  "__module__",
  "__name__",
  "__qualname__",
  "__annotations__",
  "__orig_class__",
]);

/**
 * The `__names__` that Python, its standard library or a numeric library may look up on an object. One that none of them mentions
 * (pydantic's `__fields_set__`) is an attribute as any other. `append`, `extend`, `add` and `update` are not among them: what the
 * unpickler calls after the state, `WriteOrder` sees.
 */
export const OVERRIDING: ReadonlySet<string> = new Set(recorded.names.split(" ").filter((name) => !DESCRIBING.has(name)));

/** Where an object's attributes are. In a state they are what a class's own `__setstate__` puts there; as an attribute Python never finds it. */
const ATTRIBUTES = "__dict__";

/**
 * joblib's wrappers of arrays, whose `read` (and what that calls) joblib calls as soon as they have their state: what all
 * of its versions write (joblib/numpy_pickle.py, joblib/numpy_pickle_compat.py).
 */
const WRAPPER_KEYS: readonly (readonly [string, readonly string[]])[] = [
  ["numpy_pickle.NumpyArrayWrapper", ["subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"]],
  ["numpy_pickle.NDArrayWrapper", ["filename", "subclass", "allow_mmap"]],
  ["numpy_pickle.ZNDArrayWrapper", ["filename", "init_args", "state"]],
  ["numpy_pickle_compat.NDArrayWrapper", ["filename", "subclass", "allow_mmap"]],
  ["numpy_pickle_compat.ZNDArrayWrapper", ["filename", "init_args", "state"]],
];

/** Classes whose loader calls methods of their instances, and the keys of their states. */
export const LOADED_BY_METHODS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  WRAPPER_KEYS.flatMap(([name, keys]) =>
    ["joblib.", "sklearn.externals.joblib."].map((package_) => [package_ + name, new Set(keys)] as const),
  ),
);
