/** Constants of megabytes in a pickle, which are left out; and constants that are content of their own: archives, arrays, streams. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { ByteSource } from "../../../analyzer/bytes/byte-source.ts";
import { countingSource } from "../../../analyzer/bytes/counting-source.ts";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { KEPT_BYTES, LONGEST_CONSTANT } from "../../../analyzer/containers/program-view.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { LIMITS } from "../../../analyzer/limits.ts";
import { disassemble } from "../../../analyzer/pickle/disassemble.ts";
import { inOrder } from "../../bench/virtual-content.ts";
import { buildZip, fields } from "./build-zip.ts";
import { HARMLESS, latin1, PAYLOAD, PAYLOAD4 } from "./pickles.ts";
import { callsOf, findingsOf, traceBytes } from "./trace.ts";

const GB = 1e9;

/** The opcodes that carry bytes, with as many as follow. */
const HEADS = {
  BINBYTES: (length: number) => Buffer.concat([latin1("B"), fields([length, 4])]),
  BINBYTES8: (length: number) => Buffer.concat([latin1("\x8e"), fields([length, 8])]),
  BYTEARRAY8: (length: number) => Buffer.concat([latin1("\x96"), fields([length, 8])]),
};

describe("a constant of gigabytes", () => {
  test.each(Object.entries(HEADS))("of %s is not read: what is around it is", async (_, head) => {
    const length = 4 * GB;
    const file = inOrder("constant", [latin1("\x80\x05"), head(length), length, latin1("0"), PAYLOAD]);
    const source = countingSource(file);
    const { trace, programs } = await traceFile(source);
    expect(trace).toMatchObject({ container: "pickle", outcome: "ok", findings: [], pickles: [{ offset: 0, length: file.size }] });
    expect(trace.pickles[0]!.facts.at(-1)).toMatchObject({ callable: "os.system", offset: file.size - 2 });
    expect(source.requests).toBeLessThanOrEqual(3);
    expect(source.bytesRead).toBeLessThan(300_000);
    expect(programs[0]!.bytes.length).toBeLessThan(KEPT_BYTES + 100);
    expect(disassemble(programs[0]!.bytes)).toMatchObject({ text: expect.stringContaining("REDUCE"), error: null });
  });

  test("of which there are a thousand, in 30 GB: a request for each, and what lies between them", async () => {
    const length = 30e6;
    const parts = Array.from({ length: 1000 }, () => [HEADS.BINBYTES8(length), length, latin1("a")]).flat();
    const source = countingSource(inOrder("constants", [latin1("\x80\x04]"), ...parts, PAYLOAD]));
    const { trace } = await traceFile(source);
    expect(trace.outcome).toBe("ok");
    expect(callsOf(trace)).toEqual(["-: os.system"]);
    expect(source.requests).toBeLessThanOrEqual(1002);
    expect(source.bytesRead).toBeLessThan(80e6);
  });

  test("is there where programs are wanted whole, to be printed", async () => {
    const bytes = Buffer.concat([latin1("\x80\x05"), HEADS.BINBYTES8(5e6), new Uint8Array(5e6), latin1("0"), PAYLOAD]);
    const { trace, programs } = await traceFile(memorySource(bytes), undefined, "whole");
    expect(Buffer.compare(programs[0]!.bytes, bytes)).toBe(0);
    expect(trace).toEqual((await traceFile(memorySource(bytes))).trace);
  });

  test("beyond the end of the file ends the program", async () => {
    const trace = await traceBytes(Buffer.concat([latin1("\x80\x04"), HEADS.BINBYTES8(GB), new Uint8Array(5e6), PAYLOAD]));
    expect(trace).toMatchObject({ outcome: "malformed", pickles: [{ failure: { kind: "truncated" } }] });
  });

  test("of text is read, since not all bytes are text: unfinished where it is beyond what is held", async () => {
    const length = LIMITS.programBytes.limit + 1;
    const source: ByteSource = inOrder("text", [latin1("\x80\x04\x8d"), fields([length, 8]), length, latin1(".")]);
    const { trace } = await traceFile(source);
    expect(trace).toMatchObject({ outcome: "unfinished", failure: { resource: "programBytes" } });
  });

  test("inside a frame is read, since where a frame ends decides what some unpicklers read", async () => {
    const length = LONGEST_CONSTANT + 1;
    const body = Buffer.concat([HEADS.BINBYTES8(length), new Uint8Array(length), latin1("0N.")]);
    const { trace, programs } = await traceFile(memorySource(Buffer.concat([latin1("\x80\x04\x95"), fields([body.length, 8]), body])));
    expect(trace.outcome).toBe("ok");
    expect(programs[0]!.bytes.length).toBe(trace.size);
  });
});

/** A protocol 4 program that hands `bytes` to `loader`. */
function handsTo(loader: string, bytes: Uint8Array): Uint8Array {
  const dot = loader.lastIndexOf(".");
  const name = (text: string) => Buffer.concat([Buffer.of(0x8c, text.length), latin1(text)]);
  const [module, attribute] = [name(loader.slice(0, dot)), name(loader.slice(dot + 1))];
  return Buffer.concat([latin1("\x80\x04"), module, attribute, latin1("\x93"), HEADS.BINBYTES8(bytes.length), bytes, latin1("\x85R.")]);
}

const padded = (program: Uint8Array, length: number) => Buffer.concat([program, new Uint8Array(length)]);

