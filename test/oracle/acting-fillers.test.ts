/**
 * No class fills a slot that does anything while CPython loads it: neither by what Python runs without being called, nor by what is done to the
 * class, nor by what is put where its loading asks. ACTING_FILLERS=whole in the environment tries every question at every place, which takes
 * minutes; without it a test run takes some of each.
 */
import process from "node:process";
import { afterAll, describe, expect, it } from "vitest";
import { loadPythonParser } from "../../crawler/python-grammar.ts";
import { ASKS, type Case, caseOf, Fillers, type Outcome, PLACES } from "./acting-fillers.ts";
import { HARMLESS, WAYS, WITHIN } from "./acting-fillers-ways.ts";
import { DEBIAN_PYTHON } from "./loader.ts";

const fillers = new Fillers(await loadPythonParser(), DEBIAN_PYTHON);
afterAll(() => fillers.close());

/** Of so many cases one is tried in a run that does not ask for the whole. */
const SHARE = process.env.ACTING_FILLERS === "whole" ? 1 : 23;

describe("a filler that acts", () => {
  it("by what Python runs of objects does not load", async () => {
    const cases: Case[] = [];
    let index = 0;
    for (const asks of ASKS)
      for (const method of await fillers.methodsOf(asks))
        for (const place of Object.keys(PLACES)) if (index++ % SHARE === 0) cases.push(caseOf(asks, place, method));
    expect(index).toBeGreaterThan(3_000);
    const outcomes: Outcome[] = [];
    for (let start = 0; start < cases.length; start += 40) outcomes.push(...(await fillers.run(cases.slice(start, start + 40))));
    // Some questions make no sense in some places.
    expect(outcomes.filter(({ acted }) => acted).length).toBeGreaterThan(0.95 * outcomes.length);
    expect(outcomes.filter(({ acted, verdict }) => acted && verdict === "loads").map(({ name }) => name)).toEqual([]);
  }, 600_000);

  const ways: readonly Case[] = [
    ...Object.entries(WAYS).map(([name, source]) => ({ name, source })),
    ...Object.entries(WITHIN).map(([name, { source, state }]) => ({
      name,
      source,
      listing: `GLOBAL "MODULE" "Filler"\nEMPTY_TUPLE\nNEWOBJ\n${state}\nBUILD`,
    })),
  ];
  it.each(ways)("by $name does not load", async (each) => {
    const [outcome] = await fillers.run([each]);
    expect(outcome).toMatchObject({ acted: true });
    expect(outcome!.verdict).not.toBe("loads");
  });
});

describe("a filler that does the same harmlessly", () => {
  it.each(Object.entries(HARMLESS).map(([name, source]) => ({ name, source })))("by $name loads", async (each) => {
    const [outcome] = await fillers.run([each]);
    expect(outcome).toMatchObject({ acted: false, error: null, why: [], verdict: "loads" });
  });
});
