/**
 * Compressed streams as their own programs write them: filters, frames of every kind, one after another, one inside
 * another, with something behind; and those that are not read here, each named and never clean.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import sevenZip from "7z-wasm";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { unlz4 } from "../../../analyzer/containers/compressed/lz4.ts";
import { Output } from "../../../analyzer/containers/compressed/output.ts";
import { unxz } from "../../../analyzer/containers/compressed/xz.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { buildZip, fields } from "./build-zip.ts";
import { HARMLESS, latin1, PAYLOAD, PAYLOAD4 } from "./pickles.ts";
import { callsOf, findingsOf, traceBytes } from "./trace.ts";

function run(program: string, flags: readonly string[], input: Uint8Array): Buffer {
  return execFileSync(program, [...flags, "-c"], { input, maxBuffer: 2 ** 27, stdio: ["pipe", "pipe", "ignore"] });
}

const has = (program: string): boolean => existsSync(`/usr/bin/${program}`) || existsSync(`/bin/${program}`);
const MISSING = ["xz", "lz4", "zstd", "bzip2", "gzip"].filter((program) => !has(program));
if (MISSING.length > 0) console.warn(`compressed streams are not tested: ${MISSING.join(", ")} not installed`);

/** Noise in which instructions of every architecture's branches are common. */
const CODE = Buffer.alloc(60_000);
for (let at = 0, seed = 1; at < CODE.length; at++) {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  CODE[at] = seed >>> 16;
}
const BRANCHES = [0xe8, 0xe9, 0xeb, 0x48, 0x49, 0x40, 0x7f, 0xf0, 0xf8, 0x94, 0x97, 0x90, 0xb0, 0x10, 0x11, 0x16, 0x00, 0xff];
for (let at = 0; at < CODE.length; at += 4) {
  CODE[at + (CODE[at]! & 3)] = BRANCHES[CODE[at + 1]! % BRANCHES.length]!;
  if (CODE[at + 2]! & 1) CODE[at + 3] = BRANCHES[CODE[at + 1]! % BRANCHES.length]!;
  if (CODE[at + 2]! % 3 === 0) CODE[at] = 0x48;
}

describe.skipIf(MISSING.length > 0)("xz's filters", () => {
  const filters = [
    ["--x86"],
    ["--powerpc"],
    ["--ia64"],
    ["--arm"],
    ["--armthumb"],
    ["--sparc"],
    ["--arm64"],
    ["--x86=start=4096"],
    ["--arm=start=512"],
    ["--delta=dist=1"],
    ["--delta=dist=256"],
    ["--delta=dist=4", "--x86"],
    ["--x86", "--delta=dist=2", "--arm"],
  ].filter((flags) => flags[0] !== "--arm64" || MISSING.includes("xz") || execFileSync("xz", ["-H"]).includes("--arm64"));

  test.each(filters.map((flags) => ({ flags })))("$flags", ({ flags }) => {
    const packed = run("xz", [...flags, "--lzma2"], CODE);
    const out = new Output(2 ** 22);
    expect(unxz(packed, out).failure).toBeUndefined();
    expect(Buffer.compare(Buffer.concat(out.pieces), CODE)).toBe(0);
    // Had the filter changed nothing, nothing would have been tested.
    expect(packed.length).not.toBe(run("xz", ["--lzma2"], CODE).length);
  });

  test("in blocks, and of bytes that nobody chose", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.constantFrom(...filters), (bytes, flags) => {
        const out = new Output(2 ** 20);
        expect(unxz(run("xz", [...flags, "--lzma2", "--block-size=700"], bytes), out).failure).toBeUndefined();
        expect(Buffer.compare(Buffer.concat(out.pieces), bytes)).toBe(0);
      }),
      { numRuns: 25 },
    );
  });
});

