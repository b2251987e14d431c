/** Decompressing: what comes out of whole, cut and damaged streams, and how much is let out of hostile ones. */
import { execFileSync } from "node:child_process";
import { createInflateRaw, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unbzip2 } from "../../../analyzer/containers/compressed/bzip2.ts";
import { gunzip, unzlib } from "../../../analyzer/containers/compressed/gzip.ts";
import { inflate } from "../../../analyzer/containers/compressed/inflate.ts";
import { unlz4 } from "../../../analyzer/containers/compressed/lz4.ts";
import { unlzma } from "../../../analyzer/containers/compressed/lzma.ts";
import { Output } from "../../../analyzer/containers/compressed/output.ts";
import { undoX86Filter } from "../../../analyzer/containers/compressed/x86-filter.ts";
import { unxz } from "../../../analyzer/containers/compressed/xz.ts";
import { unzstd } from "../../../analyzer/containers/compressed/zstd.ts";
import { crc32 } from "../../../analyzer/containers/crc32.ts";
import { buildZip, fields } from "./build-zip.ts";
import { HARMLESS, PAYLOAD } from "./pickles.ts";
import { callsOf, traceBytes } from "./trace.ts";

const MOST = 2 ** 24;

function written(out: Output): Uint8Array {
  return Buffer.concat(out.pieces);
}

/** Text and noise in turns, so that every kind of block and match occurs. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.tuple(fc.string({ maxLength: 20 }), fc.nat(400)).map(([text, times]) => Buffer.from(text.repeat(times))),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));

describe("deflate", () => {
  test("gives back what zlib compressed, at any level", () => {
    fc.assert(
      fc.property(content, fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 }), (bytes, level, memLevel) => {
        const compressed = deflateRawSync(bytes, { level, memLevel });
        const out = new Output(MOST);
        expect(inflate(compressed, 0, out)).toEqual({ consumed: compressed.length });
        expect(Buffer.compare(written(out), bytes)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test("cut anywhere, gives back a beginning of it, and says that it was cut", () => {
    fc.assert(
      fc.property(content, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (bytes, share) => {
        const compressed = deflateRawSync(bytes);
        const out = new Output(MOST);
        const end = inflate(compressed.subarray(0, Math.floor(compressed.length * share)), 0, out);
        expect(end.failure?.kind).toBe("truncated");
        const came = written(out);
        expect(Buffer.compare(came, bytes.subarray(0, came.length))).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test("of a damaged stream, gives at least what zlib gives before it stops", async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), async (bytes, changes) => {
        const compressed = deflateRawSync(bytes);
        for (const [place, value] of changes) compressed[place % compressed.length] = value;
        const out = new Output(MOST);
        inflate(compressed, 0, out);
        const theirs = await inflatedByZlib(compressed);
        expect(Buffer.compare(written(out).subarray(0, theirs.length), theirs)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

/** What zlib hands on of a stream before it fails, in the smallest steps it can be made to take. */
function inflatedByZlib(compressed: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const stream = createInflateRaw({ chunkSize: 64 });
    const pieces: Uint8Array[] = [];
    stream.on("data", (piece: Uint8Array) => pieces.push(piece));
    stream.on("end", () => resolve(Buffer.concat(pieces)));
    stream.on("error", () => resolve(Buffer.concat(pieces)));
    stream.end(compressed);
  });
}

const DECODERS = {
  inflate: (input: Uint8Array, out: Output) => inflate(input, 0, out),
  gunzip,
  unzlib: (input: Uint8Array, out: Output) => unzlib(input, 0, out),
  unbzip2,
  unxz,
  unlzma,
  unlz4,
  unzstd,
};

function packed(program: string, ...flags: readonly string[]): Uint8Array {
  return execFileSync(program, [...flags, "-c"], {
    input: Buffer.concat([PAYLOAD, Buffer.from("some text ".repeat(3000))]),
    stdio: ["pipe", "pipe", "ignore"],
  });
}

const STREAMS: Readonly<Record<string, () => Uint8Array>> = {
  gunzip: () => gzipSync(PAYLOAD),
  unbzip2: () => packed("bzip2"),
  unxz: () => packed("xz"),
  unlzma: () => packed("xz", "--format=lzma"),
  unlz4: () => packed("lz4"),
  unzstd: () => packed("zstd"),
};

