import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeRanks, forEachRank, GatheredRanks, RankSet } from "../../../db/index/ranks.ts";

const listOf = fc
  .integer({ min: 1, max: 100_000 })
  .chain((models) => fc.tuple(fc.constant(models), fc.uniqueArray(fc.integer({ min: 0, max: models - 1 }), { maxLength: 300 })));

test("ranks come back as they were, whether as bits or as gaps", () => {
  fc.assert(
    fc.property(listOf, ([models, list]) => {
      const ranks = list.sort((a, b) => a - b);
      const found: number[] = [];
      forEachRank(encodeRanks(ranks, models), (rank) => found.push(rank));
      expect(found).toEqual(ranks);
      const set = RankSet.decode(encodeRanks(ranks, models), models);
      for (let rank = 0; rank < Math.min(models, 500); rank++) expect(set.has(rank)).toBe(ranks.includes(rank));
    }),
  );
});

test("a list of every model costs a bit each, and a rare one a byte or three for each", () => {
  const all = Uint32Array.from({ length: 80_000 }, (_, rank) => rank);
  expect(encodeRanks(all, 80_000).length).toBe(10_001);
  expect(encodeRanks([5, 70_000], 80_000).length).toBe(5);
});

test("ranks that are gathered in any order, some more than once, come in theirs, each once", () => {
  const gathered = fc
    .integer({ min: 1, max: 3_000 })
    .chain((models) => fc.tuple(fc.constant(models), fc.array(fc.integer({ min: 0, max: models - 1 }), { maxLength: 200 })));
  fc.assert(
    fc.property(gathered, ([models, list]) => {
      const ranks = new GatheredRanks(models);
      for (const rank of list) ranks.add(rank);
      expect([...ranks.ascending()]).toEqual([...new Set(list)].sort((a, b) => a - b));
    }),
  );
});
