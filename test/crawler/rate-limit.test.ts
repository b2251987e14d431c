import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketOf, learn, RateLimiter, readAnnouncement, take } from "../../crawler/rate-limit.ts";
import { FixedWindows } from "../hub/rate-limit.ts";

const headers = (limit: string, policy?: string) =>
  new Headers({ ratelimit: limit, ...(policy === undefined ? {} : { "ratelimit-policy": policy }) });

describe("readAnnouncement", () => {
  test("reads what the Hub documents", () => {
    expect(readAnnouncement(headers('"api";r=499;t=300', '"fixed window";"api";q=500;w=300'))).toEqual({
      bucket: "api",
      remaining: 499,
      resetsIn: 300_000,
      quota: 500,
      window: 300_000,
    });
  });

  test("takes a limit without a policy, and parameters in any order with spaces", () => {
    expect(readAnnouncement(headers('"resolvers"; t=17; r=0'))).toEqual({
      bucket: "resolvers",
      remaining: 0,
      resetsIn: 17_000,
      quota: null,
      window: null,
    });
  });

  test.each([
    "",
    "api;r=1;t=2",
    '"api"',
    '"api";r=1',
    '"api";t=1',
    '"api";r=-1;t=5',
    '"api";r=x;t=5',
    '"api";r=1e9;t=5',
    '"api";r=99999999999;t=1',
  ])("makes nothing of %j", (limit) => {
    expect(readAnnouncement(headers(limit))).toBeNull();
  });
});

describe("a window", () => {
  const told = { bucket: "api", remaining: 10, resetsIn: 5_000, quota: 100, window: 300_000 };

  test("holds back what is in flight", () => {
    expect(learn(null, told, 3, 1_000)).toEqual({ remaining: 7, resetsAt: 6_000, quota: 100, length: 300_000 });
  });

  test("does not rise while it lasts, whatever order the answers come in", () => {
    const known = { remaining: 4, resetsAt: 6_000, quota: 100, length: 300_000 };
    expect(learn(known, told, 0, 1_000).remaining).toBe(4);
    expect(learn(known, { ...told, remaining: 2 }, 0, 1_000).remaining).toBe(2);
  });

  test("is another one once it ended", () => {
    const known = { remaining: 0, resetsAt: 6_000, quota: 100, length: 300_000 };
    expect(learn(known, { ...told, remaining: 99 }, 2, 6_000).remaining).toBe(97);
    expect(take(known, 6_000)).toEqual({ window: { remaining: 99, resetsAt: 306_000, quota: 100, length: 300_000 } });
  });

  test("is waited for to its end and no longer", () => {
    expect(take({ remaining: 0, resetsAt: 6_000, quota: null, length: null }, 1_000)).toEqual({ wait: 5_000 });
    expect(take({ remaining: 0, resetsAt: 6_000, quota: null, length: null }, 6_000)).toEqual({ window: null });
  });
});

test("addresses count where the Hub counts them", () => {
  const table = {
    "/api/models": "api",
    "/api/models/a/b/tree/main": "api",
    "/a/b/resolve/main/x.bin": "resolvers",
    "/api/resolve-cache/models/a/b/c/x.json": "resolvers",
    "/a/b": "pages",
  };
  for (const [path, bucket] of Object.entries(table)) expect(bucketOf(path), path).toBe(bucket);
});

describe("RateLimiter", () => {
  /** Sends `requests` through a limiter, `concurrency` at once, to a server whose answers come back after random times. */
  async function run(quota: number, requests: number, concurrency: number, delays: readonly number[]) {
    let now = 0;
    const wake: { at: number; resolve: () => void }[] = [];
    const sleep = (milliseconds: number) => new Promise<void>((resolve) => wake.push({ at: now + milliseconds, resolve }));
    const server = new FixedWindows(300, () => now);
    const limiter = new RateLimiter({ monotonic: () => now, sleep }, () => undefined);
    const signal = new AbortController().signal;
    let refused = 0;
    let sent = 0;
    const client = async () => {
      while (sent < requests) {
        const index = sent++;
        await limiter.admit("api", signal);
        await sleep(delays[index % delays.length]!);
        const { allowed, headers: announced } = server.take("us", "api", quota);
        if (!allowed) refused++;
        await sleep(delays[(index + 1) % delays.length]!);
        limiter.answered("api", new Headers(announced));
      }
    };
    let running = concurrency;
    const clients = Array.from({ length: concurrency }, () => client().finally(() => running--));
    while (running > 0) {
      await new Promise(setImmediate);
      wake.sort((a, b) => a.at - b.at);
      const next = wake.shift();
      if (next === undefined) continue;
      now = Math.max(now, next.at);
      next.resolve();
    }
    await Promise.all(clients);
    return { refused, now };
  }

  test("once it knows the limit, is never refused, and leaves at most what was in flight of a window unused", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 20, max: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 3, maxLength: 20 }),
        async (quota, concurrency, delays) => {
          const requests = quota * 3;
          const { refused, now } = await run(quota, requests, concurrency, delays);
          expect(refused).toBe(0);
          const windows = Math.ceil(requests / (quota - 2 * concurrency));
          expect(now).toBeLessThan((windows + 1) * 301_000);
        },
      ),
      { numRuns: 40, seed: 7 },
    );
  });

  test("stops waiting when it is interrupted", async () => {
    const controller = new AbortController();
    const limiter = new RateLimiter({ monotonic: () => 0, sleep: async () => controller.abort() }, () => undefined);
    await limiter.admit("api", controller.signal);
    limiter.answered("api", headers('"api";r=0;t=300'));
    expect(await limiter.admit("api", controller.signal)).toBe(false);
  });

  test("believes no announcement for another bucket than it was counted in", async () => {
    const signal = new AbortController().signal;
    const limiter = new RateLimiter({ monotonic: () => 0, sleep: () => Promise.reject(new Error("waited")) }, () => undefined);
    await limiter.admit("resolvers", signal);
    limiter.answered("resolvers", headers('"pages";r=0;t=300'));
    expect(await limiter.admit("resolvers", signal)).toBe(true);
  });
});
