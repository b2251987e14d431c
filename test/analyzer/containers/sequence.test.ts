/** Pickles and arrays one after another, what counts as one, and joblib's arrays between opcodes. */
import { describe, expect, test } from "vitest";
import type { ByteSource } from "../../../analyzer/bytes/byte-source.ts";
import { countingSource } from "../../../analyzer/bytes/counting-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { LIMITS } from "../../../analyzer/limits.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { buildZip, fields } from "./build-zip.ts";
import { BROKEN_PAYLOAD, HARMLESS, latin1, PAYLOAD } from "./pickles.ts";
import { callsOf, findingsOf, traceBytes } from "./trace.ts";

describe("pickles", () => {
  test("all of several are run, each with its place", async () => {
    const trace = await traceBytes(Buffer.concat([HARMLESS, PAYLOAD, HARMLESS]));
    expect(trace).toMatchObject({ container: "pickle", outcome: "ok", findings: [] });
    expect(trace.pickles.map(({ offset, length }) => [offset, length])).toEqual([
      [0, HARMLESS.length],
      [HARMLESS.length, PAYLOAD.length],
      [HARMLESS.length + PAYLOAD.length, HARMLESS.length],
    ]);
    expect(trace.pickles[1]!.facts[0]!.offset).toBe(HARMLESS.length);
  });

  test("what follows the last is a finding", async () => {
    const trace = await traceBytes(Buffer.concat([HARMLESS, latin1("\x00\x01\x02")]));
    expect(trace).toMatchObject({ outcome: "ok", findings: [{ kind: "trailing-bytes", offset: HARMLESS.length }] });
  });

  test("a call before a break is a fact, and the file is malformed", async () => {
    const trace = await traceBytes(BROKEN_PAYLOAD);
    expect(trace).toMatchObject({ container: "pickle", outcome: "malformed" });
    expect(callsOf(trace)).toEqual(["-: os.system"]);
  });

  test("a second pickle that breaks makes the file malformed", async () => {
    expect(await traceBytes(Buffer.concat([HARMLESS, BROKEN_PAYLOAD]))).toMatchObject({ outcome: "malformed" });
  });

  test("a frame longer than what was brought is waited for; a line that holds a NUL is not", async () => {
    const frame = Buffer.concat([
      latin1("\x80\x04\x95"),
      fields([200_003, 8]),
      latin1("]("),
      latin1("K\x00".repeat(100_000)),
      latin1("e"),
      latin1("."),
    ]);
    expect(await traceBytes(frame)).toMatchObject({ container: "pickle", outcome: "ok" });
    const nuls: ByteSource = {
      size: 5e9,
      read: async (start, end) => {
        const bytes = Buffer.alloc(Math.min(end, 5e9) - start);
        if (start === 0) bytes[0] = "L".charCodeAt(0);
        return bytes;
      },
    };
    const source = countingSource(nuls);
    expect((await traceFile(source)).trace).toMatchObject({ container: "unknown", outcome: "unsupported" });
    expect(source.bytesRead).toBeLessThan(1_000_000);
  });

  test("more pickles than are kept: unfinished", async () => {
    const trace = await traceBytes(Buffer.from("N.".repeat(LIMITS.picklesPerFile.limit + 1)));
    expect(trace.outcome).toBe("unfinished");
    expect(trace.pickles).toHaveLength(LIMITS.picklesPerFile.limit);
    expect(trace.findings).toMatchObject([{ kind: "limit", resource: "picklesPerFile" }]);
  });

  test("prose and Python code begin with GLOBAL's letter, and are text", async () => {
    for (const text of ["class Model(Module):\n  training : bool\n", "cats and dogs\nsleep\n", "code\n\n", "import os\nimport sys\n"]) {
      expect(await traceBytes(latin1(text))).toMatchObject({ container: "text", outcome: "ok", pickles: [] });
    }
  });

  test("a persistent id that is no id of a loader does not make a picture a pickle", async () => {
    expect(await traceBytes(latin1("\x89PNG\r\n\x1a\n\x00\x00"))).toMatchObject({ container: "image", pickles: [] });
  });
});

/** An array wrapper of joblib's for `count` items of the dtype, up to and with its BUILD; without STOP. */
function wrapper(count: number, dtype = "u1", padded = false): Uint8Array {
  const program = assemble(`
    PROTO 2
    GLOBAL "joblib.numpy_pickle NumpyArrayWrapper"
    EMPTY_TUPLE
    NEWOBJ
    EMPTY_DICT
    MARK
    BINUNICODE "shape"
    BININT ${count}
    TUPLE1
    BINUNICODE "dtype"
    GLOBAL "numpy dtype"
    BINUNICODE "${dtype}"
    NEWFALSE
    NEWTRUE
    TUPLE3
    REDUCE
    ${padded ? 'BINUNICODE "numpy_array_alignment_bytes"\nBININT1 16' : ""}
    SETITEMS
    BUILD
    STOP`);
  if (!program.ok) throw new Error(program.error.message);
  return program.value.subarray(0, -1);
}

