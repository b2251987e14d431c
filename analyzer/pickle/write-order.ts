/**
 * In which order a pickle writes to the objects that calls made. Picklers write list items, then dict items, then the
 * state, once (CPython's Lib/pickle.py, save_reduce). In any other order what is called on an object (`__setstate__`,
 * `append`, `add` ...) may be something that the pickle has put there before.
 */
import type { Callables } from "./callables.ts";
import { GO_THROUGH } from "./chosen-methods.ts";
import { type Recording, rowOf } from "./contents.ts";
import type { CallFact } from "./facts.ts";
import { ACTING } from "./indirect-callables.ts";
import * as kinds from "./kinds.ts";
import { beginsOtherwise } from "./object-state.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { CHANGE, ENTRY, ROW } from "./tables.ts";

type Method = NonNullable<CallFact["method"]>;

/** What an object was given so far, one bit each. */
const ITEMS = 1;
const STATE = 2;
/** Under a key that is not known, or that Python looks for: classes exist whose items are attributes. */
const ATTRIBUTES = 4;

/** What opcodes call on an object, each by the first of these that it has. */
export const CALLED_BY_OPCODES: Readonly<Partial<Record<Method, readonly string[]>>> = {
  __setstate__: ["__setstate__"],
  append: ["append"],
  extend: ["extend", "append"],
  add: ["add"],
};
export const NAMES: ReadonlySet<string> = new Set(Object.values(CALLED_BY_OPCODES).flat());
const LENGTHS: ReadonlySet<number> = new Set([...NAMES].map((name) => name.length));
const LONGEST = Math.max(...LENGTHS);

/** Follows the writes of one recording, row by row. */
export class WriteOrder {
  /** By the row that made the object. Made when something is first written. */
  private given: Uint8Array | null = null;
  private foundNames: Map<string, number> | null = null;

