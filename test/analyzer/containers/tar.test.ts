/** Tars whose headers lie; what Python's own tarfile writes is tested in python-made.test.ts. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../analyzer/limits.ts";
import { buildZip } from "./build-zip.ts";
import { HARMLESS, latin1, PAYLOAD } from "./pickles.ts";
import { callsOf, findingsOf, traceBytes } from "./trace.ts";

interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type?: string;
  readonly size?: string;
}

/** A tar of members; `size` replaces the field as written. */
function tar(members: readonly Member[], end = Buffer.alloc(1024)): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name, bytes, type = "0", size } of members) {
    const header = Buffer.alloc(512);
    header.write(name, "latin1");
    header.write(size ?? bytes.length.toString(8).padStart(11, "0"), 124, "latin1");
    header.write(" ".repeat(8), 148);
    header.write(type, 156);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    parts.push(header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  return Buffer.concat([...parts, end]);
}

describe("members", () => {
  test("are read whatever they are called", async () => {
    const trace = await traceBytes(
      tar([
        { name: "a.txt", bytes: PAYLOAD },
        { name: "b", bytes: HARMLESS },
      ]),
    );
    expect(trace).toMatchObject({ container: "tar", outcome: "ok", findings: [] });
    expect(callsOf(trace)).toEqual(["a.txt: os.system"]);
  });

  test("an archive without its end is one all the same, as for Python", async () => {
    expect(callsOf(await traceBytes(tar([{ name: "a", bytes: PAYLOAD }], Buffer.alloc(0))))).toEqual(["a: os.system"]);
  });

  test("what lies behind the end is not read by Python, and does not matter", async () => {
    const trace = await traceBytes(
      tar([{ name: "a", bytes: HARMLESS }], Buffer.concat([Buffer.alloc(1024), tar([{ name: "b", bytes: PAYLOAD }])])),
    );
    expect(trace.outcome).toBe("ok");
  });

  test("a size in base 256", async () => {
    const size = `\x80${"\0".repeat(9)}\x00${String.fromCharCode(PAYLOAD.length)}`;
    expect(callsOf(await traceBytes(tar([{ name: "a", bytes: PAYLOAD, size }])))).toEqual(["a: os.system"]);
  });

  test("a size that a pax header overrides", async () => {
    const record = `14 size=${PAYLOAD.length.toString().padStart(4, "0")}\n`;
    expect(record).toHaveLength(13);
    const pax = { name: "pax", bytes: latin1(record.replace("14", "13")), type: "x" };
    const trace = await traceBytes(tar([pax, { name: "a", bytes: PAYLOAD, size: "0".repeat(11) }]));
    expect(callsOf(trace)).toEqual(["a: os.system"]);
  });

  test("links and folders hold nothing", async () => {
    const trace = await traceBytes(
      tar([
        { name: "folder/", bytes: Buffer.alloc(0), type: "5" },
        { name: "link", bytes: Buffer.alloc(0), type: "2" },
        { name: "a", bytes: PAYLOAD },
      ]),
    );
    expect(trace.outcome).toBe("ok");
    expect(callsOf(trace)).toEqual(["a: os.system"]);
  });
});

describe("bad input", () => {
  test("a member that reaches beyond the end is malformed, and what is there of it is read", async () => {
    const trace = await traceBytes(tar([{ name: "a", bytes: PAYLOAD, size: "77777777777" }]));
    expect(trace).toMatchObject({ container: "tar", outcome: "malformed", failure: { kind: "tar-broken" } });
    expect(callsOf(trace)).toEqual(["a: os.system"]);
  });

  test("a header that is none, after members that are read", async () => {
    const trace = await traceBytes(tar([{ name: "a", bytes: PAYLOAD }], Buffer.alloc(1024, 7)));
    expect(trace.outcome).toBe("malformed");
    expect(callsOf(trace)).toEqual(["a: os.system"]);
    expect(findingsOf(trace)).toEqual(["tar-broken"]);
  });

  test("more members than anybody has: unfinished", async () => {
    const one = tar([{ name: "a", bytes: Buffer.alloc(0) }], Buffer.alloc(0));
    const trace = await traceBytes(Buffer.concat(Array.from({ length: LIMITS.archiveEntries.limit + 1 }, () => one)));
    expect(trace).toMatchObject({ outcome: "unfinished", failure: { resource: "archiveEntries" } });
  });
});

describe("what is not only a tar, or not read as one", () => {
  test("a tar whose first member is called as a zip begins, with a zip behind it: both are read", async () => {
    const zip = buildZip([{ name: "b", bytes: PAYLOAD }]);
    const both = Buffer.concat([
      tar([
        { name: "PK\x03\x04", bytes: HARMLESS },
        { name: "a", bytes: PAYLOAD },
      ]),
      zip,
    ]);
    const trace = await traceBytes(both);
    expect(callsOf(trace).sort()).toEqual(["a: os.system", "b: os.system"]);
    expect(findingsOf(trace)).toContain("polyglot");
  });

  test("a sparse member is unsupported: its holes are not put back", async () => {
    const old = await traceBytes(tar([{ name: "a", bytes: HARMLESS, type: "S" }]));
    const record = "27 GNU.sparse.realsize=100\n";
    const pax = await traceBytes(
      tar([
        { name: "x", bytes: latin1(record), type: "x" },
        { name: "a", bytes: HARMLESS },
      ]),
    );
    for (const trace of [old, pax]) expect(trace).toMatchObject({ outcome: "unsupported", failure: { kind: "tar-sparse" } });
  });
});
