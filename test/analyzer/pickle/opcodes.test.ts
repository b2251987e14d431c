import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { ARGUMENTS, OPCODE_OF_BYTE, OPCODES } from "../../../analyzer/pickle/opcodes.ts";

const PICKLETOOLS = `
import json, pickletools
print(json.dumps([{
  "name": o.name, "code": ord(o.code), "argument": o.arg and o.arg.name,
  "before": [s.name for s in o.stack_before], "after": [s.name for s in o.stack_after], "protocol": o.proto,
} for o in pickletools.opcodes]))
print(json.dumps({o.arg.name: o.arg.n for o in pickletools.opcodes if o.arg}))
`;

const [rows, widths] = execFileSync("python3", ["-c", PICKLETOOLS], { encoding: "utf8" })
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

describe("the opcode table is that of the installed Python", () => {
  test("has as many rows, in the same order", () => {
    expect(OPCODES.map((opcode) => opcode.name)).toEqual(rows.map((row: { name: string }) => row.name));
    expect(OPCODES).toHaveLength(68);
  });

  test.each(OPCODES.map((opcode, index) => [opcode.name, index] as const))("%s", (_, index) => {
    const { doc, ...row } = OPCODES[index]!;
    expect(row).toEqual(rows[index]);
    expect(doc).toMatch(/^[A-Z].*\.$/);
    expect(OPCODE_OF_BYTE[row.code]).toBe(OPCODES[index]);
  });

  test("the widths of arguments are those of its argument descriptors", () => {
    // pickletools: -1 up to a newline, -2 and -3 (signed in one case), -4, -5: counted by 1, 4, 4 and 8 bytes.
    const described = Object.fromEntries(
      Object.entries(ARGUMENTS).map(([name, argument]) => {
        if (typeof argument.width === "number") return [name, argument.width];
        if (argument.width !== "counted") return [name, -1];
        if (argument.count === 1) return [name, -2];
        if (argument.count === 8) return [name, -5];
        return [name, name === "string4" || name === "long4" ? -3 : -4];
      }),
    );
    expect(described).toEqual(widths);
  });
});
