/**
 * One set of tables, lent to one run after the other: fresh memory costs a page fault for every 4 KB written to, which
 * was a third of the time of a pickle of 6 MB, and most of that of a small one.
 */
import type { MachineState } from "./state.ts";
import { allocateTables, type Tables } from "./tables.ts";

/** Tables are never made for less, and for no more are they kept. */
const LEAST_BYTES = 2 ** 18;
const MOST_BYTES = 2 ** 25;

/** Int32s that a run may have written to tables that are kept: 64 MB, which the next pickles may never need again. */
const MOST_WRITTEN = 2 ** 24;

let spare: Tables | null = null;

/** Tables for a program of `bytes` bytes, as if they were new: to be given back once nothing is read of them any more. */
export function borrowTables(bytes: number): Tables {
  const lent = spare;
  if (lent !== null && lent.capacity >= bytes) {
    spare = null;
    return lent;
  }
  return allocateTables(bytes > MOST_BYTES ? bytes : Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(bytes))));
}

/** Gives back the tables of a run that has ended. */
export function giveBackTables({ tables, memoTop, arenaTop, madeTop, changesTop, changedTop, rowTop }: MachineState): void {
  const written = memoTop + arenaTop + madeTop + changesTop + changedTop + rowTop;
  if (tables.capacity > MOST_BYTES || written > MOST_WRITTEN || (spare !== null && spare.capacity > tables.capacity)) return;
  // The others are written before they are read.
  tables.memo.fill(0, 0, memoTop);
  tables.counts.fill(0);
  tables.firsts.fill(0);
  spare = tables;
}