describe.skipIf(MISSING.length > 0)("frames", () => {
  const skipped = Buffer.concat([fields([0x184d2a53, 4], [5, 4]), latin1("notes")]);

  test("of lz4's legacy format, one after another and before a frame of today", () => {
    const long = Buffer.concat([CODE, Buffer.alloc(9 * 2 ** 20, "words ")]);
    const legacy = run("lz4", ["-l"], long);
    const out = new Output(2 ** 26);
    const all = Buffer.concat([legacy, run("lz4", ["-l"], PAYLOAD), run("lz4", [], PAYLOAD)]);
    expect(unlz4(all, out)).toEqual({ consumed: all.length });
    expect(Buffer.compare(Buffer.concat(out.pieces), Buffer.concat([long, PAYLOAD, PAYLOAD]))).toBe(0);
  });

  test.each([
    ["lz4", ["-l"]],
    ["lz4", []],
    ["zstd", []],
  ] as const)("that are to be skipped lie before those of %s %j: they are", async (program, flags) => {
    const trace = await traceBytes(Buffer.concat([skipped, skipped, run(program, flags, PAYLOAD)]));
    expect(trace).toMatchObject({ container: program, outcome: "ok", findings: [] });
    expect(callsOf(trace)).toEqual([`${program}: os.system`]);
  });

  test.each(["gzip", "bzip2", "xz", "lz4", "zstd"])("of %s one after another are one content", async (program) => {
    const parts = [PAYLOAD4.subarray(0, 9), PAYLOAD4.subarray(9)].map((part) => run(program, [], part));
    const trace = await traceBytes(Buffer.concat(parts));
    expect(trace).toMatchObject({ container: program, outcome: "ok", findings: [] });
    expect(callsOf(trace)).toEqual([`${program}: os.system`]);
  });

  test("of .lzma one after another are one content, as for Python's lzma", async () => {
    const parts = [PAYLOAD4.subarray(0, 9), PAYLOAD4.subarray(9)].map((part) => run("xz", ["--format=lzma"], part));
    expect(callsOf(await traceBytes(Buffer.concat(parts)))).toEqual(["lzma: os.system"]);
  });

  test("of xz with padding between and behind them", async () => {
    const parts = [PAYLOAD4.subarray(0, 9), PAYLOAD4.subarray(9)].map((part) => run("xz", [], part));
    const trace = await traceBytes(Buffer.concat([parts[0]!, Buffer.alloc(8), parts[1]!, Buffer.alloc(4)]));
    expect(trace).toMatchObject({ container: "xz", outcome: "ok", findings: [] });
    expect(callsOf(trace)).toEqual(["xz: os.system"]);
  });

  test.each([
    ["gzip", []],
    ["bzip2", []],
    ["xz", []],
    ["xz", ["--format=lzma"]],
    ["lz4", []],
    ["zstd", []],
  ] as const)("of %s %j with something behind: a finding, or broken, and what was before is run", async (program, flags) => {
    const trace = await traceBytes(Buffer.concat([run(program, flags, PAYLOAD), latin1("\x07something else")]));
    expect(trace.findings.map(({ kind }) => kind)).toContainEqual(expect.stringMatching(/^(trailing-bytes|stream-.*)$/));
    expect(callsOf(trace)).toHaveLength(1);
  });
});

describe.skipIf(MISSING.length > 0)("one inside another", () => {
  const packers: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
    gzip: (bytes) => run("gzip", [], bytes),
    bzip2: (bytes) => run("bzip2", [], bytes),
    xz: (bytes) => run("xz", [], bytes),
    lzma: (bytes) => run("xz", ["--format=lzma"], bytes),
    lz4: (bytes) => run("lz4", [], bytes),
    zstd: (bytes) => run("zstd", [], bytes),
    zlib: (bytes) => deflateSync(bytes),
  };
  const pairs = Object.keys(packers).flatMap((outer) => Object.keys(packers).map((inner) => ({ outer, inner })));

  test.each(pairs)("$inner in $outer", async ({ outer, inner }) => {
    const { trace, programs } = await traceFile(memorySource(packers[outer]!(packers[inner]!(Buffer.concat([PAYLOAD, HARMLESS])))));
    expect(trace).toMatchObject({ container: outer, outcome: "ok", findings: [] });
    expect(trace.pickles.map(({ entry }) => entry)).toEqual([`${outer}!/${inner}`, `${outer}!/${inner}`]);
    expect(Buffer.compare(programs[0]!.bytes, PAYLOAD)).toBe(0);
  });
});

/** A zip made by 7-Zip with these switches. */
async function zipOf7Zip(switches: readonly string[]): Promise<Uint8Array> {
  const module = await sevenZip({ print: () => {}, printErr: () => {} });
  module.FS.writeFile("a.pkl", Buffer.concat([PAYLOAD, Buffer.alloc(40_000, "words, and more of them. ")]));
  module.callMain(["a", "-tzip", ...switches, "out.zip", "a.pkl"]);
  return module.FS.readFile("out.zip") as Uint8Array;
}

