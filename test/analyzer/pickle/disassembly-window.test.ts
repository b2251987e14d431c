import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { disassemblyAround } from "../../../analyzer/pickle/disassembly-window.ts";
import { program } from "./programs.ts";

describe("disassemblyAround", () => {
  const bytes = program(`${"NONE\n".repeat(20)}GLOBAL "os system"\n${"EMPTY_TUPLE\n".repeat(20)}STOP`);

  test("shows so many opcodes on each side", () => {
    const window = disassemblyAround(bytes, 20, 2);
    expect(window.map(({ offset }) => offset)).toEqual([18, 19, 20, 31, 32]);
    expect(window[2]).toEqual({ offset: 20, opcode: "GLOBAL", argument: "'os system'", text: "   20: c    GLOBAL     'os system'" });
  });

  test("at the start, at the end, and within an argument", () => {
    expect(disassemblyAround(bytes, 0, 2).map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(disassemblyAround(bytes, 25, 1).map(({ offset }) => offset)).toEqual([19, 20, 31]);
    expect(disassemblyAround(bytes, bytes.length - 1, 1).map(({ opcode }) => opcode)).toEqual(["EMPTY_TUPLE", "STOP"]);
    expect(disassemblyAround(bytes, 1_000, 1).map(({ opcode }) => opcode)).toEqual(["STOP"]);
    expect(disassemblyAround(new Uint8Array(0), 0, 3)).toEqual([]);
  });

  test("shows the one opcode, where no others are asked for, and reads no further", () => {
    expect(disassemblyAround(bytes, 20, 0).map(({ opcode }) => opcode)).toEqual(["GLOBAL"]);
    expect(disassemblyAround(bytes, 25, 0).map(({ offset }) => offset)).toEqual([20]);
    let furthest = 0;
    const watched = new Proxy(new Uint8Array(1_000).fill(0x4e), {
      get: (target, key) => {
        if (typeof key === "string" && /^\d+$/.test(key)) furthest = Math.max(furthest, Number(key));
        return Reflect.get(target, key, target);
      },
    });
    expect(disassemblyAround(watched, 10, 0).map(({ offset }) => offset)).toEqual([10]);
    expect(furthest).toBe(10);
    expect(disassemblyAround(watched, 10, 3).map(({ offset }) => offset)).toEqual([7, 8, 9, 10, 11, 12, 13]);
    expect(furthest).toBe(13);
  });

  test("cuts long arguments", () => {
    const long = program(`BINBYTES "${"a".repeat(5000)}"\nBINUNICODE "${"b".repeat(500)}"\nSTOP`);
    const window = disassemblyAround(long, 0, 3);
    expect(window.map(({ text }) => text.length).every((length) => length < 300)).toBe(true);
    expect(window[0]!.argument).toContain("(5000 bytes)");
  });
});

test("brings no machine with it", () => {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    for (const [, path] of readFileSync(file, "utf8").matchAll(/^(?:import|export) .*?from "(\.[^"]+)";$/gms))
      visit(join(dirname(file), path!));
  };
  visit(join(import.meta.dirname, "../../../analyzer/pickle/disassembly-window.ts"));
  const names = [...seen].map((file) => file.split("/").at(-1));
  expect(names).toContain("decode.ts");
  expect(names).not.toContain("machine.ts");
  expect(names).not.toContain("execution.ts");
});
