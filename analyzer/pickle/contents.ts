/**
 * What is inside a value: the items a container was made with, those that were put into it later, and the state an
 * object was given, up to a moment of the run.
 */
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { itemsMade } from "./rare.ts";
import { lastUpTo } from "./search.ts";
import { type MachineState, NO_FRAME } from "./state.ts";
import { CHANGE, ROW } from "./tables.ts";

/** A finished (or paused) run, and the program it ran over. */
export interface Recording {
  readonly state: MachineState;
  readonly data: Uint8Array;
  /** For values that changed often among many others: the entries of each, in order. Made when first needed. */
  changesByValue: Map<number, number[]> | null;
  /** Likewise the rows of BUILD by the object built. */
  buildsByValue: Map<number, number[]> | null;
}

/** A moment of the run: before the row at `row`, and before the entry of `changed` at `change`. */
export interface Moment {
  readonly row: number;
  readonly change: number;
}

/** Entries that are looked through for those of one value, before an index of all is worth its memory. */
const SCANNED = 256;

/**
 * Up to `limit` items of a container (or put into an object), as values; for a dict keys and values in turn. `null`
 * where they are not known.
 */
export function itemsOf(recording: Recording, value: number, moment: Moment, limit: number): { items: number[]; more: boolean } | null {
  const { state, data } = recording;
  const kind = kinds.KIND[data[value]!]!;
  const isConstant = kind === kinds.TUPLE || kind === kinds.FROZENSET;
  if (!isConstant && isLost(state, value, moment)) return null;
  const items: number[] = [];
  if (kind !== kinds.FOREIGN && !kinds.isMadeEmpty(data[value]!)) {
    const made = itemsMade(state, value);
    if (made === null) return null;
    for (let index = 0; index < made.length; index++) {
      if (items.length === limit) return { items, more: true };
      items.push(made[index]!);
    }
  }
  if (isConstant) return { items, more: false };

  const { changed, changes } = state.tables;
  let entry = firstChangeAfter(state, value);
  for (let scanned = 0; entry < moment.change; entry += CHANGE) {
    if (changed[entry] === value) {
      const to = entry + CHANGE < state.changedTop ? changed[entry + CHANGE + 1]! : state.changesTop;
      for (let index = changed[entry + 1]!; index < to; index++) {
        if (items.length === limit) return { items, more: true };
        items.push(changes[index]!);
      }
    } else if (++scanned > SCANNED) {
      return restOf(recording, value, entry, moment, limit, items);
    }
  }
  return { items, more: false };
}

/** Whether what a list, dict or set holds at a moment is no longer known by then. */
function isLost({ contentsLostAt, setByIndex, rowTop, tables }: MachineState, value: number, moment: Moment): boolean {
  if (contentsLostAt === NO_FRAME && setByIndex === null) return false;
  const now = moment.row < rowTop ? tables.rows[moment.row]! : NO_FRAME;
  return contentsLostAt < now || (setByIndex?.get(value) ?? NO_FRAME) < now;
}

/** The rest of `itemsOf`, from an entry on, by the index. */
function restOf(
  recording: Recording,
  value: number,
  from: number,
  moment: Moment,
  limit: number,
  items: number[],
): { items: number[]; more: boolean } {
  const { changed, changes } = recording.state.tables;
  recording.changesByValue ??= indexChanges(recording.state);
  for (const entry of recording.changesByValue.get(value) ?? []) {
    if (entry <= from) continue;
    if (entry >= moment.change) break;
    const to = entry + CHANGE < recording.state.changedTop ? changed[entry + CHANGE + 1]! : recording.state.changesTop;
    for (let index = changed[entry + 1]!; index < to; index++) {
      if (items.length === limit) return { items, more: true };
      items.push(changes[index]!);
    }
  }
  return { items, more: false };
}

function indexChanges(state: MachineState): Map<number, number[]> {
  const index = new Map<number, number[]>();
  const { changed } = state.tables;
  for (let entry = 0; entry < state.changedTop; entry += CHANGE) {
    const entries = index.get(changed[entry]!);
    if (entries === undefined) index.set(changed[entry]!, [entry]);
    else entries.push(entry);
  }
  return index;
}

