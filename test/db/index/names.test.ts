/** Searching many names for a part. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CallableList } from "../../../db/index/callable-list.ts";
import { linesOf, Names } from "../../../db/index/names.ts";
import { ranksByLikes, ranksByName } from "../../../db/index/orders.ts";

const holding = (names: readonly string[], part: string) => [...new Names(linesOf(names), names.length).holding(part)];

test("every name that holds the part, once, in their order", () => {
  const names = ["a/Bert", "bert/bert", "c/d", "", "ü/BERT-Ü"];
  expect(holding(names, "BERT")).toEqual([0, 1, 4]);
  expect(holding(names, "ü")).toEqual([4]);
  expect(holding(names, "")).toEqual([0, 1, 2, 3, 4]);
  expect(holding(names, "t\nb")).toEqual([]);
  expect(holding([], "a")).toEqual([]);
  expect(holding(["a\nb", "b"], "b")).toEqual([0, 1]);
});

test("the same as asking each name", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "B", "/", "\n", "é", "𝛼"), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 12 }), text, (names, part) => {
      const plain = (name: string) => name.toLowerCase().replaceAll("\n", "\r");
      expect(holding(names, part)).toEqual(names.flatMap((name, place) => (plain(name).includes(plain(part)) ? [place] : [])));
    }),
  );
});

test("a list of callables ends where enough are found", () => {
  const callables = ["torch._utils._rebuild_tensor_v2", "collections.OrderedDict", "torch.FloatStorage"].map((callable, callableId) => ({
    ...{ callable, callableId, module: "", name: "", capability: "unknown" as const },
    ...{ importedBy: 9 - callableId, calledBy: 0 },
  }));
  const found = (part: string, limit: number) => new CallableList(callables).holding(part, limit).map(({ callableId }) => callableId);
  expect(found("TORCH", 5)).toEqual([0, 2]);
  expect(found("torch", 1)).toEqual([0]);
  expect(found("", 2)).toEqual([0, 1]);
});

test("orders are by likes and by the bytes of names, ties by id", () => {
  expect(ranksByLikes([1, 5, 5], [7, 9, 8])).toEqual([2, 1, 0]);
  // By UTF-16 units the last two would change places.
  expect(ranksByName(["b", "a", "\u{1f952}", "\uff01", "a"], [1, 5, 2, 3, 4])).toEqual([4, 1, 0, 3, 2]);
});
