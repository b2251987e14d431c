import { expect, it } from "vitest";
import { bytes, duration, grouped, plural } from "../../scripts/quantities.ts";

it.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1_000, "1.00 kB"],
  [27_690_004, "27.7 MB"],
  [10 ** 15, "1.00 PB"],
])("%d is %s", (count, text) => {
  expect(bytes(count)).toBe(text);
});

it.each([0, 7, 999, 1_000, 12_345, 999_999, 1_000_000, 1_234_567_890])("%d is written as in English", (count) => {
  expect(grouped(count)).toBe(count.toLocaleString("en-US"));
});

it("counts things, and time", () => {
  expect(plural(1, "model")).toBe("1 model");
  expect(plural(12_345, "model")).toBe("12,345 models");
  expect(plural(2, "policy", "policies")).toBe("2 policies");
  expect(duration(0.2)).toBe("1 s");
  expect(duration(720)).toBe("12 min");
  expect(duration(12_000)).toBe("3 h 20 min");
});
