/**
 * Ways around a policy that no list of names and no reading of the opcodes would close, each a program that the loader
 * refuses although every name in it is allowed for something. Where the verdict cannot see it, the test says so.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import { BYTE_OF_OPCODE as OP } from "../../analyzer/pickle/opcodes.ts";
import type { Policy, PolicyEntry } from "../../analyzer/policy/policy.ts";
import { judgeTrace } from "../../analyzer/verdict/judge.ts";
import { buildZip } from "../analyzer/containers/build-zip.ts";
import { arrayListing, dtypeListing } from "../analyzer/containers/joblib-array.ts";
import { bytesOf, EVASIONS } from "./evasions.ts";
import { DEBIAN_PYTHON, type How, hasLibraries, type Loaded, pythons, SafeLoader } from "./loader.ts";

describe.each([...pythons()])("Python %s", (_, python) => {
  let loader: SafeLoader;
  beforeAll(() => {
    loader = new SafeLoader(python);
  });
  afterAll(() => loader.close());

  it.each(EVASIONS)("refuses it where $how", async (evasion) => {
    const { imports = [], calls, shared, bound, listing, reason, verdict, said = reason } = evasion;
    const by = policy([...imports, ...calls], calls, shared, bound);
    const program = bytesOf(`PROTO 4\n${listing}\nSTOP`);
    const { trace } = await traceFile(memorySource(program));
    const judged = judgeTrace(trace, by, "strict");
    expect(judged.verdict).toBe(verdict);
    // The loader does not know what loads a pickle inside the pickle.
    if (verdict === "blocked") expect(judged.blocked[0]!.reason.replace(", by pickle.loads", "")).toBe(said);
    expect(await load(loader, by, "pickle", program)).toMatchObject({ outcome: "blocked", blocked: { reason } });
  });

  it("fails as CPython does at a name that is no text, whether the module is computed or not", async () => {
    const program = bytesOf('PROTO 4\nGLOBAL "evasive make_function"\nEMPTY_TUPLE\nREDUCE\nNONE\nSTACK_GLOBAL\nSTOP');
    const loaded = await load(loader, policy([], ["evasive:make_function"]), "pickle", program);
    expect(loaded).toMatchObject({ outcome: "fails", error: expect.stringContaining("STACK_GLOBAL requires str") });
  });

  it("fails as CPython does at a PERSID that is not ASCII", async () => {
    const program = Uint8Array.from([OP.PERSID, 0xff, 0x0a, OP.STOP]);
    const loaded = await load(loader, policy([], []), "pickle", program);
    expect(loaded).toMatchObject({
      outcome: "fails",
      error: expect.stringContaining("persistent IDs in protocol 0 must be ASCII strings"),
    });
  });

  it("lets through what the same classes are for", async () => {
    const by = policy([], ["evasive:AttributeDict", "evasive:TupleState", "evasive:Unpickles", "evasive:make_function"]);
    const program = bytesOf(`
      PROTO 4
      GLOBAL "evasive AttributeDict"
      EMPTY_TUPLE
      NEWOBJ
      SHORT_BINUNICODE "tuple"
      GLOBAL "evasive TupleState"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "name"
      NONE
      SETITEM
      TUPLE1
      BUILD
      SETITEM
      SHORT_BINUNICODE "inner"
      GLOBAL "evasive Unpickles"
      EMPTY_TUPLE
      NEWOBJ
      SHORT_BINBYTES {
        PROTO 2
        GLOBAL "evasive make_function"
        STOP
      }
      BUILD
      SETITEM
      STOP`);
    expect(await load(loader, by, "pickle", program)).toEqual({ outcome: "loads", type: "evasive.AttributeDict" });
  });

  it.each([
    ["loads", "callback"],
    ["blocked", "another"],
  ])("%s, where a callable in the state of what keeps one is set first, and then %s", async (outcome, key) => {
    const by = policy(["evasive:payload"], ["itertools:accumulate"]);
    const program = bytesOf(`
      PROTO 4
      GLOBAL "itertools accumulate"
      EMPTY_LIST
      TUPLE1
      REDUCE
      EMPTY_DICT
      SHORT_BINUNICODE "callback"
      GLOBAL "evasive payload"
      SETITEM
      UNICODE "${key}"
      NONE
      SETITEM
      BUILD
      STOP`);
    const { trace } = await traceFile(memorySource(program));
    expect(judgeTrace(trace, by, "strict").verdict).toBe(outcome);
    expect(await load(loader, by, "pickle", program)).toMatchObject({ outcome });
  });

  describe("lazily", () => {
    const by = policy([], ["evasive:CallsItsAttribute"]);
    const holding = (key: string) =>
      bytesOf(`
        PROTO 4
        GLOBAL "evasive CallsItsAttribute"
        EMPTY_TUPLE
        NEWOBJ
        EMPTY_DICT
        SHORT_BINUNICODE "callback"
        GLOBAL "evasive CallsItsAttribute"
        SETITEM
        SHORT_BINUNICODE "${key}"
        GLOBAL "evasive payload"
        SETITEM
        BUILD
        STOP`);

    it("keeps a stub of what is outside the policy", async () => {
      expect(await load(loader, by, "pickle", holding("unused"), "lazy")).toMatchObject({ outcome: "loads" });
      expect(await load(loader, by, "pickle", holding("unused"), "strict")).toMatchObject({ outcome: "blocked" });
    });

    it("lets object be handed over where the policy does not have it, as the verdict does", async () => {
      const program = bytesOf(
        'PROTO 4\nGLOBAL "functools partial"\nGLOBAL "builtins object"\nTUPLE1\nEMPTY_DICT\nNEWOBJ_EX\nPOP\nNONE\nSTOP',
      );
      const { trace } = await traceFile(memorySource(program));
      expect(judgeTrace(trace, policy([], []), "lazy").verdict).toBe("loads");
      expect(await load(loader, policy([], []), "pickle", program, "lazy")).toMatchObject({ outcome: "loads" });
    });

    it("refuses it once it is used, also by a class's own code", async () => {
      expect(await load(loader, by, "pickle", holding("callback"), "lazy")).toMatchObject({
        outcome: "blocked",
        blocked: { callable: "evasive.payload", reason: "use of what is outside the policy" },
      });
    });
  });
});

describe.skipIf(!hasLibraries())("joblib and torch", () => {
  let loader: SafeLoader;
  beforeAll(() => {
    loader = new SafeLoader(DEBIAN_PYTHON);
  });
  afterAll(() => loader.close());

  const ARRAY = ["joblib.numpy_pickle:NumpyArrayWrapper", "numpy:ndarray", "numpy:dtype"];
  /** An array as joblib writes it, with such a dtype, and whatever else in its state. */
  const array = (dtype: string, more?: string) => arrayListing(dtypeListing(dtype), more);

  it("joblib's array of numbers loads", async () => {
    const program = bytesOf(`PROTO 4\n${array("u1")}\nRAW 07\nSTOP`);
    const by = policy(ARRAY, ["joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype"]);
    expect(await load(loader, by, "joblib", program)).toEqual({ outcome: "loads", type: "numpy.ndarray" });
  });

  it("refuses a pickle inside joblib's array of objects (GHSA-m62q-453p-gv66)", async () => {
    const inner = 'PROTO 2\nGLOBAL "os system"\nBINUNICODE "true"\nTUPLE1\nREDUCE\nSTOP';
    const program = bytesOf(`PROTO 4\n${array("O8")}\n${inner}\nSTOP`);
    const by = policy(ARRAY, ["joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype"]);
    expect(await load(loader, by, "joblib", program)).toMatchObject({
      outcome: "blocked",
      blocked: { callable: "os.system", reason: "import outside the policy" },
    });
  });

  it("refuses an array of objects that says it may be mapped, whose bytes would be addresses; the verdict cannot tell", async () => {
    const program = bytesOf(`PROTO 4\n${array("O8", 'SHORT_BINUNICODE "allow_mmap"\nNEWTRUE')}\nPROTO 2\nNONE\nSTOP\nSTOP`);
    const by = policy(ARRAY, ["joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype"]);
    const { trace } = await traceFile(memorySource(program));
    expect(judgeTrace(trace, by, "strict").verdict).toBe("unsupported");
    expect(await load(loader, by, "joblib", program)).toMatchObject({
      outcome: "blocked",
      blocked: { reason: "an array of objects that may be mapped into memory" },
    });
  });

  it("refuses to hand on what a pickle inside joblib's array of objects chose, and so does the verdict", async () => {
    const objects = dtypeListing("O8", 'MARK\nBININT1 3\nSHORT_BINUNICODE "|"\nNONE\nNONE\nNONE\nBININT -1\nBININT -1\nBININT1 63\nTUPLE');
    const program = bytesOf(`
      PROTO 2
      GLOBAL "evasive TakesAnything"
      ${array("O8")}
      PROTO 2
      GLOBAL "numpy.core.multiarray _reconstruct"
      MARK
      GLOBAL "numpy ndarray"
      BININT1 0
      TUPLE1
      SHORT_BINBYTES "b"
      TUPLE
      REDUCE
      MARK
      BININT1 1
      BININT1 1
      TUPLE1
      ${objects}
      NEWFALSE
      EMPTY_LIST
      GLOBAL "evasive Tagger"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "keys"
      GLOBAL "evasive payload"
      SETITEM
      BUILD
      APPEND
      TUPLE
      BUILD
      STOP
      TUPLE1
      REDUCE
      STOP`);
    const calls = ["joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype", "numpy:ndarray", "numpy.core.multiarray:_reconstruct"];
    const by = policy([...ARRAY, "evasive:payload"], [...calls, "evasive:Tagger", "evasive:TakesAnything"]);
    const refusal = { callable: "evasive.TakesAnything", opcode: "REDUCE", reason: "call whose effect is not known" };
    const { trace } = await traceFile(memorySource(program));
    expect(judgeTrace(trace, by, "strict")).toMatchObject({ verdict: "blocked", blocked: [refusal] });
    expect(await load(loader, by, "joblib", program)).toMatchObject({ outcome: "blocked", blocked: refusal });
  });

  it.each(["read", "read_array", "safe_get_numpy_array_alignment_bytes"])(
    "refuses a state that puts %s over the wrapper's own",
    async (method) => {
      const program = bytesOf(`PROTO 4\n${array("u1", `SHORT_BINUNICODE "${method}"\nGLOBAL "evasive payload"`)}\nRAW 07\nSTOP`);
      const by = policy([...ARRAY, "evasive:payload"], ["joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype"]);
      expect(await load(loader, by, "joblib", program)).toMatchObject({
        outcome: "blocked",
        blocked: { reason: `BUILD would override ${method}` },
      });
    },
  );

  it("refuses a storage's bytes that hold a payload, which torch would load by itself", async () => {
    const inner = 'PROTO 2\nGLOBAL "os system"\nBINUNICODE "true"\nTUPLE1\nREDUCE\nSTOP';
    const program = bytesOf(`PROTO 4\nGLOBAL "torch.storage _load_from_bytes"\nSHORT_BINBYTES {\n${inner}\n}\nTUPLE1\nREDUCE\nSTOP`);
    const by = policy(["torch.storage:_load_from_bytes"], ["torch.storage:_load_from_bytes"]);
    expect(await load(loader, by, "pickle", program)).toMatchObject({ outcome: "blocked", blocked: { callable: "os.system" } });
  });

  it("refuses a payload in torch's legacy format, also where torch takes its own pickle", async () => {
    const program = bytesOf(`
      PROTO 2
      LONG1 119547037146038801333356
      STOP
      PROTO 2
      BININT2 1001
      STOP
      PROTO 2
      EMPTY_DICT
      STOP
      PROTO 2
      GLOBAL "os system"
      BINUNICODE "true"
      TUPLE1
      REDUCE
      STOP`);
    expect(await load(loader, policy([], []), "torch", program)).toMatchObject({ outcome: "blocked", blocked: { callable: "os.system" } });
  });

  it("refuses TorchScript, which torch would hand to another loader, and whose code it would run", async () => {
    const program = bytesOf("PROTO 2\nEMPTY_DICT\nSTOP");
    const entries = ["version", "data.pkl", "constants.pkl"].map((name) => ({
      name: `m/${name}`,
      bytes: name === "version" ? Buffer.from("3\n") : program,
    }));
    const answer = (count: number) => load(loader, policy([], []), "torch", buildZip(entries.slice(0, count)));
    expect(await answer(2)).toMatchObject({ outcome: "loads" });
    expect(await answer(3)).toMatchObject({ outcome: "blocked", blocked: { reason: expect.stringContaining("TorchScript") } });
  });
});

function policy(
  imports: readonly string[],
  calls: readonly string[],
  shared: readonly string[] = [],
  bound: readonly string[] = [],
): Policy {
  const entries = (names: readonly string[]) =>
    names.map((each): PolicyEntry => {
      const [module, name] = each.split(":") as [string, string];
      return {
        callable: `${module}.${name}`,
        module,
        ...(shared.includes(each) && { returns: "shared" }),
        ...(bound.includes(each) && { bound: true }),
        reasons: [],
      };
    });
  return { name: "class:test", class: null, library: null, imports: entries([...imports, ...calls]), calls: entries(calls) };
}

function load(loader: SafeLoader, by: Policy, how: How, program: Uint8Array, mode: "strict" | "lazy" = "strict"): Promise<Loaded> {
  return loader.load({ loader: loader.writeLoader(by, mode), how, file: loader.write("model", program) });
}
