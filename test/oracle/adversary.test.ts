/**
 * The soundness of the verdict, against CPython itself: of thousands of programs that hide a callable in whatever a
 * generous policy allows, none that really gets it invoked is said to load. 100,000 and more: `attack.ts`.
 */
import { describe, expect, it } from "vitest";
import { listProgram } from "../../analyzer/pickle/listing.ts";
import { DEBIAN_PYTHON } from "./loader.ts";
import { runAdversary } from "./run-adversary.ts";

const PROGRAMS = 6_000;

describe("an adversary", () => {
  it(`gets nothing invoked by any of ${PROGRAMS} programs that are said to load`, { timeout: 600_000 }, async () => {
    const { missed, programs, loads, invoked, used, allowed } = await runAdversary(DEBIAN_PYTHON, PROGRAMS, 20_261_120);
    expect(missed.map(listProgram)).toEqual([]);
    // It tries: programs run, some of them do get it invoked, and the verdict does not block all that is harmless.
    expect(loads).toBeGreaterThan(programs / 5);
    expect(invoked + used).toBeGreaterThan(programs / 50);
    expect(allowed).toBeGreaterThan(programs / 10);
  });
});
