/** PickleBall's enforcer beside ours: what the reference says of each opcode, and each of its gaps with the verdict of both. */
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import type { Mode, Verdict } from "../../../analyzer/verdict/verdict.ts";
import { maliciousFiles } from "../../fixtures/malicious.ts";
import { imported, persistent, policy, STORAGE, trace } from "./traces.ts";

const POLICY = policy(["brine.models:Tagger", "brine.data:restore", "brine.data:Table"], ["brine.data:restore"]);

async function judge(listing: string, by: Policy = POLICY, mode: Mode = "lazy") {
  const program = assemble(listing);
  if (!program.ok) throw new Error(JSON.stringify(program.error));
  const { trace: traced } = await traceFile(memorySource(program.value));
  const told = (verdict: Verdict) => (verdict.verdict === "blocked" ? verdict.blocked[0]!.reason : verdict.verdict);
  return { pickleball: told(judgeTrace(traced, by, mode, "pickleball")), ours: told(judgeTrace(traced, by, mode)) };
}

/** Two lines that look a name up and call it without arguments. */
const CALL = (name: string) => `GLOBAL "${name}"\nEMPTY_TUPLE\nREDUCE\n`;
const MAKE = (name: string) => `GLOBAL "${name}"\nEMPTY_TUPLE\nNEWOBJ\n`;

describe("lazily", () => {
  it.each([
    ["a stub may be looked up", 'GLOBAL "os system"\nSTOP', "loads"],
    ["kept in a list, a dict and the memo", 'EMPTY_LIST\nGLOBAL "os system"\nBINPUT 1\nBINGET 1\nTUPLE2\nAPPEND\nSTOP', "loads"],
    ["and be made an instance of, which is the stub again", `${MAKE("os system")}STOP`, "loads"],
    ["but not be called", `${CALL("os system")}STOP`, "call of a stub: its import is outside the policy"],
    ["nor get a state", `${MAKE("os system")}EMPTY_DICT\nBUILD\nSTOP`, "BUILD on a stub: its import is outside the policy"],
    ["nor items", 'GLOBAL "os system"\nNONE\nAPPEND\nSTOP', "APPEND on a stub: its import is outside the policy"],
    ["nor keys", 'GLOBAL "os system"\nNONE\nNONE\nSETITEM\nSTOP', "SETITEM on a stub: its import is outside the policy"],
  ])("%s", async (_, listing, expected) => {
    expect((await judge(listing)).pickleball).toBe(expected);
  });

  it("a listed name may be called only if its run-time name is listed as a call", async () => {
    expect((await judge(`${CALL("brine.data restore")}STOP`)).pickleball).toBe("loads");
    expect((await judge(`${CALL("brine.models Tagger")}STOP`)).pickleball).toBe("call outside the policy");
    const aliased: Policy = { ...POLICY, imports: [{ callable: "brine.restore", sameAs: "brine.data.restore", reasons: [] }] };
    expect((await judge(`${CALL("brine restore")}STOP`, aliased)).pickleball).toBe("loads");
    const nested = policy(["brine.data:Table.restore"], ["brine.data:Table.restore", "brine.data:restore"]);
    expect((await judge('PROTO 4\nGLOBAL "brine.data Table.restore"\nEMPTY_TUPLE\nREDUCE\nSTOP', nested)).pickleball).toBe("loads");
  });

  it("a name counts as it is spelt, before Python 2's are mapped; those of builtins under both", async () => {
    const copyreg = policy(["copyreg:_reconstructor"], ["copyreg:_reconstructor"]);
    expect((await judge(`${CALL("copy_reg _reconstructor")}STOP`, copyreg)).pickleball).toMatch(/^call of a stub/);
    const set = policy(["builtins:set"], ["builtins:set"]);
    expect((await judge(`${CALL("__builtin__ set")}STOP`, set)).pickleball).toBe("loads");
  });

  it("a storage whose type is a stub has no dtype to be read by", () => {
    const file = trace([imported("torch:FloatStorage"), persistent(STORAGE)]);
    expect(judgeTrace(file, POLICY, "lazy", "pickleball").blocked[0]!.reason).toMatch(/type of a storage is a stub/);
    expect(judgeTrace(file, policy(["torch:FloatStorage"]), "lazy", "pickleball").verdict).toBe("loads");
  });
});

