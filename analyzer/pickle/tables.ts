/**
 * The machine's memory: typed arrays of offsets, as long as the program could ever fill them.
 *
 * An opcode is at least one byte, pushes at most one value and consumes what it copies, so a program of n bytes bounds
 * every table. They are allocated at that bound, up to a limit each: fresh memory costs address space until it is
 * written to, and the machine's loop needs no code that grows anything.
 */
import { LIMITS } from "../limits.ts";

/** Int32s a row of facts takes: offset of the opcode, two operands, and how many entries `changed` had by then. */
export const ROW = 4;
/** Int32s an entry of `made` takes: the container's value, and where in the arena its items start. */
export const ENTRY = 2;
/** Int32s an entry of `changed` takes: the container's value, where in `changes` the items start, the opcode's offset. */
export const CHANGE = 3;

export interface Tables {
  /** Program bytes these tables are long enough for. */
  readonly capacity: number;
  readonly stack: Int32Array;
  /** Heights of the stack at which marks stand. */
  readonly marks: Int32Array;
  /** value + 1 by memo key; 0 where nothing is stored. Keys beyond it are in a map. */
  readonly memo: Int32Array;
  /** Items of containers that were made whole (tuples, LIST, DICT, FROZENSET, arguments); `made` says whose. */
  readonly arena: Int32Array;
  /** Ascends by value: a container is made by its own opcode. */
  readonly made: Int32Array;
  /** Items that APPEND, SETITEM and their kin put into a container later, in the order of time; `changed` says whose. */
  readonly changes: Int32Array;
  readonly changed: Int32Array;
  /** Lookups, calls, persistent ids and extension codes; ascend by offset. */
  readonly rows: Int32Array;
  /** How often each opcode ran, and where first. */
  readonly counts: Int32Array;
  readonly firsts: Int32Array;
}

/** Tables for a program of `bytes` bytes. */
export function allocateTables(bytes: number): Tables {
  const upTo = (limit: number) => new Int32Array(Math.min(bytes, limit) + 1);
  return {
    capacity: bytes,
    stack: upTo(LIMITS.stackValues.limit),
    marks: upTo(LIMITS.stackValues.limit),
    memo: upTo(LIMITS.memoEntries.limit),
    arena: upTo(LIMITS.containerItems.limit),
    made: new Int32Array((Math.min(bytes, LIMITS.containerItems.limit) + 1) * ENTRY),
    changes: upTo(LIMITS.containerItems.limit),
    // An opcode that changes something consumes a value: there is one for every two bytes at most.
    changed: new Int32Array((Math.min(bytes >>> 1, LIMITS.containerItems.limit) + 1) * CHANGE),
    rows: new Int32Array((Math.min(bytes, LIMITS.factRows.limit) + 1) * ROW),
    counts: new Int32Array(256),
    firsts: new Int32Array(256),
  };
}
