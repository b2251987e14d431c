import fc from "fast-check";
import { expect, test } from "vitest";
import { lastUpTo } from "../../../analyzer/pickle/search.ts";

const tables = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }).map((values) => values.sort((left, right) => left - right));

test("finds the last entry that is not beyond, from wherever it starts", () => {
  fc.assert(
    fc.property(tables, fc.integer({ min: -1, max: 61 }), fc.integer({ min: -3, max: 45 }), (values, wanted, near) => {
      const table = Int32Array.from(values.flatMap((value) => [7, value, -7]));
      expect(lastUpTo(table, 3, 1, values.length, wanted, near)).toBe(values.findLastIndex((value) => value <= wanted));
    }),
    { numRuns: 2_000 },
  );
});

test("looks at no entry beyond those that count", () => {
  expect(lastUpTo(Int32Array.of(1, 2, 3, 0, 0), 1, 0, 3, 9, 0)).toBe(2);
  expect(lastUpTo(Int32Array.of(9, 9), 1, 0, 0, 9, 1)).toBe(-1);
});
