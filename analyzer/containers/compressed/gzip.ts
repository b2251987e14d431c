/** gzip (RFC 1952), zlib (RFC 1950) and joblib's old Z-files: deflate inside a header and a checksum. */
import { crc32 } from "../crc32.ts";
import { inflate } from "./inflate.ts";
import type { Output } from "./output.ts";
import type { StreamEnd, StreamFailure } from "./stream-end.ts";

const HEADER_CHECKSUM = 2;
const EXTRA = 4;
const NAME = 8;
const COMMENT = 16;

/** Inflates all members of a gzip file, as Python's gzip does: zeros between and after members are padding. */
export function gunzip(input: Uint8Array, out: Output): StreamEnd {
  let at = 0;
  do {
    const body = gzipBody(input, at);
    if (typeof body !== "number") return body;
    const before = out.length;
    const end = inflate(input, body, out);
    at = body + end.consumed;
    if (end.failure || out.full) return { ...end, consumed: at };
    if (at + 8 > input.length) return stop(at, "truncated", "the checksum is missing");
    const written = little32(input, at);
    const actual = checksumFrom(out, before);
    if (written !== actual) return stop(at, "checksum", `the checksum is ${written}, that of the bytes ${actual}`);
    at += 8;
    while (at < input.length && input[at] === 0) at++;
  } while (input[at] === 0x1f && input[at + 1] === 0x8b);
  return { consumed: at };
}

/** Where the deflate stream of the member at `start` begins. */
function gzipBody(input: Uint8Array, start: number): number | StreamEnd {
  if (start + 10 > input.length) return stop(start, "truncated", "the gzip header is cut off");
  if (input[start + 2] !== 8) return stop(start + 2, "broken", `compression method ${input[start + 2]} is not deflate`);
  const flags = input[start + 3]!;
  let at = start + 10;
  if (flags & EXTRA) at += 2 + (input[at]! | (input[at + 1]! << 8));
  for (const field of [NAME, COMMENT]) {
    if (!(flags & field)) continue;
    const end = input.indexOf(0, at);
    if (end === -1) return stop(at, "truncated", "the gzip header is cut off");
    at = end + 1;
  }
  if (flags & HEADER_CHECKSUM) at += 2;
  return at < input.length ? at : stop(start, "truncated", "the gzip header is cut off");
}

/** Inflates a zlib stream that begins at `start`; what follows it is not looked at. */
export function unzlib(input: Uint8Array, start: number, out: Output): StreamEnd {
  if (start + 2 > input.length) return stop(start, "truncated", "the zlib header is cut off");
  if (input[start + 1]! & 0x20) return stop(start + 1, "unsupported", "the stream needs a preset dictionary");
  const before = out.length;
  const end = inflate(input, start + 2, out);
  const at = start + 2 + end.consumed;
  if (end.failure || out.full) return { ...end, consumed: at };
  if (at + 4 > input.length) return stop(at, "truncated", "the checksum is missing");
  const written = new DataView(input.buffer, input.byteOffset + at, 4).getUint32(0);
  const actual = adler32(out, before);
  if (written !== actual) return stop(at, "checksum", `the checksum is ${written}, that of the bytes ${actual}`);
  return { consumed: at + 4 };
}

/** Characters of a Z-file's length: joblib writes `0x...`, padded to the length of `hex(2**64)`. */
const ZFILE_LENGTH = 19;

/** Inflates joblib's format before 0.10: `ZF`, the length in hexadecimal, a zlib stream (numpy_pickle_compat.read_zfile). */
export function unzfile(input: Uint8Array, out: Output): StreamEnd {
  let start = 2 + ZFILE_LENGTH;
  // Python 2 wrote an `L` after the digits, which pushes a space behind the field.
  if (input[start] === 0x20) start++;
  return unzlib(input, start, out);
}

function stop(at: number, kind: StreamFailure["kind"], message: string): StreamEnd {
  return { consumed: at, failure: { kind, message, offset: at } };
}

function little32(input: Uint8Array, at: number): number {
  return new DataView(input.buffer, input.byteOffset + at, 4).getUint32(0, true);
}

function checksumFrom(out: Output, before: number): number {
  let crc = 0;
  for (const piece of out.piecesFrom(before)) crc = crc32(piece, crc);
  return crc;
}

function adler32(out: Output, before: number): number {
  let low = 1;
  let high = 0;
  for (const piece of out.piecesFrom(before)) {
    for (let at = 0; at < piece.length; ) {
      // 5552 is the most bytes whose sums stay below 2^32.
      for (const stop = Math.min(piece.length, at + 5552); at < stop; at++) {
        low += piece[at]!;
        high += low;
      }
      low %= 65521;
      high %= 65521;
    }
  }
  return ((high << 16) | low) >>> 0;
}
