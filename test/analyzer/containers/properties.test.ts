/** What holds for every file: how it is brought changes nothing, and damage gives an outcome, never an exception. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countingSource } from "../../../analyzer/bytes/counting-source.ts";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { CONTAINERS } from "../../../analyzer/containers/containers.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { VIRTUAL_FILES, WHOLE_FORMATS } from "../../bench/virtual-files.ts";
import { COMPRESSED_FILES } from "../../bench/virtual-streams.ts";
import { buildZip, fields } from "./build-zip.ts";
import { BROKEN_PAYLOAD, HARMLESS, latin1, PAYLOAD, PAYLOAD4 } from "./pickles.ts";

const MODELS = fileURLToPath(new URL("../../fixtures/models", import.meta.url));

/** Real model files, none of them large. */
function modelFiles(): [string, Uint8Array][] {
  if (!existsSync(MODELS)) return [];
  return readdirSync(MODELS, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(MODELS, name)).isFile() && statSync(join(MODELS, name)).size < 100_000)
    .map((name) => [name, readFileSync(join(MODELS, name))]);
}

const BUILT: [string, Uint8Array][] = [
  [
    "zip",
    buildZip([
      { name: "a.pkl", bytes: PAYLOAD },
      { name: "m/data.pkl", bytes: HARMLESS, method: 8 },
    ]),
  ],
  ["zip64", buildZip([{ name: "m/data.pkl", bytes: PAYLOAD4 }], { zip64: true })],
  ["zip in zip", buildZip([{ name: "z", bytes: buildZip([{ name: "a", bytes: BROKEN_PAYLOAD }]) }])],
  ["pickle and zip", Buffer.concat([HARMLESS, buildZip([{ name: "a", bytes: PAYLOAD }])])],
  ["gzip", gzipSync(Buffer.concat([PAYLOAD, HARMLESS]))],
  ["deflate in zip", buildZip([{ name: "a", bytes: PAYLOAD, compressed: deflateRawSync(PAYLOAD), method: 8 }])],
];

/** A small file of every format; what compresses is run on a small pickle. */
const SMALL: [string, Uint8Array][] = [];
for (const [format, build] of Object.entries(VIRTUAL_FILES)) {
  if (format in COMPRESSED_FILES) continue;
  const content = await build(4000);
  SMALL.push([`${format}, small`, await content.read(0, content.size)]);
}
for (const [program, ...flags] of ["gzip", "bzip2", "xz", "xz --x86 --lzma2", "xz --format=lzma", "lz4", "lz4 -l", "zstd"].map((line) =>
  line.split(" "),
)) {
  if (!existsSync(`/usr/bin/${program}`) && !existsSync(`/bin/${program}`)) continue;
  const input = Buffer.concat([PAYLOAD, HARMLESS, Buffer.from("words ".repeat(100))]);
  SMALL.push([[program, ...flags].join(" "), execFileSync(program!, [...flags, "-c"], { input, stdio: ["pipe", "pipe", "ignore"] })]);
}

const FILES = [...BUILT, ...SMALL, ...modelFiles()];

/** Constants that are left out, between opcodes of more than one step; and the same in an archive. */
const constants = Buffer.concat(
  [5e6, 3e6, 9e6].flatMap((length) => [latin1("\x80\x04\x8e"), fields([length, 8]), Buffer.alloc(length, "z"), latin1("0N0".repeat(2000))]),
);
const LARGE: [string, Uint8Array][] = [
  ["constants of megabytes", Buffer.concat([constants, PAYLOAD])],
  ["constants of megabytes in a zip", buildZip([{ name: "a", bytes: Buffer.concat([constants, PAYLOAD]), method: 8 }])],
];

describe("how a file is brought changes nothing of what is found", () => {
  test.each([...FILES, ...LARGE])("%s", async (_, bytes) => {
    const { trace: expected, programs } = await traceFile(memorySource(bytes));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5000 }), async (step) => {
        const again = await traceFile(memorySource(bytes), step);
        expect(again.trace).toEqual(expected);
        for (const [index, program] of programs.entries()) {
          expect(again.programs[index]!.segments).toEqual(program.segments);
          expect(Buffer.compare(again.programs[index]!.bytes, program.bytes)).toBe(0);
        }
      }),
      { numRuns: 4 },
    );
  });

  test("nor does the size of the file that is not read", async () => {
    for (const [format, build] of Object.entries(VIRTUAL_FILES)) {
      if (WHOLE_FORMATS.has(format)) continue;
      const small = await traceFile(await build(2e8), 1000);
      const large = await traceFile(countingSource(await build(3e9)), 777);
      expect(large.trace.pickles.map((pickle) => pickle.facts.length)).toEqual(small.trace.pickles.map((pickle) => pickle.facts.length));
    }
  });
});

describe("damage gives an outcome, never an exception", () => {
  test("of any file: bytes changed, taken out, put in, and the end cut off", async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(FILES.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom("change", "cut", "remove", "insert", "copy")), {
          minLength: 1,
          maxLength: 5,
        }),
        async (index, damages) => {
          let bytes: Uint8Array = Uint8Array.from(FILES[index]![1]);
          for (const [place, value, damage] of damages) {
            if (bytes.length === 0) break;
            // Headers and directories lie at the ends: half of the damage goes there.
            const span = Math.min(bytes.length, 300);
            const at = place % 4 === 0 ? place % span : place % 4 === 1 ? bytes.length - 1 - (place % span) : place % bytes.length;
            if (damage === "change") bytes[at] = value & 255;
            else if (damage === "cut") bytes = bytes.slice(0, at);
            else if (damage === "remove") bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + (value % 40))]);
            else if (damage === "insert")
              bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(value % 40, value & 255), bytes.subarray(at)]);
            else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + (value % 60)), bytes.subarray(at)]);
          }
          const { trace, programs } = await traceFile(memorySource(bytes));
          kinds.add(trace.outcome);
          expect(Object.keys(CONTAINERS)).toContain(trace.container);
          expect(programs).toHaveLength(trace.pickles.length);
          // Everything of a trace can be stored and sent.
          expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
        },
      ),
      { numRuns: 1500 },
    );
    expect([...kinds]).toEqual(expect.arrayContaining(["malformed", "ok", "unsupported"]));
  });

  test("of noise behind any magic number", async () => {
    const magics = [
      "PK\x03\x04",
      "PK\x05\x06",
      "\x1f\x8b\x08\x00",
      "x\x9c",
      "BZh91AY&SY",
      "\xfd7zXZ\0\0\x04",
      "]\0\0\x80\0",
      "\x04\x22\x4d\x18",
      "\x28\xb5\x2f\xfd",
      "7z\xbc\xaf\x27\x1c\0\x04",
      "\x93NUMPY\x01\0",
      "ZF0x",
      "\x80\x04",
      "GGUF",
      "(dp0\n",
      "\x8a\x0alüœF",
      "\x02\x21\x4c\x18",
      "\x50\x2a\x4d\x18\x02\0\0\0ab\x28\xb5\x2f\xfd",
      "\xfd7zXZ\0\0\x00\xff\x12\xd9\x41\x02\x01\x04\x00\x21\x01\x16\0",
      "\x89HDF\r\n\x1a\n",
      "version https://git-lfs.github.com/spec/v1\n",
      "\x08\x07\x12\x07pytorch",
      "TFL3",
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 400 }), async (magic, noise) => {
        const { trace } = await traceFile(memorySource(Buffer.concat([Buffer.from(magic, "latin1"), noise])));
        expect(Object.keys(CONTAINERS)).toContain(trace.container);
      }),
      { numRuns: 1500 },
    );
  });
});
