/**
 * When a request that failed is sent again: pure, so that it can be tested as a table. Waiting for a rate limit that a
 * header announced is `rate-limit.ts`'s.
 */
import type { HttpFailure } from "./http-failure.ts";

interface RetryRule {
  /** How often it is sent in all. */
  readonly attempts: number;
  /** The first wait is up to this many milliseconds; each later one up to twice as many. */
  readonly first: number;
}

/** Faults that pass: overload, restarts, resets. */
const PASSING: RetryRule = { attempts: 5, first: 500 };
/** Answers that are not what was asked for: more likely to stay than to pass. */
const STRANGE: RetryRule = { attempts: 3, first: 1_000 };
/** Turned away: by a limit, or by a firewall that takes us for something else (reference: 405 and HTML pages are its challenges). */
const TURNED_AWAY: RetryRule = { attempts: 10, first: 10_000 };

/** No wait of our own choosing is longer: a window of the Hub's limits is five minutes. */
const LONGEST = 300_000;
/** A server that wants more time than this is down. */
const LONGEST_TOLD = 900_000;

/** RFC 9110 and what CDNs add to it (520 to 524: the origin behind the CDN failed). */
const PASSING_STATUSES = new Set([408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

function ruleOf(failure: HttpFailure): RetryRule | null {
  switch (failure.kind) {
    case "connection":
    case "timeout":
    case "truncated":
      return PASSING;
    case "unexpected":
      return STRANGE;
    case "challenge":
      return TURNED_AWAY;
    case "status":
      if (failure.status === 429) return TURNED_AWAY;
      return PASSING_STATUSES.has(failure.status) ? PASSING : null;
    case "refused":
    case "interrupted":
      return null;
  }
}

/**
 * Milliseconds to wait before the request is sent again, or null if it is given up. `attempt` counts from 1. Full jitter
 * (a random part of a wait that doubles), as AWS's "Exponential Backoff and Jitter" found best; where the server names a
 * time, exactly that one.
 */
export function retryDelay(failure: HttpFailure, attempt: number, random: () => number): number | null {
  const rule = ruleOf(failure);
  if (rule === null || attempt >= rule.attempts) return null;
  const told = failure.kind === "status" ? failure.retryAfter : null;
  if (told !== null) return told > LONGEST_TOLD ? null : told;
  return random() * Math.min(LONGEST, rule.first * 2 ** (attempt - 1));
}
