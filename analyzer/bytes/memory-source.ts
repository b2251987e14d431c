/** Bytes that are already in memory, in one piece or in several. */
import type { ByteSource } from "./byte-source.ts";

/** A source over `bytes`. What it returns are views of them: nobody may write to either. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/**
 * A source over consecutive pieces, which are never joined: an inflated stream is held once. A read within one piece
 * returns a view of it, any other a copy.
 */
export function piecesSource(pieces: readonly Uint8Array[]): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const piece of pieces) {
    starts.push(size);
    size += piece.length;
  }
  return {
    size,
    read: async (start, end) => {
      const stop = Math.min(end, size);
      if (start >= stop) return new Uint8Array(0);
      let index = pieceAt(starts, start);
      const first = pieces[index]!;
      const within = start - starts[index]!;
      if (stop - start <= first.length - within) return first.subarray(within, within + stop - start);
      const joined = new Uint8Array(stop - start);
      for (let filled = 0; filled < joined.length; index++) {
        const from = start + filled - starts[index]!;
        const part = pieces[index]!.subarray(from, from + joined.length - filled);
        joined.set(part, filled);
        filled += part.length;
      }
      return joined;
    },
  };
}

/** Index of the last piece that starts at or before `offset`. */
function pieceAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
