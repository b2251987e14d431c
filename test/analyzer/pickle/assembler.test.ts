import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assemble, longBytes } from "../../../analyzer/pickle/assembler.ts";
import { listProgram } from "../../../analyzer/pickle/listing.ts";
import { OPCODES } from "../../../analyzer/pickle/opcodes.ts";

function bytesOf(listing: string): string {
  const program = assemble(listing);
  if (!program.ok) throw new Error(`line ${program.error.line}: ${program.error.message}`);
  return Buffer.from(program.value).toString("latin1");
}

describe("assemble", () => {
  test.each([
    ["NONE\nSTOP", "N."],
    ["# a comment\n\nPROTO 4  # and another\nNONE\nSTOP\n", "\x80\x04N."],
    ['GLOBAL "os system"', "cos\nsystem\n"],
    ['GLOBAL "a b" "c"', "ca b\nc\n"],
    ['INST "os" "system" # call', "ios\nsystem\n"],
    ["BININT1 5", "K\x05"],
    ["BININT -2", "J\xfe\xff\xff\xff"],
    ["BININT2 0x0102", "M\x02\x01"],
    ["LONG1 0", "\x8a\x00"],
    ["LONG1 255", "\x8a\x02\xff\x00"],
    ["LONG1 -128", "\x8a\x01\x80"],
    ["LONG4 -1", "\x8b\x01\x00\x00\x00\xff"],
    ['LONG1 "\\x00\\x00"', "\x8a\x02\x00\x00"],
    ["INT 01", "I01\n"],
    ["LONG 5L", "L5L\n"],
    ["FLOAT 1e5", "F1e5\n"],
    ["STRING 'ls'  # quoted as Python does", "S'ls'\n"],
    ['INT "0x10 # it\'s text"', "I0x10 # it's text\n"],
    ['SHORT_BINUNICODE "caf\\u00e9"', "\x8c\x05caf\xc3\xa9"],
    ['BINUNICODE "é\\"\\\\"', 'X\x04\x00\x00\x00\xc3\xa9"\\'],
    ['SHORT_BINUNICODE "\\ud800"', "\x8c\x03\xed\xa0\x80"],
    ["BINBYTES {\n  NONE\n  STOP\n}\nSTOP", "B\x02\x00\x00\x00N.."],
    ["FRAME auto\nNONE\nFRAME auto\nSTOP", "\x95\x01\0\0\0\0\0\0\0N\x95\x01\0\0\0\0\0\0\0."],
    ["FRAME 258", "\x95\x02\x01\0\0\0\0\0\0"],
    ["BINFLOAT 1.5", "G\x3f\xf8\0\0\0\0\0\0"],
    ["BINFLOAT -inf", "G\xff\xf0\0\0\0\0\0\0"],
    ['RAW 80 05 "ab" FF # broken', "\x80\x05ab\xff"],
  ])("%s", (listing, bytes) => {
    expect(bytesOf(listing)).toBe(bytes);
  });

  test.each([
    ["NONE\nNOPE", "unknown-opcode", 2],
    ["BININT1 256", "out-of-range", 1],
    ["BININT 2147483648", "out-of-range", 1],
    ["BININT1", "bad-argument", 1],
    ["NONE 5", "bad-argument", 1],
    ['SHORT_BINUNICODE "abc', "bad-string", 1],
    ['SHORT_BINUNICODE "\\q"', "bad-string", 1],
    [`SHORT_BINBYTES "${"a".repeat(256)}"`, "out-of-range", 1],
    ['GLOBAL "a b c"', "bad-argument", 1],
    ['INT "1\\n2"', "newline-in-line", 1],
    ["NONE\nBINBYTES {\nNONE", "unclosed-block", 2],
    ["BINFLOAT x", "bad-argument", 1],
    ["RAW 8", "bad-argument", 1],
  ])("refuses %j: %s", (listing, kind, line) => {
    const program = assemble(listing);
    expect(program.ok ? program : program.error).toMatchObject({ kind, line });
  });

  test("writes integers as CPython's encode_long does", () => {
    const values = [
      0n,
      1n,
      -1n,
      127n,
      128n,
      -128n,
      -129n,
      255n,
      256n,
      -256n,
      -255n,
      32767n,
      32768n,
      -32768n,
      -32769n,
      2n ** 64n,
      -(2n ** 63n),
    ];
    const script = `import pickle\nfor v in [${values.join(",")}]: print(pickle.encode_long(v).hex())`;
    const expected = execFileSync("python3", ["-c", script], { encoding: "utf8" }).trimEnd().split("\n");
    expect(values.map((value) => Buffer.from(longBytes(value)).toString("hex"))).toEqual(expected);
  });
});

const opcodes = fc.constantFrom(...OPCODES.map((opcode) => opcode.code));

describe("listProgram is the inverse of assemble", () => {
  test("on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(bytesOf(listProgram(bytes))).toBe(Buffer.from(bytes).toString("latin1"));
      }),
    );
  });

  test("on bytes that are mostly opcodes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 5, arbitrary: opcodes }, fc.constantFrom(0, 1, 10, 34, 92, 255)), { maxLength: 100 }),
        (codes) => {
          const bytes = Uint8Array.from(codes);
          const listing = listProgram(bytes);
          expect(bytesOf(listing)).toBe(Buffer.from(bytes).toString("latin1"));
          expect(listProgram(Buffer.from(bytesOf(listing), "latin1"))).toBe(listing);
        },
      ),
    );
  });
});
