/**
 * What is inside a value: the items a container was made with, those that were put into it later, and the state an
 * object was given, up to a moment of the run.
 */
import { ByValue } from "./by-value.ts";
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
  /** For values that changed often among many others: the entries of `changed`, by value. Made when first needed. */
  changesByValue: ByValue | null;
  /** Likewise the rows of BUILD by the object built. */
  buildsByValue: ByValue | null;
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
  const byValue = recording.changesByValue;
  const end = byValue.position(value, moment.change / CHANGE);
  for (let position = byValue.position(value, from / CHANGE + 1); position < end; position++) {
    const entry = byValue.entry(position) * CHANGE;
    const to = entry + CHANGE < recording.state.changedTop ? changed[entry + CHANGE + 1]! : recording.state.changesTop;
    for (let index = changed[entry + 1]!; index < to; index++) {
      if (items.length === limit) return { items, more: true };
      items.push(changes[index]!);
    }
  }
  return { items, more: false };
}

function indexChanges({ changedTop, tables: { changed } }: MachineState): ByValue {
  return new ByValue(changedTop / CHANGE, (entry) => changed[entry * CHANGE]!);
}

/** The first entry by an opcode after `offset`: a container changes only once it is there. */
function firstChangeAfter(state: MachineState, offset: number): number {
  const entry = lastUpTo(state.tables.changed, CHANGE, 2, state.changedTop / CHANGE, offset, state.nearChanged) + 1;
  state.nearChanged = entry;
  return entry * CHANGE;
}

/** The rows of BUILDs on an object before a moment, the last `limit` of them. */
function buildsOf(recording: Recording, object: number, moment: Moment, limit: number): readonly number[] {
  const { state, data } = recording;
  const { rows } = state.tables;
  if (recording.buildsByValue !== null) return lastBuilds(recording.buildsByValue, object, moment, limit);
  let found: number[] | null = null;
  let row = rowOf(recording, object) + ROW;
  for (const end = Math.min(moment.row, row + SCANNED * ROW); row < end; row += ROW) {
    if (rows[row + 1] !== object || data[rows[row]!] !== OP.BUILD) continue;
    if (found === null) found = [row];
    else found.push(row);
  }
  if (row >= moment.row) return found === null ? NO_BUILDS : found.slice(-limit);
  recording.buildsByValue = indexBuilds(recording);
  return lastBuilds(recording.buildsByValue, object, moment, limit);
}

function lastBuilds(byValue: ByValue, object: number, moment: Moment, limit: number): readonly number[] {
  const end = byValue.position(object, moment.row / ROW);
  const from = Math.max(byValue.position(object, 0), end - limit);
  return Array.from({ length: end - from }, (_, index) => byValue.entry(from + index) * ROW);
}

const NO_BUILDS: readonly number[] = [];

/** The state that the last BUILD before a moment gave to an object, as a value; null where none did. */
export function stateOf(recording: Recording, object: number, moment: Moment): number | null {
  const [build] = buildsOf(recording, object, moment, 1);
  return build === undefined ? null : recording.state.tables.rows[build + 2]!;
}

/** All states that BUILDs before a moment gave to an object; null where there are more than `limit`. */
export function statesOf(recording: Recording, object: number, moment: Moment, limit: number): readonly number[] | null {
  const builds = buildsOf(recording, object, moment, limit + 1);
  return builds.length > limit ? null : builds.map((build) => recording.state.tables.rows[build + 2]!);
}

function indexBuilds({ state: { rowTop, tables }, data }: Recording): ByValue {
  const { rows } = tables;
  return new ByValue(rowTop / ROW, (row) => (data[rows[row * ROW]!] === OP.BUILD ? rows[row * ROW + 1]! : -1));
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
