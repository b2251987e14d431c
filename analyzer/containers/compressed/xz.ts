/** xz (format 1.2): streams of blocks, each filtered and checked. Python's lzma reads streams one after another, with zeros between. */
import { crc32 } from "../crc32.ts";
import { undoFilter } from "./branch-filters.ts";
import { unlzma2 } from "./lzma2.ts";
import { Output } from "./output.ts";
import type { StreamEnd, StreamFailure } from "./stream-end.ts";

const HEADER_BYTES = 12;
const LZMA2 = 0x21;
/** Bytes of a block's check, by its id. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const CRC32 = 1;

/** Decompresses all streams of an xz file. */
export function unxz(input: Uint8Array, out: Output): StreamEnd {
  let at = 0;
  do {
    const end = readStream(input, at, out);
    at = end.consumed;
    if (end.failure || out.full) return end;
    while (at + 4 <= input.length && input[at] === 0 && input[at + 1] === 0 && input[at + 2] === 0 && input[at + 3] === 0) at += 4;
  } while (isStream(input, at));
  return { consumed: at };
}

function isStream(input: Uint8Array, at: number): boolean {
  return ["\xfd", "7", "z", "X", "Z", "\0"].every((character, index) => input[at + index] === character.charCodeAt(0));
}

/** Reads the stream at `start`; `consumed` is counted from the start of the input. */
function readStream(input: Uint8Array, start: number, out: Output): StreamEnd {
  const stop = (kind: StreamFailure["kind"], message: string, offset: number): StreamEnd => ({
    consumed: offset,
    failure: { kind, message: `xz: ${message}`, offset },
  });
  if (start + HEADER_BYTES > input.length) return stop("truncated", "the header is cut off", start);
  if (input[start + 6] !== 0 || input[start + 7]! > 15) return stop("unsupported", "flags that are not known", start + 6);
  const check = input[start + 7]!;
  let at = start + HEADER_BYTES;
  for (;;) {
    const size = input[at];
    if (size === undefined) return stop("truncated", "the input ends between blocks", at);
    // A size of zero begins the index.
    if (size === 0) break;
    const body = at + (size + 1) * 4;
    if (body > input.length) return stop("truncated", "the input ends in a block's header", at);
    const filters = readFilters(input, at, body);
    if (filters === null) return stop("broken", "a block's header is not valid", at);
    const unknown = filters.slice(0, -1).find(({ id, properties }) => !undoFilter(id, properties, new Uint8Array(0)));
    if (unknown) return stop("unsupported", `the filter ${unknown.id}`, at);
    if (filters.at(-1)!.id !== LZMA2) return stop("unsupported", `the compression ${filters.at(-1)!.id}`, at);
    const before = out.length;
    const end = filters.length === 1 ? unlzma2(input, body, out) : unfiltered(input, body, filters.slice(0, -1), out);
    at = body + end.consumed;
    if (end.failure || out.full) return { ...end, consumed: at };
    // Blocks begin at multiples of four, counted from the stream.
    while ((at - start) % 4 !== 0) at++;
    const checkEnd = at + CHECK_BYTES[check]!;
    if (checkEnd > input.length) return stop("truncated", "a block's check is cut off", at);
    if (check === CRC32 && new DataView(input.buffer, input.byteOffset + at, 4).getUint32(0, true) !== checksum(out, before)) {
      return stop("checksum", "the checksum of a block is wrong", at);
    }
    at = checkEnd;
  }
  return readIndex(input, start, at, stop);
}

/** A block with filters before its LZMA2: undone in one piece, the last one first. */
function unfiltered(input: Uint8Array, body: number, filters: readonly Filter[], out: Output): StreamEnd {
  const filtered = new Output(out.room);
  const end = unlzma2(input, body, filtered);
  const bytes = Buffer.concat(filtered.pieces);
  for (const { id, properties } of filters.toReversed()) undoFilter(id, properties, bytes);
  out.append(bytes);
  return end;
}

interface Filter {
  readonly id: number;
  readonly properties: Uint8Array;
}

/** A block's filters, in the order in which they were applied; null where the header is broken. */
function readFilters(input: Uint8Array, at: number, end: number): Filter[] | null {
  const flags = input[at + 1]!;
  const reader = { at: at + 2 };
  if (flags & 0x40) readNumber(input, reader);
  if (flags & 0x80) readNumber(input, reader);
  const filters: Filter[] = [];
  for (let index = 0; index <= (flags & 3); index++) {
    const id = readNumber(input, reader);
    const length = readNumber(input, reader);
    filters.push({ id, properties: input.subarray(reader.at, reader.at + length) });
    reader.at += length;
    if (reader.at > end - 4) return null;
  }
  return filters;
}

/** Steps over the index and the footer, which only repeat what the blocks said. */
function readIndex(
  input: Uint8Array,
  start: number,
  index: number,
  stop: (kind: StreamFailure["kind"], message: string, offset: number) => StreamEnd,
): StreamEnd {
  const reader = { at: index + 1 };
  const records = readNumber(input, reader);
  for (let record = 0; record < records; record++) {
    if (reader.at >= input.length) return stop("truncated", "the index is cut off", index);
    readNumber(input, reader);
    readNumber(input, reader);
  }
  let at = reader.at;
  while ((at - start) % 4 !== 0) at++;
  const end = at + 4 + HEADER_BYTES;
  if (end > input.length) return stop("truncated", "the footer is cut off", at);
  if (input[end - 2] !== 0x59 || input[end - 1] !== 0x5a) return stop("broken", "the footer is not one", at);
  return { consumed: end };
}

/** A number of seven bits a byte, lowest first. Beyond the input it is zero. */
function readNumber(input: Uint8Array, reader: { at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 9; shift++) {
    const byte = input[reader.at++] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * shift);
    if (byte < 0x80) break;
  }
  return value;
}

function checksum(out: Output, before: number): number {
  let crc = 0;
  for (const piece of out.piecesFrom(before)) crc = crc32(piece, crc);
  return crc;
}
