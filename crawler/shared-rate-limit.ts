/**
 * The Hub's rate limits among all processes that share a store on PostgreSQL: the same arithmetic as in one process, on
 * windows that are kept in the store. A process that dies with requests in flight leaves them counted until the window
 * ends, which costs so many requests of that window and is never one too many.
 */
import { createHash } from "node:crypto";
import type { Store } from "../db/connection.ts";
import { changeWindow, type SharedWindow } from "../db/rate-limit.ts";
import type { NetworkEffects } from "./effects.ts";
import { type Bucket, type Limiter, learn, readAnnouncement, take, type Window } from "./rate-limit.ts";

/** A window that the Hub has not announced yet. */
const UNSEEN = { remaining: 0, resets_at: 0, quota: null, length: null };

export class SharedRateLimiter implements Limiter {
  readonly #identity: string;
  readonly #rates = new Map<Bucket, number>();
  readonly #left = new Map<Bucket, number>();

  /** `token` is whom the Hub counts; only a hash of it is stored. Without one, all processes count as one address. */
  constructor(
    readonly store: Store,
    token: string | null,
    readonly network: Pick<NetworkEffects, "sleep">,
    readonly onWait: (bucket: string, milliseconds: number) => void,
  ) {
    this.#identity = token === null ? "anonymous" : createHash("sha256").update(`rate limit ${token}`).digest("hex").slice(0, 16);
  }

  async admit(bucket: Bucket, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const wait = await changeWindow<number | null>(this.store, this.#identity, bucket, (known, now) => {
        const ended = known !== null && known.resets_at > 0 && now >= known.resets_at;
        const inFlight = known === null || ended ? 0 : known.in_flight;
        const next = take(windowOf(known), now);
        if ("wait" in next) return { window: known, result: next.wait };
        return { window: { ...rowOf(next.window), in_flight: inFlight + 1 }, result: null };
      });
      if (wait === null) return true;
      this.onWait(bucket, wait);
      await this.network.sleep(wait, signal);
    }
    return false;
  }

  async answered(bucket: Bucket, headers: Headers | null): Promise<void> {
    const told = headers && readAnnouncement(headers);
    await changeWindow(this.store, this.#identity, bucket, (known, now) => {
      const inFlight = Math.max(0, (known?.in_flight ?? 0) - 1);
      const window = told?.bucket === bucket ? learn(windowOf(known), told, inFlight, now) : windowOf(known);
      if (window?.quota && window.length) this.#rates.set(bucket, (window.quota * 1000) / window.length);
      if (window !== null) this.#left.set(bucket, window.remaining);
      return { window: { ...rowOf(window), in_flight: inFlight }, result: undefined };
    });
  }

  rate(bucket: Bucket): number | null {
    return this.#rates.get(bucket) ?? null;
  }

  left(bucket: Bucket): number | null {
    return this.#left.get(bucket) ?? null;
  }
}

function windowOf(row: SharedWindow | null): Window | null {
  if (row === null || row.resets_at === 0) return null;
  return { remaining: row.remaining, resetsAt: row.resets_at, quota: row.quota, length: row.length };
}

function rowOf(window: Window | null): Omit<SharedWindow, "in_flight"> {
  if (window === null) return UNSEEN;
  return { remaining: window.remaining, resets_at: Math.ceil(window.resetsAt), quota: window.quota, length: window.length };
}
