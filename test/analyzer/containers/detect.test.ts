/** What content is, by its bytes: formats without pickles are named, everything else is unsupported and not clean. */
import { describe, expect, test } from "vitest";
import { CONTAINERS } from "../../../analyzer/containers/containers.ts";
import { DEFAULT_WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { buildTar } from "./build-tar.ts";
import { buildZip, fields } from "./build-zip.ts";
import { HARMLESS, latin1, PAYLOAD } from "./pickles.ts";
import { callsOf, findingsOf, traceBytes } from "./trace.ts";

const zeros = (length: number): Uint8Array => new Uint8Array(length);
const safetensors = (header: string, data: Uint8Array): Uint8Array => Buffer.concat([fields([header.length, 8]), latin1(header), data]);

describe("formats in which no loader finds a pickle", () => {
  test.each([
    ["safetensors", safetensors('{"w":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}', zeros(3))],
    ["gguf", Buffer.concat([latin1("GGUF\x03\x00\x00\x00"), zeros(100)])],
    ["ggml", Buffer.concat([latin1("lmgg"), zeros(100)])],
    ["hdf5", Buffer.concat([latin1("\x89HDF\r\n\x1a\n"), zeros(100)])],
    ["onnx", latin1("\x08\x07\x12\x07pytorch\x3a\x02\x0a\x00\x42\x02\x10\x0b")],
    ["tensorflow", latin1("\x08\x01\x12\x04\x0a\x02ab")],
    ["tflite", Buffer.concat([latin1("\x1c\x00\x00\x00TFL3"), zeros(100)])],
    ["json", latin1('{"architectures": ["BertModel"]}\n')],
    ["text", latin1("# A model card\n\nwith words in it\n")],
    ["image", Buffer.concat([latin1("\x89PNG\r\n\x1a\n"), zeros(50)])],
    ["image", latin1("\xff\xd8\xff\xe0\x00\x10JFIF")],
    ["media", latin1("OggS\x00\x02")],
    ["parquet", latin1("PAR1\x15\x04")],
    ["sqlite", latin1("SQLite format 3\x00\x10\x00")],
  ])("%s", async (container, bytes) => {
    expect(await traceBytes(bytes)).toMatchObject({ container, outcome: "ok", pickles: [] });
  });

  test.each([
    ["Keras's in HDF5 behind a pickle", Buffer.concat([HARMLESS, zeros(1024 - HARMLESS.length), latin1("\x89HDF\r\n\x1a\n"), zeros(100)])],
    [
      "Keras's in its own archive",
      buildZip([
        { name: "config.json", bytes: latin1('{"class_name": "Lambda"}') },
        { name: "model.weights.npz", bytes: buildZip([{ name: "a.pkl", bytes: HARMLESS }]) },
      ]),
    ],
    [
      "TorchServe's in a tar",
      buildTar(
        ["MAR-INF/MANIFEST.json", "handler.py", "a.pkl"].map((name) => ({ name, bytes: name === "a.pkl" ? HARMLESS : latin1("{}") })),
      ),
    ],
    ["TorchServe's, compiled", buildZip(["MAR-INF/MANIFEST.json", "handler.pyc"].map((name) => ({ name, bytes: latin1("{}") })))],
  ])("evasion: a model, %s, may bring code", async (_, bytes) => {
    const trace = await traceBytes(bytes);
    expect(findingsOf(trace)).toContain("code");
    expect(judgeTrace(trace, DEFAULT_WEIGHTS_ONLY, "strict").verdict).toBe("unsupported");
  });

  test("their table says so of each", () => {
    for (const container of ["safetensors", "gguf", "onnx", "hdf5", "json", "text", "image"] as const) {
      expect(CONTAINERS[container].holds).toBe("none");
    }
  });

  test("a Git LFS pointer is its own kind: what it points at is not here", async () => {
    const pointer = latin1("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n");
    const trace = await traceBytes(pointer);
    expect(trace).toMatchObject({ container: "git-lfs-pointer", outcome: "unsupported", pickles: [] });
    expect(trace.failure?.message).toBe("the content is a Git LFS pointer to 12345 bytes, sha256:00, which are not here");
    expect(judgeTrace(trace, DEFAULT_WEIGHTS_ONLY, "strict")).toMatchObject({ verdict: "unavailable", message: trace.failure?.message });
    // A member that is one leaves the archive not understood: it never is clean.
    expect(await traceBytes(buildZip([{ name: "model.bin", bytes: pointer }]))).toMatchObject({ container: "zip", outcome: "unsupported" });
  });

  test("a safetensors header that describes other bytes than there are", async () => {
    const bytes = safetensors('{"w":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}', zeros(2));
    expect(await traceBytes(bytes)).toMatchObject({ container: "safetensors", outcome: "malformed" });
  });
});

describe("everything else", () => {
  test("an empty file is malformed", async () => {
    expect(await traceBytes(zeros(0))).toMatchObject({ container: "empty", outcome: "malformed", failure: { kind: "empty" } });
  });

  test.each([
    ["zeros", zeros(1000)],
    ["noise", Uint8Array.from({ length: 999 }, (_, index) => ((index * 7919) % 251) | 0x80)],
    ["a name that is not UTF-8", latin1("cmod\n\xf8\n")],
    ["a protocol buffer of another kind", latin1("\x08\x07\x12\x07pytorch\x9a\x01\x00")],
  ])("%s is unknown, and unsupported", async (_, bytes) => {
    expect(await traceBytes(bytes)).toMatchObject({ container: "unknown", outcome: "unsupported", failure: { kind: "unknown-content" } });
  });

  test("a file that says it is a pickle and breaks at once is malformed", async () => {
    expect(await traceBytes(latin1("\x80\x04\x95\xff\xff"))).toMatchObject({ container: "pickle", outcome: "malformed" });
  });

  test("a protocol 0 pickle that is cut off is not taken for text", async () => {
    const text = latin1(`(lp0\n${"I1\naI2\naF0.5\naS'x'\na".repeat(4)}`);
    expect(await traceBytes(text)).toMatchObject({ container: "pickle", outcome: "malformed" });
  });
});

describe("content that is two things", () => {
  test("a pickle in front of a zip (numpy and zipfile open the one, pickle.load the other)", async () => {
    const trace = await traceBytes(Buffer.concat([HARMLESS, buildZip([{ name: "a", bytes: PAYLOAD }])]));
    expect(trace.container).toBe("pickle");
    expect(callsOf(trace)).toEqual(["a: os.system"]);
    expect(findingsOf(trace)).toContain("polyglot");
  });

  test("a zip behind safetensors", async () => {
    const tensors = safetensors('{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}', zeros(0));
    const trace = await traceBytes(Buffer.concat([tensors, buildZip([{ name: "a", bytes: PAYLOAD }])]));
    expect(callsOf(trace)).toEqual(["a: os.system"]);
  });

  test("a pickle whose first bytes are the length of a safetensors header", async () => {
    // PROTO 4, then a frame's worth of nothing: the length is 0x0480 and the JSON is as long as that.
    const header = `{"__metadata__":{"x":"${"y".repeat(0x480 - 25)}"}}`;
    expect(header).toHaveLength(0x480);
    const trace = await traceBytes(safetensors(header, zeros(0)));
    expect(trace).toMatchObject({ container: "safetensors", outcome: "ok", pickles: [] });
  });

  test("a tar whose first member is named like a pickle", async () => {
    const header = Buffer.alloc(512);
    header.write("cos\nsystem\n(S'true'\ntR.");
    header.write("0".repeat(11), 124);
    header.write(" ".repeat(8), 148);
    header.write("0", 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    const trace = await traceBytes(Buffer.concat([header, zeros(1024)]));
    expect(callsOf(trace)).toEqual(["-: os.system"]);
    expect(findingsOf(trace)).toContain("polyglot");
  });
});
