/** Sources that fail: what was found before is kept, and the trace says how far it came. */
import { describe, expect, test } from "vitest";
import { budgetedSource } from "../../../analyzer/bytes/budgeted-source.ts";
import { type ByteSource, SourceError } from "../../../analyzer/bytes/byte-source.ts";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { VIRTUAL_FILES } from "../../bench/virtual-files.ts";
import { buildZip } from "./build-zip.ts";
import { latin1, PAYLOAD } from "./pickles.ts";
import { callsOf } from "./trace.ts";

/** A call, then a long list: the first step of reading shows the one and not the end of the other. */
const LONG = Buffer.concat([PAYLOAD.subarray(0, -1), latin1("0]("), latin1("K\x01".repeat(300_000)), latin1("e.")]);

describe("a budget that is spent", () => {
  test("in the middle of a pickle: unfinished, with the call before", async () => {
    const { trace } = await traceFile(budgetedSource(memorySource(LONG), { bytes: 150_000, requests: 100 }));
    expect(trace).toMatchObject({ container: "pickle", outcome: "unfinished", failure: { kind: "limit" } });
    expect(callsOf(trace)).toEqual(["-: os.system"]);
    expect(trace.pickles[0]).toMatchObject({ outcome: "unfinished", failure: { kind: "limit" } });
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "budget", limit: 150_000 }));
  });

  test("in the middle of an archive: its kind, and the entries before", async () => {
    const large = { name: "z.pkl", bytes: Buffer.concat([latin1("\x80\x02B\x00\x00\x20\x00"), Buffer.alloc(2 ** 21), latin1(".")]) };
    const bytes = buildZip([{ name: "a.pkl", bytes: PAYLOAD }, { name: "filler", bytes: Buffer.alloc(400_000, "x") }, large]);
    const { trace } = await traceFile(budgetedSource(memorySource(bytes), { bytes: 1_000_000, requests: 100 }));
    expect(trace).toMatchObject({ container: "zip", outcome: "unfinished" });
  });

  test("before anything is known", async () => {
    const { trace } = await traceFile(budgetedSource(await VIRTUAL_FILES["torch-zip"]!(1e8), { bytes: 10, requests: 10 }));
    expect(trace).toMatchObject({ container: "unknown", outcome: "unfinished", pickles: [] });
  });
});

describe("a source that answers with fewer bytes than it says it has", () => {
  test("is named, with the offset, and what came before is kept", async () => {
    const short: ByteSource = { size: LONG.length, read: async (start, end) => LONG.subarray(start, Math.min(end, 200_000)) };
    const { trace } = await traceFile(short, 4096);
    expect(trace).toMatchObject({ outcome: "unfinished", failure: { kind: "short-read" } });
  });

  test("a program that is cut there keeps its facts", async () => {
    const short: ByteSource = {
      size: LONG.length,
      // The end of the file is there, so that looking for an archive goes well.
      read: async (start, end) => (start > 400_000 ? LONG.subarray(start, end) : LONG.subarray(start, Math.min(end, 200_000))),
    };
    const { trace } = await traceFile(short);
    expect(trace).toMatchObject({ container: "pickle", outcome: "unfinished", failure: { kind: "short-read", offset: 200_000 } });
    expect(callsOf(trace)).toEqual(["-: os.system"]);
  });
});

test("a source that is unavailable rejects: nothing is known of the file", async () => {
  const gone: ByteSource = { size: 1000, read: () => Promise.reject(new SourceError("unavailable", "the host is gone")) };
  await expect(traceFile(gone)).rejects.toMatchObject({ name: "SourceError", kind: "unavailable" });
});

test("an error that is no SourceError is a bug, and is not swallowed", async () => {
  const broken: ByteSource = { size: 1000, read: () => Promise.reject(new TypeError("a bug")) };
  await expect(traceFile(broken)).rejects.toThrow("a bug");
});
