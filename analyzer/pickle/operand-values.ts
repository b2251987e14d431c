/**
 * What an operand stands for, read from the program when somebody asks: integers, floats, text, bytes. The operand is
 * one that `operands.ts` let pass; `value` is the offset of its opcode.
 */
import { BYTE_OF_OPCODE as OP } from "./opcodes.ts";
import { newlineAt } from "./operands.ts";

/** Text or bytes of an operand, cut where asked. */
export interface Text {
  readonly text: string;
  readonly truncated: boolean;
}

/** Offset of the newline that ends the line at `from`; a last line without one ends before its last byte, as Python reads it. */
export function lineEnd(data: Uint8Array, from: number): number {
  const newline = newlineAt(data, from, data.length);
  return newline < 0 ? Math.max(from, data.length - 1) : newline;
}

/** Bytes of the count in front of a counted operand. */
function countWidth(opcode: number): 1 | 4 | 8 {
  switch (opcode) {
    case OP.SHORT_BINUNICODE:
    case OP.SHORT_BINBYTES:
    case OP.SHORT_BINSTRING:
    case OP.LONG1:
      return 1;
    case OP.BINUNICODE8:
    case OP.BINBYTES8:
    case OP.BYTEARRAY8:
      return 8;
    default:
      return 4;
  }
}

/** Where the content of a counted operand lies. */
export function countedRange(data: Uint8Array, value: number): readonly [from: number, to: number] {
  const width = countWidth(data[value]!);
  let count = data[value + 1]!;
  // Contents lie within the program, hence below 2^32, whatever the width.
  if (width > 1) count = (count | (data[value + 2]! << 8) | (data[value + 3]! << 16) | (data[value + 4]! << 24)) >>> 0;
  const from = value + 1 + width;
  return [from, from + count];
}

/** The integer (or bool) that an opcode pushes, as a number: rounded, or infinite, where that is no use as an index. */
export function integerOf(data: Uint8Array, value: number): number {
  switch (data[value]) {
    case OP.BININT1:
      return data[value + 1]!;
    case OP.BININT2:
      return data[value + 1]! | (data[value + 2]! << 8);
    case OP.BININT:
      return data[value + 1]! | (data[value + 2]! << 8) | (data[value + 3]! << 16) | (data[value + 4]! << 24);
    case OP.NEWTRUE:
      return 1;
    case OP.NEWFALSE:
      return 0;
    default: {
      const integer = longOf(data, value);
      return integer === null ? Number.POSITIVE_INFINITY : Number(integer);
    }
  }
}

/** Integers of more bytes, or more characters, are not written out for people. */
const LONGEST_INTEGER = 1024;

/** The integer of INT, LONG, LONG1 or LONG4; null where it is too long to be of interest. */
export function longOf(data: Uint8Array, value: number): bigint | null {
  const opcode = data[value];
  if (opcode === OP.INT || opcode === OP.LONG) {
    const end = lineEnd(data, value + 1);
    return end - value > LONGEST_INTEGER ? null : textInteger(latin1(data, value + 1, end), opcode === OP.LONG);
  }
  const [from, to] = countedRange(data, value);
  if (to - from > LONGEST_INTEGER) return null;
  let integer = 0n;
  for (let index = to - 1; index >= from; index--) integer = (integer << 8n) | BigInt(data[index]!);
  return BigInt.asIntN((to - from) * 8, integer);
}

/**
 * Whether INT's line stands for a bool: to C, two characters that `strtol` reads as 0 or 1 and all of which it takes
 * (gh-135241), so not with white space behind.
 */
export function isBoolLine(data: Uint8Array, value: number): boolean {
  const integer = lineEnd(data, value + 1) - value === 3 ? integerOf(data, value) : -1;
  return (integer === 0 || integer === 1) && !/\s/.test(String.fromCharCode(data[value + 2]!));
}

