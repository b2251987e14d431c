import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import type { Trace } from "../../../analyzer/containers/trace.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import type { Fact, Failure } from "../../../analyzer/pickle/facts.ts";
import { DEFAULT_WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { VERDICT_KINDS } from "../../../analyzer/verdict/verdict.ts";
import { called, imported, policy, trace } from "./traces.ts";

const FAILURE: Failure = { kind: "truncated", message: "the argument of BINUNICODE ends beyond the file", offset: 41 };

describe("what decides", () => {
  it.each(["malformed", "unsupported", "unfinished"] as const)("is the trace's outcome where nothing is blocked: %s", (outcome) => {
    const file = trace([imported("a:b")], { outcome, failure: FAILURE });
    const verdict = judgeTrace(file, policy(["a:b"]), "strict");
    expect(verdict.verdict).toBe(outcome);
    expect(verdict.message).toBe("the argument of BINUNICODE ends beyond the file (truncated at byte 41)");
  });

  it.each(["malformed", "unsupported", "unfinished"] as const)("is what was blocked before a pickle broke: %s", (outcome) => {
    expect(judgeTrace(trace([imported("a:b")], { outcome, failure: FAILURE }), policy([]), "strict").verdict).toBe("blocked");
  });

  it("is every pickle's outcome, also where the container shows none", () => {
    const file = trace([]);
    const broken = { ...file.pickles[0]!, outcome: "unsupported" as const, failure: FAILURE };
    expect(judgeTrace({ ...file, pickles: [file.pickles[0]!, broken] }, policy([]), "strict").verdict).toBe("unsupported");
  });

  it("is the kind of file where it holds no pickle", () => {
    const without = (container: string): Trace => ({ size: 9, container, outcome: "ok", findings: [], pickles: [] });
    expect(judgeTrace(without("safetensors"), policy([]), "strict").verdict).toBe("loads");
    expect(judgeTrace(without("npy"), policy([]), "strict").verdict).toBe("loads");
    expect(judgeTrace(without("git-lfs-pointer"), policy([]), "strict").verdict).toBe("unavailable");
    expect(judgeTrace(without("a container of tomorrow"), policy([]), "strict").verdict).toBe("unsupported");
  });

  it("is never success where the loader goes on in another file", () => {
    const other = { kind: "other-file", message: 'joblib.load reads an array from another file, "model.pkl_01.npy"', entry: null };
    const verdict = judgeTrace({ ...trace([]), container: "pickle", findings: [other] }, policy([]), "strict");
    expect(verdict).toMatchObject({ verdict: "unsupported", message: `${other.message}, which is not looked at here` });
  });

  it("is never success where a loader may run code that is no pickle", () => {
    const code = { kind: "code", message: "a Keras model in HDF5 may bring Lambda layers, whose code Keras runs", entry: null };
    const verdict = judgeTrace({ size: 9, container: "hdf5", outcome: "ok", findings: [code], pickles: [] }, policy([]), "strict");
    expect(verdict).toMatchObject({ verdict: "unsupported", message: `${code.message}; only pickles are judged` });
  });
});

describe("evidence", () => {
  it("is unfinished where findings were left out, of which any could be code", async () => {
    const { trace: file } = await traceFile(memorySource(Uint8Array.from([0x80, 2, 0x4e, 0x2e])));
    const leftOut = { kind: "limit", message: "7 more findings were left out", entry: null, resource: "findings", limit: 1_000 };
    expect(judgeTrace(file, policy([]), "strict").verdict).toBe("loads");
    expect(judgeTrace({ ...file, findings: [leftOut] }, policy([]), "strict")).toMatchObject({
      verdict: "unfinished",
      message: leftOut.message,
    });
  });

  it("counts what happens again, and keeps the order of pickles and of what they do", () => {
    const one = trace([called("a:f"), called("a:g"), called("a:f")]);
    const file: Trace = { ...one, pickles: [one.pickles[0]!, { ...one.pickles[0]!, entry: "second.pkl" }] };
    const { blocked } = judgeTrace(file, policy([]), "strict");
    expect(blocked.map(({ callable, offset, pickle, entry, count }) => ({ callable, offset, pickle, entry, count }))).toEqual([
      { callable: "a.f", offset: 10, pickle: 0, entry: "model/data.pkl", count: 2 },
      { callable: "a.g", offset: 20, pickle: 0, entry: "model/data.pkl", count: 1 },
      { callable: "a.f", offset: 10, pickle: 1, entry: "second.pkl", count: 2 },
      { callable: "a.g", offset: 20, pickle: 1, entry: "second.pkl", count: 1 },
    ]);
  });
});

describe("the order of evidence", () => {
  it("is that of execution: pickles in joblib's arrays of objects run between the opcodes of the one around them", async () => {
    const program = assemble(`PROTO 4
      GLOBAL "early" "name"
      POP
      GLOBAL "joblib.numpy_pickle" "NumpyArrayWrapper"
      EMPTY_TUPLE
      NEWOBJ
      EMPTY_DICT
      SHORT_BINUNICODE "dtype"
      GLOBAL "numpy" "dtype"
      SHORT_BINUNICODE "O8"
      TUPLE1
      REDUCE
      SETITEM
      BUILD
      PROTO 2
      GLOBAL "inside" "name"
      STOP
      GLOBAL "late" "name"
      STOP`);
    if (!program.ok) throw new Error(program.error.message);
    const { trace: file } = await traceFile(memorySource(program.value));
    const names = ["joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype"];
    for (const by of [policy(names, names), DEFAULT_WEIGHTS_ONLY]) {
      const { blocked } = judgeTrace(file, by, "strict");
      const offsets = blocked.map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.toSorted((left, right) => left - right));
      const imports = blocked.filter(({ callable, opcode }) => opcode === "GLOBAL" && callable?.endsWith(".name"));
      expect(imports.map(({ callable }) => callable)).toEqual(["early.name", "inside.name", "late.name"]);
    }
  });
});

