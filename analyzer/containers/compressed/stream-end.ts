/** How decompressing ended. */

/** Why a compressed stream could not be read to its end; what came out before it is kept. */
export interface StreamFailure {
  /** `truncated` (the input ends too early), `broken` (the stream is not valid), `unsupported` (valid, not read here), `checksum`. */
  readonly kind: "truncated" | "broken" | "unsupported" | "checksum";
  readonly message: string;
  /** Offset in the compressed input. */
  readonly offset: number;
}

/** `consumed` is the number of input bytes that belong to what was read. */
export interface StreamEnd {
  readonly consumed: number;
  readonly failure?: StreamFailure;
}
