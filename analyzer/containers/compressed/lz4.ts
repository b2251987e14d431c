/**
 * LZ4 frames (format 1.6.x), as joblib's lz4 compressor and the `lz4` program write them. Checksums are xxHash and are
 * not verified: they decide nothing about what a loader is given.
 */
import type { Output } from "./output.ts";
import type { StreamEnd, StreamFailure } from "./stream-end.ts";

const MAGIC = 0x184d2204;
const LEGACY_MAGIC = 0x184c2102;
/** Sixteen magic numbers mark frames that are to be skipped. */
const SKIPPABLE = 0x184d2a50;

const BLOCK_INDEPENDENT = 0x20;
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const DICTIONARY_ID = 0x01;
const UNCOMPRESSED = 0x80000000;
const SHORTEST_MATCH = 4;
/** Eight megabytes that do not compress (LZ4_COMPRESSBOUND): what is more is the magic number of another frame. */
const LONGEST_LEGACY_BLOCK = 8 * 2 ** 20 + Math.floor((8 * 2 ** 20) / 255) + 16;

/** Decompresses all frames of `input`. */
export function unlz4(input: Uint8Array, out: Output): StreamEnd {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  let at = 0;
  while (at + 4 <= input.length && !out.full) {
    const magic = view.getUint32(at, true);
    if ((magic & ~15) >>> 0 === SKIPPABLE) {
      if (at + 8 > input.length) return stop("truncated", "a skippable frame is cut off", at);
      at += 8 + view.getUint32(at + 4, true);
      continue;
    }
    if (magic !== MAGIC && magic !== LEGACY_MAGIC) break;
    const end = magic === MAGIC ? readFrame(input, view, at, out) : readLegacyFrame(input, view, at, out);
    at = end.consumed;
    if (end.failure) return end;
  }
  return { consumed: Math.min(at, input.length) };
}

function stop(kind: StreamFailure["kind"], message: string, offset: number): StreamEnd {
  return { consumed: offset, failure: { kind, message: `lz4: ${message}`, offset } };
}

/** Reads the frame at `start`; `consumed` is counted from the start of the input. */
function readFrame(input: Uint8Array, view: DataView, start: number, out: Output): StreamEnd {
  const flags = input[start + 4] ?? 0;
  let at = start + 7 + (flags & CONTENT_SIZE ? 8 : 0) + (flags & DICTIONARY_ID ? 4 : 0);
  if (at > input.length) return stop("truncated", "the frame's header is cut off", start);
  if (flags >>> 6 !== 1) return stop("broken", `frame version ${flags >>> 6}`, start + 4);
  let floor = out.length;
  for (;;) {
    if (at + 4 > input.length) return stop("truncated", "the input ends between blocks", at);
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const length = word & ~UNCOMPRESSED;
    const block = input.subarray(at, at + length);
    if (flags & BLOCK_INDEPENDENT) floor = out.length;
    if (word & UNCOMPRESSED) out.append(block);
    else {
      const failure = readBlock(input, at, at + block.length, floor, out);
      if (failure) return failure;
    }
    if (out.full) return { consumed: at };
    if (block.length < length) return stop("truncated", "the input ends in a block", at);
    at += length + (flags & BLOCK_CHECKSUM ? 4 : 0);
  }
  at += flags & CONTENT_CHECKSUM ? 4 : 0;
  return at > input.length ? stop("truncated", "the frame's checksum is cut off", at) : { consumed: at };
}

/** A frame of the format before frames had headers (`lz4 -l`): blocks behind their lengths, to the end or the next magic number. */
function readLegacyFrame(input: Uint8Array, view: DataView, start: number, out: Output): StreamEnd {
  let at = start + 4;
  while (at + 4 <= input.length && !out.full) {
    const length = view.getUint32(at, true);
    if (length > LONGEST_LEGACY_BLOCK) break;
    const block = input.subarray(at + 4, at + 4 + length);
    const failure = readBlock(input, at + 4, at + 4 + block.length, out.length, out);
    if (failure) return failure;
    if (block.length < length) return stop("truncated", "the input ends in a block", at);
    at += 4 + length;
  }
  return { consumed: at };
}

/** Decompresses one block; nothing written before `floor` can be referred to. Null when all went well. */
function readBlock(input: Uint8Array, start: number, end: number, floor: number, out: Output): StreamEnd | null {
  let at = start;
  /** A length of 15 goes on in bytes of 255, up to one that is less. */
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    if (nibble !== 15) return length;
    let byte: number;
    do {
      byte = at < end ? input[at++]! : 0;
      length += byte;
    } while (byte === 255);
    return length;
  };
  while (at < end && !out.full) {
    const token = input[at++]!;
    const literals = lengthFrom(token >>> 4);
    const plain = input.subarray(at, Math.min(end, at + literals));
    out.append(plain);
    at += plain.length;
    if (plain.length < literals) return stop("truncated", "literals reach beyond their block", at);
    // The last sequence of a block is literals only.
    if (at === end) return null;
    if (at + 2 > end) return stop("broken", "a block ends inside a sequence", at);
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    const length = lengthFrom(token & 15) + SHORTEST_MATCH;
    if (distance === 0 || distance > out.length - floor) {
      return stop("broken", `a copy from ${distance} bytes back, where only ${out.length - floor} can be reached`, at);
    }
    out.repeat(distance, length);
  }
  return null;
}
