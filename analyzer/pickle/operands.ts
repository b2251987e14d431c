/**
 * Whether the C unpickler takes an operand: text numbers, quoted strings, UTF-8, escapes. Offsets into the program go
 * in, a verdict comes out; nothing is converted and no string is made, so that a megabyte of digits costs one pass.
 * What an operand's value is, for people, is read in `operand-values.ts`.
 */
import { isUtf8 } from "node:buffer";

const NEWLINE = 0x0a;

/** A line this long is searched for its newline natively; below, the call costs more than the search. */
const SHORT_LINE = 64;

/** Offset of the first newline in `[from, end)`, or -1. */
export function newlineAt(data: Uint8Array, from: number, end: number): number {
  const near = end - from > SHORT_LINE ? from + SHORT_LINE : end;
  for (let index = from; index < near; index++) if (data[index] === NEWLINE) return index;
  if (near === end) return -1;
  const found = data.indexOf(NEWLINE, near);
  return found < end ? found : -1;
}

/** How an operand stands with CPython's loaders. */
export const TAKEN = 0;
/** No unpickler takes it. */
export const REFUSED = 1;
/** The C unpickler takes it, or took it in some version; others of CPython refuse it. */
export const TAKEN_BY_SOME = 2;
/** The C unpickler refuses it, the pure-Python one (which joblib and dill use) takes it. */
export const TAKEN_BY_PYTHON = 3;

/** CPython since 3.10.7 and 3.11 refuses decimal integers of more digits (`sys.set_int_max_str_digits`). */
const MOST_DIGITS = 4300;

/**
 * INT's and LONG's line `[from, to)`: `strtol` with base 0, then `PyLong_FromString` with base 0. C cuts the text at a
 * NUL (gh-126996); from 3.14 on both are read in base 10 (gh-126992).
 */
export function checkInteger(data: Uint8Array, from: number, to: number, isLong: boolean): number {
  const first = data[from]! === 0x2d ? from + 1 : from;
  // A decimal without surprises: no leading zero, or a lone one, or INT's 00 and 01.
  if (to - first > 0 && to - first <= 18) {
    let index = first;
    while (index < to && (data[index]! ^ 0x30) <= 9) index++;
    if (index === to && (data[first] !== 0x30 || to - first === 1)) return TAKEN;
    if (index === to - 1 && isLong && index > first && data[index] === 0x4c && (data[first] !== 0x30 || index - first === 1)) return TAKEN;
  }
  return checkOddInteger(latin1(data, from, to), isLong);
}

function checkOddInteger(line: string, isLong: boolean): number {
  if (line === "") return REFUSED;
  const withoutL = isLong && line.endsWith("L") ? line.slice(0, -1) : line;
  const nul = withoutL.indexOf("\0");
  const text = nul < 0 ? withoutL : withoutL.slice(0, nul);
  // strtol on nothing converts nothing and leaves its end at the NUL, which load_int takes for success.
  if (text === "") return isLong ? REFUSED : nul < 0 ? REFUSED : TAKEN_BY_SOME;
  if (!isLong && isOctalLong(text)) return line === "00" || line === "01" ? TAKEN : TAKEN_BY_SOME;
  const digits = integerLiteral(text);
  // In base 10, zeros may lead.
  if (digits === null) return DECIMAL.test(text) ? TAKEN_BY_SOME : REFUSED;
  if (digits > MOST_DIGITS) return TAKEN_BY_SOME;
  return nul < 0 && /^[+-]?\d+$/.test(text) ? TAKEN : TAKEN_BY_SOME;
}

/** `PyLong_FromString` with base 10. */
const DECIMAL = /^[ \t\n\v\f\r]*[+-]?\d(?:_?\d)*[ \t\n\v\f\r]*$/;

/** `strtol` with base 0 reads a leading zero as octal; what a C `long` cannot hold is left to `PyLong_FromString`. */
function isOctalLong(text: string): boolean {
  const match = /^[ \t\n\v\f\r]*([+-]?)0+([0-7]{0,22})$/.exec(text);
  if (match === null) return false;
  const value = BigInt(`0o0${match[2]}`);
  return match[1] === "-" ? value <= 2n ** 63n : value < 2n ** 63n;
}