describe("what is not read is named, and is not clean", () => {
  test.each([
    [["-mm=Deflate64"], "zip-method", "compression method 9 (Deflate64)"],
    [["-mm=PPMd"], "zip-method", "compression method 98 (PPMd)"],
    [["-psecret", "-mem=AES256"], "zip-method", "compression method 99 (encrypted with AES)"],
    [["-psecret", "-mem=ZipCrypto"], "zip-encrypted", "encrypted"],
  ])("a zip made with %j", async (switches, kind, words) => {
    const trace = await traceBytes(await zipOf7Zip(switches));
    expect(trace).toMatchObject({ container: "zip", outcome: "unsupported", pickles: [] });
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind, message: expect.stringContaining(words) }));
  });

  test.each([
    [["-mm=BZip2"], "bzip2"],
    [["-mm=LZMA"], "LZMA"],
  ])("while a zip made with %j is, as by Python's zipfile (%s)", async (switches) => {
    expect(callsOf(await traceBytes(await zipOf7Zip(switches)))).toEqual(["a.pkl: os.system"]);
  });

  test("a zlib stream with a preset dictionary", async () => {
    const stream = deflateSync(PAYLOAD, { dictionary: Buffer.from("os system true") });
    expect(await traceBytes(stream)).toMatchObject({
      container: "zlib",
      outcome: "unsupported",
      findings: [{ kind: "stream-unsupported", message: expect.stringContaining("preset dictionary") }],
    });
  });

  test("an xz filter of tomorrow", async () => {
    const header = Buffer.concat([latin1("\x02\x01"), latin1("\x3f\x00\x21\x01\x16"), Buffer.alloc(1), Buffer.alloc(4)]);
    const stream = Buffer.concat([latin1("\xfd7zXZ\0\0\x00"), Buffer.alloc(4), header, Buffer.alloc(40)]);
    const trace = await traceBytes(stream);
    expect(trace).toMatchObject({ container: "xz", outcome: "unsupported" });
    expect(trace.findings).toContainEqual(
      expect.objectContaining({ kind: "stream-unsupported", message: expect.stringContaining("filter 63") }),
    );
    expect(await traceBytes(buildZip([{ name: "a.xz", bytes: stream }]))).toMatchObject({ container: "zip", outcome: "unsupported" });
  });

  const folder = mkdtempSync(join(tmpdir(), "streams-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.skipIf(MISSING.length > 0)("a zstd frame made with a dictionary", async () => {
    const samples = Array.from(
      { length: 300 },
      (_, index) => `sample ${index} of ${(index * 7919) % 1000} words that repeat in every sample\n`,
    );
    const paths = samples.map((text, index) => {
      const path = join(folder, `sample-${index}`);
      writeFileSync(path, text.repeat(5));
      return path;
    });
    const dictionary = join(folder, "dictionary");
    execFileSync("zstd", ["--train", ...paths, "-o", dictionary, "--maxdict=4096"], { stdio: "ignore" });
    const trace = await traceBytes(run("zstd", ["-D", dictionary], PAYLOAD));
    expect(trace).toMatchObject({ container: "zstd", outcome: "unsupported", pickles: [] });
    expect(findingsOf(trace)).toContain("stream-unsupported");
    expect(trace.failure?.message).toMatch(/needs the dictionary [1-9][0-9]*$/);
  });

  test.skipIf(MISSING.length > 0)("an lz4 frame made with a dictionary is broken without it", async () => {
    const dictionary = join(folder, "lz4-dictionary");
    writeFileSync(dictionary, PAYLOAD);
    const trace = await traceBytes(run("lz4", ["-D", dictionary], Buffer.concat([HARMLESS, PAYLOAD])));
    expect(trace.outcome).not.toBe("ok");
    expect(trace.findings.map(({ message }) => message).join()).toContain("lz4");
  });

  test.each([
    ["Compress", "\x1f\x9d\x90abc"],
    ["RAR", "Rar!\x1a\x07\x01\x00abc"],
    ["a cabinet", "MSCF\0\0\0\0abc"],
    ["lzip", "LZIP\x01\x0cabc"],
    ["lzop", "\x89LZO\0\r\n\x1a\nabc"],
    ["snappy", "\xff\x06\0\0sNaPpYabc"],
    ["brotli", "\xce\xb2\xcf\x81abc"],
  ])("%s", async (_, bytes) => {
    expect(await traceBytes(latin1(bytes + "\xfe\xff".repeat(50)))).toMatchObject({
      outcome: "unsupported",
      findings: [{ kind: "unknown-content" }],
    });
  });
});
