/** Every source gives the bytes of what it wraps, and each does the one thing it is for. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { budgetedSource } from "../../../analyzer/bytes/budgeted-source.ts";
import { type ByteSource, SourceError } from "../../../analyzer/bytes/byte-source.ts";
import { countingSource } from "../../../analyzer/bytes/counting-source.ts";
import { heldSource, READ_AHEAD } from "../../../analyzer/bytes/held-source.ts";
import { memorySource, piecesSource } from "../../../analyzer/bytes/memory-source.ts";
import { coalesce } from "../../../analyzer/bytes/ranges.ts";
import { sliceSource } from "../../../analyzer/bytes/slice-source.ts";

const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 31 + (index >>> 8)) & 255);

/** Reads in any order and of any length, beyond the end too. */
const reads = fc.array(fc.tuple(fc.nat(250_000), fc.nat(90_000)), { minLength: 1, maxLength: 30 });

describe("a source over memory, pieces or a hold gives the same bytes", () => {
  test("for any pieces and any reads", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(70_000), { maxLength: 6 }), reads, async (lengths, wanted) => {
        const whole = numbered(lengths.reduce((sum, length) => sum + length, 0));
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const length of lengths) {
          pieces.push(whole.subarray(at, at + length));
          at += length;
        }
        const sources: ByteSource[] = [memorySource(whole), piecesSource(pieces), heldSource(piecesSource(pieces))];
        for (const source of sources) {
          expect(source.size).toBe(whole.length);
          for (const [start, length] of wanted) {
            const bytes = await source.read(start, start + length);
            expect(Buffer.compare(bytes, whole.subarray(start, start + length))).toBe(0);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test("in a slice, offsets count from its start and end with it", async () => {
    const source = sliceSource(memorySource(numbered(100)), 10, 30);
    expect(source.size).toBe(20);
    expect(await source.read(5, 100)).toEqual(numbered(100).subarray(15, 30));
    expect(sliceSource(memorySource(numbered(10)), 50, 60).size).toBe(0);
  });
});

describe("counting", () => {
  test("counts requests and the bytes of the answers; a read of nothing costs nothing", async () => {
    const source = countingSource(memorySource(numbered(1000)));
    await source.read(0, 10);
    await source.read(990, 2000);
    await source.read(2000, 3000);
    expect([source.requests, source.bytesRead]).toEqual([2, 20]);
  });
});

describe("budgeted", () => {
  test("rejects the read that would go beyond the bytes, before asking", async () => {
    const inner = countingSource(memorySource(numbered(1000)));
    const source = budgetedSource(inner, { bytes: 100, requests: 10 });
    await source.read(0, 60);
    const error = await source.read(60, 101).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ kind: "budget", offset: 60, limit: 100 });
    expect(inner.requests).toBe(1);
  });

  test("rejects the request that is one too many", async () => {
    const source = budgetedSource(memorySource(numbered(1000)), { bytes: 1000, requests: 2 });
    await source.read(0, 1);
    await source.read(1, 2);
    await expect(source.read(2, 3)).rejects.toMatchObject({ kind: "budget", limit: 2 });
  });
});

describe("holding", () => {
  test("nothing is asked twice, and small reads fetch ahead", async () => {
    const counting = countingSource(memorySource(numbered(500_000)));
    const source = heldSource(counting);
    await source.read(100, 110);
    await source.read(105, READ_AHEAD);
    await source.read(100, 100 + READ_AHEAD);
    expect([counting.requests, counting.bytesRead]).toEqual([1, READ_AHEAD]);
  });

  test("a plan is fetched in as few requests as are worth making", async () => {
    const counting = countingSource(memorySource(numbered(1_000_000)));
    const source = heldSource(counting);
    await source.prefetch([
      { start: 900_000, end: 900_100 },
      { start: 0, end: 100 },
      { start: 50_000, end: 50_100 },
    ]);
    expect([counting.requests, counting.bytesRead]).toEqual([2, 50_200]);
    expect(source.holds(10, 50_100)).toBe(true);
    expect(source.holds(10, 50_101)).toBe(false);
    await source.read(0, 50_100);
    expect(counting.requests).toBe(2);
  });

  test("what is held is bounded, however much is read", async () => {
    const zeros = new Uint8Array(1024 * 1024);
    const endless: ByteSource = { size: 2 ** 33, read: async (start, end) => zeros.subarray(0, end - start) };
    const source = heldSource(endless);
    for (let at = 0; at < 200; at++) await source.read(at * zeros.length, (at + 1) * zeros.length);
    let held = 0;
    for (let at = 0; at < 200; at++) if (source.holds(at * zeros.length, (at + 1) * zeros.length)) held++;
    expect(held).toBe(32);
  });

  test("a source that answers with too few bytes is named as the one at fault", async () => {
    const source = heldSource({ size: 1000, read: async (start, end) => numbered(Math.min(end - start, 400)) });
    await expect(source.read(0, 1000)).rejects.toMatchObject({ name: "SourceError", kind: "short", offset: 400 });
  });
});

describe("coalesce", () => {
  test("covers every wanted byte, with ranges further apart than the gap", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(500), fc.nat(50))), fc.nat(60), (wanted, gap) => {
        const ranges = wanted.map(([start, length]) => ({ start, end: start + length }));
        const merged = coalesce(ranges, gap);
        for (const { start, end } of ranges) {
          if (end > start) expect(merged.some((range) => range.start <= start && end <= range.end)).toBe(true);
        }
        for (let index = 1; index < merged.length; index++) expect(merged[index]!.start - merged[index - 1]!.end).toBeGreaterThan(gap);
      }),
    );
  });
});
