/** Archives that are made to take time and memory: each ends at a limit, with what was found before it. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { countingSource } from "../../../analyzer/bytes/counting-source.ts";
import { crc32 } from "../../../analyzer/containers/crc32.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { LIMITS } from "../../../analyzer/limits.ts";
import { virtualContent } from "../../hub/content.ts";
import { deflatedBomb } from "./bombs.ts";
import { buildZip, fields } from "./build-zip.ts";
import { HARMLESS, latin1, PAYLOAD } from "./pickles.ts";
import { callsOf, findingsOf, traceBytes } from "./trace.ts";

describe("limits", () => {
  test("more entries than anybody has: unfinished, in bounded time", async () => {
    const header = fields([0x02014b50, 4], [0, 38], [0, 4]);
    const count = LIMITS.archiveEntries.limit + 5;
    const directory = Buffer.alloc(46 * count);
    for (let index = 0; index < count; index++) directory.set(header, 46 * index);
    const end = fields([0x06054b50, 4], [0, 4], [0xffff, 2], [0xffff, 2], [directory.length, 4], [0, 4], [0, 2]);
    const trace = await traceBytes(Buffer.concat([directory, end]));
    expect(trace.outcome).toBe("unfinished");
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "archiveEntries" }));
    expect(trace.findings.length).toBeLessThanOrEqual(LIMITS.findings.limit + 1);
  });

  test("ten million entries, claimed or there, cost no more than those that are read", async () => {
    const count = 10_000_000;
    const header = fields([0x02014b50, 4], [0, 24], [8, 2], [0, 12], [0, 4]);
    const listed = Buffer.concat([header, latin1("m/data/0")]);
    const size = listed.length * count;
    const zip64 = fields([0x06064b50, 4], [44, 8], [45, 2], [45, 2], [0, 8], [count, 8], [count, 8], [size, 8], [0, 8]);
    const locator = fields([0x07064b50, 4], [0, 4], [size, 8], [1, 4]);
    const end = Buffer.concat([
      zip64,
      locator,
      fields([0x06054b50, 4], [0, 4], [0xffff, 2], [0xffff, 2], [0xffffffff, 4], [0xffffffff, 4], [0, 2]),
    ]);
    const repeated = Buffer.concat(Array.from({ length: 2 ** 15 }, () => listed));
    const there = virtualContent("ten million entries", size + end.length, (from, to) => {
      const bytes = new Uint8Array(to - from);
      for (let at = from; at < Math.min(to, size); ) {
        const within = at % repeated.length;
        const part = repeated.subarray(within, within + Math.min(to, size) - at);
        bytes.set(part, at - from);
        at += part.length;
      }
      if (to > size) bytes.set(end.subarray(Math.max(0, from - size), to - size), Math.max(0, size - from));
      return bytes;
    });
    const source = countingSource(there);
    const { trace } = await traceFile(source);
    expect(trace).toMatchObject({ container: "zip", outcome: "unfinished" });
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "archiveEntries" }));
    expect(source.bytesRead).toBeLessThan(20e6);
    expect(source.requests).toBeLessThan(30);

    const claimed = await traceBytes(buildZip([{ name: "a", bytes: PAYLOAD }], { zip64: true, entryCount: count }));
    expect(callsOf(claimed)).toEqual(["a: os.system"]);
    expect(findingsOf(claimed)).toEqual(["entry-count"]);
  });

  test("an entry that inflates to more than may be held is cut, and what was before the cut is read", async () => {
    const compressed = deflatedBomb(PAYLOAD, Buffer.alloc(2 ** 20), LIMITS.inflatedBytes.limit / 2 ** 20);
    const trace = await traceBytes(buildZip([{ name: "bomb", bytes: PAYLOAD, compressed, method: 8 }]));
    expect(callsOf(trace)).toEqual(["bomb: os.system"]);
    expect(trace.outcome).toBe("unfinished");
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "inflatedBytes", entry: "bomb" }));
  });

  test("entries that share their bytes, each inflating to much: the file as a whole has a limit", async () => {
    const bytes = Buffer.from(" ".repeat(2 ** 20));
    const compressed = deflatedBomb(bytes, bytes, 399);
    const entries = Array.from({ length: 7 }, (_, index) => ({ name: `${index}`, bytes, compressed, method: 8 }));
    const trace = await traceBytes(buildZip(entries));
    expect(trace.outcome).toBe("unfinished");
    expect(trace.findings).toContainEqual(expect.objectContaining({ resource: "inflatedBytesTotal" }));
  });
});

describe("bombs and loops", () => {
  /** Archives in archives, each with `width` entries that share their bytes. */
  const doubling = (innermost: Uint8Array, width: number, levels: number): Uint8Array => {
    let bytes = innermost;
    for (let level = 0; level < levels; level++) {
      const shared = { bytes, localOffset: 0, crc32: crc32(bytes) };
      bytes = buildZip(Array.from({ length: width }, (_, index) => ({ ...shared, name: `${index}`, listedOnly: index > 0 })));
    }
    return bytes;
  };

  test("archives in archives whose entries share their bytes: thirty to the seventh members end at a limit", async () => {
    const bytes = doubling(latin1("a few words\n"), 30, 7);
    expect(bytes.length).toBeLessThan(15_000);
    const trace = await traceBytes(bytes);
    expect(trace.outcome).toBe("unfinished");
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "contentsPerFile" }));
  });

  test("stored entries of megabytes that share their bytes end at a limit (Fifield's overlap)", async () => {
    const shared = Buffer.alloc(4 * 2 ** 20, "words ");
    const trace = await traceBytes(doubling(shared, 5000, 1));
    expect(trace.outcome).toBe("unfinished");
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "overlappingBytes" }));
  });

  test("local headers that claim the rest of the archive, one after the other, end at a limit", async () => {
    const filler = { name: "z", bytes: Buffer.alloc(2 ** 20, "words ") };
    const entries = Array.from({ length: 2000 }, (_, index) => ({ name: `${index}`, bytes: HARMLESS, local: { compressedSize: 2 ** 20 } }));
    const trace = await traceBytes(buildZip([...entries, filler]));
    expect(trace.outcome).toBe("unfinished");
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "overlappingBytes" }));
  });

  test("an entry whose bytes are the archive itself, directory and all, does not go round for ever", async () => {
    // The entry begins at its own local header and ends with the file: inside it lies the same directory again.
    const bytes = buildZip([
      { name: "a", bytes: PAYLOAD },
      { name: "self", bytes: new Uint8Array(0), localOffset: 0, listedOnly: true, size: 5000, compressedSize: 5000 },
    ]);
    const trace = await traceBytes(bytes);
    expect(callsOf(trace)).toContain("a: os.system");
    expect(trace.outcome).toBe("malformed");
  });

  test("streams in streams end at the depth, as one that holds itself would", async () => {
    let bytes: Uint8Array = PAYLOAD;
    for (let level = 0; level < 12; level++) bytes = gzipSync(bytes);
    const trace = await traceBytes(bytes);
    expect(trace).toMatchObject({ container: "gzip", outcome: "unfinished", pickles: [] });
    expect(trace.findings).toContainEqual(expect.objectContaining({ kind: "limit", resource: "nestedContainers" }));
  });
});
