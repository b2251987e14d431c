import fc from "fast-check";
import { expect, test } from "vitest";
import { ByValue } from "../../../analyzer/pickle/by-value.ts";

test("has of each value the entries that are about it, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: 5 })), fc.nat(6), fc.nat(12), fc.nat(12), (values, value, from, to) => {
      const index = new ByValue(values.length, (entry) => values[entry]!);
      const found: number[] = [];
      for (let position = index.position(value, from); position < index.position(value, to); position++) found.push(index.entry(position));
      expect(found).toEqual(values.flatMap((about, entry) => (about === value && entry >= from && entry < to ? [entry] : [])));
    }),
  );
});

test("of the largest values too", () => {
  const index = new ByValue(3, (entry) => [2 ** 28 - 1, 5, 2 ** 28 - 1][entry]!);
  expect([index.entry(index.position(2 ** 28 - 1, 0)), index.entry(index.position(2 ** 28 - 1, 1))]).toEqual([0, 2]);
});
