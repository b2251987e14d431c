/**
 * What the machine's loop asks only now and then: hashability of odd keys, item writes and states on builtin objects
 * that are no containers of that kind, memo keys out of all proportion. Everything here is out of the loop's way.
 */
import { LIMITS } from "../limits.ts";
import { decode } from "./decode.ts";
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE } from "./opcodes.ts";
import { integerOf, textOf } from "./operand-values.ts";
import { isAscii, isStrictUtf8 } from "./operands.ts";
import { lastUpTo } from "./search.ts";
import { diverge, type MachineState, NO_FRAME } from "./state.ts";
import { CHANGE, ENTRY, ROW } from "./tables.ts";

const { KIND, HASHING } = kinds;

/** Whether a value can be a key of a dict. */
function isHashable(state: MachineState, data: Uint8Array, value: number): boolean {
  const hashing = HASHING[data[value]!];
  if (hashing !== kinds.HASHABLE_IF_ITEMS) return hashing === kinds.HASHABLE;
  const bits = state.unhashableTuples;
  return bits === null || value >>> 5 >= bits.length || ((bits[value >>> 5]! >>> (value & 31)) & 1) === 0;
}

/** Whether `stack[from]`, `stack[from + step]` ... below `to` can be keys. */
export function keysAreHashable(state: MachineState, data: Uint8Array, from: number, to: number, step: number): boolean {
  const { stack } = state.tables;
  for (let index = from; index < to; index += step) if (!isHashable(state, data, stack[index]!)) return false;
  return true;
}

/** Remembers of a tuple that is made of `stack[from, to)` whether it can be a key. */
export function judgeTuple(state: MachineState, data: Uint8Array, tuple: number, from: number, to: number): void {
  if (keysAreHashable(state, data, from, to, 1)) return;
  const words = (data.length >>> 5) + 1;
  if (state.unhashableTuples === null) state.unhashableTuples = new Uint32Array(words);
  else if (state.unhashableTuples.length < words) {
    const longer = new Uint32Array(words * 2);
    longer.set(state.unhashableTuples);
    state.unhashableTuples = longer;
  }
  state.unhashableTuples[tuple >>> 5]! |= 1 << (tuple & 31);
}

/** The value stored under a memo key beyond the tables, or -1. */
export function lookUpApart(state: MachineState, key: number): number {
  // A view from which bytes were left out may be shorter than it was, and the tables hold what was stored before.
  return state.sparseMemo?.get(key) ?? (key >= 0 && key < state.tables.memo.length ? state.tables.memo[key]! - 1 : -1);
}

/** Stores a value under a memo key beyond the tables; false where there are too many. */
export function storeApart(state: MachineState, key: number, value: number): boolean {
  if (lookUpApart(state, key) < 0) state.memoCount++;
  state.sparseMemo ??= new Map();
  state.sparseMemo.set(key, value);
  return state.sparseMemo.size <= LIMITS.sparseMemoEntries.limit;
}

/** What a builtin object makes of what an opcode does to it; `limit` where too many were done that to. */
export type Reception = "taken" | "refused" | "unknown" | "python-only" | "limit";

/**
 * APPEND(S) on a builtin that is no list, SETITEM(S) on one that is no dict, ADDITEMS on one that is no set: only
 * bytearrays extend, only lists and bytearrays take items, by index. The items are `stack[from, to)`.
 */
export function receiveItems(
  state: MachineState,
  data: Uint8Array,
  at: number,
  target: number,
  opcode: "append" | "set" | "add",
  from: number,
  to: number,
): Reception {
  const kind = KIND[data[target]!];
  if (opcode === "append" && kind === kinds.BYTEARRAY) return receiveBytes(state, data, from, to, 1);
  if (opcode !== "set" || (kind !== kinds.LIST && kind !== kinds.BYTEARRAY)) return "refused";
  state.setByIndex ??= new Map();
  if (!state.setByIndex.has(target)) state.setByIndex.set(target, at);
  if (state.setByIndex.size > LIMITS.listsSetByIndex.limit) return "limit";
  const values = kind === kinds.BYTEARRAY ? receiveBytes(state, data, from + 1, to, 2) : "taken";
  if (values === "refused") return values;
  const length = lengthOf(state, data, target);
  let reception: Reception = values;
  for (let index = from; index < to; index += 2) {
    const key = state.tables.stack[index]!;
    const keyKind = KIND[data[key]!];
    if (keyKind === kinds.FOREIGN || length === null) reception = "unknown";
    else if (keyKind !== kinds.INT && keyKind !== kinds.BOOL) return "refused";
    else {
      const position = integerOf(data, key);
      if (position >= length || position < -length) return "refused";
    }
  }
  return reception;
}

