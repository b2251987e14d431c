/** Tars whose headers lie; what Python's own tarfile writes is tested in python-made.test.ts. */
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../analyzer/limits.ts";
import { buildTar, paxRecord, sealed } from "./build-tar.ts";
import { buildZip, fields } from "./build-zip.ts";
import { HARMLESS, latin1, PAYLOAD } from "./pickles.ts";
import { callsOf, findingsOf, traceBytes } from "./trace.ts";

const tar = buildTar;

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

describe("evasions: members that Python's tarfile hands out", () => {
  const pax = (type: string, ...records: string[]) => ({ name: "pax", type, bytes: latin1(records.join("")) });
  const nothing = new Uint8Array(0);

  test.each(["0", "7"])("a file of type %s that is called like a folder", async (type) => {
    expect(callsOf(await traceBytes(tar([{ name: "a/", bytes: PAYLOAD, type }])))).toEqual(["a/: os.system"]);
    const called = await traceBytes(tar([pax("x", paxRecord("path", "a/")), { name: "b", bytes: PAYLOAD, type }]));
    expect(callsOf(called)).toEqual(["a: os.system"]);
  });

  test.each(["Z", "D", "V"])("a member of type %s, which is a file to it, though its bytes are a header as well", async (type) => {
    const header = Buffer.alloc(1024);
    header.write("\x80\x02X\xf9\x01\x00\x00", "latin1");
    header.write("00000000000", 124);
    const bytes = Buffer.concat([sealed(header).subarray(0, 512), PAYLOAD]);
    expect(callsOf(await traceBytes(tar([{ name: "a", type, bytes }])))).toEqual(["a: os.system"]);
  });

  test("an archive whose first checksum has a sign, behind a pickle", async () => {
    const first = { name: "\x80\x02}.", bytes: nothing, checksum: (digits: string) => `+${digits}` };
    expect(callsOf(await traceBytes(tar([first, { name: "a", bytes: PAYLOAD }])))).toEqual(["a: os.system"]);
  });

  test("an archive at the end of a large member that begins like something else", async () => {
    const member = Buffer.concat([latin1("\0\0\0\0TFL3"), Buffer.alloc(300_000), buildZip([{ name: "b", bytes: PAYLOAD }])]);
    expect(callsOf(await traceBytes(tar([{ name: "a", bytes: member }])))).toEqual(["b: os.system"]);
  });

  const storages = Buffer.concat([latin1("\x80\x02K\x02."), latin1("\x80\x02ctorch\nFloatStorage\n."), fields([2, 8], [0, 8]), PAYLOAD]);
  const rest = ["tensors", "pickle"].map((name) => ({ name, bytes: latin1("\x80\x02K\x00.") }));

  test.each(["1", "2"])("torch's member storages, a link of type %s to raw data between pickles", async (type) => {
    const trace = await traceBytes(tar([{ name: "s", bytes: storages }, { name: "storages", bytes: nothing, type }, ...rest]));
    expect(trace).toMatchObject({ container: "torch-tar", outcome: "unsupported", failure: { kind: "tar-links" } });
  });

  test.each([
    ["what is said of all members", pax("g", paxRecord("path", "storages"))],
    ["a size in hexadecimal", pax("x", paxRecord("size", "0x200"))],
    ["a size with an exponent", pax("x", paxRecord("size", "1e3"))],
    ["records behind the end of the header", { ...pax("x", paxRecord("comment", "a")), padding: 0x31 }],
    ["a length with a sign", pax("x", "+12 size=512\n")],
    ["a name in an encoding", pax("x", paxRecord("hdrcharset", "BINARY"), paxRecord("path", "b"))],
    ["a header of more than a megabyte", pax("x", paxRecord("comment", "a".repeat(2 ** 20)), paxRecord("path", "storages"))],
  ])("%s: not all releases go by it, so it is unsupported", async (_, announcement) => {
    const trace = await traceBytes(tar([announcement, { name: "a", bytes: HARMLESS }]));
    expect(trace).toMatchObject({ outcome: "unsupported", failure: { kind: "tar-extension" } });
  });

  test("two names for one member: readers take one or the other", async () => {
    const headers = [pax("x", paxRecord("path", "storages")), { name: "long", type: "L", bytes: latin1("a\0") }];
    const trace = await traceBytes(tar([...headers, { name: "a", bytes: HARMLESS }]));
    expect(trace).toMatchObject({ outcome: "unsupported", failure: { kind: "tar-extension" } });
  });

  test("a folder of old with bytes, which are members to it", async () => {
    const trace = await traceBytes(tar([{ name: "a/", type: "\0", bytes: tar([{ name: "b", bytes: PAYLOAD }], nothing) }]));
    expect(trace).toMatchObject({ outcome: "unsupported", failure: { kind: "tar-folder" } });
  });
});
