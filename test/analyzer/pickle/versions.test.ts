/**
 * Where the C unpicklers of CPython 3.8 to 3.14 differ: in `_pickle.c`'s history, and in what the interpreters at hand do.
 * Both readings are taken and the worse counts: a program that some version loads is never said to break, and what it
 * does then is told. PYTHONS names more interpreters to ask, with colons between.
 */
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { runPickle } from "../../../analyzer/pickle/execution.ts";
import { Oracle } from "../../oracle/oracle.ts";
import { brief, program } from "./programs.ts";

type Version = readonly [minor: number, micro: number];

interface Difference {
  readonly name: string;
  readonly listing: string;
  /** Whether a version reads on from it. */
  readonly readsOn: (version: Version) => boolean;
  readonly divergence: string;
}

const before = (minor: number) => (version: Version) => version[0] < minor;
const from = (minor: number) => (version: Version) => version[0] >= minor;
/** Before the first fixed release of a series; all later series have the fix. */
const unlessFixed =
  (fixes: Readonly<Record<number, number>>) =>
  ([minor, micro]: Version) =>
    minor in fixes ? micro < fixes[minor]! : minor < Math.min(...Object.keys(fixes).map(Number));

/** `sys.set_int_max_str_digits` came with security releases of every series (gh-95778). */
const DIGITS = unlessFixed({ 8: 14, 9: 14, 10: 7, 11: 0 });
/** gh-154848: frames are enforced. */
const FRAMES = unlessFixed({ 13: 15, 14: 7 });

const DIFFERENCES: readonly Difference[] = [
  { name: "INT in hex, until base 10 (gh-126992)", listing: "INT 0x10", readsOn: before(14), divergence: "text-number" },
  { name: "LONG in binary, until base 10 (gh-126992)", listing: "LONG 0b11L", readsOn: before(14), divergence: "text-number" },
  { name: "INT with a leading zero, from base 10 on (gh-126992)", listing: "INT 08", readsOn: from(14), divergence: "text-number" },
  { name: "LONG with a leading zero, from base 10 on (gh-126992)", listing: "LONG 010L", readsOn: from(14), divergence: "text-number" },
  { name: "INT cut at a NUL (gh-126996)", listing: 'INT "1\\0x"', readsOn: () => true, divergence: "text-number" },
  {
    name: "LONG of more digits than are converted (gh-95778)",
    listing: `LONG ${"7".repeat(5_000)}`,
    readsOn: DIGITS,
    divergence: "text-number",
  },
  {
    name: "a line that crosses its frame (gh-154848)",
    listing: 'FRAME 3\nUNICODE "abcdef"',
    readsOn: FRAMES,
    divergence: "frame-straddled",
  },
  {
    name: "a frame within a frame (gh-154848)",
    listing: "FRAME 30\nNONE\nFRAME 1",
    readsOn: FRAMES,
    divergence: "frame-straddled",
  },
];

const AFTER = '\nPOP\nGLOBAL "os system"\nSTOP\nRAW "                              "';

function versionOf(python: string): Version {
  const words = execFileSync(python, ["-c", "import sys; print(*sys.version_info[1:3])"], { encoding: "utf8" }).trim().split(" ");
  return [Number(words[0]), Number(words[1])];
}

const interpreters = ["python3", ...(process.env.PYTHONS ?? "").split(":").filter(Boolean)];

describe.each(interpreters.map((python) => [versionOf(python), python] as const))("CPython 3.%s", (version, python) => {
  test.each(DIFFERENCES)("$name", async ({ listing, readsOn, divergence }) => {
    const bytes = program(`PROTO 4\n${listing}${AFTER}`);
    const oracle = new Oracle(python);
    const [answer] = await oracle.ask([{ program: bytes, unpickler: "memory" }]);
    oracle.close();
    expect(answer!.events.some(([kind, name]) => kind === "import" && name === "os.system")).toBe(readsOn(version));
    const facts = runPickle(bytes);
    expect(brief(facts.facts)).toEqual(["import os.system", "STOP keeps os.system"]);
    expect(facts.divergences?.map(({ kind }) => kind)).toEqual([divergence]);
  });
});