/** Whether every second (or every) value from `from` on is an int that a byte holds. */
function receiveBytes(state: MachineState, data: Uint8Array, from: number, to: number, step: number): Reception {
  let reception: Reception = "taken";
  for (let index = from; index < to; index += step) {
    const value = state.tables.stack[index]!;
    const kind = KIND[data[value]!];
    if (kind === kinds.FOREIGN) reception = "unknown";
    else if ((kind !== kinds.INT && kind !== kinds.BOOL) || !(integerOf(data, value) >= 0 && integerOf(data, value) <= 255))
      return "refused";
  }
  return reception;
}

/**
 * BUILD on a builtin object, which has neither `__setstate__` nor `__dict__` and takes no attributes: it takes None, or
 * (None, an empty dict). The pure-Python unpickler takes any state that is false.
 */
export function receiveState(state: MachineState, data: Uint8Array, given: number): Reception | "foreign" {
  const kind = KIND[data[given]!];
  if (kind === kinds.NONE) return "taken";
  // The pure-Python unpickler calls `items` on it, or takes it apart where it is a named tuple.
  if (kind === kinds.FOREIGN) return "foreign";
  if (kind !== kinds.TUPLE) return "python-only";
  const items = itemsMade(state, given);
  if (items === null) return "foreign";
  if (items.length !== 2) return "python-only";
  const [attributes, slots] = [items[0]!, items[1]!];
  const attributesKind = KIND[data[attributes]!];
  const slotsKind = KIND[data[slots]!];
  if (attributesKind !== kinds.NONE && attributesKind !== kinds.FOREIGN) return "python-only";
  if (slotsKind === kinds.FOREIGN) return "foreign";
  if (slotsKind !== kinds.DICT) return "python-only";
  const length = lengthOf(state, data, slots);
  if (length === null || attributesKind === kinds.FOREIGN) return "unknown";
  return length === 0 ? "taken" : "python-only";
}

/** Whether a Python 2 str that is not ASCII decodes in the loader's encoding. */
export function decodes(state: MachineState, data: Uint8Array, at: number, from: number, to: number): boolean {
  if (state.encoding === "utf-8") return isStrictUtf8(data, from, to);
  if (state.encoding === "any") diverge(state, "string-encoding", at);
  return state.encoding !== "ASCII";
}

/** `decodes` for STRING, whose bytes are behind escapes. */
export function decodesQuoted(state: MachineState, data: Uint8Array, at: number): boolean {
  if (state.encoding !== "utf-8") return decodes(state, data, at, 0, 0);
  const { text } = textOf(data, at, data.length);
  return isStrictUtf8(Buffer.from(text, "latin1"), 0, text.length);
}

/** Whether a call takes what is no tuple for its arguments: C's wants a tuple, pure Python's unpacks anything. */
export function takesArguments(state: MachineState, data: Uint8Array, at: number, value: number): boolean {
  const kind = KIND[data[value]!]!;
  if (kinds.isIterable(kind)) diverge(state, kind === kinds.FOREIGN ? "depends-on-object" : "python-only", at);
  return kinds.isIterable(kind);
}

/** Whether NEWOBJ_EX takes what is no dict for its keywords: an object may be of a subclass. */
export function takesKeywords(state: MachineState, data: Uint8Array, at: number, value: number): boolean {
  if (KIND[data[value]!] !== kinds.FOREIGN) return false;
  diverge(state, "depends-on-object", at);
  return true;
}

/** Whether some unpickler gives a builtin object this state. */
export function takesState(state: MachineState, data: Uint8Array, at: number, value: number): boolean {
  const reception = receiveState(state, data, value);
  if (reception === "python-only") diverge(state, "python-only", at);
  if (reception === "unknown" || reception === "foreign") diverge(state, "depends-on-object", at);
  if (reception === "foreign") diverge(state, "foreign-state", at);
  return true;
}

/** Whether a value can be a module or a name of STACK_GLOBAL. */
export function isName(state: MachineState, data: Uint8Array, at: number, value: number): boolean {
  const kind = KIND[data[value]!];
  if (kind === kinds.FOREIGN) diverge(state, "depends-on-object", at);
  return kind === kinds.STR || kind === kinds.FOREIGN || (kind === kinds.STRING && state.encoding !== "bytes");
}

/** Whether a name of STACK_GLOBAL is known and has a dot. */
export function isDottedName(data: Uint8Array, value: number): boolean {
  return KIND[data[value]!] !== kinds.FOREIGN && textOf(data, value, data.length).text.includes(".");
}

