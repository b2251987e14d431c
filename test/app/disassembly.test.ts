import { describe, expect, it } from "vitest";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { disassembleAround } from "../../app/disassembly.ts";

const program = assemble('PROTO 4\nGLOBAL "os system"\nBININT1 5\nTUPLE1\nREDUCE\nSTOP');
const bytes = program.ok ? program.value : new Uint8Array();

describe("the opcodes around a place", () => {
  it("are those of the program, with arguments as Python prints them", () => {
    expect(disassembleAround({ bytes, segments: [{ at: 0, offset: 0 }] }, 14, 2)).toEqual([
      { offset: 0, opcode: "PROTO", argument: "4" },
      { offset: 2, opcode: "GLOBAL", argument: "'os system'" },
      { offset: 13, opcode: "BININT1", argument: "5" },
      { offset: 15, opcode: "TUPLE1", argument: null },
      { offset: 16, opcode: "REDUCE", argument: null },
    ]);
  });

  it("have the offsets of the content that holds the pickle, beyond data that was left out", () => {
    const segments = [
      { at: 0, offset: 100 },
      { at: 13, offset: 5_000 },
    ];
    expect(disassembleAround({ bytes, segments }, 5_003, 2).map(({ offset, opcode }) => [offset, opcode])).toEqual([
      [5_000, "BININT1"],
      [5_002, "TUPLE1"],
      [5_003, "REDUCE"],
      [5_004, "STOP"],
    ]);
    const before = disassembleAround({ bytes, segments }, 102, 1);
    expect(before.map(({ offset, opcode }) => [offset, opcode])).toEqual([
      [100, "PROTO"],
      [102, "GLOBAL"],
      [5_000, "BININT1"],
    ]);
    expect(disassembleAround({ bytes, segments }, 99, 2)).toEqual([]);
  });
});
