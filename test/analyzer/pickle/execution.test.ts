import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ExecutionOptions, type Pause, runPickle, startPickle } from "../../../analyzer/pickle/execution.ts";
import type { Fact, PickleFacts } from "../../../analyzer/pickle/facts.ts";
import { MODULES, NAMES } from "../../../analyzer/pickle/python2-names.generated.ts";
import { corpusFiles, hasCorpus } from "../../corpus.ts";
import { makeProgram, Random } from "../../oracle/programs.ts";
import { brief, program, run } from "./programs.ts";

/** Runs a program whose bytes arrive in pieces of these sizes, over and over. */
function runInPieces(bytes: Uint8Array, sizes: readonly number[], options?: ExecutionOptions): { pause: Pause; facts: PickleFacts } {
  const execution = startPickle(options);
  let held = Math.min(options?.start ?? 0, bytes.length);
  for (let piece = 0; ; piece++) {
    held = Math.min(bytes.length, held + sizes[piece % sizes.length]!);
    const pause = execution.resume(bytes.subarray(0, held), held === bytes.length);
    if (pause.kind !== "starved") return { pause, facts: execution.facts() };
    expect(pause.needed).toBeGreaterThan(held);
    expect(held).toBeLessThan(bytes.length);
  }
}

const programs = fc.integer({ min: 0, max: 2 ** 31 }).map((seed) => makeProgram(new Random(seed)));

