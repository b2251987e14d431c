import { describe, expect, it } from "vitest";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { decompiledLines, statementsAround } from "../../app/decompiled.ts";

const assembled = assemble('PROTO 4\nGLOBAL "os system"\nBININT1 5\nTUPLE1\nREDUCE\nSTOP');
const program = { bytes: assembled.ok ? assembled.value : new Uint8Array(), segments: [{ at: 0, offset: 100 }] };
const around = (offset: number, eachSide = 1) => statementsAround(decompiledLines(program), program, offset, eachSide);

describe("the Python around a place", () => {
  it("marks the statement that an opcode does", () => {
    expect(around(116)).toEqual([
      { text: "from os import system", marked: null },
      { text: "v16 = system(5)", marked: "does" },
      { text: "result = v16", marked: null },
    ]);
  });

  it("marks the next statement where the opcode does nothing by itself", () => {
    expect(around(113, 0)).toEqual([{ text: "v16 = system(5)", marked: "next" }]);
    expect(around(100, 0)).toEqual([{ text: "from os import system", marked: "next" }]);
  });

  it("is nothing outside the program, and nothing of a long one", () => {
    expect(around(99)).toEqual([]);
    expect(around(118)).toEqual([]);
    expect(decompiledLines({ ...program, bytes: new Uint8Array(2 ** 18 + 1) })).toEqual([]);
  });
});