describe("damage", () => {
  test.each(Object.entries(DECODERS))("%s never throws, and stays within its limit", (name, decode) => {
    const whole = STREAMS[name]?.() ?? deflateRawSync(PAYLOAD);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc
            .tuple(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(whole.length))
            .map(([changes, length]) => {
              const damaged = Uint8Array.from(whole).subarray(0, length);
              for (const [place, value] of changes) if (place < length) damaged[place] = value;
              return damaged;
            }),
        ),
        (input) => {
          const out = new Output(2 ** 20);
          const { consumed } = decode(input, out);
          expect(out.length).toBeLessThanOrEqual(2 ** 20);
          expect(consumed).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 400 },
    );
  });

  test.each(Object.keys(STREAMS))("what %s gives before a break is what was put in", (name) => {
    const decode = DECODERS[name as keyof typeof DECODERS];
    const stream = STREAMS[name]!();
    const whole = new Output(MOST);
    expect(decode(stream, whole).failure).toBeUndefined();
    const expected = written(whole);
    for (let length = 0; length < stream.length; length += Math.max(1, Math.floor(stream.length / 50))) {
      const out = new Output(MOST);
      decode(stream.subarray(0, length), out);
      const came = written(out);
      expect(Buffer.compare(came, expected.subarray(0, came.length))).toBe(0);
    }
  });
});

describe("in a file", () => {
  test("a call before the stream breaks is a fact, and the file is malformed", async () => {
    const stream = gzipSync(Buffer.concat([PAYLOAD, Buffer.alloc(10_000, "x")]), { level: 0 });
    const trace = await traceBytes(stream.subarray(0, 5000));
    expect(trace).toMatchObject({ container: "gzip", outcome: "malformed", failure: { kind: "stream-truncated" } });
    expect(callsOf(trace)).toEqual(["gzip: os.system"]);
  });

  test("a checksum that is wrong makes the file malformed", async () => {
    const stream = gzipSync(PAYLOAD);
    stream[stream.length - 8]! ^= 1;
    const trace = await traceBytes(stream);
    expect(trace).toMatchObject({ outcome: "malformed", failure: { kind: "stream-checksum" } });
    expect(callsOf(trace)).toEqual(["gzip: os.system"]);
  });

  test.each([
    ["xz", "lzma"],
    ["lzma", "xz"],
  ])("evasion: behind an empty %s stream one of %s, which Python's lzma reads on", async (container, other) => {
    const nothing = execFileSync("xz", [`--format=${container}`, "-c"], { input: "", stdio: ["pipe", "pipe", "ignore"] });
    const trace = await traceBytes(Buffer.concat([nothing, packed("xz", `--format=${other}`)]));
    expect(trace).toMatchObject({ container, outcome: "unsupported", failure: { kind: "stream-mixed" } });
  });

  test.each(["16", "+0x_16", "0x16L"])(
    "evasion: a Z-file of joblib's whose length is spelled %s, with an archive behind it",
    async (length) => {
      const archive = buildZip([{ name: "a.pkl", bytes: HARMLESS }]);
      const trace = await traceBytes(Buffer.concat([Buffer.from(`ZF${length.padEnd(19)}`), deflateSync(PAYLOAD), archive]));
      expect(callsOf(trace)).toEqual(["joblib-zfile: os.system"]);
    },
  );

  test("zeros without end are cut by their ratio, and what came before them is run", async () => {
    for (const [program, flags] of [
      ["xz", []],
      ["bzip2", []],
      ["zstd", ["-19"]],
    ] as const) {
      const bomb = execFileSync(program, [...flags, "-c"], {
        input: Buffer.concat([PAYLOAD, Buffer.alloc(80 * 2 ** 20)]),
        maxBuffer: 2 ** 26,
      });
      const trace = await traceBytes(bomb);
      expect(trace.outcome).toBe("unfinished");
      expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "inflationRatio" }));
      expect(callsOf(trace)).toHaveLength(1);
    }
  });

  test("a file that only begins like a zlib stream or like LZMA is not one", async () => {
    expect(await traceBytes(Buffer.from("x^2 + y^2 = z^2, and so on\n"))).toMatchObject({ container: "text" });
  });
});

test("CRC-32 is zip's, in any pieces", () => {
  expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 100 }), (a, b) => {
      expect(crc32(b, crc32(a))).toBe(crc32(Buffer.concat([a, b])));
    }),
  );
});

test("the x86 filter turns a call's target from absolute to relative", () => {
  const bytes = Buffer.concat([Buffer.alloc(16, 0x90), Buffer.of(0xe8), fields([16 + 5 + 0x1234, 4]), Buffer.alloc(8, 0x90)]);
  undoX86Filter(bytes);
  expect(bytes.readUInt32LE(17)).toBe(0x1234);
});