/** The integer of a line that `checkInteger` took: octal by `strtol`, else a literal of Python. */
function textInteger(line: string, isLong: boolean): bigint {
  const withoutL = isLong && line.endsWith("L") ? line.slice(0, -1) : line;
  const [text = ""] = withoutL.split("\0", 1);
  const [, sign, digits = "0"] = /^([+-]?)(.*)$/.exec(text.trim().replaceAll("_", "")) ?? [];
  const magnitude = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits}`) : BigInt(digits === "" ? "0" : digits);
  return sign === "-" ? -magnitude : magnitude;
}

/** A float and its bytes, least significant first: a view of the program for each would cost more than the rest. */
const ONE_FLOAT = new Float64Array(1);
const EIGHT_BYTES = new Uint8Array(ONE_FLOAT.buffer);

/** The float of FLOAT or BINFLOAT. */
export function floatOf(data: Uint8Array, value: number): number {
  if (data[value] === OP.BINFLOAT) {
    for (let index = 0; index < 8; index++) EIGHT_BYTES[index] = data[value + 8 - index]!;
    return ONE_FLOAT[0]!;
  }
  const [text = ""] = latin1(data, value + 1, lineEnd(data, value + 1)).split("\0", 1);
  return parseFloatText(text);
}

/** Text that Python takes for a float, as one. */
export function parseFloatText(text: string): number {
  const plain = Number(text);
  if (!Number.isNaN(plain)) return plain;
  const word = text.trim().replaceAll("_", "").toLowerCase();
  if (/^[+-]?inf/.test(word)) return word.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /nan/.test(word) ? Number.NaN : Number(word);
}

/** The str that an opcode pushes, up to about `limit` characters; a Python 2 str as Latin-1. */
export function textOf(data: Uint8Array, value: number, limit: number): Text {
  switch (data[value]) {
    case OP.UNICODE: {
      const end = lineEnd(data, value + 1);
      const cut = cutAt(value + 1, end, limit * 10);
      return shorten(unescapeRawUnicode(latin1(data, value + 1, cut)), limit, cut < end);
    }
    case OP.STRING: {
      const end = lineEnd(data, value + 1) - 1;
      const cut = cutAt(value + 2, end, limit * 4);
      return shorten(unescapeString(latin1(data, value + 2, cut)), limit, cut < end);
    }
    case OP.BINSTRING:
    case OP.SHORT_BINSTRING: {
      const [from, to] = countedRange(data, value);
      const cut = cutAt(from, to, limit);
      return { text: latin1(data, from, cut), truncated: cut < to };
    }
    default: {
      const [from, to] = countedRange(data, value);
      const cut = cutAt(from, to, limit * 4);
      return shorten(utf8(data, from, cut), limit, cut < to);
    }
  }
}

/** How many bytes a bytes-like operand holds. */
export function byteLengthOf(data: Uint8Array, value: number): number {
  const [from, to] = countedRange(data, value);
  return to - from;
}

/** Text up to this length, as names and keys are, is put together here: a call into native code costs more. */
const NATIVE_LENGTH = 32;

/** A line or part of one as text: UTF-8 as GLOBAL's names are. */
export function utf8(data: Uint8Array, from: number, to: number): string {
  if (to - from <= NATIVE_LENGTH) {
    let text = "";
    let index = from;
    for (; index < to && data[index]! < 0x80; index++) text += String.fromCharCode(data[index]!);
    if (index === to) return text;
  }
  const text = Buffer.from(data.buffer, data.byteOffset + from, to - from).toString("utf8");
  return text.includes("\ufffd") ? decodeUtf8(data, from, to) : text;
}

/** Valid UTF-8 with surrogates let pass, which native decoders replace. A sequence that was cut at the end is dropped. */
function decodeUtf8(data: Uint8Array, from: number, to: number): string {
  let text = "";
  let index = from;
  while (index < to) {
    const lead = data[index]!;
    const more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (more > to - index - 1) break;
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (let rest = 1; rest <= more; rest++) point = (point << 6) | (data[index + rest]! & 0x3f);
    text += String.fromCodePoint(point);
    index += more + 1;
  }
  return text;
}

/** A line in raw-unicode-escape, unescaped. */
export function unescapeRawUnicode(line: string): string {
  if (!line.includes("\\")) return line;
  return line.replace(/\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|[^uU])/g, (all, short, long) => {
    const digits = short ?? long;
    return digits === undefined ? all : String.fromCodePoint(Number.parseInt(digits, 16));
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** A quoted string's content with Python 2's escapes, unescaped. */
export function unescapeString(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(?:x([\da-fA-F]{2})|([0-7]{1,3})|(.))/gs, (all, hex, octal, other) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
    return ESCAPES[other] ?? all;
  });
}

function cutAt(from: number, to: number, length: number): number {
  return to - from > length ? from + length : to;
}

function shorten(text: string, limit: number, cut: boolean): Text {
  return text.length > limit ? { text: text.slice(0, limit), truncated: true } : { text, truncated: cut };
}

function latin1(data: Uint8Array, from: number, to: number): string {
  if (to - from > NATIVE_LENGTH) return Buffer.from(data.buffer, data.byteOffset + from, to - from).toString("latin1");
  let text = "";
  for (let index = from; index < to; index++) text += String.fromCharCode(data[index]!);
  return text;
}
