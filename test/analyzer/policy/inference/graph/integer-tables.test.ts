/** The tables of integers hold what lists and maps would, as they grow. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { FieldTable } from "../../../../../analyzer/policy/inference/flow/field-table.ts";
import { Integers, Pairs } from "../../../../../analyzer/policy/inference/graph/integer-tables.ts";

test("pairs are numbered in the order in which they were first added", () => {
  const number = fc.oneof(fc.nat(40), fc.nat(0x7ffffff0));
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { maxLength: 3000, size: "max" }), (added) => {
      const pairs = new Pairs();
      const known = new Map<string, number>();
      const keys = added.map(([first, second]) => `${first}:${second}`);
      const before = added.map(([first, second], index) => {
        const found = [pairs.find(first, second), pairs.add(first, second)];
        const isNew = !known.has(keys[index]!);
        if (isNew) known.set(keys[index]!, known.size);
        return [found[0] === (isNew ? -1 : known.get(keys[index]!)), found[1]];
      });
      expect(before).toEqual(keys.map((key) => [true, known.get(key)]));
      expect(pairs.size).toBe(known.size);
      const told = Array.from({ length: pairs.size }, (_, index) => `${pairs.firstOf(index)}:${pairs.secondOf(index)}`);
      expect(told).toEqual([...known.keys()]);
    }),
    { numRuns: 10 },
  );
});

test("a list keeps what was put into it as it grows, and the rest is 0", () => {
  const list = new Integers();
  for (let item = 1; item <= 5000; item++) expect(list.push(item)).toBe(item - 1);
  list.extend(20_000);
  expect([list.length, list.items[4999], list.items[5000], list.items[19_999]]).toEqual([20_000, 5000, 0, 0]);
  list.extend(3);
  expect(list.length).toBe(20_000);
});

test("fields come in the order in which they were asked for, to those who listen before and after", () => {
  const table = new FieldTable();
  const heard: string[] = [];
  table.listen(3, (name, node) => heard.push(`${name}${node}`));
  table.add(3, "b", 10);
  table.add(4, "b", 11);
  table.add(3, "a", 12);
  expect(heard).toEqual(["b10", "a12"]);
  table.listen(3, (name, node) => heard.push(`${name}${node}`));
  expect(heard.slice(2)).toEqual(["b10", "a12"]);
  expect([table.known(3, "a"), table.known(4, "a"), table.known(5, "x")]).toEqual([12, null, null]);
  expect(table.ownerOf(11)).toEqual({ value: 4, name: "b" });
  expect(table.ownerOf(13)).toBeUndefined();
});