describe("joblib", () => {
  test("opcodes behind an array's bytes are read where they are", async () => {
    const head = wrapper(1000);
    const trace = await traceBytes(Buffer.concat([head, Buffer.alloc(1000, 0xff), PAYLOAD]));
    expect(trace).toMatchObject({ container: "joblib", outcome: "ok" });
    const call = trace.pickles[0]!.facts.find((fact) => fact.kind === "call" && fact.callable === "os.system");
    expect(call?.offset).toBe(head.length + 1000 + PAYLOAD.length - 2);
  });

  test("the byte before a padded array counts the padding", async () => {
    const trace = await traceBytes(Buffer.concat([wrapper(10, "u1", true), Buffer.of(3, 255, 255, 255), Buffer.alloc(10, 255), PAYLOAD]));
    expect(trace.pickles.flatMap((pickle) => pickle.facts).some((fact) => "callable" in fact && fact.callable === "os.system")).toBe(true);
    expect(trace.outcome).toBe("ok");
  });

  test("an array that hides opcodes from joblib shows them to pickle.load: both are followed", async () => {
    const trace = await traceBytes(Buffer.concat([wrapper(PAYLOAD.length), PAYLOAD, latin1("0N.")]));
    expect(callsOf(trace)).toContain("-: os.system");
    expect(trace.pickles.map((pickle) => pickle.loader)).toEqual(["joblib", "pickle"]);
    expect(findingsOf(trace)).toContain("polyglot");
  });

  test("padding that hides opcodes shows them to joblib before 1.2, which reads none: both are followed", async () => {
    const padded = (padding: Uint8Array) =>
      traceBytes(Buffer.concat([wrapper(1, "u1", true), Buffer.of(padding.length), padding, latin1("NN.")]));
    const trace = await padded(Buffer.concat([PAYLOAD.subarray(0, -1), latin1("0")]));
    expect(callsOf(trace)).toContain("-: os.system");
    expect(trace.pickles.map((pickle) => pickle.loader)).toEqual(["joblib", "joblib"]);
    expect(findingsOf(trace)).toContain("polyglot");
    // Opcodes by chance: an item, a persistent id, a state.
    for (const chance of ["NNN", "NNQ", "NNb"])
      expect(await padded(latin1(chance))).toMatchObject({ container: "joblib", outcome: "ok", findings: [] });
  });

  test("what hides in an array may do with names that lie before it", async () => {
    const before = latin1("ccollections\nOrderedDict\nq\x00cbrine\nTagger\n)R}Vkeys\ncbrine\npayload\nsbq\x01");
    const hidden = latin1("h\x00h\x01\x85R0");
    const trace = await traceBytes(Buffer.concat([before, wrapper(hidden.length).subarray(2), hidden, latin1("N.")]));
    expect(findingsOf(trace)).toContain("polyglot");
    expect(trace.pickles[1]!.facts).toContainEqual(expect.objectContaining({ callable: "collections.OrderedDict", effectUnknown: true }));
  });

  test("what the bytes of an array do by chance to the array is nothing that pickle.load does otherwise", async () => {
    for (const chance of ["Q", "b", "R", "\x93"]) {
      const trace = await traceBytes(Buffer.concat([latin1("]"), wrapper(1), latin1(chance), latin1("a.")]));
      expect(trace).toMatchObject({ container: "joblib", outcome: "ok", findings: [] });
    }
  });

  test("a pickle inside an array of objects is a program of its own", async () => {
    const trace = await traceBytes(Buffer.concat([wrapper(1, "O8"), PAYLOAD, latin1(".")]));
    expect(trace).toMatchObject({ container: "joblib", outcome: "ok" });
    expect(trace.pickles).toHaveLength(2);
    expect(callsOf(trace)).toContain("-: os.system");
  });

  test("a pickle inside an array of objects, and one around it that names what opcodes call: unsupported, as they may share an object", async () => {
    const planted = latin1("}\x8c\x06appendcmodel\nact\ns");
    const plain = latin1("\x80\x02]q\x00K\x01a.");
    for (const [before, inner] of [
      [Buffer.concat([planted, latin1("a")]), plain],
      [Buffer.alloc(0), Buffer.concat([latin1("\x80\x02"), planted, latin1(".")])],
    ] as const) {
      const trace = await traceBytes(Buffer.concat([latin1("]"), before, wrapper(1, "O8"), inner, latin1("a.")]));
      expect(trace).toMatchObject({ outcome: "unsupported", pickles: [{ failure: { kind: "array-unknown" } }, { outcome: "ok" }] });
    }
    const trace = await traceBytes(Buffer.concat([latin1("]"), wrapper(1, "O8"), plain, latin1("a.")]));
    expect(trace).toMatchObject({ outcome: "ok" });
  });

  test("a dtype nobody knows: what is behind the array is unsupported, not clean", async () => {
    const trace = await traceBytes(Buffer.concat([wrapper(4, "weird"), Buffer.alloc(4, 255), PAYLOAD]));
    expect(trace).toMatchObject({ outcome: "unsupported", pickles: [{ failure: { kind: "array-unknown" } }] });
  });

  test("an array longer than the file ends the program: truncated", async () => {
    expect(await traceBytes(Buffer.concat([wrapper(1_000_000), Buffer.alloc(10, 255)]))).toMatchObject({
      outcome: "malformed",
      pickles: [{ failure: { kind: "truncated" } }],
    });
  });

  test("a wrapper of old joblib's names the file that is read in its place", async () => {
    const program = assemble(`
      PROTO 2
      GLOBAL "joblib.numpy_pickle NDArrayWrapper"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      BINUNICODE "filename"
      BINUNICODE "model.pkl_01.npy"
      SETITEM
      BUILD
      STOP`);
    if (!program.ok) throw new Error(program.error.message);
    const trace = await traceBytes(program.value);
    expect(trace).toMatchObject({
      outcome: "ok",
      findings: [{ kind: "other-file", message: expect.stringContaining("model.pkl_01.npy") }],
    });
  });
});