/** In the third place of INST's row: the class was looked up, and that was all. */
export const LOOKED_UP_ONLY = 1;

/**
 * The row of an opcode whose last line has no end, if pure Python still does something there: it takes such a line for
 * whole but for its last byte, and fails only at the next opcode.
 */
export function lookUpTruncated(state: MachineState, data: Uint8Array, at: number): void {
  const { rows, marks, stack, made, arena } = state.tables;
  const opcode = data[at]!;
  const end = Math.max(at + 1, data.length - 1);
  const reads = opcode === BYTE_OF_OPCODE.GLOBAL ? isStrictUtf8 : isAscii;
  if (opcode !== BYTE_OF_OPCODE.GLOBAL && opcode !== BYTE_OF_OPCODE.INST && opcode !== BYTE_OF_OPCODE.PERSID) return;
  if (!reads(data, at + 1, end) || state.rowTop + ROW > rows.length) return;
  rows[state.rowTop] = at;
  rows[state.rowTop + 1] = opcode === BYTE_OF_OPCODE.PERSID ? -1 : state.protocol;
  rows[state.rowTop + 2] = 0;
  rows[state.rowTop + 3] = state.changedTop;
  if (opcode === BYTE_OF_OPCODE.INST) {
    const from = state.markTop === 0 ? -1 : marks[state.markTop - 1]!;
    const count = state.stackTop - from;
    if (from < 0) rows[state.rowTop + 2] = LOOKED_UP_ONLY;
    else if (count <= arena.length - state.arenaTop && state.madeTop + ENTRY <= made.length && state.contentsLostAt === NO_FRAME) {
      made[state.madeTop] = at;
      made[state.madeTop + 1] = state.arenaTop;
      state.madeTop += ENTRY;
      arena.set(stack.subarray(from, state.stackTop), state.arenaTop);
      state.arenaTop += count;
    }
  }
  state.rowTop += ROW;
}

/** Whether the opcode at an offset reaches beyond `end`, or has no end. */
export function crosses(data: Uint8Array, at: number, end: number): boolean {
  const instruction = decode(data, at);
  return instruction.ok ? instruction.value.end > end : instruction.error.kind !== "unknown-opcode";
}

/** Index into `made` of the entry of a value, or -1. */
export function madeEntry(state: MachineState, value: number): number {
  const { made } = state.tables;
  const entry = lastUpTo(made, ENTRY, 0, state.madeTop / ENTRY, value, state.nearMade);
  state.nearMade = entry;
  return entry >= 0 && made[entry * ENTRY] === value ? entry * ENTRY : -1;
}

const NOTHING = new Int32Array(0);

/** The items that a container was made with, a view of the arena; null where they are not known. */
export function itemsMade(state: MachineState, value: number): Int32Array | null {
  if (value >= state.contentsLostAt) return null;
  const entry = madeEntry(state, value);
  if (entry < 0) return NOTHING;
  const { made, arena } = state.tables;
  const from = made[entry + 1]!;
  const to = entry + ENTRY < state.madeTop ? made[entry + ENTRY + 1]! : state.arenaTop;
  return arena.subarray(from, to);
}

/** Entries of `changed` up to which lengths are counted: a map of more would be larger than the tables. */
const COUNTED_CHANGES = 2 ** 20 * CHANGE;

/** How many items a list (or bytearray) has, or how many were set on a dict, at this moment; null where not known. */
function lengthOf(state: MachineState, data: Uint8Array, value: number): number | null {
  if (state.contentsLostAt !== NO_FRAME || state.changedTop > COUNTED_CHANGES) return null;
  state.lengths ??= { byValue: new Map(), upTo: 0 };
  const { byValue } = state.lengths;
  const { changed } = state.tables;
  for (let entry = state.lengths.upTo; entry < state.changedTop; entry += CHANGE) {
    const to = entry + CHANGE < state.changedTop ? changed[entry + CHANGE + 1]! : state.changesTop;
    const owner = changed[entry]!;
    byValue.set(owner, (byValue.get(owner) ?? 0) + to - changed[entry + 1]!);
  }
  state.lengths.upTo = state.changedTop;
  return initialLength(state, data, value) + (byValue.get(value) ?? 0);
}

function initialLength(state: MachineState, data: Uint8Array, value: number): number {
  if (KIND[data[value]!] === kinds.BYTEARRAY) return new DataView(data.buffer, data.byteOffset + value + 1, 8).getUint32(0, true);
  return itemsMade(state, value)?.length ?? 0;
}
