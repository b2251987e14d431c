/**
 * Arguments as `pickletools` reads them: stricter than the unpicklers (ASCII names, decimal numbers, signed counts), and
 * failing with the same words. Errors are those of Python: a type and a message.
 */
import { failed, ok, type Result } from "../result.ts";
import { unsignedAt } from "./decode.ts";
import { ARGUMENTS, type ArgumentName, type Opcode } from "./opcodes.ts";
import { parseFloatText, unescapeRawUnicode, unescapeString, utf8 } from "./operand-values.ts";
import { checkFloat, newlineAt, REFUSED } from "./operands.ts";
import { reprBytearray, reprBytes, reprFloat, reprString } from "./python-repr.ts";

/** A Python exception, as the last line of a traceback shows it. */
export interface PythonError {
  readonly type: "ValueError" | "UnicodeDecodeError" | "IndexError";
  readonly message: string;
  /** pickletools had printed the offset when it was raised, and nothing else of the line. */
  readonly whilePrinting?: true;
}

/** An argument as Python prints it. `integer` is its value where it is one: what the memo is keyed by. */
export interface ReadArgument {
  readonly repr: string;
  readonly end: number;
  readonly integer?: bigint;
}

type Read = Result<ReadArgument, PythonError>;

function valueError(message: string): { readonly ok: false; readonly error: PythonError } {
  return failed({ type: "ValueError", message });
}

/** The argument of an opcode at `start`, which is behind the opcode. */
export function readArgument(data: Uint8Array, opcode: Opcode & { readonly argument: ArgumentName }, start: number): Read {
  const argument = ARGUMENTS[opcode.argument];
  if (argument.width === "line") return readLine(data, opcode.argument, start);
  if (argument.width === "lines") return readPair(data, start);
  if (argument.width === "counted") return readCounted(data, opcode.argument, argument.count, start);
  const end = start + argument.width;
  if (end > data.length) return valueError(`not enough data in stream to read ${opcode.argument}`);
  if (opcode.argument === "float8")
    return ok({ repr: reprFloat(new DataView(data.buffer, data.byteOffset + start, 8).getFloat64(0)), end });
  const view = new DataView(data.buffer, data.byteOffset + start, argument.width);
  const integer =
    opcode.argument === "uint8"
      ? view.getBigUint64(0, true)
      : BigInt(opcode.argument === "int4" ? view.getInt32(0, true) : unsignedAt(data, start, argument.width));
  return ok({ repr: String(integer), end, integer });
}

/** One line, without its newline. */
function lineAt(data: Uint8Array, start: number, argument: string): Result<{ line: Uint8Array; end: number }, PythonError> {
  const newline = newlineAt(data, start, data.length);
  if (newline < 0) return valueError(`no newline found when trying to read ${argument}`);
  return ok({ line: data.subarray(start, newline), end: newline + 1 });
}

function readLine(data: Uint8Array, argument: ArgumentName, start: number): Read {
  const found = lineAt(data, start, argument === "unicodestringnl" ? argument : "stringnl");
  if (!found.ok) return found;
  const { line, end } = found.value;
  if (argument === "decimalnl_short" || argument === "decimalnl_long") return readDecimal(line, argument === "decimalnl_long", end);
  if (argument === "floatnl") {
    const isFloat = !line.includes(0) && checkFloat(line, 0, line.length) !== REFUSED;
    return isFloat
      ? ok({ repr: reprFloat(parseFloatText(latin1(line))), end })
      : valueError(`could not convert string to float: ${reprBytes(line)}`);
  }
  if (argument === "unicodestringnl") {
    const error = rawUnicodeError(line);
    return error === null ? ok({ repr: reprString(unescapeRawUnicode(latin1(line))), end }) : failed(error);
  }
  const content = argument === "stringnl" ? withoutQuotes(line) : ok(line);
  const text = content.ok ? decodeEscapes(content.value) : content;
  return text.ok ? ok({ repr: reprString(text.value), end }) : text;
}

