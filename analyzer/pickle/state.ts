/** Where a run of the machine stands between two calls of its loop, and how the last call ended. */
import { LIMITS, type Resource } from "../limits.ts";
import type { DivergenceKind, FailureKind } from "./failures.ts";
import { borrowTables, giveBackTables } from "./table-pool.ts";
import type { Tables } from "./tables.ts";

/** How the loader decodes Python 2 strs; `any` where it is not known. `ASCII` is CPython's default. */
export type StringEncoding = "any" | "ASCII" | "utf-8" | "latin1" | "bytes";

/** Why the loop returned. */
export type Halt =
  | { readonly kind: "stopped" }
  /** The view must hold at least `needed` bytes for the next opcode. */
  | { readonly kind: "starved"; readonly needed: number }
  /** A BUILD on a foreign object has run, and builds are watched. */
  | { readonly kind: "built"; readonly value: number }
  | { readonly kind: "failed"; readonly failure: FailureKind; readonly resource?: Resource };

/** An opcode at `at` that crosses the end of its frame. */
export interface Straddle {
  readonly at: number;
  readonly end: number;
}

/** `frameEnd` outside of any frame: beyond every offset. */
export const NO_FRAME = 0x7fffffff;

export interface MachineState {
  readonly encoding: StringEncoding;
  readonly watchesBuilds: boolean;
  readonly start: number;
  tables: Tables;
  /** Offset of the next opcode; of the one that failed or starved. */
  position: number;
  stackTop: number;
  markTop: number;
  /** Keys of the memo's table beyond every one that was stored under. */
  memoTop: number;
  /** Entries of the memo, those apart included: the key that MEMOIZE stores under. */
  memoCount: number;
  /** Memo keys beyond the tables: key to value. */
  sparseMemo: Map<number, number> | null;
  /** In force, and the highest so far. */
  protocol: number;
  highestProtocol: number;
  frameEnd: number;
  /** In order; no more than will be read otherwise. */
  readonly straddles: Straddle[];
  /** FRAMEs before this offset are over and done with: bytes were taken out behind them (`frames.ts`). */
  readonly framesPassed: number;
  /** Int32s in use. */
  arenaTop: number;
  madeTop: number;
  changesTop: number;
  changedTop: number;
  rowTop: number;
  /** Containers made or changed from this offset on are of unknown contents: the tables were full. */
  contentsLostAt: number;
  /** The rows, and the entries of `made` and of `changed`, that were last searched for: the next are near. */
  nearRow: number;
  nearMade: number;
  nearChanged: number;
  /** One bit a value: tuples that cannot be keys. Made when the first such tuple is. */
  unhashableTuples: Uint32Array | null;
  /** Lengths of lists and dicts that changed, as far as `changed` was read for them; made when first asked for. */
  lengths: { readonly byValue: Map<number, number>; upTo: number } | null;
  /** Lists and bytearrays whose items were set by index, and the opcode that did so first: from there on their contents are not kept. */
  setByIndex: Map<number, number> | null;
  readonly divergences: Map<DivergenceKind, { offset: number; count: number }>;
  /** The value that STOP returned, or -1. */
  root: number;
  halt: Halt | null;
}

/** The state before the first opcode. */
export function startState(
  start: number,
  encoding: StringEncoding,
  watchesBuilds: boolean,
  tables: Tables,
  framesPassed = 0,
): MachineState {
  return {
    encoding,
    watchesBuilds,
    start,
    tables,
    position: start,
    stackTop: 0,
    markTop: 0,
    memoTop: 0,
    memoCount: 0,
    sparseMemo: null,
    protocol: 0,
    highestProtocol: 0,
    frameEnd: NO_FRAME,
    straddles: [],
    framesPassed,
    arenaTop: 0,
    madeTop: 0,
    changesTop: 0,
    changedTop: 0,
    rowTop: 0,
    contentsLostAt: NO_FRAME,
    nearRow: 0,
    nearMade: 0,
    nearChanged: 0,
    unhashableTuples: null,
    lengths: null,
    setByIndex: null,
    divergences: new Map(),
    root: -1,
    halt: null,
  };
}

/** Notes that loaders part ways at an opcode. */
export function diverge(state: MachineState, kind: DivergenceKind, offset: number): void {
  const known = state.divergences.get(kind);
  if (known === undefined) state.divergences.set(kind, { offset, count: 1 });
  else known.count++;
}

/** Gives the state tables for a program of `bytes` bytes, with what the old ones hold. */
export function growTables(state: MachineState, bytes: number): void {
  const old = state.tables;
  if (bytes > old.capacity) replaceTables(state, old, bytes);
  // Keys that lay beyond the program's length may lie within it now.
  for (const [key, value] of state.sparseMemo ?? []) {
    if (key >= Math.min(state.tables.memo.length, bytes)) continue;
    state.tables.memo[key] = value + 1;
    state.memoTop = Math.max(state.memoTop, key + 1);
    state.sparseMemo?.delete(key);
  }
}

function replaceTables(state: MachineState, old: Tables, bytes: number): void {
  const tables = borrowTables(Math.max(bytes, 2 * old.capacity));
  tables.stack.set(old.stack.subarray(0, state.stackTop));
  tables.marks.set(old.marks.subarray(0, state.markTop));
  tables.memo.set(old.memo.subarray(0, state.memoTop));
  tables.arena.set(old.arena.subarray(0, state.arenaTop));
  tables.made.set(old.made.subarray(0, state.madeTop));
  tables.changes.set(old.changes.subarray(0, state.changesTop));
  tables.changed.set(old.changed.subarray(0, state.changedTop));
  tables.rows.set(old.rows.subarray(0, state.rowTop));
  tables.counts.set(old.counts);
  tables.firsts.set(old.firsts);
  giveBackTables(state);
  state.tables = tables;
}

/** Notes an opcode that crosses the end of its frame. */
export function noteStraddle(state: MachineState, at: number, end: number): void {
  if (state.straddles.length < LIMITS.frameRereadings.limit) state.straddles.push({ at, end });
  diverge(state, "frame-straddled", at);
}
