/** A source that may be read only so much of. */
import { type ByteSource, SourceError } from "./byte-source.ts";

/** What may be spent on one source. */
export interface ReadBudget {
  readonly bytes: number;
  readonly requests: number;
}

/**
 * Lets reads through until one would go beyond the budget: that one and all later ones reject with a `SourceError` of
 * kind `budget`, before anything is asked of `source`.
 */
export function budgetedSource(source: ByteSource, budget: ReadBudget): ByteSource {
  let bytes = 0;
  let requests = 0;
  return {
    size: source.size,
    read: async (start, end) => {
      const asked = Math.max(0, Math.min(end, source.size) - start);
      if (bytes + asked > budget.bytes) {
        throw new SourceError("budget", `reading ${asked} bytes at ${start} would go beyond the budget of ${budget.bytes} bytes`, {
          offset: start,
          limit: budget.bytes,
        });
      }
      if (requests + 1 > budget.requests) {
        throw new SourceError("budget", `reading at ${start} would go beyond the budget of ${budget.requests} requests`, {
          offset: start,
          limit: budget.requests,
        });
      }
      bytes += asked;
      requests += 1;
      return source.read(start, end);
    },
  };
}
