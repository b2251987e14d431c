/** A part of another source, seen as a source of its own. */
import type { ByteSource } from "./byte-source.ts";

/** The bytes `[start, end)` of `source`, cut at its size; offsets in the slice count from `start`. */
export function sliceSource(source: ByteSource, start: number, end: number): ByteSource {
  const from = Math.min(start, source.size);
  const to = Math.max(from, Math.min(end, source.size));
  return {
    size: to - from,
    read: (first, last) => source.read(Math.min(from + first, to), Math.min(from + last, to)),
  };
}
