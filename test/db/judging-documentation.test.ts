/** docs/judging.md and the table of policy slots, of which `/methods` is made: a paper may cite either. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../analyzer/limits.ts";
import { POLICY_SLOTS } from "../../db/queries/judgements.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/judging.md", import.meta.url)), "utf8").replaceAll(/\s+/g, " ");

describe("docs/judging.md says what /methods says", () => {
  it.each(Object.keys(POLICY_SLOTS))("of %s that there is such a policy", (slot) =>
    expect(["@", ":"].some((sign) => page.includes(`\`${slot}${sign}`))).toBe(true),
  );

  it.each([
    ["class-range", `the last of each minor version before it, ${LIMITS.releasesOfClass.limit} in all`],
    ["class-range", "later ones cannot have saved the model, and older ones than some three years rarely did"],
    ["class", "the release that was the newest when the model was last changed"],
    ["observed", "the union over the others (leave-one-out)"],
    ["observed", "PickleBall’s baseline is a union over all models, the judged one among them"],
  ] as const)("of %s: %s", (slot, said) => {
    expect(POLICY_SLOTS[slot].meaning).toContain(said);
    expect(page.replaceAll("'", "’")).toContain(said);
  });
});
