/** Decompressing within limits: one door to every codec, for compressed files and for the entries of archives. */
import type { ByteSource } from "../../bytes/byte-source.ts";
import { piecesSource } from "../../bytes/memory-source.ts";
import { LIMITS } from "../../limits.ts";
import type { Failure, Outcome } from "../../pickle/facts.ts";
import type { Tracing } from "../tracing.ts";
import { unbzip2 } from "./bzip2.ts";
import { gunzip, unzfile, unzlib } from "./gzip.ts";
import { inflate } from "./inflate.ts";
import { unlz4 } from "./lz4.ts";
import { rawLzma, unlzma } from "./lzma.ts";
import { unlzma2 } from "./lzma2.ts";
import { Output } from "./output.ts";
import type { StreamEnd } from "./stream-end.ts";
import { unxz } from "./xz.ts";
import { unzstd } from "./zstd.ts";

/** What an archive says of a stream that does not say it itself. */
export interface StreamParameters {
  /** The decoder's properties, as 7z stores them. */
  readonly properties: Uint8Array;
  readonly size: number;
}

/** Reads `input` and writes to `out`, to the stream's end, its first fault, or until `out` is full. */
type Decoder = (input: Uint8Array, out: Output, parameters: StreamParameters) => StreamEnd;

const DECODERS = {
  deflate: (input, out) => inflate(input, 0, out),
  gzip: gunzip,
  zlib: (input, out) => unzlib(input, 0, out),
  "joblib-zfile": unzfile,
  bzip2: unbzip2,
  xz: unxz,
  lzma: unlzma,
  "7z-lzma": (input, out, { properties, size }) => rawLzma(input, 0, properties, size, out),
  lzma2: (input, out) => unlzma2(input, 0, out),
  "zip-lzma": (input, out, { size }) => rawLzma(input, 9, input.subarray(4, 9), size, out),
  lz4: unlz4,
  zstd: unzstd,
} as const satisfies Record<string, Decoder>;

export type Codec = keyof typeof DECODERS;

/** What a compressed stream held, as far as it could be read. */
export interface Decompressed {
  readonly content: ByteSource;
  /** Bytes of the input that belong to the stream. */
  readonly consumed: number;
  /** Why it could not be read to its end; `limit` where a limit was reached. */
  readonly failure?: Failure;
}

/** What a stream that could not be read to its end makes of what holds it. */
export function outcomeOf({ kind }: Failure): Outcome {
  if (kind === "limit") return "unfinished";
  return kind === "stream-unsupported" ? "unsupported" : "malformed";
}

/** A stream that is small when inflated is read to its end whatever its ratio. */
const RATIO_FROM = 64 * 2 ** 20;

/** What is read of a stream at first, and all of it only if that was not enough: a bomb is full after little. */
const FIRST_BYTES = 16 * 2 ** 20;
/** More than the longest block of any format (`lz4 -l`: eight megabytes): a fault farther from the end of what was read is not for want of more. */
const LONGEST_BLOCK = 9 * 2 ** 20;

/** Decompresses all of `source`, which is the content at `path`, within the limits of `tracing`. */
export async function decompress(
  source: ByteSource,
  codec: Codec,
  path: string | null,
  tracing: Tracing,
  parameters: StreamParameters = { properties: new Uint8Array(0), size: 0 },
): Promise<Decompressed> {
  const most = Math.min(source.size, LIMITS.compressedBytes.limit);
  const { inflatable } = tracing;
  let input = await source.read(0, Math.min(most, FIRST_BYTES));
  for (;;) {
    const { length } = input;
    const byRatio = Math.max(RATIO_FROM, length * LIMITS.inflationRatio.limit);
    const out = new Output(Math.min(inflatable.bytes, byRatio));
    const end = DECODERS[codec](input, out, parameters);
    const wantsMore = !out.full && (end.failure?.offset ?? end.consumed) + LONGEST_BLOCK >= length;
    if (wantsMore && length < most) {
      input = Buffer.concat([input, await source.read(length, most)]);
      continue;
    }
    const content = piecesSource(out.pieces);
    const { consumed } = end;
    if (out.full) {
      const resource = byRatio < inflatable.bytes ? "inflationRatio" : inflatable.resource;
      const message = `${codec}: ${consumed} bytes became more than ${out.length}; the rest was not decompressed`;
      return { content, consumed, failure: tracing.limit(resource, path, consumed, message) };
    }
    if (wantsMore && length < source.size) {
      const message = `${codec}: only the first ${length} of ${source.size} bytes were decompressed`;
      return { content, consumed, failure: tracing.limit("compressedBytes", path, length, message) };
    }
    if (!end.failure) return { content, consumed };
    const { kind, message, offset } = end.failure;
    return { content, consumed, failure: { kind: `stream-${kind}`, message, offset } };
  }
}