/** `PyLong_FromString` with base 0: the number of decimal digits (0 for another base), or null where it refuses. */
function integerLiteral(text: string): number | null {
  const match =
    /^[ \t\n\v\f\r]*[+-]?(?:(0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)|(0(?:_?0)*)|([1-9](?:_?\d)*))[ \t\n\v\f\r]*$/.exec(
      text,
    );
  if (match === null) return null;
  const decimal = match[2] ?? match[3];
  return decimal === undefined ? 0 : decimal.replaceAll("_", "").length;
}

/** What `memoIndex` answers for a line that is no index at all. */
export const NO_INDEX = -1;
/** What `memoIndex` answers for a negative index: no memo holds one. */
export const NEGATIVE_INDEX = -2;

/** Keys from here on are beyond a `Py_ssize_t`: the C unpickler fails, the pure-Python one keeps its memo in a dict. */
export const BEYOND_C = 2 ** 63;

/** GET's and PUT's line: `PyLong_FromString` with base 10. A key beyond 2^53 is rounded. */
export function memoIndex(data: Uint8Array, from: number, to: number): number {
  if (to > from && to - from <= 9) {
    let value = 0;
    let index = from;
    for (; index < to; index++) {
      const digit = data[index]! ^ 0x30;
      if (digit > 9) break;
      value = value * 10 + digit;
    }
    if (index === to) return value;
  }
  return oddMemoIndex(latin1(data, from, to));
}

function oddMemoIndex(line: string): number {
  const nul = line.indexOf("\0");
  const match = /^[ \t\n\v\f\r]*([+-]?)(\d(?:_?\d)*)[ \t\n\v\f\r]*$/.exec(nul < 0 ? line : line.slice(0, nul));
  if (match === null) return NO_INDEX;
  const value = Number(match[2]!.replaceAll("_", ""));
  return match[1] === "-" && value > 0 ? NEGATIVE_INDEX : value;
}

/** FLOAT's line: `PyOS_string_to_double`, which takes no white space and no underscores; Python's `float()` takes both. */
export function checkFloat(data: Uint8Array, from: number, to: number): number {
  let index = from;
  if (data[index] === 0x2d || data[index] === 0x2b) index++;
  const digits = index;
  let points = 0;
  while (index < to && ((data[index]! ^ 0x30) <= 9 || (data[index] === 0x2e && points++ === 0))) index++;
  // Without an exponent and short, it cannot overflow.
  if (index === to && to - digits - points > 0 && to - digits < 300) return TAKEN;
  return checkOddFloat(latin1(data, from, to));
}

const FLOAT_TEXT = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)$/i;

function checkOddFloat(line: string): number {
  const nul = line.indexOf("\0");
  const text = nul < 0 ? line : line.slice(0, nul);
  if (FLOAT_TEXT.test(text)) {
    const overflows = !Number.isFinite(Number(text)) && /\d/.test(text);
    // `float()` gives infinity where PyOS_string_to_double raises OverflowError.
    if (overflows) return TAKEN_BY_PYTHON;
    return nul < 0 ? TAKEN : TAKEN_BY_SOME;
  }
  const loose = line.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "").replace(/(?<=\d)_(?=\d)/g, "");
  return FLOAT_TEXT.test(loose) ? TAKEN_BY_PYTHON : REFUSED;
}

/** What `checkQuoted` answers for a string that is well-formed, by what it holds once unescaped. */
export const QUOTED_ASCII = 0;
export const QUOTED_LATIN = 1;
export const NOT_QUOTED = 2;
export const BAD_ESCAPE = 3;

/** STRING's line: matching quotes around it, and only escapes that `PyBytes_DecodeEscape` takes. */
export function checkQuoted(data: Uint8Array, from: number, to: number): number {
  const quote = data[from]!;
  if (to - from < 2 || quote !== data[to - 1] || (quote !== 0x27 && quote !== 0x22)) return NOT_QUOTED;
  const end = to - 1;
  let bits = 0;
  for (let index = from + 1; index < end; index++) {
    const byte = data[index]!;
    bits |= byte;
    if (byte !== 0x5c) continue;
    if (++index === end) return BAD_ESCAPE;
    const escaped = data[index]!;
    if (escaped === 0x78) {
      if (index + 2 >= end || hexDigit(data[index + 1]!) < 0 || hexDigit(data[index + 2]!) < 0) return BAD_ESCAPE;
      if (hexDigit(data[index + 1]!) >= 8) bits |= 0x80;
      index += 2;
    } else if ((escaped ^ 0x30) <= 7) {
      let value = escaped & 7;
      for (let more = 0; more < 2 && index + 1 < end && (data[index + 1]! ^ 0x30) <= 7; more++) value = value * 8 + (data[++index]! & 7);
      // C keeps the low eight bits of \777.
      bits |= value & 0xff;
    } else {
      bits |= escaped;
    }
  }
  return bits < 0x80 ? QUOTED_ASCII : QUOTED_LATIN;
}