  /** `around`: NAMES that the pickles have had by then in which this one is loaded. */
  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
    private readonly around: ReadonlySet<string> = new Set(),
  ) {}

  /** Whether the object that a row made was given nothing yet. */
  isFresh(row: number): boolean {
    return this.given === null || this.given[row / ROW] === 0;
  }

  /** Notes that the object that a row made is given a state. */
  noteState(row: number): void {
    this.given ??= new Uint8Array(this.recording.state.rowTop / ROW);
    this.given[row / ROW]! |= STATE;
  }

  /** Notes a write; whether what it calls on the object may be the pickle's own. `count` values are written before `change`. */
  write(method: Method, object: number, count: number, change: number): boolean {
    const before = this.given?.[rowOf(this.recording, object) / ROW] ?? 0;
    switch (method) {
      case "__setstate__":
        this.note(object, STATE);
        return (before & (STATE | ATTRIBUTES)) !== 0;
      case "__setitem__":
        this.note(object, this.hasUnknownKeys(object, count, change) ? ITEMS | ATTRIBUTES : ITEMS);
        return false; // Python looks for it in the class
      default:
        return (before & (STATE | ITEMS)) !== 0;
    }
  }

  /**
   * Whether the pickle had something to call, before an offset, under the name of what an opcode looks for, or that name by itself as a
   * value: classes exist that take their attributes from a dict which they are handed, or from names and values, and some give the same
   * object twice. Containers of Python's own take none.
   */
  isNamed(method: Method, object: number, offset: number): boolean {
    const foundNames = this.found;
    if (foundNames.size === 0 || !CALLED_BY_OPCODES[method]?.some((name) => (foundNames.get(name) ?? offset) < offset)) return false;
    return !GO_THROUGH.has(this.callables.classOf(object));
  }

  /** Those of NAMES that the pickle had before an offset: what it loads there may meet the objects that have them. */
  namesBefore(offset: number): ReadonlySet<string> {
    return new Set(Array.from(this.found).flatMap(([name, at]) => (at < offset ? [name] : [])));
  }

  /** Notes what the pickles had that were loaded at an offset. */
  noteNames(names: ReadonlySet<string>, offset: number): void {
    for (const name of names) if (offset < (this.found.get(name) ?? offset + 1)) this.found.set(name, offset);
  }

  private get found(): Map<string, number> {
    this.foundNames ??= this.namesOfCallables();
    return this.foundNames;
  }

  /** Those of NAMES that are keys of what was looked up, or keeps such, or are values, and from which offset on. */
  private namesOfCallables(): Map<string, number> {
    const { data, state } = this.recording;
    const { changed, changes, made, arena } = state.tables;
    const found = new Map<string, number>(Array.from(this.around, (name) => [name, -1]));
    for (let entry = 0; entry < state.changedTop; entry += CHANGE) {
      const at = changed[entry + 2]!;
      const to = entry + CHANGE < state.changedTop ? changed[entry + CHANGE + 1]! : state.changesTop;
      if (data[at] === OP.SETITEM || data[at] === OP.SETITEMS) this.lookAt(changes.subarray(changed[entry + 1]!, to), at, found);
      else this.lookForNames(changes, changed[entry + 1]!, to, 1, at, found);
    }
    for (let entry = 0; entry < state.madeTop; entry += ENTRY) {
      const at = made[entry]!;
      const to = entry + ENTRY < state.madeTop ? made[entry + ENTRY + 1]! : state.arenaTop;
      if (data[at] === OP.DICT) this.lookAt(arena.subarray(made[entry + 1]!, to), at, found);
      else this.lookForNames(arena, made[entry + 1]!, to, 1, at, found);
    }
    return found;
  }

  /** Looks at keys and values in turn, which the opcode at an offset put together. */
  private lookAt(pairs: Int32Array, at: number, found: Map<string, number>): void {
    const { data } = this.recording;
    this.lookForNames(pairs, 1, pairs.length, 2, at, found);
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      const [key, value] = [pairs[index]!, pairs[index + 1]!];
      const kind = kinds.KIND[data[key]!];
      if ((kind !== kinds.STR && kind !== kinds.STRING) || kinds.KIND[data[value]!] !== kinds.FOREIGN) continue;
      if (data[key] === OP.SHORT_BINUNICODE && data[key + 1]! > LONGEST) continue;
      const name = this.callables.constantText(key)!;
      if (NAMES.has(name) && at < (found.get(name) ?? at + 1) && this.isToCall(value)) found.set(name, at);
    }
  }

  /** Looks for NAMES among every `step`th of the values from one on, which the opcode at an offset put somewhere. */
  private lookForNames(values: Int32Array, from: number, to: number, step: number, at: number, found: Map<string, number>): void {
    const { data } = this.recording;
    for (let index = from; index < to; index += step) {
      const value = values[index]!;
      const kind = kinds.KIND[data[value]!];
      if (kind !== kinds.STR && kind !== kinds.STRING) continue;
      if (data[value] === OP.SHORT_BINUNICODE && !LENGTHS.has(data[value + 1]!)) continue;
      if (data[value] === OP.BINUNICODE && (data[value + 2] !== 0 || !LENGTHS.has(data[value + 1]!))) continue;
      const name = this.callables.constantText(value)!;
      if (NAMES.has(name) && at < (found.get(name) ?? at + 1)) found.set(name, at);
    }
  }

  private isToCall(value: number): boolean {
    const { made, callable } = this.callables.of(value);
    return !made || ACTING.has(callable);
  }

  private note(object: number, bits: number): void {
    const { rowTop, tables } = this.recording.state;
    this.given ??= new Uint8Array(rowTop / ROW);
    const row = rowOf(this.recording, object);
    if (tables.rows[row] === object) this.given[row / ROW]! |= bits;
  }

  /** Whether a key of the values that SETITEM(S) wrote is no constant, or is a `__name__`. */
  private hasUnknownKeys(object: number, count: number, change: number): boolean {
    const { data, state } = this.recording;
    const { changed, changes } = state.tables;
    const entry = change - CHANGE;
    if (entry < 0 || changed[entry] !== object) return true;
    const start = changed[entry + 1]!;
    for (let index = start; index < start + count; index += 2) {
      const kind = kinds.KIND[data[changes[index]!]!];
      if (kind === kinds.FOREIGN) return true;
      if ((kind !== kinds.STR && kind !== kinds.STRING) || beginsOtherwise(data, changes[index]!)) continue;
      if (/^__.*__$/s.test(this.callables.constantText(changes[index]!)!)) return true;
    }
    return false;
  }
}
