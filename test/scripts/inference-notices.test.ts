import { expect, it } from "vitest";
import type { Notice } from "../../analyzer/policy/inference/flow/flow.ts";
import { noticeLines } from "../../scripts/inference-notices.ts";

const single: Notice = { text: "what Model saves is not followed", file: "lib.py", line: 3 };
const left: Notice = { text: "self: any of 468 classes", file: "lib.py", line: 5, kind: "left" };
const widened: Notice = { text: "eval of a computed expression", file: "lib.py", line: 7, kind: "widened" };

it("what is noticed at many places is summed up in the last line", () => {
  const [first, sum, ...others] = noticeLines([left, single, left, widened], false);
  expect(first).toBe("lib.py:3: what Model saves is not followed\n");
  expect(sum).toMatch(/^note: in 2 places an object may be .+; in 1 place a name is computed: .+--explain or --verbose.+\n$/);
  expect(others).toEqual([]);
  expect(noticeLines([single], false)).toEqual([first]);
  expect(noticeLines([], false)).toEqual([]);
});

it("each is told where that is asked for", () => {
  const lines = noticeLines([left, single, widened], true);
  expect(lines.map((line) => line.split(":", 2).join(":"))).toEqual(["lib.py:5", "lib.py:3", "lib.py:7"]);
});