describe("a constant of megabytes that is handed to a loader", () => {
  test("is brought after all, and run", async () => {
    const trace = await traceBytes(handsTo("pickle.loads", padded(PAYLOAD, 6e6)));
    expect(trace.outcome).toBe("ok");
    expect(callsOf(trace)).toContain("-: os.system");
  });

  test("is run where its pickles lie behind what stays of a constant", async () => {
    // As a prefix, the first pickle ends where it ends: nothing would say that a second follows.
    const first = Buffer.concat([latin1("\x80\x04"), HEADS.BINBYTES(KEPT_BYTES - 8), new Uint8Array(KEPT_BYTES - 8), latin1(".")]);
    expect(first.length).toBe(KEPT_BYTES);
    const trace = await traceBytes(handsTo("torch.load", padded(Buffer.concat([first, PAYLOAD]), 6e6)));
    expect(callsOf(trace)).toContain("-: os.system");
  });

  test("and is longer than what is held makes the program unfinished", async () => {
    const length = LIMITS.programBytes.limit + 1;
    const opcodes = latin1("\x80\x04\x8c\x06pickle\x8c\x05loads\x93\x8e");
    const { trace } = await traceFile(inOrder("handed", [opcodes, fields([length, 8]), length, latin1("\x85R.")]));
    expect(trace).toMatchObject({ outcome: "unfinished", failure: { resource: "programBytes" } });
  });
});

test("an index into a long bytearray is judged by its whole length", async () => {
  const length = 5e6;
  const program = Buffer.concat([
    latin1("\x80\x05"),
    HEADS.BYTEARRAY8(length),
    new Uint8Array(length),
    latin1("J\x40\x42\x0f\x00K\x07s0"),
    PAYLOAD,
  ]);
  const trace = await traceBytes(program);
  expect(trace.outcome).toBe("ok");
  expect(callsOf(trace)).toEqual(["-: os.system"]);
});

test("what the memo holds stays, however much is left out", async () => {
  // Stored under a key that lies beyond the program as it is once the constant is left out.
  const key = fields([5000, 4]);
  const program = Buffer.concat([
    latin1("\x80\x04cos\nsystem\n"),
    latin1("0N".repeat(3000)),
    latin1("cos\nsystem\nr"),
    key,
    HEADS.BINBYTES8(5e6),
    new Uint8Array(5e6),
    latin1("j"),
    key,
    latin1("\x8c\x04true\x85R."),
  ]);
  expect(callsOf(await traceBytes(program))).toEqual(["-: os.system"]);
});

describe("content inside a constant", () => {
  const npy = Buffer.concat([
    latin1("\x93NUMPY\x01\x00"),
    fields([56, 2]),
    Buffer.from("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}".padEnd(55)),
    latin1("\n"),
    PAYLOAD,
  ]);

  test.each([
    ["torch.load", buildZip([{ name: "m/data.pkl", bytes: PAYLOAD4 }]), "torch.load#1!/m/data.pkl"],
    [
      "torch.storage._load_from_bytes",
      buildZip([{ name: "m/data.pkl", bytes: PAYLOAD4, method: 8 }]),
      "torch.storage._load_from_bytes#1!/m/data.pkl",
    ],
    ["numpy.load", npy, "numpy.load#1"],
    ["numpy.load", buildZip([{ name: "a.npy", bytes: npy }]), "numpy.load#1!/a.npy"],
    ["joblib.load", gzipSync(PAYLOAD), "joblib.load#1!/gzip"],
  ])("%s opens it, and what it holds is run (%#)", async (loader, bytes, entry) => {
    const trace = await traceBytes(handsTo(loader, bytes));
    // Bytes in the place of a file are its name: what is in them is evidence, and not all that may be loaded.
    expect(trace).toMatchObject({ container: "pickle", outcome: loader.endsWith("_from_bytes") ? "ok" : "unsupported" });
    // An archive that ends near the end of the file makes the file one itself: those are read as well.
    expect(callsOf(trace).slice(0, 2)).toEqual([`-: ${loader}`, `${entry}: os.system`]);
  });

  test("pickle.loads opens no archive: unsupported, and not clean", async () => {
    const trace = await traceBytes(handsTo("pickle.loads", buildZip([{ name: "a", bytes: HARMLESS }])));
    expect(trace.outcome).toBe("unsupported");
  });

  test("one inside the other, down to a limit: unfinished", async () => {
    let bytes: Uint8Array = PAYLOAD;
    for (let level = 0; level < 6; level++) bytes = handsTo("torch.storage._load_from_bytes", buildZip([{ name: "m/data.pkl", bytes }]));
    const trace = await traceBytes(bytes);
    expect(trace.outcome).toBe("unfinished");
    expect(findingsOf(trace)).toContain("limit");
  });

  test("one constant that is handed on a hundred thousand times is looked into once", async () => {
    const zip = buildZip([{ name: "m/data.pkl", bytes: PAYLOAD4 }]);
    const opcodes = latin1("\x80\x04\x8c\x0dtorch.storage\x8c\x10_load_from_bytes\x93q\x00");
    const program = Buffer.concat([
      opcodes,
      HEADS.BINBYTES8(zip.length),
      zip,
      latin1("q\x01"),
      latin1("h\x00h\x01\x85R0".repeat(100_000)),
      latin1("."),
    ]);
    const trace = await traceBytes(program);
    expect(trace.outcome).toBe("ok");
    expect(trace.pickles).toHaveLength(2);
  });

  test("what is broken in it makes the file malformed", async () => {
    const trace = await traceBytes(
      handsTo("torch.storage._load_from_bytes", buildZip([{ name: "m/data.pkl", bytes: PAYLOAD4, crc32: 1 }])),
    );
    expect(trace.outcome).toBe("malformed");
    expect(callsOf(trace)).toContain("torch.storage._load_from_bytes#1!/m/data.pkl: os.system");
  });
});
