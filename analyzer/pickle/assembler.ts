/**
 * Writes pickle programs from a listing that people can read: for tests, for fixtures, and for whoever builds test
 * files. `listing.ts` is its inverse. It checks that an argument can be written, not that the program makes sense.
 *
 * One opcode a line, by CPython's name, with its argument; `#` begins a comment, blank lines are skipped.
 *
 *     PROTO 4
 *     FRAME auto                    # up to the next FRAME, or the end of the listing
 *     GLOBAL "os system"            # or, where a name holds a space: GLOBAL "os" "system"
 *     SHORT_BINUNICODE "caf\u00e9\n"
 *     BININT1 5                     # integers in decimal or 0x...; LONG1 and LONG4 too
 *     BINFLOAT -1.5                 # also inf, -inf, nan
 *     STRING 'ls'                   # text lines are taken as they are, up to a comment;
 *     INT "0x10 # not a comment"    #   in double quotes they may hold anything but a newline
 *     BINBYTES {                    # counted arguments may be a program of their own
 *       EMPTY_LIST
 *       STOP
 *     }
 *     RAW 80 05 "text" ff           # bytes as they are, in hex or in quotes, for programs that are broken
 *
 * In double quotes: UTF-8, with \\ \" \n \r \t \0, \xNN for one byte, \uNNNN for a code point (a lone surrogate as
 * three bytes, which the unpickler lets pass).
 */
import { failed, ok, type Result } from "../result.ts";
import { ARGUMENTS, OPCODES, type Opcode } from "./opcodes.ts";

/** Why a listing is no program. `line` counts from 1. */
export interface AssembleError {
  readonly kind: "unknown-opcode" | "bad-argument" | "bad-string" | "out-of-range" | "newline-in-line" | "unclosed-block";
  readonly message: string;
  readonly line: number;
}

/** A listing's bytes, or the first line that cannot be written. */
export function assemble(listing: string): Result<Uint8Array, AssembleError> {
  const lines = listing.split("\n").map((text, index) => ({ text: text.trim(), number: index + 1 }));
  try {
    const program = assembleBlock(lines, 0, false);
    return ok(Uint8Array.from(program.bytes));
  } catch (error) {
    if (error instanceof Unwritable) return failed(error.detail);
    throw error;
  }
}

/** Carries an error out of the recursive descent; never leaves this file. */
class Unwritable extends Error {
  constructor(readonly detail: AssembleError) {
    super(detail.message);
  }
}

interface Line {
  readonly text: string;
  readonly number: number;
}

function refuse(kind: AssembleError["kind"], line: Line, message: string): never {
  throw new Unwritable({ kind, message, line: line.number });
}

const OPCODE_OF_NAME = new Map<string, Opcode>(OPCODES.map((opcode) => [opcode.name, opcode]));

function assembleBlock(lines: readonly Line[], from: number, nested: boolean): { bytes: number[]; next: number } {
  const bytes: number[] = [];
  let frame = -1;
  const closeFrame = () => {
    if (frame >= 0) bytes.splice(frame, 8, ...writeLittleEndian(BigInt(bytes.length - frame - 8), 8));
    frame = -1;
  };
  for (let index = from; index < lines.length; index++) {
    const line = lines[index]!;
    if (line.text === "" || line.text.startsWith("#")) continue;
    if (nested && withoutComment(line.text) === "}") {
      closeFrame();
      return { bytes, next: index };
    }
    const [, name = "", argument = ""] = /^(\S+)\s*(.*)$/.exec(line.text)!;
    if (name === "RAW") {
      append(bytes, rawBytes(argument, line));
      continue;
    }
    const opcode = OPCODE_OF_NAME.get(name);
    if (opcode === undefined) refuse("unknown-opcode", line, `${name} is no opcode`);
    if (opcode.name === "FRAME") {
      closeFrame();
      bytes.push(opcode.code);
      if (withoutComment(argument) === "auto") {
        frame = bytes.length;
        append(bytes, new Array<number>(8).fill(0));
        continue;
      }
    } else {
      bytes.push(opcode.code);
    }
    if (withoutComment(argument) === "{" && isCounted(opcode)) {
      const block = assembleBlock(lines, index + 1, true);
      append(bytes, counted(opcode, block.bytes, line));
      index = block.next;
      continue;
    }
    append(bytes, argumentBytes(opcode, argument, line));
  }
  if (nested) refuse("unclosed-block", lines[from - 1]!, "this { has no }");
  closeFrame();
  return { bytes, next: lines.length };
}