function readPair(data: Uint8Array, start: number): Read {
  let text = "";
  let end = start;
  for (const separator of [" ", ""]) {
    const found = lineAt(data, end, "stringnl");
    if (!found.ok) return found;
    const decoded = decodeEscapes(found.value.line);
    if (!decoded.ok) return decoded;
    text += decoded.value + separator;
    end = found.value.end;
  }
  return ok({ repr: reprString(text), end });
}

function withoutQuotes(line: Uint8Array): Result<Uint8Array, PythonError> {
  const quote = line[0];
  if (quote !== 0x22 && quote !== 0x27) return valueError(`no string quotes around ${reprBytes(line)}`);
  if (line.at(-1) === quote) return ok(line.subarray(1, -1));
  return valueError(`strinq quote ${reprBytes(Uint8Array.of(quote))} not found at both ends of ${reprBytes(line)}`);
}

/** `codecs.escape_decode(line)[0].decode("ascii")`. */
function decodeEscapes(line: Uint8Array): Result<string, PythonError> {
  for (let index = line.indexOf(0x5c); index >= 0; index = line.indexOf(0x5c, index + 2)) {
    if (index + 1 === line.length) return valueError("Trailing \\ in string");
    const isBroken = line[index + 1] === 0x78 && !/^[\da-f]{2}$/i.test(latin1(line.subarray(index + 2, index + 4)));
    if (isBroken) return valueError(`invalid \\x escape at position ${index}`);
  }
  const text = unescapeString(latin1(line));
  for (let index = 0; index < text.length; index++) {
    const byte = text.charCodeAt(index);
    if (byte >= 0x80) return decodeError("ascii", byte, index, index + 1, "ordinal not in range(128)");
  }
  return ok(text);
}

/** Python's `int()` takes no more decimal digits than this. */
const MOST_DIGITS = 4300;

/** `int(line)`, with pickle's two spellings of bools. */
function readDecimal(line: Uint8Array, isLong: boolean, end: number): Read {
  const whole = latin1(line);
  if (!isLong && (whole === "00" || whole === "01")) return ok({ repr: whole === "01" ? "True" : "False", end, integer: BigInt(whole) });
  const text = isLong && whole.endsWith("L") ? whole.slice(0, -1) : whole;
  const match = /^[ \t\n\v\f\r]*([+-]?)(\d(?:_?\d)*)[ \t\n\v\f\r]*$/.exec(text);
  if (match === null) {
    // Python shows 200 characters of 200 bytes.
    const repr = reprBytes(line.subarray(0, Math.min(text.length, 200)));
    return valueError(`invalid literal for int() with base 10: ${repr.slice(0, 200)}`);
  }
  const digits = match[2]!.replaceAll("_", "");
  if (digits.length > MOST_DIGITS) {
    return valueError(
      `Exceeds the limit (${MOST_DIGITS} digits) for integer string conversion: value has ${digits.length} digits; use sys.set_int_max_str_digits() to increase the limit`,
    );
  }
  const integer = match[1] === "-" ? -BigInt(digits) : BigInt(digits);
  return ok({ repr: String(integer), end, integer });
}

function readCounted(data: Uint8Array, argument: ArgumentName, width: 1 | 4 | 8, start: number): Read {
  const isSigned = argument === "string4" || argument === "long4";
  if (start + width > data.length) return valueError(`not enough data in stream to read ${isSigned ? "int4" : `uint${width}`}`);
  const view = new DataView(data.buffer, data.byteOffset + start, width);
  const count =
    width === 1
      ? BigInt(view.getUint8(0))
      : width === 8
        ? view.getBigUint64(0, true)
        : BigInt(isSigned ? view.getInt32(0, true) : view.getUint32(0, true));
  if (count < 0n) return valueError(`${argument} byte count < 0: ${count}`);
  if (count > 0x7fffffffffffffffn) return valueError(`${argument} byte count > sys.maxsize: ${count}`);
  const from = start + width;
  const left = data.length - from;
  if (count > BigInt(left)) {
    if (argument === "long1" || argument === "long4") return valueError(`not enough data in stream to read ${argument}`);
    return valueError(`expected ${count} bytes in a ${argument}, but only ${left} remain`);
  }
  return readContent(argument, data.subarray(from, from + Number(count)), from + Number(count));
}

