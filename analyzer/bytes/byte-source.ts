/**
 * Where bytes come from: the only door through which the analyzer sees a file. Memory, a slice of another source, a
 * file on disk and a range of a file on the Hub all satisfy it.
 */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /**
   * The bytes of `[start, end)`, cut at `size`. A source that cannot deliver them rejects with a `SourceError`; a
   * shorter answer than asked for, within `size`, is a fault of the source and is reported as one by whoever reads.
   */
  read(start: number, end: number): Promise<Uint8Array>;
}

/**
 * Why a source could not deliver: the network or disk failed, the reader's budget of bytes is spent, or the source
 * answered with fewer bytes than its size promises.
 */
export type SourceErrorKind = "unavailable" | "budget" | "short";

/** Where it happened, and the budget that was spent, as far as the source knows. */
interface SourceErrorDetails extends ErrorOptions {
  readonly offset?: number;
  readonly limit?: number;
}

/**
 * The one error that travels as a rejection: every read can meet it, and nothing between the read and whoever owns the
 * source can do anything about it. Whoever owns the source turns it into an outcome (`unavailable`, `unfinished`).
 */
export class SourceError extends Error {
  override readonly name = "SourceError" as const;
  /** First byte that was not delivered. */
  readonly offset: number | undefined;
  /** For `budget`: the bytes or requests that were allowed. */
  readonly limit: number | undefined;

  constructor(
    readonly kind: SourceErrorKind,
    message: string,
    details: SourceErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.offset = details.offset;
    this.limit = details.limit;
  }
}
