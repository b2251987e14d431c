import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HttpFailure } from "../../crawler/http-failure.ts";
import { retryDelay } from "../../crawler/retry.ts";

const status = (code: number, retryAfter: number | null = null): HttpFailure => ({
  kind: "status",
  status: code,
  code: null,
  message: "",
  retryAfter,
});
const of = (kind: Exclude<HttpFailure["kind"], "status">): HttpFailure => ({ kind, message: "" });
const half = () => 0.5;

describe("retryDelay", () => {
  // What happens, the waits before the second, third ... attempt, and then null: it is given up.
  const table: [string, HttpFailure, (number | null)[]][] = [
    ["a reset connection", of("connection"), [250, 500, 1000, 2000, null]],
    ["a time-out", of("timeout"), [250, 500, 1000, 2000, null]],
    ["a body that broke off", of("truncated"), [250, 500, 1000, 2000, null]],
    ["an answer that is something else", of("unexpected"), [500, 1000, null]],
    ["a firewall's challenge", of("challenge"), [5_000, 10_000, 20_000, 40_000, 80_000, 150_000, 150_000, 150_000, 150_000, null]],
    ["429 without a word", status(429), [5_000, 10_000, 20_000, 40_000, 80_000, 150_000, 150_000, 150_000, 150_000, null]],
    ["429 with a time", status(429, 17_000), [17_000, 17_000]],
    ["503 with a time", status(503, 120_000), [120_000]],
    ["503 with a time that is too long", status(503, 3_600_000), [null]],
    ["503", status(503), [250, 500, 1000, 2000, null]],
    ["504", status(504), [250]],
    ["408", status(408), [250]],
    ["520, a CDN's", status(520), [250]],
    ["400", status(400), [null]],
    ["401", status(401), [null]],
    ["403", status(403), [null]],
    ["404", status(404), [null]],
    ["416", status(416), [null]],
    ["501", status(501), [null]],
    ["a refusal of ours", of("refused"), [null]],
    ["an interruption", of("interrupted"), [null]],
  ];
  test.each(table)("%s", (_, failure, delays) => {
    expect(delays.map((__, index) => retryDelay(failure, index + 1, half))).toEqual(delays);
  });

  test("every failure is given up in the end, and no wait is negative or beyond fifteen minutes", () => {
    const failures = fc.oneof(
      fc
        .record({ status: fc.integer({ min: 400, max: 599 }), after: fc.option(fc.integer({ min: 0, max: 2_000_000 })) })
        .map(({ status: code, after }) => status(code, after)),
      fc
        .constantFrom("connection", "timeout", "truncated", "unexpected", "challenge", "refused", "interrupted")
        .map((kind) => of(kind as "connection")),
    );
    fc.assert(
      fc.property(failures, fc.double({ min: 0, max: 0.999, noNaN: true }), (failure, chance) => {
        let attempt = 1;
        for (let delay = retryDelay(failure, attempt, () => chance); delay !== null; delay = retryDelay(failure, ++attempt, () => chance)) {
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(900_000);
          expect(attempt).toBeLessThan(20);
        }
      }),
    );
  });
});
