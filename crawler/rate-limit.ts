/**
 * The Hub's rate limits: fixed windows for each kind of address, learned from the `RateLimit` and `RateLimit-Policy`
 * headers of every answer (https://huggingface.co/docs/hub/rate-limits; draft-ietf-httpapi-ratelimit-headers). The
 * arithmetic is pure; `RateLimiter` waits.
 */
import type { NetworkEffects } from "./effects.ts";

/** `resolvers`: addresses with /resolve/. `api`: the rest of /api. `pages`: everything else. */
export type Bucket = "api" | "resolvers" | "pages";

/** The bucket that an address on the Hub's origin counts in. */
export function bucketOf(path: string): Bucket {
  if (path.includes("/resolve/") || path.startsWith("/api/resolve-cache/")) return "resolvers";
  return path.startsWith("/api/") ? "api" : "pages";
}

/** What the headers of one answer say of one bucket. */
export interface Announcement {
  readonly bucket: string;
  /** Requests left in the window, the one answered counted. */
  readonly remaining: number;
  /** Milliseconds until the window ends. */
  readonly resetsIn: number;
  /** Requests of a whole window, and its length in milliseconds; null where no policy was sent. */
  readonly quota: number | null;
  readonly window: number | null;
}

/** Reads `RateLimit: "api";r=499;t=300` and `RateLimit-Policy: "fixed window";"api";q=500;w=300`. Null where there is no limit. */
export function readAnnouncement(headers: Headers): Announcement | null {
  const limit = headers.get("ratelimit");
  const bucket = limit && /^\s*"([^"]*)"/.exec(limit)?.[1];
  const remaining = limit && parameter(limit, "r");
  const seconds = limit && parameter(limit, "t");
  if (!bucket || typeof remaining !== "number" || typeof seconds !== "number") return null;
  const policy = headers.get("ratelimit-policy") ?? "";
  const window = parameter(policy, "w");
  return { bucket, remaining, resetsIn: seconds * 1000, quota: parameter(policy, "q"), window: window === null ? null : window * 1000 };
}

function parameter(header: string, name: string): number | null {
  const digits = new RegExp(`;\\s*${name}=(\\d{1,9})(?:$|[;,\\s])`).exec(header)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** What is known of a bucket. Instants are of the monotonic clock. */
export interface Window {
  /** Requests that may still be sent before `resetsAt`: those in flight are not among them. */
  readonly remaining: number;
  readonly resetsAt: number;
  readonly quota: number | null;
  readonly length: number | null;
}

/**
 * The window after an answer. Requests in flight may not have been counted in `remaining` yet, and answers arrive out of
 * order, so within a window the number only falls: at most `inFlight` requests of it are left unused, none is too many.
 */
export function learn(known: Window | null, told: Announcement, inFlight: number, now: number): Window {
  const resetsAt = now + told.resetsIn;
  const remaining = Math.max(0, told.remaining - inFlight);
  const sameWindow = known !== null && now < known.resetsAt;
  return {
    remaining: sameWindow ? Math.min(known.remaining, remaining) : remaining,
    // The header has whole seconds, rounded by the server: the latest end that was told is the safe one.
    resetsAt: sameWindow ? Math.max(known.resetsAt, resetsAt) : resetsAt,
    quota: told.quota ?? known?.quota ?? null,
    length: told.window ?? known?.length ?? null,
  };
}

/** Takes one request out of the window: the window without it, or the milliseconds to wait before asking again. */
export function take(known: Window | null, now: number): { readonly window: Window | null } | { readonly wait: number } {
  if (known === null) return { window: null };
  if (now >= known.resetsAt) {
    // A new window has begun, unseen: a whole quota, if it is known, until an answer says better.
    if (known.quota === null || known.length === null) return { window: null };
    return { window: { ...known, remaining: known.quota - 1, resetsAt: now + known.length } };
  }
  if (known.remaining > 0) return { window: { ...known, remaining: known.remaining - 1 } };
  return { wait: known.resetsAt - now };
}

/** Lets requests through as the announced limits allow. One for each identity (token, or address). */
export interface Limiter {
  /** Resolves when one more request of the bucket may be sent, or at once when `signal` is aborted: then it is false. */
  admit(bucket: Bucket, signal: AbortSignal): Promise<boolean>;
  /** To be called once for each request admitted, with the headers of its answer, or null if none came. */
  answered(bucket: Bucket, headers: Headers | null): void | Promise<void>;
  /** Requests of the bucket that a second allows in the long run, as far as was announced. */
  rate(bucket: Bucket): number | null;
  /** Requests of the bucket that are left in its window, as far as was announced. */
  left(bucket: Bucket): number | null;
}

/** The limiter of one process. */
export class RateLimiter implements Limiter {
  readonly #windows = new Map<string, Window | null>();
  readonly #inFlight = new Map<string, number>();

  constructor(
    readonly network: Pick<NetworkEffects, "monotonic" | "sleep">,
    readonly onWait: (bucket: string, milliseconds: number) => void,
  ) {}

  async admit(bucket: Bucket, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const taken = take(this.#windows.get(bucket) ?? null, this.network.monotonic());
      if ("window" in taken) {
        this.#windows.set(bucket, taken.window);
        this.#inFlight.set(bucket, this.inFlight(bucket) + 1);
        return true;
      }
      this.onWait(bucket, taken.wait);
      await this.network.sleep(taken.wait, signal);
    }
    return false;
  }

  answered(bucket: Bucket, headers: Headers | null): void {
    this.#inFlight.set(bucket, this.inFlight(bucket) - 1);
    const told = headers && readAnnouncement(headers);
    // The server says which bucket it counted the request in; only by its name can we tell that it agrees with us.
    if (!told || told.bucket !== bucket) return;
    this.#windows.set(bucket, learn(this.#windows.get(bucket) ?? null, told, this.inFlight(bucket), this.network.monotonic()));
  }

  rate(bucket: Bucket): number | null {
    const known = this.#windows.get(bucket) ?? null;
    return known === null || known.quota === null || known.length === null ? null : (known.quota * 1000) / known.length;
  }

  left(bucket: Bucket): number | null {
    return this.#windows.get(bucket)?.remaining ?? null;
  }

  private inFlight(bucket: Bucket): number {
    return this.#inFlight.get(bucket) ?? 0;
  }
}
