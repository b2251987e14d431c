/** Zip archives whose headers lie: every entry is read, every lie is a finding, and one bad entry ends nothing. */
import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { buildZip, fields } from "./build-zip.ts";
import { BROKEN_PAYLOAD, HARMLESS, latin1, PAYLOAD, PAYLOAD4 } from "./pickles.ts";
import { callsOf, findingsOf, traceBytes } from "./trace.ts";

describe("entries", () => {
  test("stored and deflated ones are read, whatever they are called", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "notes.txt", bytes: PAYLOAD },
        { name: "no-extension", bytes: PAYLOAD4, method: 8 },
        { name: "deep/er/image.png", bytes: PAYLOAD },
      ]),
    );
    expect(trace).toMatchObject({ container: "zip", outcome: "ok", findings: [] });
    expect(callsOf(trace)).toEqual(["notes.txt: os.system", "no-extension: os.system", "deep/er/image.png: os.system"]);
  });

  test("offsets are those in the decompressed entry", async () => {
    const trace = await traceBytes(buildZip([{ name: "a", bytes: PAYLOAD, method: 8 }]));
    expect(trace.pickles).toMatchObject([
      {
        entry: "a",
        offset: 0,
        length: PAYLOAD.length,
        facts: [
          { offset: 0, opcode: "GLOBAL" },
          { offset: 21, opcode: "REDUCE" },
        ],
      },
    ]);
  });

  test("an archive inside an archive is read, and its entries carry the path", async () => {
    const inner = buildZip([{ name: "b/data.pkl", bytes: PAYLOAD }]);
    const trace = await traceBytes(buildZip([{ name: "a.zip", bytes: inner, method: 8 }]));
    expect(callsOf(trace)).toEqual(["a.zip!/b/data.pkl: os.system"]);
  });

  test("nesting beyond the limit is unfinished, not clean", async () => {
    let nested: Uint8Array = PAYLOAD;
    for (let level = 0; level < 12; level++) nested = buildZip([{ name: "z", bytes: nested, method: 8 }]);
    const trace = await traceBytes(nested);
    expect(trace).toMatchObject({ container: "zip", outcome: "unfinished" });
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "nestedContainers" }));
  });

  test("an entry whose content nobody knows makes the archive unsupported", async () => {
    const trace = await traceBytes(buildZip([{ name: "weights", bytes: latin1("\x01\x02\x03\x04\xfe\xff\x00\x00") }]));
    expect(trace).toMatchObject({ outcome: "unsupported", failure: { kind: "unknown-content" } });
  });
});

describe("headers that disagree", () => {
  test("another name in the local header (CVE-2025-1944)", async () => {
    const trace = await traceBytes(buildZip([{ name: "data.pkl", bytes: PAYLOAD, local: { name: "datap.kl" } }]));
    expect(callsOf(trace)).toEqual(["data.pkl: os.system"]);
    expect(findingsOf(trace)).toEqual(["zip-name-differs"]);
  });

  test.each([0x1, 0x20, 0x40])("flag %i on an entry that is plain (CVE-2025-1945)", async (flags) => {
    const trace = await traceBytes(buildZip([{ name: "model/data.pkl", bytes: PAYLOAD, flags }]));
    expect(callsOf(trace)).toEqual(["model/data.pkl: os.system"]);
    expect(findingsOf(trace)).toEqual(["zip-flags"]);
    expect(trace.outcome).toBe("ok");
  });

  test("an entry that is encrypted is unsupported", async () => {
    const trace = await traceBytes(buildZip([{ name: "a", bytes: latin1("\x93\xfe\x00\x17\x88\xd1 \x02"), crc32: 7, flags: 1 }]));
    expect(trace).toMatchObject({ outcome: "unsupported", failure: { kind: "zip-encrypted" } });
  });

  test("a wrong checksum (CVE-2025-10156): Python's zipfile fails after the pickle has run", async () => {
    for (const method of [0, 8]) {
      const trace = await traceBytes(buildZip([{ name: "data.pkl", bytes: PAYLOAD, method, crc32: 1 }]));
      expect(callsOf(trace)).toEqual(["data.pkl: os.system"]);
      expect(trace).toMatchObject({ outcome: "malformed" });
      expect(findingsOf(trace)).toEqual(["zip-checksum"]);
    }
  });

  test("a method that differs: both readings are followed", async () => {
    const hidden = deflateRawSync(PAYLOAD);
    const trace = await traceBytes(
      buildZip([{ name: "data.pkl", bytes: hidden, compressed: hidden, size: PAYLOAD.length, local: { method: 8 } }]),
    );
    expect(callsOf(trace)).toEqual(["data.pkl: os.system"]);
    expect(findingsOf(trace)).toContain("zip-method-differs");
  });

  test("a size that hides the rest of the entry in the directory, and shows it in the local header", async () => {
    const bytes = Buffer.concat([HARMLESS, PAYLOAD]);
    const trace = await traceBytes(
      buildZip([
        { name: "data.pkl", bytes, compressedSize: HARMLESS.length, size: HARMLESS.length, local: { compressedSize: bytes.length } },
      ]),
    );
    expect(callsOf(trace)).toContain("data.pkl: os.system");
    expect(findingsOf(trace)).toContain("zip-compressed-size-differs");
  });

  test("several entries of one name are all read, in whatever case", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "m/data.pkl", bytes: HARMLESS },
        { name: "m/DATA.PKL", bytes: PAYLOAD },
        { name: "m/data.pkl", bytes: PAYLOAD4 },
      ]),
    );
    expect(callsOf(trace)).toEqual(["m/DATA.PKL: os.system", "m/data.pkl: os.system"]);
    expect(trace.findings.filter((finding) => finding.kind === "zip-duplicate")).toHaveLength(2);
  });

  test("no local header where the directory says: that entry is malformed, the others are read", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "a", bytes: HARMLESS, localOffset: 7 },
        { name: "b", bytes: PAYLOAD },
      ]),
    );
    expect(trace.outcome).toBe("malformed");
    expect(callsOf(trace)).toContain("b: os.system");
    expect(findingsOf(trace)).toContain("zip-no-local-header");
  });

  test("a deflated entry that breaks: what came out before is read, and the entries after it too", async () => {
    const whole = Buffer.concat([PAYLOAD, Buffer.alloc(4000, "x")]);
    const broken = deflateRawSync(whole).subarray(0, -4);
    const trace = await traceBytes(
      buildZip([
        { name: "a", bytes: whole, compressed: broken, method: 8 },
        { name: "b", bytes: PAYLOAD },
      ]),
    );
    expect(callsOf(trace)).toEqual(["a: os.system", "b: os.system"]);
    expect(trace).toMatchObject({ outcome: "malformed" });
    expect(findingsOf(trace)).toContain("stream-truncated");
  });

  test("a broken pickle ends nothing but itself", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "a", bytes: BROKEN_PAYLOAD },
        { name: "b", bytes: PAYLOAD },
      ]),
    );
    expect(callsOf(trace)).toEqual(["a: os.system", "b: os.system"]);
    expect(trace.outcome).toBe("malformed");
  });

  test("a compression method that is not read is unsupported", async () => {
    const trace = await traceBytes(buildZip([{ name: "a", bytes: PAYLOAD, compressed: PAYLOAD, method: 9 }]));
    expect(trace).toMatchObject({ outcome: "unsupported", failure: { kind: "zip-method" } });
  });

  test("an entry that reaches beyond the end of the file", async () => {
    const trace = await traceBytes(buildZip([{ name: "a", bytes: PAYLOAD, compressedSize: 1_000_000 }]));
    expect(callsOf(trace)).toEqual(["a: os.system"]);
    expect(trace.outcome).toBe("malformed");
    expect(findingsOf(trace)).toContain("zip-beyond-end");
  });
});

