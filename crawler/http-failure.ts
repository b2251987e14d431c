/** Why an HTTP request brought nothing: data, for retries, recorded outcomes and messages. */

export type HttpFailure =
  /** The server said no. */
  | {
      readonly kind: "status";
      readonly status: number;
      /** The Hub's `X-Error-Code`: `GatedRepo`, `RepoNotFound`, `EntryNotFound` ... */
      readonly code: string | null;
      readonly message: string;
      /** Milliseconds to wait, as told by `Retry-After`, or by `RateLimit` where nothing is left. */
      readonly retryAfter: number | null;
    }
  /** No connection, or it was lost before the answer's head. */
  | { readonly kind: "connection"; readonly message: string }
  /** The server was silent or slow for too long. */
  | { readonly kind: "timeout"; readonly message: string }
  /** The connection was lost within the body. */
  | { readonly kind: "truncated"; readonly message: string }
  /** An answer that is not what was asked for: not JSON, other fields, another range, a body of another length. */
  | { readonly kind: "unexpected"; readonly message: string }
  /** A web page where data was asked for: a firewall's challenge. */
  | { readonly kind: "challenge"; readonly message: string }
  /** We do not go on: a redirect to an address that is not public or in a loop, a body larger than we take. */
  | { readonly kind: "refused"; readonly message: string }
  /** The survey was interrupted while the request waited for its turn. */
  | { readonly kind: "interrupted"; readonly message: string };

/** The failure in one line, for people. */
export function describeFailure(failure: HttpFailure): string {
  if (failure.kind !== "status") return failure.message;
  const code = failure.code === null ? "" : ` ${failure.code}`;
  return `HTTP ${failure.status}${code}${failure.message === "" ? "" : `: ${failure.message}`}`;
}

/** Carries a failure through code that is not ours and knows only exceptions. */
export class HttpError extends Error {
  override readonly name = "HttpError" as const;

  constructor(readonly failure: HttpFailure) {
    super(describeFailure(failure));
  }
}