function readContent(argument: ArgumentName, content: Uint8Array, end: number): Read {
  switch (argument) {
    case "bytes1":
    case "bytes4":
    case "bytes8":
      return ok({ repr: reprBytes(content), end });
    case "bytearray8":
      return ok({ repr: reprBytearray(content), end });
    case "string1":
    case "string4":
      return ok({ repr: reprString(latin1(content)), end });
    case "long1":
    case "long4": {
      const integer = integerOfBytes(content);
      const repr = String(integer);
      // Printing it is what fails.
      if (repr.replace("-", "").length <= MOST_DIGITS) return ok({ repr, end, integer });
      return failed({
        type: "ValueError",
        message: `Exceeds the limit (${MOST_DIGITS} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit`,
        whilePrinting: true,
      });
    }
    default: {
      const error = utf8Error(content);
      return error === null ? ok({ repr: reprString(utf8(content, 0, content.length)), end }) : failed(error);
    }
  }
}

/** Why bytes are not UTF-8 with surrogates let pass; null where they are. Positions as CPython's decoder tells them. */
function utf8Error(content: Uint8Array): PythonError | null {
  const isContinuation = (index: number) => (content[index]! & 0xc0) === 0x80;
  const failure = (from: number, to: number, reason: string) => decodeError("utf-8", content[from]!, from, to, reason).error;
  let index = 0;
  while (index < content.length) {
    const lead = content[index]!;
    const more = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1;
    if (more < 0) return failure(index, index + 1, "invalid start byte");
    for (let rest = 1; rest <= more; rest++) {
      if (index + rest >= content.length) return failure(index, content.length, "unexpected end of data");
      const second = content[index + 1]!;
      const isWrongSecond = (lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second >= 0x90);
      // A surrogate that ends too soon, or in something else, is told as CPython's strict decoder meets it.
      const isSurrogate = lead === 0xed && second >= 0xa0;
      const isWhole = index + 2 < content.length && isContinuation(index + 1) && isContinuation(index + 2);
      if (!isContinuation(index + rest) || (rest === 1 && (isWrongSecond || (isSurrogate && !isWhole)))) {
        return failure(index, index + rest, "invalid continuation byte");
      }
    }
    index += more + 1;
  }
  return null;
}

/** Why a line is not raw-unicode-escape; null where it is. */
function rawUnicodeError(line: Uint8Array): PythonError | null {
  const isHex = (byte: number | undefined) => byte !== undefined && /^[\da-f]$/i.test(String.fromCharCode(byte));
  for (let index = line.indexOf(0x5c); index >= 0 && index + 1 < line.length; index = line.indexOf(0x5c, index)) {
    const kind = line[index + 1]!;
    const count = kind === 0x75 ? 4 : kind === 0x55 ? 8 : 0;
    let end = index + 2;
    while (end < index + 2 + count && isHex(line[end])) end++;
    const reason =
      end < index + 2 + count ? (count === 4 ? "truncated \\uXXXX escape" : "truncated \\UXXXXXXXX escape") : "\\Uxxxxxxxx out of range";
    const isBroken = end < index + 2 + count || (count === 8 && Number.parseInt(latin1(line.subarray(index + 2, end)), 16) > 0x10ffff);
    if (isBroken) return decodeError("rawunicodeescape", line[index]!, index, end, reason).error;
    index = end;
  }
  return null;
}

function decodeError(codec: string, byte: number, from: number, to: number, reason: string) {
  const place =
    to === from + 1 ? `byte 0x${byte.toString(16).padStart(2, "0")} in position ${from}` : `bytes in position ${from}-${to - 1}`;
  return failed<PythonError>({ type: "UnicodeDecodeError", message: `'${codec}' codec can't decode ${place}: ${reason}` });
}

function integerOfBytes(content: Uint8Array): bigint {
  if (content.length === 0) return 0n;
  const hex = Buffer.from(content).reverse().toString("hex");
  return BigInt.asIntN(content.length * 8, BigInt(`0x${hex}`));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
