/** torch's formats: which entries are storages, which pickles there are, and what does not add up. */
import { describe, expect, test } from "vitest";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { buildTar } from "./build-tar.ts";
import { buildZip, fields } from "./build-zip.ts";
import { HARMLESS, latin1, PAYLOAD } from "./pickles.ts";
import { callsOf, findingsOf, traceBytes } from "./trace.ts";

function assembled(listing: string): Uint8Array {
  const program = assemble(listing);
  if (!program.ok) throw new Error(`line ${program.error.line}: ${program.error.message}`);
  return program.value;
}

/** A program whose result is the storage of six floats with this key. */
function storage(key: string, more = ""): Uint8Array {
  return assembled(`
    PROTO 2
    MARK
    BINUNICODE "storage"
    GLOBAL "torch FloatStorage"
    BINUNICODE "${key}"
    BINUNICODE "cpu"
    BININT1 6
    ${more}
    TUPLE
    BINPERSID
    STOP`);
}

const MAGIC = assembled("PROTO 2\nLONG1 119547037146038801333356\nSTOP");
const VERSION = assembled("PROTO 2\nBININT2 1001\nSTOP");
const SYSTEM = assembled("PROTO 2\nEMPTY_DICT\nSTOP");
const KEYS = assembled('PROTO 2\nEMPTY_LIST\nBINUNICODE "7"\nAPPEND\nSTOP');

describe("zip", () => {
  test("a storage is what a persistent id names: any other entry beside it is looked into", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "m/data.pkl", bytes: storage("0") },
        // Bytes that would run as a pickle if anybody ran them; torch copies them into a tensor.
        { name: "m/data/0", bytes: Buffer.concat([PAYLOAD, Buffer.alloc(1)]) },
        { name: "m/data/1", bytes: PAYLOAD },
        { name: "m/version", bytes: latin1("3\n") },
      ]),
    );
    expect(trace).toMatchObject({ container: "torch-zip", outcome: "ok" });
    expect(callsOf(trace)).toEqual(["m/data/1: os.system"]);
    expect(trace.pickles.map(({ entry, loader }) => [entry, loader])).toEqual([
      ["m/data.pkl", "torch"],
      ["m/data/1", "pickle"],
    ]);
  });

  test("evasion: TorchScript with another data.pkl before its own, and code under a name in capitals, which torch finds", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "m/a/data.pkl", bytes: HARMLESS },
        { name: "m/data.pkl", bytes: HARMLESS },
        { name: "m/constants.pkl", bytes: latin1("\x80\x02).") },
        { name: "m/code/__torch__.PY", bytes: latin1("class A(Module): ...\n") },
      ]),
    );
    expect(trace.container).toBe("torchscript");
    expect(findingsOf(trace)).toContain("code");
  });

  test("evasion: what a release of torch loads past its unpickler, in another archive, or as another thing as well", async () => {
    const script = buildZip(["data.pkl", "constants.pkl"].map((name) => ({ name: `m/${name}`, bytes: HARMLESS })));
    const none = latin1("\x80\x02K\x00.");
    const tar = [
      { name: "\x80\x02}.", bytes: new Uint8Array(0) },
      ...["storages", "tensors", "pickle"].map((name) => ({ name, bytes: none })),
    ];
    const by = WEIGHTS_ONLY.find(({ name }) => name === "weights-only@torch-2.2")!;
    for (const bytes of [
      script,
      buildZip([{ name: "a.pt", bytes: script }]),
      buildTar(tar),
      buildTar([{ ...tar[0]!, bytes: script, name: "PK\x03\x04" }]),
    ])
      expect(judgeTrace(await traceBytes(bytes), by, "strict").blocked[0]?.reason).toContain("past the weights-only unpickler");
  });

  test("what newer releases of torch write beside the pickle is known", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "m/data.pkl", bytes: storage("0") },
        { name: "m/.format_version", bytes: latin1("1") },
        { name: "m/.storage_alignment", bytes: latin1("64") },
        { name: "m/byteorder", bytes: latin1("little") },
        { name: "m/data/0", bytes: new Uint8Array(24) },
        { name: "m/version", bytes: latin1("3\n") },
        { name: "m/.data/serialization_id", bytes: latin1("0636457737946401051300000025273995036293") },
      ]),
    );
    expect(trace).toMatchObject({ container: "torch-zip", outcome: "ok", findings: [] });
    expect(trace.pickles).toHaveLength(1);
  });

  test("data.pkl in any case is torch's: its reader looks names up without regard to it", async () => {
    const trace = await traceBytes(buildZip([{ name: "m/DATA.pkl", bytes: PAYLOAD }]));
    expect(trace).toMatchObject({ container: "torch-zip", pickles: [{ entry: "m/DATA.pkl", loader: "torch" }] });
  });

  test("a storage whose entry is shorter than its pickle says", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "m/data.pkl", bytes: storage("0") },
        { name: "m/data/0", bytes: new Uint8Array(20) },
      ]),
    );
    expect(findingsOf(trace)).toEqual(["storage-size"]);
  });

  test("where data.pkl breaks, the archive is malformed and what it did is kept", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "m/data.pkl", bytes: PAYLOAD.subarray(0, -1) },
        { name: "m/data/0", bytes: new Uint8Array(24) },
      ]),
    );
    expect(trace).toMatchObject({ container: "torch-zip", outcome: "malformed" });
    expect(callsOf(trace)).toEqual(["m/data.pkl: os.system"]);
  });

  test("TorchScript's pickles are for its own unpickler, and its code is named", async () => {
    const trace = await traceBytes(
      buildZip([
        { name: "m/data.pkl", bytes: HARMLESS },
        { name: "m/constants.pkl", bytes: HARMLESS },
        { name: "m/code/__torch__.py", bytes: latin1("class Module(Module):\n  pass\n"), method: 8 },
      ]),
    );
    expect(trace).toMatchObject({ container: "torchscript", outcome: "ok", findings: [{ kind: "code" }] });
    expect(trace.pickles.map((pickle) => pickle.loader)).toEqual(["torchscript", "torchscript"]);
  });
});

