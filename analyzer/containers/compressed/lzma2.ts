/** LZMA2: chunks of LZMA or of plain bytes, as xz and 7z hold them. */
import { LzmaDecoder } from "./lzma.ts";
import type { Output } from "./output.ts";
import type { StreamEnd, StreamFailure } from "./stream-end.ts";

/** Decompresses the chunks that begin at `start`, to the one that ends them. */
export function unlzma2(input: Uint8Array, start: number, out: Output): StreamEnd {
  const decoder = new LzmaDecoder(input, out);
  let at = start;
  let needsDictionary = true;
  let needsProperties = true;
  const stop = (kind: StreamFailure["kind"], message: string, offset = at): StreamEnd => ({
    consumed: offset - start,
    failure: { kind, message: `lzma2: ${message}`, offset },
  });
  for (;;) {
    if (out.full) return { consumed: at - start };
    const control = input[at];
    if (control === undefined) return stop("truncated", "the input ends between chunks");
    if (control === 0) return { consumed: at + 1 - start };
    if (control >= 0xe0 || control === 1) {
      needsDictionary = false;
      decoder.resetDictionary();
    } else if (needsDictionary) return stop("broken", "the first chunk does not reset the dictionary");
    if (control < 0x80) {
      if (control > 2) return stop("broken", `a chunk of kind ${control}`);
      if (at + 3 > input.length) return stop("truncated", "the input ends in a chunk's header");
      const length = ((input[at + 1]! << 8) | input[at + 2]!) + 1;
      const plain = input.subarray(at + 3, at + 3 + length);
      out.append(plain);
      at += 3 + plain.length;
      if (plain.length < length) return stop("truncated", "the input ends in a chunk");
      continue;
    }
    if (at + 6 > input.length) return stop("truncated", "the input ends in a chunk's header");
    const size = (((control & 0x1f) << 16) | (input[at + 1]! << 8) | input[at + 2]!) + 1;
    const packed = ((input[at + 3]! << 8) | input[at + 4]!) + 1;
    let body = at + 5;
    if (control >= 0xc0) {
      if (!decoder.setProperties(input[body++]!)) return stop("broken", "properties out of range");
      needsProperties = false;
    } else if (needsProperties) return stop("broken", "the first chunk brings no properties");
    if (control >= 0xa0) decoder.resetState();
    if (!decoder.startRange(body)) return stop("broken", "a chunk does not begin as one");
    const end = decoder.decode(out.length + size, false);
    if (end.kind === "fault") return stop(end.failure.kind, end.failure.message, end.failure.offset);
    if (end.kind === "full") return { consumed: decoder.at - start };
    if (decoder.at !== body + packed) return stop("broken", `a chunk of ${packed} bytes took ${decoder.at - body}`, decoder.at);
    at = decoder.at;
  }
}
