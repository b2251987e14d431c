import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytes, counted, minute, percent } from "../../app/parts/numbers.ts";

describe("numbers in words", () => {
  it.each([
    [0, 0, "–"],
    [0, 7, "0%"],
    [7, 7, "100%"],
    [1, 3, "33%"],
    [1, 150, "0.7%"],
    [1, 100_000, "<0.1%"],
    [999, 1_000, "99.9%"],
    [99_999, 100_000, ">99.9%"],
  ])("%i of %i is %s", (part, whole, text) => expect(percent(part, whole)).toBe(text));

  it("says none and all only of none and all", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10_000_000 }), fc.integer({ min: 1, max: 10_000_000 }), (whole, some) => {
        const part = 1 + (some % (whole - 1));
        expect(["0%", "100%", "0.0%", "100.0%"]).not.toContain(percent(part, whole));
      }),
    );
  });

  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1_000, "1.00 kB"],
    [18_401_233, "18.4 MB"],
    [9_007_199_254_740_991, "9.01 PB"],
  ])("%i bytes are %s", (size, text) => expect(bytes(size)).toBe(text));

  it("counts in the singular and the plural", () => {
    expect([counted(1, "policy", "policies"), counted(1_200, "policy", "policies")]).toEqual(["1 policy", "1,200 policies"]);
  });

  it("tells instants in UTC", () => {
    expect(minute("2026-11-20T23:59:00.000Z")).toBe("20 November 2026, 23:59 UTC");
  });
});