function hexDigit(byte: number): number {
  if ((byte ^ 0x30) <= 9) return byte ^ 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 87 : -1;
}

/** Pairs of hex digits, read as one 16-bit number: the value of the pair, or -1. Halves the time of escaped text. */
const HEX_PAIR = new Int16Array(0x10000).fill(-1);
const HEX_DIGITS = [..."0123456789abcdefABCDEF"].map((digit) => digit.charCodeAt(0));
for (const high of HEX_DIGITS) for (const low of HEX_DIGITS) HEX_PAIR[high | (low << 8)] = hexDigit(high) * 16 + hexDigit(low);

/**
 * UNICODE's line in raw-unicode-escape: every `\u` has four hex digits, every `\U` eight up to 10FFFF. A backslash
 * before anything else stands for itself and protects a backslash after it.
 */
export function isRawUnicodeEscape(data: Uint8Array, from: number, to: number): boolean {
  let index = from;
  while (index < to) {
    if (data[index++] !== 0x5c || index === to) continue;
    const kind = data[index++]!;
    if (kind === 0x75) {
      if (index + 4 > to) return false;
      if ((HEX_PAIR[data[index]! | (data[index + 1]! << 8)]! | HEX_PAIR[data[index + 2]! | (data[index + 3]! << 8)]!) < 0) return false;
      index += 4;
    } else if (kind === 0x55) {
      if (index + 8 > to) return false;
      let point = 0;
      for (let pair = 0; pair < 8; pair += 2) {
        const value = HEX_PAIR[data[index + pair]! | (data[index + pair + 1]! << 8)]!;
        if (value < 0) return false;
        point = point * 256 + value;
      }
      if (point > 0x10ffff) return false;
      index += 8;
    }
  }
  return true;
}

/** Strings up to this length are looked through here; longer ones natively, where a call and a view cost 0.1 us. */
const SHORT_STRING = 64;

/** Whether `[from, to)` is ASCII. */
export function isAscii(data: Uint8Array, from: number, to: number): boolean {
  let bits = 0;
  for (let index = from; index < to; index++) bits |= data[index]!;
  return bits < 0x80;
}

/** Whether `[from, to)` is UTF-8 as BINUNICODE takes it: surrogates pass (`surrogatepass`). */
export function isUtf8OrSurrogates(data: Uint8Array, from: number, to: number): boolean {
  if (to - from > SHORT_STRING) return isUtf8(data.subarray(from, to)) || checkUtf8(data, from, to, true);
  let index = from;
  while (index < to && data[index]! < 0x80) index++;
  return index === to || checkUtf8(data, index, to, true);
}

/** Whether `[from, to)` is strict UTF-8, as names of GLOBAL and the encoding `utf-8` want it. */
export function isStrictUtf8(data: Uint8Array, from: number, to: number): boolean {
  return to - from <= SHORT_STRING ? checkUtf8(data, from, to, false) : isUtf8(data.subarray(from, to));
}

function checkUtf8(data: Uint8Array, from: number, to: number, surrogatesPass: boolean): boolean {
  let index = from;
  while (index < to) {
    const lead = data[index++]!;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (more > to - index) return false;
    const second = data[index]!;
    // Overlong forms, surrogates and what lies beyond 10FFFF show in the second byte.
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed && !surrogatesPass ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let rest = 1; rest < more; rest++) if ((data[index + rest]! & 0xc0) !== 0x80) return false;
    index += more;
  }
  return true;
}

function latin1(data: Uint8Array, from: number, to: number): string {
  return Buffer.from(data.buffer, data.byteOffset + from, to - from).toString("latin1");
}