function argumentBytes(opcode: Opcode, text: string, line: Line): number[] {
  if (opcode.argument === null) {
    if (withoutComment(text) !== "") refuse("bad-argument", line, `${opcode.name} takes no argument`);
    return [];
  }
  const argument = ARGUMENTS[opcode.argument];
  if (argument.width === "line") return [...lineBytes(text, line), 0x0a];
  if (argument.width === "lines") return pairBytes(text, line);
  if (argument.width === "counted") {
    if (text.startsWith('"')) return counted(opcode, onlyString(text, line), line);
    if (opcode.name === "LONG1" || opcode.name === "LONG4") return counted(opcode, longBytes(integer(text, line)), line);
    return refuse("bad-argument", line, `${opcode.name} takes a string in double quotes`);
  }
  if (opcode.argument === "float8") return floatBytes(text, line);
  const value = integer(text, line);
  const bits = BigInt(argument.width * 8);
  const [low, high] = opcode.argument === "int4" ? [-(1n << 31n), (1n << 31n) - 1n] : [0n, (1n << bits) - 1n];
  if (value < low || value > high) refuse("out-of-range", line, `${opcode.name} takes ${low} to ${high}, not ${value}`);
  return writeLittleEndian(BigInt.asUintN(Number(bits), value), argument.width);
}

function isCounted(opcode: Opcode): boolean {
  return opcode.argument !== null && ARGUMENTS[opcode.argument].width === "counted";
}

function counted(opcode: Opcode, content: readonly number[], line: Line): number[] {
  const argument = ARGUMENTS[opcode.argument!];
  const width = argument.width === "counted" ? argument.count : 0;
  if (content.length >= 256 ** width) refuse("out-of-range", line, `${content.length} bytes are too many for ${opcode.name}`);
  return [...writeLittleEndian(BigInt(content.length), width), ...content];
}

/** Fewest bytes of two's complement, none for zero: what CPython's `pickle.encode_long` writes. */
export function longBytes(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest !== 0n; rest >>= 8n) {
    bytes.push(Number(BigInt.asUintN(8, rest)));
    if (rest === -1n) break;
  }
  const top = bytes.at(-1) ?? 0;
  if (value > 0n && top >= 0x80) bytes.push(0);
  if (value < 0n && bytes.length > 1 && top === 0xff && bytes.at(-2)! >= 0x80) bytes.pop();
  return bytes;
}

function pairBytes(text: string, line: Line): number[] {
  const first = quoted(text, line);
  const rest = withoutComment(text.slice(first.length));
  if (rest !== "") return [...noNewline(first.bytes, line), 0x0a, ...noNewline(onlyString(rest, line), line), 0x0a];
  const space = first.bytes.indexOf(0x20);
  if (space < 0 || first.bytes.indexOf(0x20, space + 1) >= 0) {
    refuse("bad-argument", line, 'write "module name" with one space, or "module" "name"');
  }
  return [...noNewline(first.bytes.slice(0, space), line), 0x0a, ...noNewline(first.bytes.slice(space + 1), line), 0x0a];
}

function lineBytes(text: string, line: Line): number[] {
  if (text.startsWith('"')) return noNewline(onlyString(text, line), line);
  return [...new TextEncoder().encode(withoutComment(text))];
}