/** A .npy file with this header text. */
function npy(header: string, rest: Uint8Array): Uint8Array {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([latin1("\x93NUMPY\x01\x00"), length, latin1(header), rest]);
}

describe("numpy", () => {
  test("the pickle of an array of objects", async () => {
    const trace = await traceBytes(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", PAYLOAD));
    expect(trace).toMatchObject({ container: "npy", outcome: "ok", pickles: [{ loader: "numpy" }] });
    expect(callsOf(trace)).toEqual(["-: os.system"]);
  });

  test("Python 2's long integers, fields that hold objects, and repeated fields", async () => {
    const plain = npy(
      "{'descr': [('a', '<f4', (2L,)), ('b', [('c', '|S3')])], 'fortran_order': True, 'shape': (2L, 3L)}",
      Buffer.alloc(66),
    );
    expect(await traceBytes(plain)).toMatchObject({ outcome: "ok", pickles: [], findings: [] });
    const objects = npy("{'descr': [('a', '<f4'), ('b', [('c', 'O')])], 'fortran_order': False, 'shape': ()}", PAYLOAD);
    expect(callsOf(await traceBytes(objects))).toEqual(["-: os.system"]);
  });

  test.each([
    ["code instead of a literal", "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': ()}"],
    ["no dictionary", "('a', 1)"],
    ["an unknown dtype", "{'descr': 'x9', 'fortran_order': False, 'shape': (1,)}"],
    ["a key too many", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}"],
    ["nesting without end", `{'descr': ${"[".repeat(500)}`],
  ])("a header with %s is unsupported, not clean", async (_, header) => {
    expect(await traceBytes(npy(header, PAYLOAD))).toMatchObject({
      container: "npy",
      outcome: "unsupported",
      findings: [{ kind: "npy-header" }],
    });
  });

  test("an array shorter than its header says is malformed", async () => {
    const trace = await traceBytes(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}", Buffer.alloc(100)));
    expect(trace).toMatchObject({ outcome: "malformed", failure: { kind: "npy-truncated" } });
  });

  test("a pickle behind an array is run", async () => {
    const trace = await traceBytes(
      npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", Buffer.concat([Buffer.alloc(16), PAYLOAD])),
    );
    expect(callsOf(trace)).toEqual(["-: os.system"]);
  });

  test("an archive is .npz if all it holds are arrays", async () => {
    const array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", Buffer.alloc(4));
    expect(await traceBytes(buildZip([{ name: "a.npy", bytes: array }]))).toMatchObject({ container: "npz" });
    expect(
      await traceBytes(
        buildZip([
          { name: "a.npy", bytes: array },
          { name: "b", bytes: PAYLOAD },
        ]),
      ),
    ).toMatchObject({ container: "zip" });
  });
});