describe("legacy", () => {
  const floats = Buffer.concat([fields([6, 8]), new Uint8Array(24)]);

  test("five pickles, and storages that nobody unpickles", async () => {
    const bytes = Buffer.concat([MAGIC, VERSION, SYSTEM, storage("7", "NONE"), KEYS, floats]);
    const trace = await traceBytes(bytes);
    expect(trace).toMatchObject({ container: "torch-legacy", outcome: "ok", findings: [] });
    expect(trace.pickles.map((pickle) => pickle.loader)).toEqual(["torch", "torch", "torch", "torch", "torch"]);
  });

  test("calls in any of the five are facts", async () => {
    for (let index = 1; index < 5; index++) {
      const programs = [MAGIC, VERSION, SYSTEM, HARMLESS, KEYS];
      programs[index] = PAYLOAD;
      expect(callsOf(await traceBytes(Buffer.concat(programs)))).toEqual(["-: os.system"]);
    }
  });

  test("a magic number that is computed is no magic number: its pickle and all that follow are run", async () => {
    const computed = latin1("cbuiltins\neval\n(S'0x1950a86a20f9469cfc6c'\ntR.");
    const trace = await traceBytes(Buffer.concat([computed, VERSION, SYSTEM, PAYLOAD, KEYS]));
    expect(trace.container).toBe("pickle");
    expect(callsOf(trace)).toEqual(["-: builtins.eval", "-: os.system"]);
  });

  test("a file that ends before its storages do is malformed", async () => {
    const bytes = Buffer.concat([MAGIC, VERSION, SYSTEM, storage("7", "NONE"), KEYS, floats.subarray(0, 20)]);
    expect(await traceBytes(bytes)).toMatchObject({ outcome: "malformed", findings: [{ kind: "torch-legacy-size" }] });
  });

  test("bytes behind the storages are a finding, and a pickle among them is run", async () => {
    const bytes = Buffer.concat([MAGIC, VERSION, SYSTEM, storage("7", "NONE"), KEYS, floats, PAYLOAD]);
    const trace = await traceBytes(bytes);
    expect(trace).toMatchObject({ container: "torch-legacy", outcome: "ok", findings: [{ kind: "torch-legacy-size" }] });
    expect(callsOf(trace)).toEqual(["-: os.system"]);
  });

  test("what a second torch.save wrote into the file is read as well", async () => {
    const saved = (object: Uint8Array) => [MAGIC, VERSION, SYSTEM, object, KEYS];
    const trace = await traceBytes(Buffer.concat([...saved(storage("7", "NONE")), floats, ...saved(PAYLOAD)]));
    expect(trace).toMatchObject({ container: "torch-legacy", outcome: "ok" });
    expect(trace.pickles.map((pickle) => pickle.loader)).toEqual(Array(10).fill("torch"));
    expect(callsOf(trace)).toEqual(["-: os.system"]);
  });

  const listing = (lines: string) => assembled(`PROTO 2\n${lines}\nSTOP`);
  const twoSizes = Buffer.concat([
    storage("7", "NONE").subarray(0, -1),
    latin1("0"),
    storage("7", "NONE")
      .subarray(2)
      .map((byte, at, all) => (byte === 6 && all[at - 1] === 0x4b ? 7 : byte)),
  ]);

  test.each([
    ["no storage is listed", storage("7", "NONE"), listing("EMPTY_LIST")],
    ["one is listed twice", storage("7", "NONE"), listing('EMPTY_LIST\nMARK\nBINUNICODE "7"\nBINUNICODE "7"\nAPPENDS')],
    ["another is listed", storage("7", "NONE"), listing('EMPTY_LIST\nBINUNICODE "8"\nAPPEND')],
    ["the list is no list", storage("7", "NONE"), listing('BINUNICODE "7"')],
    ["the list is left lying below another", storage("7", "NONE"), listing('EMPTY_LIST\nBINUNICODE "7"\nAPPEND\nEMPTY_LIST')],
    ["one has two sizes", twoSizes, KEYS],
  ])("evasion: what follows lies elsewhere than behind all storages, where %s: unsupported", async (_, object, keys) => {
    const bytes = Buffer.concat([MAGIC, VERSION, SYSTEM, object, keys, floats.subarray(0, 9), ...[MAGIC, VERSION, SYSTEM, PAYLOAD, KEYS]]);
    expect(await traceBytes(bytes)).toMatchObject({
      container: "torch-legacy",
      outcome: "unsupported",
      failure: { kind: "torch-legacy-keys" },
    });
  });

  test("a file that ends after the magic number", async () => {
    expect(await traceBytes(Buffer.concat([MAGIC, VERSION]))).toMatchObject({ container: "torch-legacy", outcome: "malformed" });
  });
});
