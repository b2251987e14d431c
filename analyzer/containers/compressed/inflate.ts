/**
 * Deflate (RFC 1951). Libraries throw away what they had inflated when a stream breaks; a loader has run it by then,
 * so it must be seen. Where zlib refuses a stream this may go on (stored lengths that disagree, incomplete codes):
 * what a loader was given is always a prefix of what comes out here.
 */
import type { Output } from "./output.ts";
import type { StreamEnd, StreamFailure } from "./stream-end.ts";

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
  24577,
];
const DISTANCE_BITS = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const LONGEST_CODE = 15;
const END_OF_BLOCK = 256;

/** A Huffman code: by the next `bits` input bits, symbol << 4 | length of its code; 0 where no code begins so. */
interface Code {
  readonly bits: number;
  readonly table: Uint16Array;
}

/** Inflates the stream that begins at `start` of `input` into `out`, to its final block, the first fault, or until `out` is full. */
export function inflate(input: Uint8Array, start: number, out: Output): StreamEnd {
  let at = start;
  let held = 0;
  let bits = 0;

  /** The next `count` bits (at most 16), or -1 at the end of the input. */
  const take = (count: number): number => {
    while (bits < count) {
      if (at === input.length) return -1;
      held |= input[at++]! << bits;
      bits += 8;
    }
    const value = held & ((1 << count) - 1);
    held >>>= count;
    bits -= count;
    return value;
  };

  /** The next symbol; -1 at the end of the input, -2 where the bits are no code. */
  const symbol = (code: Code): number => {
    while (bits < code.bits && at < input.length) {
      held |= input[at++]! << bits;
      bits += 8;
    }
    const found = code.table[held & ((1 << code.bits) - 1)]!;
    const length = found & 15;
    if (length > bits) return -1;
    if (length === 0) return bits < code.bits ? -1 : -2;
    held >>>= length;
    bits -= length;
    return found >>> 4;
  };

  const stop = (kind: StreamFailure["kind"], message: string): StreamEnd => ({
    consumed: at - start,
    failure: { kind, message: `deflate: ${message}`, offset: at },
  });
  const truncated = (): StreamEnd => stop("truncated", `the input ends at ${input.length}, inside the stream`);
  const fault = (found: number, what: string): StreamEnd => (found === -1 ? truncated() : stop("broken", `no ${what} code begins so`));

  for (;;) {
    const last = take(1);
    const type = take(2);
    if (type === -1) return truncated();

    if (type === 0) {
      // Whole bytes that were taken ahead go back; the rest of the current one is padding.
      at -= bits >>> 3;
      held = 0;
      bits = 0;
      if (at + 4 > input.length) return truncated();
      const length = input[at]! | (input[at + 1]! << 8);
      at += 4;
      const stored = input.subarray(at, at + length);
      out.append(stored);
      at += stored.length;
      if (stored.length < length) return truncated();
    } else if (type === 3) {
      return stop("broken", "a block of the reserved type");
    } else {
      let literals = FIXED_LITERALS;
      let distances = FIXED_DISTANCES;
      if (type === 2) {
        const literalCount = take(5) + 257;
        const distanceCount = take(5) + 1;
        const orderCount = take(4) + 4;
        if (orderCount === 3) return truncated();
        const lengths = new Uint8Array(19);
        for (let index = 0; index < orderCount; index++) {
          const length = take(3);
          if (length === -1) return truncated();
          lengths[CODE_LENGTH_ORDER[index]!] = length;
        }
        const lengthCode = huffman(lengths);
        const all = new Uint8Array(literalCount + distanceCount);
        for (let index = 0; index < all.length; ) {
          const found = symbol(lengthCode);
          if (found < 0) return fault(found, "code length");
          if (found < 16) {
            all[index++] = found;
            continue;
          }
          const extra = take(found === 16 ? 2 : found === 17 ? 3 : 7);
          if (extra === -1) return truncated();
          const repeated = found === 16 ? (all[index - 1] ?? 0) : 0;
          const count = found === 18 ? extra + 11 : extra + 3;
          all.fill(repeated, index, index + count);
          index += count;
        }
        literals = huffman(all.subarray(0, literalCount));
        distances = huffman(all.subarray(literalCount));
      }
      for (;;) {
        const found = symbol(literals);
        if (found < END_OF_BLOCK) {
          if (found < 0) return fault(found, "literal");
          out.put(found);
          if (out.full) return { consumed: at - start };
          continue;
        }
        if (found === END_OF_BLOCK) break;
        const lengthBits = LENGTH_BITS[found - 257];
        if (lengthBits === undefined) return stop("broken", `length symbol ${found} is reserved`);
        const extra = take(lengthBits);
        if (extra === -1) return truncated();
        const far = symbol(distances);
        if (far < 0) return fault(far, "distance");
        const distanceBits = DISTANCE_BITS[far];
        if (distanceBits === undefined) return stop("broken", `distance symbol ${far} is reserved`);
        const more = take(distanceBits);
        if (more === -1) return truncated();
        const distance = DISTANCE_BASE[far]! + more;
        if (distance > out.length) return stop("broken", `a copy from ${distance} bytes back, where only ${out.length} were written`);
        out.repeat(distance, LENGTH_BASE[found - 257]! + extra);
        if (out.full) return { consumed: at - start };
      }
    }
    if (out.full) return { consumed: at - start };
    if (last === 1) {
      at -= bits >>> 3;
      return { consumed: at - start };
    }
  }
}

/** Canonical code from the length of each symbol's code (RFC 1951, 3.2.2). Codes that do not fit are left out. */
function huffman(lengths: Uint8Array): Code {
  const counts = new Uint16Array(LONGEST_CODE + 1);
  let bits = 1;
  for (const length of lengths) {
    counts[length]!++;
    if (length > bits) bits = length;
  }
  counts[0] = 0;
  const next = new Uint32Array(LONGEST_CODE + 1);
  for (let length = 1, code = 0; length <= LONGEST_CODE; length++) {
    code = (code + counts[length - 1]!) << 1;
    next[length] = code;
  }
  const table = new Uint16Array(1 << bits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length === 0) continue;
    const code = next[length]!++;
    if (code >= 1 << length) continue;
    for (let slot = reverse(code, length); slot < table.length; slot += 1 << length) table[slot] = (symbol << 4) | length;
  }
  return { bits, table };
}

/** Deflate sends codes from their highest bit, everything else from the lowest. */
function reverse(code: number, length: number): number {
  let reversed = 0;
  for (let bit = 0; bit < length; bit++) reversed |= ((code >>> bit) & 1) << (length - 1 - bit);
  return reversed;
}

const FIXED_LITERALS = huffman(
  Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = huffman(new Uint8Array(30).fill(5));
