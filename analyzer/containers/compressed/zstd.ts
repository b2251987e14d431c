/** Zstandard, by way of fzstd: its output is taken block by block, so that what came before a fault is kept. */
import { Decompress } from "fzstd";
import type { Output } from "./output.ts";
import type { StreamEnd } from "./stream-end.ts";

/** Small enough that little is lost with the push in which a fault is met. */
const STEP = 16 * 1024;

class Full extends Error {}

/** Decompresses all frames of `input`. */
export function unzstd(input: Uint8Array, out: Output): StreamEnd {
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
