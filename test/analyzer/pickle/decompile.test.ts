import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { decompile } from "../../../analyzer/pickle/decompile.ts";
import { runPickle } from "../../../analyzer/pickle/execution.ts";
import { corpusFiles, hasCorpus } from "../../corpus.ts";
import { makeProgram, Random } from "../../oracle/programs.ts";

function decompiled(listing: string): string {
  const program = assemble(listing);
  if (!program.ok) throw new Error(program.error.message);
  return decompile(program.value);
}

const PARSE = `
import ast, json, sys
for line in sys.stdin:
    name, text = json.loads(line)
    try: ast.parse(text)
    except Exception as error: print(name, repr(error))
`;

/** What Python's parser says of programs; nothing where all are valid. */
function complaints(programs: Iterable<readonly [name: string, text: string]>): string {
  const input = Array.from(programs, (program) => `${JSON.stringify(program)}\n`).join("");
  const { stdout, stderr } = spawnSync("python3", ["-W", "ignore", "-c", PARSE], { input, encoding: "utf8", maxBuffer: 2 ** 30 });
  return stdout + stderr;
}

describe("decompile", () => {
  test("writes a statement for every lookup and call, with its offset", () => {
    expect(decompiled('PROTO 2\nGLOBAL "os system"\nSHORT_BINUNICODE "ls"\nTUPLE1\nREDUCE\nSTOP')).toBe(
      [
        "# Protocol 2, bytes 0 to 20 of the program.",
        "from os import system  # 2 GLOBAL",
        "v18 = system('ls')  # 18 REDUCE",
        "result = v18  # 19 STOP",
        "",
      ].join("\n"),
    );
  });

  test("keeps calls whose result nobody uses", () => {
    const text = decompiled('GLOBAL "os system"\nEMPTY_TUPLE\nREDUCE\nPOP\nNONE\nSTOP');
    expect(text).toContain("\nsystem()  # 12 REDUCE\n");
    expect(text).toContain("\nresult = None  # 15 STOP\n");
  });

  test("gives a shared value a variable, and writes any other where it is used", () => {
    const text = decompiled("EMPTY_LIST\nMARK\nEMPTY_DICT\nDUP\nBININT1 1\nTUPLE1\nAPPENDS\nSTOP");
    expect(text).toContain("v2 = {}  # 2 EMPTY_DICT\nresult = [v2, v2, (1,)]");
  });

  test("changes a container by statements where it was used before", () => {
    const text = decompiled("EMPTY_LIST\nBINPUT 0\nTUPLE1\nBINGET 0\nBININT1 5\nAPPEND\nSTOP");
    expect(text).toContain("v0 = []  # 0 EMPTY_LIST\nv0.append(5)  # 8 APPEND\nresult = v0");
  });

  test("a list that holds itself", () => {
    expect(decompiled("EMPTY_LIST\nDUP\nDUP\nAPPEND\nSTOP")).toContain("v0 = []  # 0 EMPTY_LIST\nv0.append(v0)  # 3 APPEND\n");
  });

  test("instances, states, keywords, items, persistent ids", () => {
    const text = decompiled(`PROTO 4
GLOBAL "a.b C"
EMPTY_TUPLE
EMPTY_DICT
SHORT_BINUNICODE "k"
NONE
SETITEM
NEWOBJ_EX
EMPTY_DICT
BUILD
BININT1 1
APPEND
MARK
BININT1 2
BININT1 3
SETITEMS
PERSID key
APPEND
STOP`);
    expect(text).toContain("from a.b import C  # 2 GLOBAL\n");
    expect(text).toMatch(/(v\d+) = C\.__new__\(C, \*\*\{'k': None\}\) {2}# 16 NEWOBJ_EX\n\1\.__setstate__\(\{\}\)/);
    expect(text).toMatch(/\.append\(1\).*\n.*\[2\] = 3.*\nv\d+ = persistent_load\('key'\).*\nv\d+\.append\(v\d+\)/);
  });

  test("names that are no names are looked up by hand, and none is taken twice", () => {
    const text = decompiled('PROTO 4\nGLOBAL "a X"\nGLOBAL "b X"\nGLOBAL "a b" "class"\nGLOBAL "os path.join"\nTUPLE3\nTUPLE2\nSTOP');
    expect(text).toContain("from a import X  # 2 GLOBAL\nfrom b import X as v7  # 7 GLOBAL\n");
    expect(text).toContain("v12 = find_class('a b', 'class')");
    expect(text).toContain("find_class('os', 'path.join')");
  });

  test("says where it fails", () => {
    expect(decompiled('GLOBAL "os system"\nREDUCE')).toMatch(/# Fails at 11: the opcode takes more from the stack/);
  });

  test("a billion laughs are as many lines as there are laughs", () => {
    const laughs = `EMPTY_LIST\n${"DUP\nTUPLE2\n".repeat(100)}STOP`;
    expect(decompiled(laughs).length).toBeLessThan(10_000);
    const deep = `${"EMPTY_LIST\n".repeat(100_000)}${"APPEND\n".repeat(99_999)}STOP`;
    expect(decompiled(deep).split("\n").length).toBeGreaterThan(10_000);
  });
});

describe("is valid Python", () => {
  test("of generated programs, with every lookup and call in order", () => {
    const random = new Random(11);
    const texts: [string, string][] = [];
    for (let index = 0; index < 5_000; index++) {
      const program = makeProgram(random);
      const text = decompile(program);
      texts.push([`program ${index}`, text]);
      const calls = runPickle(program).facts.filter((fact) => fact.kind === "call" && fact.via === undefined && !("method" in fact));
      const written = [...text.matchAll(/\s{2}# (\d+) (?:REDUCE|NEWOBJ|NEWOBJ_EX|OBJ)$/gm)].map(([, offset]) => Number(offset));
      const expected = calls.filter(({ opcode }) => opcode !== "INST").map(({ offset }) => offset);
      if (runPickle(program).divergences?.some(({ kind }) => kind === "frame-straddled") !== true) expect(written).toEqual(expected);
    }
    expect(complaints(texts)).toBe("");
  });

  test.skipIf(!hasCorpus)("of every file of the corpus, read as a raw pickle", () => {
    expect(complaints(Array.from(corpusFiles(), ({ path, content }) => [path, decompile(content)] as const))).toBe("");
  });
});
