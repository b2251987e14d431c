/**
 * The differential fuzzer, at a size for every day. `node --import tsx test/oracle/fuzz.ts 1000000` runs it at length.
 * What it finds becomes a test below.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listProgram } from "../../../analyzer/pickle/listing.ts";
import { disagreement } from "../../oracle/compare.ts";
import { Oracle, type Unpickler } from "../../oracle/oracle.ts";
import { fuzz } from "../../oracle/run-fuzzer.ts";
import { CROSSED_TWICE, program } from "./programs.ts";

/** Generated programs by our machine and by CPython's unpicklers: what to show where they disagree. */
async function disagreements(count: number, seed: number): Promise<string[]> {
  const result = await fuzz(count, seed);
  expect(result.programs).toBe(count);
  // Programs that only fail would be compared over little.
  expect(result.loaded).toBeGreaterThan(count / 5);
  return result.disagreements.map(({ program, unpickler, message }) => `seed ${seed}, ${unpickler}: ${message}\n${listProgram(program)}`);
}

describe("our machine does what CPython's unpicklers do", () => {
  test("with 50,000 programs from a fixed seed", { timeout: 300_000 }, async () => {
    expect(await disagreements(50_000, 20)).toEqual([]);
  });

  test("with 10,000 programs from a fresh seed", { timeout: 120_000 }, async () => {
    expect(await disagreements(10_000, Math.floor(Math.random() * 2 ** 31))).toEqual([]);
  });
});

describe("once found by the fuzzer", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle();
  });
  afterAll(() => oracle.close());

  test.each<[name: string, unpicklers: Unpickler[], listing: string]>([
    ["INT with white space behind is no bool", ["file"], 'INT "1\\r"\nSTOP'],
    ["INT with a sign or a space in front is one to C", ["file", "python"], 'INT " 1"\nINT +0\nTUPLE2\nSTOP'],
    ["\\U and \\u are two escapes", ["file"], "UNICODE \\U0010ffff\nSTOP"],
    ["an opcode that fails may be another one from behind its frame", ["file", "memory"], "FRAME 3\nFLOAT --1\nSTOP"],
    ["a line that crosses its frame", ["file", "memory"], 'FRAME 8\nGLOBAL "a b" "system"\nSTOP'],
    ["a count that crosses its frame", ["file", "memory"], 'FRAME 3\nBINUNICODE "abc"\nRAW 01 00 00 00 61\nSTOP'],
    ["bytes that cross their frame lose nothing", ["file", "memory"], 'FRAME 6\nBINBYTES "abcdef"\nSTOP'],
    ["a line without an end, at the end of a frame", ["file", "memory"], "FRAME 2\nNEXT_BUFFER\nRAW 4c 2e"],
    ["a frame that begins where the outer one ends", ["file", "memory"], "FRAME 9\nFRAME 2\nNONE\nSTOP"],
    ["a frame within a frame, and a line that crosses both", ["file", "memory"], "FRAME 20\nNONE\nFRAME 5\nPOP\nINT 123456789\nNONE\nSTOP"],
    ["a frame whose length crosses the outer one", ["file", "memory"], "FRAME 3\nNONE\nFRAME 1\nSTOP"],
    ["INST without a mark looks its class up in pure Python", ["file", "python"], 'INST "a" "b"\nSTOP'],
    ["GLOBAL with an empty name imports its module in pure Python", ["file", "python"], 'GLOBAL "a" ""\nSTOP'],
    ["a GLOBAL whose last line has no end is looked up in pure Python", ["file", "python"], 'RAW "cos\\nsystem"'],
    ["an INST whose last line has no end is called in pure Python", ["file", "python"], 'MARK\nNONE\nRAW "ios\\nsystem"'],
    ["a last line without an end that is not UTF-8", ["file", "python"], 'RAW "Pcaf" e9 e9'],
    ["memo keys beyond C's integers are kept in pure Python", ["file", "python"], "NONE\nPUT 1777777777777777777777777\nSTOP"],
    ["REDUCE with a list is unpacked in pure Python", ["file", "python"], 'GLOBAL "a b"\nEMPTY_LIST\nNONE\nAPPEND\nREDUCE\nSTOP'],
    ["BUILD of a builtin with what is false works in pure Python", ["file", "python"], 'EMPTY_LIST\nEMPTY_DICT\nBUILD\nGLOBAL "a b"\nSTOP'],
    [
      "FRAME beyond the end is read as far as it goes in pure Python",
      ["file", "python"],
      'FRAME 99\nGLOBAL "a b"\nEMPTY_TUPLE\nREDUCE\nSTOP',
    ],
    ["FLOAT with underscores is one in pure Python", ["file", "python"], 'FLOAT 1_0\nGLOBAL "a b"\nSTOP'],
    ["a dotted name whose module is an object", ["file", "memory"], 'GLOBAL "a b"\nBINUNICODE "C.D"\nSTACK_GLOBAL\nSTOP'],
    ["a frame that is crossed within a file's buffer, and one beyond it", ["file", "memory", "plain", "buffered"], CROSSED_TWICE],
  ])("%s", async (_, unpicklers, listing) => {
    const questions = unpicklers.map((unpickler) => ({ program: program(listing), unpickler }));
    const answers = await oracle.ask(questions);
    expect(questions.map((question, index) => disagreement(question, answers[index]!))).toEqual(unpicklers.map(() => null));
  });

  test("the comparison notices: other names, other arguments, other endings", async () => {
    const [answer] = await oracle.ask([{ program: program('GLOBAL "a b"\nBININT1 1\nTUPLE1\nREDUCE\nSTOP'), unpickler: "file" }]);
    for (const listing of [
      'GLOBAL "a c"\nBININT1 1\nTUPLE1\nREDUCE\nSTOP',
      'GLOBAL "a b"\nBININT1 2\nTUPLE1\nREDUCE\nSTOP',
      'GLOBAL "a b"\nBININT1 1\nTUPLE1\nREDUCE\nREDUCE\nSTOP',
      'GLOBAL "a b"\nBININT1 1\nTUPLE1\nSTOP',
      'GLOBAL "a b"\nBININT1 1\nTUPLE1\nREDUCE\nNONE\nSTOP',
    ]) {
      expect(disagreement({ program: program(listing), unpickler: "file" }, answer!)).not.toBeNull();
    }
  });
});
