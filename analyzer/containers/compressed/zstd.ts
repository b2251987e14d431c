/** Zstandard, by way of fzstd: its output is taken block by block, so that what came before a fault is kept. */
import { Decompress } from "fzstd";
import type { Output } from "./output.ts";
import type { StreamEnd } from "./stream-end.ts";

/** Small enough that little is lost with the push in which a fault is met. */
const STEP = 16 * 1024;

class Full extends Error {}

/** Which dictionary the frame at the start of `input` was made with; 0 where it names none (RFC 8878, 3.1.1.1). */
function dictionaryOf(input: Uint8Array): number {
  const descriptor = input[4] ?? 0;
  const width = [0, 1, 2, 4][descriptor & 3]!;
  // A window's size comes before it, unless the frame is a single segment.
  const at = descriptor & 0x20 ? 5 : 6;
  return input.subarray(at, at + width).reduce((sum, byte, index) => sum + byte * 256 ** index, 0);
}

/** Decompresses all frames of `input`. */
export function unzstd(input: Uint8Array, out: Output): StreamEnd {
  const dictionary = dictionaryOf(input);
  if (dictionary !== 0) {
    return { consumed: 0, failure: { kind: "unsupported", message: `zstd: the frame needs the dictionary ${dictionary}`, offset: 4 } };
  }
  const stream = new Decompress((bytes) => {
    out.append(bytes);
    // The library has no other way to be stopped.
    if (out.full) throw new Full();
  });
  let at = 0;
  try {
    while (at < input.length) {
      const end = Math.min(input.length, at + STEP);
      stream.push(input.slice(at, end), end === input.length);
      at = end;
    }
    return { consumed: at };
  } catch (error) {
    if (error instanceof Full) return { consumed: at };
    const message = error instanceof Error ? error.message : String(error);
    const kind = /EOF/i.test(message) ? "truncated" : "broken";
    return { consumed: at, failure: { kind, message: `zstd: ${message}`, offset: at } };
  }
}
