/** What reading costs: a file of any size costs its directory and its pickles, not its weights. */
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { countingSource } from "../../../analyzer/bytes/counting-source.ts";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { LIMITS } from "../../../analyzer/limits.ts";
import { measure } from "../../bench/containers.ts";
import { inOrder, repeated } from "../../bench/virtual-content.ts";
import { VIRTUAL_FILES, WHOLE_FORMATS } from "../../bench/virtual-files.ts";
import { deflatedBomb } from "./bombs.ts";
import { buildZip } from "./build-zip.ts";
import { PAYLOAD } from "./pickles.ts";

test("a 5 GB torch zip of 400 tensors costs two requests and under 300 kB, over HTTP", async () => {
  const cost = await measure("torch-zip", await VIRTUAL_FILES["torch-zip"]!(5e9));
  expect(cost).toMatchObject({ container: "torch-zip", outcome: "ok", requests: 2 });
  expect(cost.size).toBeGreaterThan(4.9e9);
  expect(cost.bytesRead).toBeLessThan(300_000);
});

/** The most requests, and bytes, that a file of 5 GB may cost; of what has no pickle, its end and its beginning. */
const ENDS = [2, 150_000] as const;
const BUDGETS: Readonly<Record<string, readonly [requests: number, bytes: number]>> = {
  "torch-zip": [2, 300_000],
  torchscript: [2, 300_000],
  "torch-legacy": [3, 300_000],
  "torch-tar": [2, 300_000],
  nemo: [4, 300_000],
  mar: [4, 300_000],
  "stable-baselines": [4, 300_000],
  skops: [2, 300_000],
  // Of forty constants, or arrays, each has opcodes behind it: a request of 64 KiB.
  pickle: [42, 3_000_000],
  zip: [43, 3_000_000],
  tar: [43, 3_000_000],
  "7z": [43, 3_000_000],
  joblib: [6, 400_000],
  npy: ENDS,
  npz: [11, 300_000],
  safetensors: ENDS,
  gguf: ENDS,
  hdf5: ENDS,
  onnx: ENDS,
  tensorflow: ENDS,
  tflite: ENDS,
  parquet: ENDS,
  sqlite: ENDS,
  image: ENDS,
  text: ENDS,
};

describe("a file of 5 GB costs no more than", () => {
  test("every format that has something to skip has a budget", () => {
    expect(Object.keys(BUDGETS).sort()).toEqual(
      Object.keys(VIRTUAL_FILES)
        .filter((format) => !WHOLE_FORMATS.has(format))
        .sort(),
    );
  });

  test.each(Object.entries(BUDGETS))("%s: requests and bytes %j", async (format, [requests, bytes]) => {
    const source = countingSource(await VIRTUAL_FILES[format]!(5e9));
    const { trace } = await traceFile(source);
    expect(trace).toMatchObject({ container: format, outcome: "ok" });
    expect(source.requests).toBeLessThanOrEqual(requests);
    expect(source.bytesRead).toBeLessThanOrEqual(bytes);
  });
});

test("a small file costs one request", async () => {
  const source = countingSource(memorySource(buildZip([{ name: "m/data.pkl", bytes: PAYLOAD }])));
  await traceFile(source);
  expect(source.requests).toBe(1);
});

test("what each array of joblib's is worth: their bytes are not among the program's", async () => {
  const { trace, programs } = await traceFile(await VIRTUAL_FILES.joblib!(5e9));
  expect(trace.pickles).toHaveLength(1);
  expect(trace.pickles[0]!.length).toBeGreaterThan(4.9e9);
  expect(programs[0]!.bytes.length).toBeLessThan(2000);
  expect(programs[0]!.segments).toHaveLength(5);
});

describe("of a compressed stream, no more is read than it takes to say what becomes of it", () => {
  const GIGABYTES = 5e9;

  test("a bomb, however long its file: what fills the limit, and some", async () => {
    const bomb = deflatedBomb(PAYLOAD, Buffer.alloc(2 ** 20), LIMITS.inflatedBytes.limit / 2 ** 20 + 1);
    // Of gzip's frame its end is missing, which nobody comes to.
    const source = countingSource(inOrder("bomb", [gzipSync("").subarray(0, 10), bomb, GIGABYTES]));
    const { trace } = await traceFile(source);
    expect(trace).toMatchObject({ container: "gzip", outcome: "unfinished", failure: { resource: "inflatedBytes" } });
    expect(trace.pickles).toHaveLength(1);
    expect(source.bytesRead).toBeLessThan(20e6);
  });

  test("noise behind a zlib header", async () => {
    const source = countingSource(inOrder("noise", [Buffer.from("\x78\x9c\x05", "latin1"), Buffer.alloc(1000, 0xff), GIGABYTES]));
    const { trace } = await traceFile(source);
    expect(trace.outcome).not.toBe("ok");
    expect(source.bytesRead).toBeLessThan(20e6);
  });

  test("a stream that ends, and gigabytes behind it", async () => {
    const source = countingSource(inOrder("behind", [gzipSync(PAYLOAD), Buffer.alloc(100, 7), GIGABYTES]));
    const { trace } = await traceFile(source);
    expect(trace).toMatchObject({ container: "gzip", outcome: "ok", findings: [{ kind: "trailing-bytes" }] });
    expect(source.bytesRead).toBeLessThan(20e6);
  });

  test("streams one after another, beyond what is read of a file: unfinished, where the last one read ends as well", async () => {
    const member = gzipSync(randomBytes(2 ** 20 - 23), { level: 0 });
    const fitting = Buffer.concat([member, Buffer.alloc(2 ** 20 + 2 ** 10 - member.length)]);
    const times = LIMITS.compressedBytes.limit / 2 ** 18;
    const { trace } = await traceFile(inOrder("members", [gzipSync(Buffer.from("\x80\x04N.", "latin1")), repeated(fitting, times)]));
    expect(trace).toMatchObject({ container: "gzip", outcome: "unfinished", failure: { resource: "compressedBytes" } });
  });
});
