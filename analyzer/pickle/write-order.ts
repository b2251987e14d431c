/**
 * In which order a pickle writes to the objects that calls made. Picklers write list items, then dict items, then the
 * state, once (CPython's Lib/pickle.py, save_reduce). In any other order what is called on an object (`__setstate__`,
 * `append`, `add` ...) may be something that the pickle has put there before.
 */
import type { Callables } from "./callables.ts";
import { type Recording, rowOf } from "./contents.ts";
import type { CallFact } from "./facts.ts";
import * as kinds from "./kinds.ts";
import { beginsOtherwise } from "./object-state.ts";
import { CHANGE, ROW } from "./tables.ts";

type Method = NonNullable<CallFact["method"]>;

/** What an object was given so far, one bit each. */
const ITEMS = 1;
const STATE = 2;
/** Under a key that is not known, or that Python looks for: classes exist whose items are attributes. */
const ATTRIBUTES = 4;

/** Follows the writes of one recording, row by row. */
export class WriteOrder {
  /** By the row that made the object. Made when something is first written. */
  private given: Uint8Array | null = null;

  constructor(
    private readonly recording: Recording,
    private readonly callables: Callables,
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