/** The first entry by an opcode after `offset`: a container changes only once it is there. */
function firstChangeAfter(state: MachineState, offset: number): number {
  const entry = lastUpTo(state.tables.changed, CHANGE, 2, state.changedTop / CHANGE, offset, state.nearChanged) + 1;
  state.nearChanged = entry;
  return entry * CHANGE;
}

/** The rows of BUILDs on an object: the first `count` of them are before a moment. */
function buildsOf(recording: Recording, object: number, moment: Moment): { readonly builds: readonly number[]; readonly count: number } {
  const { state, data } = recording;
  const { rows } = state.tables;
  if (recording.buildsByValue !== null) return countBefore(recording.buildsByValue.get(object) ?? NO_BUILDS, moment.row);
  let found: number[] | null = null;
  let row = rowOf(recording, object) + ROW;
  for (const end = Math.min(moment.row, row + SCANNED * ROW); row < end; row += ROW) {
    if (rows[row + 1] !== object || data[rows[row]!] !== OP.BUILD) continue;
    if (found === null) found = [row];
    else found.push(row);
  }
  if (row >= moment.row) return { builds: found ?? NO_BUILDS, count: found?.length ?? 0 };
  recording.buildsByValue = indexBuilds(recording);
  return countBefore(recording.buildsByValue.get(object) ?? NO_BUILDS, moment.row);
}

function countBefore(builds: readonly number[], row: number): { readonly builds: readonly number[]; readonly count: number } {
  let low = 0;
  let high = builds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (builds[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return { builds, count: low };
}

const NO_BUILDS: readonly number[] = [];

/** The state that the last BUILD before a moment gave to an object, as a value; null where none did. */
export function stateOf(recording: Recording, object: number, moment: Moment): number | null {
  const { builds, count } = buildsOf(recording, object, moment);
  return count === 0 ? null : recording.state.tables.rows[builds[count - 1]! + 2]!;
}

/** All states that BUILDs before a moment gave to an object; null where there are more than `limit`. */
export function statesOf(recording: Recording, object: number, moment: Moment, limit: number): readonly number[] | null {
  const { builds, count } = buildsOf(recording, object, moment);
  if (count === 0) return NO_BUILDS;
  return count > limit ? null : builds.slice(0, count).map((build) => recording.state.tables.rows[build + 2]!);
}

function indexBuilds({ state, data }: Recording): Map<number, number[]> {
  const index = new Map<number, number[]>();
  const { rows } = state.tables;
  for (let row = 0; row < state.rowTop; row += ROW) {
    if (data[rows[row]!] !== OP.BUILD) continue;
    const builds = index.get(rows[row + 1]!);
    if (builds === undefined) index.set(rows[row + 1]!, [row]);
    else builds.push(row);
  }
  return index;
}

/** The row of the opcode at an offset: rows ascend. Only for opcodes that have one. */
export function rowOf({ state }: Recording, offset: number): number {
  const row = lastUpTo(state.tables.rows, ROW, 0, state.rowTop / ROW, offset, state.nearRow);
  state.nearRow = row;
  return row * ROW;
}

/** Arguments that are looked at: more than any callable that matters takes. */
const MOST_ARGUMENTS = 64;

/** The dict of keywords of the call at an offset: NEWOBJ_EX's; null where there is none. */
export function keywordsOf({ data, state }: Recording, call: number): number | null {
  return data[call] === OP.NEWOBJ_EX ? (itemsMade(state, call)?.[1] ?? null) : null;
}

/** The first arguments of the call at an offset; NEWOBJ_EX's keywords come last, as a dict. Null where not known. */
export function argumentsOf(recording: Recording, call: number): ArrayLike<number> | null {
  const { data, state } = recording;
  const row = rowOf(recording, call);
  const opcode = data[call];
  if (opcode === OP.INST || opcode === OP.OBJ) return itemsMade(state, call)?.subarray(0, MOST_ARGUMENTS) ?? null;
  const given = state.tables.rows[row + 2]!;
  if (kinds.KIND[data[given]!] !== kinds.TUPLE) return null;
  const items = itemsMade(state, given)?.subarray(0, MOST_ARGUMENTS) ?? null;
  if (opcode !== OP.NEWOBJ_EX || items === null) return items;
  const keywords = itemsMade(state, call)?.[1];
  return keywords === undefined ? null : [...items, keywords];
}