describe("startPickle", () => {
  test("tells the same facts however the bytes arrive", () => {
    fc.assert(
      fc.property(programs, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), (bytes, sizes) => {
        expect(runInPieces(bytes, sizes).facts).toEqual(runPickle(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  test("waits for what only the other reading of a crossed frame gets to, though this one has failed", () => {
    // Found by the property above: the frame ends inside the digits of the second INT, which is no integer in one piece.
    const bytes = Buffer.concat([
      Buffer.from([0x80, 5, 0x95, 30, 0, 0, 0, 0, 0, 0, 0, 0x28]),
      Buffer.from("I0X1F\n(tG\x7f\xf0\0\0\0\0\0\x01r\0\0\0\0K8I01", "latin1"),
      Buffer.from(`${"7".repeat(26)}\n\x91r\x01\0\0\0}\x8c\x02os\x8c\x06system\x93}s(u.`, "latin1"),
    ]);
    const whole = runPickle(bytes);
    expect(whole.facts).toMatchObject([{ kind: "import", callable: "os.system" }]);
    expect(runInPieces(bytes, [1]).facts).toEqual(whole);
  });

  test.skipIf(!hasCorpus)("tells the same facts of the corpus however the bytes arrive", () => {
    for (const { path, content } of corpusFiles()) {
      if (content.length > 100_000) continue;
      expect({ path, facts: runInPieces(content, [1_000, 1, 3_000]).facts }).toEqual({ path, facts: runPickle(content) });
    }
  });

  test("of a program of many turns of the loop: frames, marks, memo and containers go on behind each", () => {
    const item = 'SHORT_BINUNICODE "some text"\nMEMOIZE\nMARK\nBININT1 1\nBINGET 0\nTUPLE\n';
    const part = program(`${item.repeat(10_000)}MARK\nGLOBAL "m f"\nEMPTY_TUPLE\nREDUCE\n`);
    const frame = new Uint8Array(9);
    frame[0] = 0x95;
    new DataView(frame.buffer).setUint32(1, part.length, true);
    const bytes = Buffer.concat([program("PROTO 4\nMARK"), frame, part, frame, part, program("NONE\nTUPLE\nPOP\nTUPLE\nPOP\nTUPLE\nSTOP")]);
    const facts = runPickle(bytes);
    expect(bytes.length).toBeGreaterThan(5 * 2 ** 16);
    expect(facts).toMatchObject({ outcome: "ok", length: bytes.length });
    expect(facts.divergences).toBeUndefined();
    expect(brief(facts.facts)).toEqual(["import m.f", "call m.f()", "import m.f", "call m.f()"]);
    for (const step of [10_000, 65_535, 65_536, 65_537]) expect(runInPieces(bytes, [step]).facts).toEqual(facts);
  });

  test("asks for no more than an opcode needs, and for twice as much of a line", () => {
    const execution = startPickle();
    expect(execution.resume(Uint8Array.of(0x58, 200, 0), false)).toEqual({ kind: "starved", position: 0, needed: 5, framed: false });
    expect(execution.resume(Uint8Array.of(0x58, 200, 0, 0, 0, 97), false)).toEqual({
      kind: "starved",
      position: 0,
      needed: 205,
      framed: false,
    });
    expect(startPickle().resume(Buffer.from(`I${"1".repeat(99)}`), false)).toEqual({
      kind: "starved",
      position: 0,
      needed: 200,
      framed: false,
    });
    // Counts that are no small integers: 2^31 and 2^40.
    const four = Uint8Array.of(0x42, 0, 0, 0, 0x80);
    expect(startPickle().resume(four, false)).toMatchObject({ kind: "starved", needed: 5 + 2 ** 31 });
    const eight = Uint8Array.of(0x8e, 0, 0, 0, 0, 0, 1, 0, 0);
    expect(startPickle().resume(eight, false)).toMatchObject({ kind: "starved", needed: 9 + 2 ** 40 });
    expect(startPickle().resume(new Uint8Array(0), false)).toMatchObject({ kind: "starved", needed: 1 });
  });

  test.each([
    ["nothing", "", 0],
    ["nothing, from a place behind it", "", 5],
    ["an opcode without its argument", "RAW 58 01", 0],
    ["as many values as there are bytes", "NONE\nNONE\nNONE", 0],
    ["as many marks as there are bytes", "MARK\nMARK", 0],
  ])("says that a program is truncated when %s is all there is", (_, listing, start) => {
    const bytes = program(listing);
    expect(startPickle({ start }).resume(bytes, true)).toMatchObject({ kind: "failed", failure: { kind: "truncated" } });
    const execution = startPickle({ start });
    expect(execution.resume(bytes, false).kind).toBe("starved");
    expect(execution.resume(bytes, true)).toMatchObject({ kind: "failed", failure: { kind: "truncated" } });
  });

  test("says the same of an ended run, whatever other runs are doing by then", () => {
    const first = startPickle();
    first.resume(program('GLOBAL "a b"\nBININT1 1\nTUPLE1\nREDUCE\nSTOP'), true);
    const told = first.facts();
    const second = startPickle();
    second.resume(program('BININT1 7\nBINPUT 0\nGLOBAL "c d"\nBINGET 0\nTUPLE1\nREDUCE\nSTOP'), true);
    expect(brief(second.facts().facts)).toEqual(["import c.d", "call c.d(7)"]);
    expect(first.facts()).toBe(told);
    expect(brief(told.facts)).toEqual(["import a.b", "call a.b(1)"]);
    // The memo of the second is not that of a third.
    expect(startPickle().resume(program("BINGET 0\nSTOP"), true)).toMatchObject({ failure: { kind: "memo-key-missing" } });
  });

  test("stops behind STOP, and stays there", () => {
    const execution = startPickle();
    const bytes = program("NONE\nSTOP\nNONE");
    expect(execution.resume(bytes, true)).toEqual({ kind: "stopped", position: 2 });
    expect(execution.resume(bytes, true)).toEqual({ kind: "stopped", position: 2 });
  });

  test("is unfinished until it has ended, with the facts so far", () => {
    const execution = startPickle();
    execution.resume(program('GLOBAL "os system"\nMARK'), false);
    expect(execution.facts()).toMatchObject({ outcome: "unfinished", failure: { kind: "interrupted", offset: 12 } });
    expect(brief(execution.facts().facts)).toEqual(["import os.system"]);
  });

  test("pauses after a BUILD that its caller wants to know of, and goes on with what comes then", () => {
    const wrapper = `PROTO 4
GLOBAL "joblib.numpy_pickle NumpyArrayWrapper"
EMPTY_TUPLE
NEWOBJ
EMPTY_DICT
MARK
BINUNICODE "shape"
BININT1 2
BININT1 3
TUPLE2
BINUNICODE "dtype"
GLOBAL "numpy dtype"
BINUNICODE "f8"
TUPLE1
REDUCE
NONE
BUILD
SETITEMS
BUILD`;
    const first = program(wrapper);
    const execution = startPickle({ pauseAfterBuildOf: ["joblib.numpy_pickle.NumpyArrayWrapper"] });
    const pause = execution.resume(first, false);
    expect(pause).toEqual({
      kind: "build",
      position: first.length,
      object: {
        kind: "object",
        callable: "joblib.numpy_pickle.NumpyArrayWrapper",
        arguments: [],
        state: {
          kind: "dict",
          items: [
            [
              { kind: "str", value: "shape" },
              {
                kind: "tuple",
                items: [
                  { kind: "int", value: "2" },
                  { kind: "int", value: "3" },
                ],
              },
            ],
            [
              { kind: "str", value: "dtype" },
              { kind: "object", callable: "numpy.dtype", arguments: [{ kind: "str", value: "f8" }], state: { kind: "none" } },
            ],
          ],
        },
      },
    });
    const whole = Buffer.concat([first, program("STOP")]);
    expect(execution.resume(whole, true)).toEqual({ kind: "stopped", position: whole.length });
    expect(execution.facts().root).toBe("joblib.numpy_pickle.NumpyArrayWrapper");
  });

  test("sees the class through copyreg._reconstructor, as protocols 0 and 1 make objects", () => {
    const listing =
      'GLOBAL "copy_reg _reconstructor"\nMARK\nGLOBAL "m Wrapper"\nGLOBAL "__builtin__ object"\nNONE\nTUPLE\nREDUCE\nNONE\nBUILD\nSTOP';
    const pause = startPickle({ pauseAfterBuildOf: ["m.Wrapper"] }).resume(program(listing), true);
    expect(pause).toMatchObject({ kind: "build", object: { callable: "copyreg._reconstructor" } });
    expect(run(listing)).toMatchObject({ outcome: "ok", root: "m.Wrapper" });
  });
});

describe("runPickle", () => {
  test("tells of a prefix of a program a prefix of its facts", () => {
    const plain = (facts: readonly Fact[], before: number) =>
      facts.filter(({ offset }) => offset < before).map((fact) => JSON.stringify(fact));
    fc.assert(
      fc.property(programs, fc.nat(), (bytes, at) => {
        const cut = bytes.length === 0 ? 0 : at % bytes.length;
        const part = runPickle(bytes.subarray(0, cut));
        const whole = runPickle(bytes);
        // A frame that is cut, and a line whose end is, are where loaders part ways: compared is what lies before.
        const before = Math.min(part.failure?.offset ?? cut, part.divergences?.[0]?.offset ?? cut, whole.divergences?.[0]?.offset ?? cut);
        expect(plain(part.facts, before)).toEqual(plain(whole.facts, before));
      }),
      { numRuns: 2_000 },
    );
  });

  test("tells what a list held before an item of it was set by index", () => {
    // Found by the property above: the list was of unknown contents from the start.
    const listing = 'GLOBAL "a b"\nEMPTY_LIST\nBINPUT 0\nNONE\nAPPEND\nBINPUT 0\nTUPLE1\nREDUCE\n';
    const setting = 'BINGET 0\nBININT1 0\nNONE\nSETITEM\nGLOBAL "a c"\nBINGET 0\nTUPLE1\nREDUCE\nSTOP';
    expect(brief(run(listing + setting).facts)).toEqual(["import a.b", "call a.b([None])", "import a.c", "call a.c(…)"]);
  });

  test("never throws on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void runPickle(bytes)),
      { numRuns: 2_000 },
    );
  });

  test.skipIf(!hasCorpus)("never throws on a file of the corpus, from any of its first bytes", () => {
    let facts = 0;
    for (const { content } of corpusFiles()) for (let start = 0; start < 3; start++) facts += runPickle(content, { start }).facts.length;
    expect(facts).toBeGreaterThan(5_000);
  });

  test("counts opcodes, with where each ran first", () => {
    expect(run("PROTO 4\nNONE\nNONE\nTUPLE2\nSTOP").opcodes).toEqual([
      { opcode: "PROTO", offset: 0, count: 1 },
      { opcode: "NONE", offset: 2, count: 2 },
      { opcode: "TUPLE2", offset: 4, count: 1 },
      { opcode: "STOP", offset: 5, count: 1 },
    ]);
  });

  test("runs one program after another with nothing left of the one before", () => {
    const puts = program('NONE\nBINPUT 3\nGLOBAL "a b"\nEMPTY_TUPLE\nREDUCE\nSTOP');
    const gets = program("BINGET 3\nSTOP");
    runPickle(puts);
    expect(runPickle(gets).failure?.kind).toBe("memo-key-missing");
    expect(runPickle(puts)).toEqual(runPickle(puts));
  });
});

test("the names of Python 2 are those of the installed CPython", () => {
  const script =
    "import json, _compat_pickle as c; print(json.dumps([c.IMPORT_MAPPING, [[f'{a} {b}', v] for (a, b), v in c.NAME_MAPPING.items()]]))";
  const [modules, names] = JSON.parse(execFileSync("python3", ["-c", script], { encoding: "utf8" }));
  expect(Object.fromEntries(MODULES)).toEqual(modules);
  expect(Object.fromEntries(NAMES)).toEqual(Object.fromEntries(names));
});