describe("properties", () => {
  const NAMES = ["a:f", "a:C", "b:C", "b:C.D", "collections:OrderedDict", "torch._utils:_rebuild_tensor_v2"] as const;
  const name = fc.constantFrom(...NAMES);
  const origin = fc.constantFrom("named", "attribute", "computed", "mutated" as const);
  const via = fc.option(fc.constant("functools.partial"), { nil: undefined });
  const fact = fc.oneof(
    fc.record({ name, origin, via }).map(({ name: of, ...more }) => imported(of, more)),
    fc
      .record({ name, origin, via, opcode: fc.constantFrom("REDUCE", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ" as const) })
      .map(({ name: of, ...more }) => called(of, more)),
    fc
      .record({
        name,
        origin,
        method: fc.constantFrom("__setstate__", "append", "__setitem__" as const),
        opcode: fc.constant("BUILD" as const),
      })
      .map(({ name: of, ...more }) => called(of, more)),
  );
  const file = fc
    .record({ facts: fc.array(fact, { maxLength: 8 }), outcome: fc.constantFrom("ok", "malformed", "unsupported", "unfinished" as const) })
    .map(({ facts, outcome }) => trace(facts, { outcome, failure: FAILURE }));
  const mode = fc.constantFrom("strict", "lazy" as const);

  it("a larger policy never blocks more", () => {
    fc.assert(
      fc.property(file, mode, fc.subarray([...NAMES]), fc.subarray([...NAMES]), fc.subarray([...NAMES]), (of, by, imports, calls, more) => {
        const smaller = judgeTrace(of, policy(imports, calls), by);
        const larger = judgeTrace(of, policy([...imports, ...more], [...calls, ...more]), by);
        const before = new Set(smaller.blocked.map(({ offset, opcode }) => `${offset} ${opcode}`));
        expect(larger.blocked.filter(({ offset, opcode }) => !before.has(`${offset} ${opcode}`))).toEqual([]);
        if (smaller.verdict === "loads") expect(larger.verdict).toBe("loads");
      }),
    );
  });

  it("lazy never blocks what strict lets in", () => {
    fc.assert(
      fc.property(file, fc.subarray([...NAMES]), fc.subarray([...NAMES]), (of, imports, calls) => {
        const by = policy(imports, calls);
        if (judgeTrace(of, by, "strict").verdict === "loads") expect(judgeTrace(of, by, "lazy").verdict).toBe("loads");
      }),
    );
  });

  it("only a trace that is ok loads, with nothing blocked, and every verdict is of the table", () => {
    fc.assert(
      fc.property(file, mode, fc.boolean(), (of, by, weightsOnly) => {
        const verdict = judgeTrace(of, weightsOnly ? DEFAULT_WEIGHTS_ONLY : policy([...NAMES], [...NAMES]), by);
        expect(Object.keys(VERDICT_KINDS)).toContain(verdict.verdict);
        if (verdict.verdict === "loads") {
          expect(of.outcome).toBe("ok");
          expect(verdict.blocked).toEqual([]);
          const unsound = (done: Fact) => (done.kind === "call" || done.kind === "import") && ["computed", "mutated"].includes(done.origin);
          // A stub of a known name is the one thing that lazy lets pass.
          expect(of.pickles.flatMap(({ facts }) => facts).filter(unsound)).toEqual([]);
        } else expect(verdict.blocked.length > 0 || verdict.message !== undefined).toBe(true);
      }),
    );
  });
});
