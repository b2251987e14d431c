/**
 * What kind of object an opcode leaves on the stack. A value of the machine is the offset of the opcode that made it,
 * so its kind is one look at the program: `KIND[data[value]]`.
 */
import { BYTE_OF_OPCODE as OP, type OpcodeName } from "./opcodes.ts";

/** Made by a callable, looked up, or handed over by the loader: it may be anything. */
export const FOREIGN = 0;
export const NONE = 1;
export const BOOL = 2;
/** INT's 00 and 01 are of this kind too. */
export const INT = 3;
export const FLOAT = 4;
export const STR = 5;
export const BYTES = 6;
/** A Python 2 str: str, or bytes where the loader asks for them. */
export const STRING = 7;
export const TUPLE = 8;
export const FROZENSET = 9;
export const LIST = 10;
export const DICT = 11;
export const SET = 12;
export const BYTEARRAY = 13;
/** A read-only view of a bytearray: READONLY_BUFFER. */
export const VIEW = 14;

const MADE_BY: readonly (readonly [kind: number, opcodes: readonly OpcodeName[]])[] = [
  [NONE, ["NONE"]],
  [BOOL, ["NEWTRUE", "NEWFALSE"]],
  [INT, ["INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"]],
  [FLOAT, ["FLOAT", "BINFLOAT"]],
  [STR, ["UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"]],
  [BYTES, ["BINBYTES", "SHORT_BINBYTES", "BINBYTES8"]],
  [STRING, ["STRING", "BINSTRING", "SHORT_BINSTRING"]],
  [TUPLE, ["EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"]],
  [FROZENSET, ["FROZENSET"]],
  [LIST, ["EMPTY_LIST", "LIST"]],
  [DICT, ["EMPTY_DICT", "DICT"]],
  [SET, ["EMPTY_SET"]],
  [BYTEARRAY, ["BYTEARRAY8"]],
  [VIEW, ["READONLY_BUFFER"]],
];

/** The kind that each opcode makes, by its byte. */
export const KIND = new Uint8Array(256);
for (const [kind, opcodes] of MADE_BY) for (const name of opcodes) KIND[OP[name]] = kind;

/** Whether an opcode, by its byte, makes a container with nothing in it. */
export function isMadeEmpty(code: number): boolean {
  return code === OP.EMPTY_DICT || code === OP.EMPTY_LIST || code === OP.EMPTY_TUPLE || code === OP.EMPTY_SET;
}

/** What `HASHING` says of a value. */
export const HASHABLE = 0;
export const UNHASHABLE = 1;
/** A tuple: hashable if its items are. */
export const HASHABLE_IF_ITEMS = 2;

/** Whether a value can be a key, by the byte of the opcode that made it. Foreign objects are taken to be hashable. */
export const HASHING = KIND.map((kind) => (kind >= LIST ? UNHASHABLE : kind === TUPLE ? HASHABLE_IF_ITEMS : HASHABLE));

/** Whether Python can iterate over a value: what its pure-Python unpickler takes for a call's arguments. */
export function isIterable(kind: number): boolean {
  return kind >= STR || kind === FOREIGN;
}