describe("what is around and between entries", () => {
  test("an entry that the directory does not list", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "a", bytes: HARMLESS },
        { name: "hidden", bytes: PAYLOAD, unlisted: true },
        { name: "b", bytes: HARMLESS },
      ]),
    );
    expect(callsOf(trace)).toEqual(["hidden: os.system"]);
    expect(findingsOf(trace)).toEqual(["zip-unlisted"]);
  });

  test.each([true, false])("a pickle in front of an archive, offsets counting it: %s", async (countsPrefix) => {
    const trace = await traceBytes(buildZip([{ name: "data.pkl", bytes: PAYLOAD4 }], { prefix: PAYLOAD, countsPrefix }));
    expect(callsOf(trace).sort()).toEqual(["-: os.system", "data.pkl: os.system"]);
    expect(findingsOf(trace)).toContain("polyglot");
    expect(trace.container).toBe("pickle");
    expect(trace.pickles.map((pickle) => pickle.loader)).toContain("pickle");
  });

  test("bytes behind an archive", async () => {
    const trace = await traceBytes(buildZip([{ name: "data.pkl", bytes: PAYLOAD }], { suffix: Buffer.alloc(30) }));
    expect(callsOf(trace)).toEqual(["data.pkl: os.system"]);
    expect(findingsOf(trace)).toEqual(["zip-suffix"]);
  });

  test("a second archive in the comment of the first: both are read", async () => {
    const second = buildZip([{ name: "second", bytes: PAYLOAD }]);
    const trace = await traceBytes(buildZip([{ name: "first", bytes: PAYLOAD4 }], { comment: second }));
    expect(callsOf(trace).sort()).toEqual(["first: os.system", "second: os.system"]);
    expect(findingsOf(trace)).toContain("zip-several-ends");
  });

  test("an archive whose end is missing is malformed, and what streams out of it is read", async () => {
    const whole = buildZip([
      { name: "a", bytes: PAYLOAD },
      { name: "b", bytes: PAYLOAD4, method: 8 },
    ]);
    const trace = await traceBytes(whole.subarray(0, whole.length - 30));
    expect(trace).toMatchObject({ container: "zip", outcome: "malformed", failure: { kind: "zip-no-directory" } });
    expect(callsOf(trace)).toEqual(["a: os.system", "b: os.system"]);
  });

  test("zip64 sizes and offsets", async () => {
    const trace = await traceBytes(buildZip([{ name: "data.pkl", bytes: PAYLOAD }], { zip64: true }));
    expect(callsOf(trace)).toEqual(["data.pkl: os.system"]);
    expect(findingsOf(trace)).toEqual([]);
  });

  test("an end record that counts other entries than there are", async () => {
    const trace = await traceBytes(buildZip([{ name: "data.pkl", bytes: PAYLOAD }], { entryCount: 5 }));
    expect(callsOf(trace)).toEqual(["data.pkl: os.system"]);
    expect(findingsOf(trace)).toEqual(["entry-count"]);
  });
});

test("a directory that is asked for beyond the file does not throw", async () => {
  const end = fields([0x06054b50, 4], [0, 4], [1, 2], [1, 2], [0xfffffff0, 4], [0xfffffff0, 4], [0, 2]);
  const trace = await traceBytes(Buffer.concat([latin1("PK\x03\x04"), Buffer.alloc(40), end]));
  expect(trace).toMatchObject({ container: "zip", outcome: "malformed" });
});
