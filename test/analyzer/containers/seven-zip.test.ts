/** 7z archives made by 7-Zip itself (its WebAssembly build), by each method, and damaged ones. */

import sevenZip from "7z-wasm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { buildZip, fields } from "./build-zip.ts";
import { HARMLESS, PAYLOAD, PAYLOAD4 } from "./pickles.ts";
import { callsOf, traceBytes } from "./trace.ts";

/** Bytes with calls and jumps in them, which the x86 filter changes. */
const CODE = Uint8Array.from({ length: 5000 }, (_, index) =>
  index % 7 === 0 ? 0xe8 : index % 11 === 0 ? 0xe9 : index % 5 === 0 ? 0xff : (index * 31) & 3,
);

const FILES: Readonly<Record<string, Uint8Array>> = {
  "a.pkl": PAYLOAD,
  "folder/b.bin": Buffer.concat([
    Buffer.from("\x80\x03B", "latin1"),
    Buffer.of(0x88, 0x13, 0, 0),
    CODE,
    Buffer.from("0"),
    PAYLOAD4.subarray(2),
  ]),
  "c.txt": Buffer.from("words ".repeat(2000)),
  empty: new Uint8Array(0),
  "d.pkl": HARMLESS,
};

/** An archive of `FILES`, made by 7-Zip with these switches. */
async function archive(switches: readonly string[]): Promise<Uint8Array> {
  const module = await sevenZip({ print: () => {}, printErr: () => {} });
  for (const [name, bytes] of Object.entries(FILES)) {
    const folder = name.split("/").slice(0, -1).join("/");
    if (folder) module.FS.mkdir(folder);
    module.FS.writeFile(name, bytes);
  }
  module.callMain(["a", "-t7z", ...switches, "out.7z", ...Object.keys(FILES)]);
  return module.FS.readFile("out.7z") as Uint8Array;
}

const READ: readonly (readonly string[])[] = [
  [],
  ["-m0=LZMA2"],
  ["-m0=LZMA"],
  ["-m0=LZMA:lc=1:lp=2:pb=0"],
  ["-m0=Copy"],
  ["-m0=BZip2"],
  ["-m0=Deflate"],
  ["-m0=BCJ", "-m1=LZMA2"],
  ["-m0=BCJ", "-m1=LZMA"],
  ["-ms=off"],
  ["-mhc=off"],
  ["-mx=9"],
];

describe("methods that are read", () => {
  test.each(READ.map((switches) => ({ switches })))("$switches", async ({ switches }) => {
    const { trace, programs } = await traceFile(memorySource(await archive(switches)));
    expect(trace).toMatchObject({ container: "7z", outcome: "ok", findings: [] });
    expect(trace.pickles.map((pickle) => pickle.entry).sort()).toEqual(["a.pkl", "d.pkl", "folder/b.bin"]);
    for (const [index, { entry }] of trace.pickles.entries()) {
      expect(Buffer.compare(programs[index]!.bytes, FILES[entry!]!)).toBe(0);
    }
    expect(callsOf(trace).sort()).toEqual(["a.pkl: os.system", "folder/b.bin: os.system"]);
  });

  test("a filter over bytes that are only copied does not change those of the archive", async () => {
    const made = Buffer.from(await archive(["-m0=BCJ", "-m1=Copy"]));
    const read = Buffer.from(made);
    const { trace } = await traceFile(memorySource(read));
    expect(callsOf(trace).sort()).toEqual(["a.pkl: os.system", "folder/b.bin: os.system"]);
    expect(read.equals(made)).toBe(true);
  });
});

describe("methods that are not", () => {
  test.each([
    [["-m0=PPMd"], "PPMd"],
    [["-m0=Delta:4", "-m1=LZMA2"], "LZMA2, Delta"],
    [["-psecret"], "AES"],
    [["-psecret", "-mhe=on"], "AES"],
    [["-m0=ARM", "-m1=LZMA2"], "LZMA2, ARM"],
    [["-m0=Deflate64"], "Deflate64"],
  ])("%j: unsupported by its name, not clean", async (switches, name) => {
    const trace = await traceBytes(await archive(switches));
    expect(trace).toMatchObject({ container: "7z", outcome: "unsupported", pickles: [] });
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "7z-method", message: expect.stringContaining(name) }));
  });
});

test("BCJ2, which has four streams: unsupported by its name", async () => {
  // 7zFormat.txt: header, streams (four packed ones of a byte, one folder of one coder with four inputs), a file.
  const packInfo = [6, 0, 4, 9, 1, 1, 1, 1, 0];
  const folder = [7, 11, 1, 0, 1, 0x14, 3, 3, 1, 0x1b, 4, 1, 0, 1, 2, 3, 12, 10, 0];
  const files = [5, 1, 17, 5, 0, 0x61, 0, 0, 0, 0];
  const header = Uint8Array.from([1, 4, ...packInfo, ...folder, 0, ...files, 0]);
  const signature = Buffer.concat([Buffer.from("7z\xbc\xaf\x27\x1c\0\x04\0\0\0\0", "latin1"), fields([4, 8], [header.length, 8], [0, 4])]);
  const trace = await traceBytes(Buffer.concat([signature, Buffer.alloc(4), header]));
  expect(trace).toMatchObject({
    container: "7z",
    outcome: "unsupported",
    findings: [{ kind: "7z-method", message: expect.stringContaining("BCJ2") }],
  });
});

describe("bad input", () => {
  test("cut anywhere, it is not clean", async () => {
    const whole = await archive(["-m0=LZMA2"]);
    for (let length = 6; length < whole.length; length += 13) {
      const trace = await traceBytes(whole.subarray(0, length));
      expect(trace.container).toBe("7z");
      expect(trace.outcome).not.toBe("ok");
    }
  });

  test("damage never throws", async () => {
    const whole = await archive(["-m0=LZMA2", "-mhc=off"]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), async (changes) => {
        const damaged = Uint8Array.from(whole);
        for (const [place, value] of changes) damaged[place] = value;
        await traceBytes(damaged);
      }),
      { numRuns: 300 },
    );
  });
});

test("a 7z archive inside a zip entry is read", async () => {
  const inner = await archive(["-m0=LZMA2"]);
  const trace = await traceBytes(buildZip([{ name: "model.7z", bytes: inner }]));
  expect(callsOf(trace)).toContain("model.7z!/a.pkl: os.system");
});