function noNewline(bytes: number[], line: Line): number[] {
  if (bytes.includes(0x0a)) refuse("newline-in-line", line, "a text line cannot hold a newline");
  return bytes;
}

function integer(text: string, line: Line): bigint {
  const word = withoutComment(text);
  if (!/^-?(\d+|0x[\da-f]+)$/i.test(word)) refuse("bad-argument", line, `${word || "nothing"} is no integer`);
  return word.startsWith("-") ? -BigInt(word.slice(1)) : BigInt(word);
}

function floatBytes(text: string, line: Line): number[] {
  if (text.startsWith('"')) {
    const bytes = onlyString(text, line);
    if (bytes.length !== 8) refuse("out-of-range", line, "BINFLOAT takes eight bytes");
    return bytes;
  }
  const word = withoutComment(text);
  const value = { inf: Infinity, "-inf": -Infinity, nan: NaN }[word] ?? (word === "" ? undefined : Number(word));
  if (value === undefined || (Number.isNaN(value) && word !== "nan")) refuse("bad-argument", line, `${word || "nothing"} is no float`);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return [...new Uint8Array(view.buffer)];
}

function rawBytes(text: string, line: Line): number[] {
  const bytes: number[] = [];
  let rest = text.trimStart();
  while (rest !== "" && !rest.startsWith("#")) {
    const hex = /^[\da-f]{2}(?=\s|$)/i.exec(rest);
    const item = hex === null ? quoted(rest, line) : { bytes: [Number.parseInt(rest, 16)], length: 2 };
    append(bytes, item.bytes);
    rest = rest.slice(item.length).trimStart();
  }
  return bytes;
}

function onlyString(text: string, line: Line): number[] {
  const string = quoted(text, line);
  const rest = withoutComment(text.slice(string.length));
  if (rest !== "") refuse("bad-argument", line, `${rest} after the string`);
  return string.bytes;
}

const ESCAPES: Readonly<Record<string, number>> = { "\\": 0x5c, '"': 0x22, n: 0x0a, r: 0x0d, t: 0x09, "0": 0x00 };

/** The string in double quotes that `text` starts with: its bytes, and its length with the quotes. */
function quoted(text: string, line: Line): { bytes: number[]; length: number } {
  if (!text.startsWith('"')) refuse("bad-argument", line, `${text || "nothing"} where a string in double quotes is needed`);
  const bytes: number[] = [];
  const token = /\\x([\da-f]{2})|\\u([\da-f]{4})|\\(.)|(")|([^"\\])/iuy;
  token.lastIndex = 1;
  for (;;) {
    const match = token.exec(text);
    if (match === null) return refuse("bad-string", line, "the string is not closed, or ends in a broken escape");
    const [, byte, codePoint, escaped, end, character] = match;
    if (end !== undefined) return { bytes, length: token.lastIndex };
    if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
    else if (codePoint !== undefined) append(bytes, codePointBytes(Number.parseInt(codePoint, 16)));
    else if (character !== undefined) append(bytes, codePointBytes(character.codePointAt(0)!));
    else bytes.push(ESCAPES[escaped!] ?? refuse("bad-string", line, `\\${escaped} is no escape`));
  }
}

/** UTF-8, surrogates included: `TextEncoder` would replace them. */
function codePointBytes(point: number): number[] {
  if (point < 0x80) return [point];
  if (point < 0x800) return [0xc0 | (point >> 6), 0x80 | (point & 0x3f)];
  if (point < 0x10000) return [0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)];
  return [0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)];
}

function withoutComment(text: string): string {
  return text.replace(/(^|\s)#.*$/, "").trim();
}

function writeLittleEndian(value: bigint, width: number): number[] {
  return Array.from({ length: width }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

/** `push(...items)` would overflow the call stack on a large block. */
function append(bytes: number[], items: readonly number[]): void {
  for (const item of items) bytes.push(item);
}
