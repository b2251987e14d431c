/**
 * The Hub's rate limits: fixed windows for each identity and kind of address, announced on every answer
 * (https://huggingface.co/docs/hub/rate-limits; draft-ietf-httpapi-ratelimit-headers-09).
 */

/** `resolvers`: addresses of files. `api`: the rest of /api. `pages`: everything else on the Hub. */
export type Bucket = "api" | "resolvers" | "pages";
export type Quotas = Readonly<Record<Bucket, number>>;

/** Requests in a window, as the Hub's documentation gave them in September 2025. */
export const PLANS = {
  anonymous: { api: 500, resolvers: 3_000, pages: 100 },
  free: { api: 1_000, resolvers: 5_000, pages: 200 },
  pro: { api: 2_500, resolvers: 12_000, pages: 400 },
  team: { api: 3_000, resolvers: 20_000, pages: 400 },
  enterprise: { api: 6_000, resolvers: 50_000, pages: 600 },
} satisfies Record<string, Quotas>;

export type Plan = keyof typeof PLANS;

/** The bucket of an address on the Hub's origin. Resolving from its cache counts as resolving. */
export function bucketOf(path: string): Bucket {
  if (path.includes("/resolve/") || path.startsWith("/api/resolve-cache/")) return "resolvers";
  return path === "/api" || path.startsWith("/api/") ? "api" : "pages";
}

export interface Allowance {
  readonly allowed: boolean;
  /** `RateLimit` and `RateLimit-Policy`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Until the window ends. */
  readonly seconds: number;
}

/** Counts requests. A window begins with the first request after the last one ended. */
export class FixedWindows {
  readonly #windows = new Map<string, { ends: number; used: number }>();

  /** `windowSeconds` is the length of a window; `now` gives milliseconds. */
  constructor(
    readonly windowSeconds: number,
    readonly now: () => number,
  ) {}

  /** Takes one request of `identity` from a bucket that holds `quota`. */
  take(identity: string, bucket: Bucket, quota: number): Allowance {
    const now = this.now();
    const key = `${bucket} ${identity}`;
    let window = this.#windows.get(key);
    if (window === undefined || now >= window.ends) {
      window = { ends: now + this.windowSeconds * 1000, used: 0 };
      this.#windows.set(key, window);
    }
    const allowed = window.used < quota;
    if (allowed) window.used++;
    const seconds = Math.ceil((window.ends - now) / 1000);
    return {
      allowed,
      seconds,
      headers: {
        ratelimit: `"${bucket}";r=${quota - window.used};t=${seconds}`,
        "ratelimit-policy": `"fixed window";"${bucket}";q=${quota};w=${this.windowSeconds}`,
      },
    };
  }
}
