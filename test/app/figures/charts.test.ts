import { expect, test } from "vitest";
import { addresses } from "../../../app/addresses.ts";
import { loadSuccessChart } from "../../../app/figures/charts.ts";
import type { FigureProps } from "../../../app/pages/overview/data.ts";

const NONE = { loads: 0, blocked: 0, malformed: 0, unsupported: 0, unavailable: 0, unfinished: 0, none: 0 };
const LENS = { slot: "weights-only", mode: "strict" } as const;

/** What is said of the counts under the policies that weights are judged by, the first of them weights-only. */
function finding(...counts: readonly Partial<typeof NONE>[]): string {
  const lenses = counts.map((_, index) => (index === 0 ? LENS : ({ slot: "class", mode: "strict" } as const)));
  const data = {
    survey: { startedAt: "2026-11-20T06:00:00.000Z" },
    judgements: lenses.map((lens) => ({ ...lens, policies: 1 })),
    success: lenses.map((lens, index) => ({
      ...lens,
      role: "weights",
      policies: 1,
      counts: { ...NONE, ...counts[index] },
      downloads: NONE,
    })),
  };
  return loadSuccessChart({ data, request: { at: addresses(null) } } as unknown as FigureProps).finding;
}

test("the title of load success says the largest share, and what is in doubt", () => {
  expect(finding({ loads: 1, blocked: 3 })).toBe("25% load under torch’s weights-only; none is in doubt");
  expect(finding({ loads: 1, blocked: 3 }, { loads: 2, unavailable: 2 })).toBe(
    "50% load under their class policy, the most of any policy; 50% could not be told",
  );
});

test("the title of load success boasts of no policy where nothing was seen to load", () => {
  expect(finding({ blocked: 1, unsupported: 3 })).toBe("None was seen to load under the policy; 75% could not be told");
  expect(finding({ blocked: 4 }, { blocked: 4 })).toBe("None was seen to load under any policy; none is in doubt");
});