describe("strictly", () => {
  it("a name outside the policy blocks where it is looked up", async () => {
    expect((await judge('GLOBAL "os system"\nSTOP', POLICY, "strict")).pickleball).toBe("import outside the policy");
    expect((await judge(`${CALL("brine.data restore")}STOP`, POLICY, "strict")).pickleball).toBe("loads");
  });
});

describe.each(["lazy", "strict"] as const)("%s: what it refuses although the policy lists it", (mode) => {
  const generous = policy(["brine.data:restore", "brine.data:Table"], ["brine.data:restore", "brine.data:Table"]);

  it.each([
    ["INST", 'MARK\nINST "brine.data restore"\nSTOP', "PickleBall supports no INST"],
    ["OBJ", 'MARK\nGLOBAL "brine.data restore"\nOBJ\nSTOP', "PickleBall supports no OBJ"],
    ["EXT1", "EXT1 7\nSTOP", "PickleBall supports no EXT1"],
    [
      "a state that renames",
      `${CALL("brine.data Table")}EMPTY_DICT\nBINUNICODE "__name__"\nBINUNICODE "x"\nSETITEM\nBUILD\nSTOP`,
      "BUILD of __name__",
    ],
  ])("%s", async (_, listing, expected) => {
    expect((await judge(listing, generous, mode)).pickleball).toBe(expected);
  });

  it("an array of numpy, whose state is a tuple", async () => {
    const numpy = policy(["numpy:dtype"], ["numpy:dtype"]);
    const listing = `${CALL("numpy dtype")}EMPTY_TUPLE\nBUILD\nSTOP`;
    expect(await judge(listing, numpy, mode)).toEqual({ pickleball: expect.stringContaining("tuple for a __setstate__"), ours: "loads" });
  });
});

describe("its gaps, which ours closes", () => {
  it.each([
    ["NEWOBJ of any name that may be looked up", `${MAKE("brine.models Tagger")}STOP`, "call outside the policy"],
    [
      "item writes into anything that was looked up",
      'GLOBAL "brine.models Tagger"\nBINUNICODE "k"\nNONE\nSETITEM\nSTOP',
      "SETITEM changes brine.models.Tagger itself, not an object made by it",
    ],
    [
      "attributes of a class",
      'GLOBAL "brine.models Tagger"\nEMPTY_DICT\nBINUNICODE "load"\nNONE\nSETITEM\nBUILD\nSTOP',
      "BUILD changes brine.models.Tagger itself, not an object made by it",
    ],
    [
      "a state that plants a __setstate__",
      `${CALL("brine.data restore")}EMPTY_DICT\nBINUNICODE "__setstate__"\nNONE\nSETITEM\nBUILD\nSTOP`,
      "BUILD would override __setstate__",
    ],
  ])("%s", async (_, listing, ours) => {
    expect(await judge(listing, POLICY, "strict")).toEqual({ pickleball: "loads", ours });
  });

  it("a string that reads the same is another name: module a, name b.c is not module a.b, name c", async () => {
    const listing = 'PROTO 4\nGLOBAL "brine data.restore"\nSTOP';
    expect(await judge(listing, POLICY, "strict")).toEqual({ pickleball: "loads", ours: "import outside the policy" });
  });

  it("what a callable of the policy calls for the pickle", async () => {
    const partial = policy(["functools:partial", "brine.models:Tagger"], ["functools:partial"]);
    const listing = 'GLOBAL "functools partial"\nGLOBAL "brine.models Tagger"\nTUPLE1\nREDUCE\nSTOP';
    expect(await judge(listing, partial)).toEqual({ pickleball: "loads", ours: "call outside the policy, by functools.partial" });
  });
});

describe("malicious listings", () => {
  it("are blocked by its strict mode under a policy that lists nothing", async () => {
    for (const { name, bytes } of maliciousFiles()) {
      const { trace: traced } = await traceFile(memorySource(bytes));
      expect(`${name}: ${judgeTrace(traced, policy([]), "strict", "pickleball").verdict}`).toBe(`${name}: blocked`);
    }
  });
});

it("says whose rules they were", () => {
  const file = trace([imported("brine.models:Tagger")]);
  expect(judgeTrace(file, POLICY, "strict", "pickleball")).toMatchObject({ verdict: "loads", enforcer: "pickleball" });
  expect(judgeTrace(file, POLICY, "strict")).not.toHaveProperty("enforcer");
});
