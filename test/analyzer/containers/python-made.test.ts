/**
 * Files made by the real joblib, numpy, torch, zipfile, tarfile, and by the programs lz4, xz, bzip2 and zstd: what is
 * extracted equals, byte for byte, what Python says lies there, and every pickle runs to its STOP.
 */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import type { TracedFile } from "../../../analyzer/containers/trace.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { makeFiles, whyNotMade } from "./python-files.ts";
import { findingsOf } from "./trace.ts";

const why = whyNotMade();
if (why) console.warn(`files made by Python are not tested: ${why}`);
const made = why ? null : makeFiles();
afterAll(() => made?.remove());

/** Every byte of every program is the one that the content has at that place, and the last program ends with its content. */
function expectSameBytes({ trace, programs }: TracedFile, contentOf: (entry: string | null) => Uint8Array): void {
  for (const [index, pickle] of trace.pickles.entries()) {
    const content = contentOf(pickle.entry);
    const { bytes, segments } = programs[index]!;
    for (const [number, { at, offset }] of segments.entries()) {
      const end = segments[number + 1]?.at ?? bytes.length;
      expect(Buffer.compare(bytes.subarray(at, end), content.subarray(offset, offset + end - at))).toBe(0);
    }
    expect(content[pickle.offset + pickle.length - 1], "a program ends with STOP").toBe(0x2e);
  }
}

describe.skipIf(made === null)("made by Python", () => {
  test.each(made?.files ?? [])("$file", async ({ file, container, contents, pickles, findings }) => {
    const traced = await traceFile(memorySource(made!.read(file)));
    const { trace } = traced;
    expect(trace).toMatchObject({ container, outcome: "ok" });
    expect(findingsOf(trace)).toEqual(findings);
    expect(trace.pickles).toHaveLength(pickles);
    expect([...new Set(trace.pickles.map((pickle) => pickle.entry ?? ""))].sort()).toEqual(
      pickles === 0 ? [] : Object.keys(contents).sort(),
    );
    expectSameBytes(traced, (entry) => made!.read(contents[entry ?? ""]!));
    if (["npy", "torch-legacy", "torch-tar"].includes(container) || findings.length > 0) return;
    const ends = new Map<string, number>();
    for (const { entry, offset, length } of trace.pickles) ends.set(entry ?? "", Math.max(ends.get(entry ?? "") ?? 0, offset + length));
    for (const [entry, end] of ends) expect(end, "the last program ends with its content").toBe(made!.read(contents[entry]!).length);
  });
});

/** Programs, and sets of flags that change the format of what they write. */
const PROGRAMS: readonly (readonly [program: string, container: string, variants: readonly (readonly string[])[]])[] = [
  [
    "lz4",
    "lz4",
    [
      [],
      ["-9"],
      ["-12"],
      ["--fast=5"],
      ["-B4"],
      ["-B5"],
      ["-B6"],
      ["-B7"],
      ["-BD"],
      ["-BI"],
      ["-BX"],
      ["-BD", "-BX", "-B4", "--content-size", "-9"],
      ["--no-frame-crc"],
      ["--content-size"],
      ["--no-sparse"],
    ],
  ],
  [
    "xz",
    "xz",
    [[], ["-0"], ["-9e"], ["--check=none"], ["--check=crc32"], ["--check=sha256"], ["--block-size=50000"], ["--lzma2=lc=0,lp=4,pb=4"]],
  ],
  ["xz", "lzma", [["--format=lzma"], ["--format=lzma", "-0"], ["--format=lzma", "--lzma1=lc=1,lp=2,pb=0"]]],
  ["bzip2", "bzip2", [[], ["-1"], ["-9"]]],
  ["gzip", "gzip", [[], ["-1"], ["-9"], ["-n"]]],
  ["zstd", "zstd", [[], ["-1"], ["-19"], ["--ultra", "-22"], ["--no-check"], ["--fast=3"], ["--long=27"], ["--no-content-size"]]],
];

describe.skipIf(made === null)("compressed by programs", () => {
  for (const [program, container, variants] of PROGRAMS) {
    const missing = !existsSync(`/usr/bin/${program}`) && !existsSync(`/bin/${program}`);
    if (missing) console.warn(`${program} is not tested: it is not installed`);
    describe.skipIf(missing)(program, () => {
      test.each(variants.map((flags) => ({ flags })))("$flags", async ({ flags }) => {
        for (const name of ["program.pkl", "model.joblib"]) {
          const packed = execFileSync(program, [...flags, "-c", made!.path(name)], {
            maxBuffer: 2 ** 26,
            stdio: ["ignore", "pipe", "ignore"],
          });
          const traced = await traceFile(memorySource(packed));
          expect(traced.trace).toMatchObject({ container, outcome: "ok", findings: [], pickles: [{ entry: container, offset: 0 }] });
          expectSameBytes(traced, () => made!.read(name));
          expect(traced.trace.pickles[0]!.length).toBe(made!.read(name).length);
        }
      });
    });
  }

  test("what one program compressed and another packed again", async () => {
    const inner = execFileSync("bzip2", ["-c", made!.path("program.pkl")]);
    writeFileSync(made!.path("inner.bz2"), inner);
    const outer = execFileSync("xz", ["-c", made!.path("inner.bz2")], { maxBuffer: 2 ** 26 });
    const { trace } = await traceFile(memorySource(outer));
    expect(trace).toMatchObject({ container: "xz", outcome: "ok", pickles: [{ entry: "xz!/bzip2" }] });
  });
});
