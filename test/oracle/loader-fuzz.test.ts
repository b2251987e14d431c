/** Generated programs under generated policies: the loader does what the verdict says, down to what is refused first. */
import { describe, expect, it } from "vitest";
import { listProgram } from "../../analyzer/pickle/listing.ts";
import { DEBIAN_PYTHON } from "./loader.ts";
import { fuzzLoader } from "./run-loader-fuzzer.ts";

const PROGRAMS = 40_000;

describe("loader and verdict", () => {
  it(`agree on ${PROGRAMS} programs`, { timeout: 600_000 }, async () => {
    const { programs, agreed, stricter, disagreements } = await fuzzLoader(DEBIAN_PYTHON, PROGRAMS, 20_250_611);
    expect(disagreements.map(({ program, mode, message }) => `${mode}: ${message}\n${listProgram(program)}`)).toEqual([]);
    // Both answers are common, and the loader alone refuses little.
    expect(agreed.loads).toBeGreaterThan(programs / 10);
    expect(agreed.blocked).toBeGreaterThan(programs / 4);
    expect([...stricter.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(programs / 10);
  });
});
