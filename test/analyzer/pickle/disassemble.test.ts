import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { disassemble } from "../../../analyzer/pickle/disassemble.ts";
import { corpusFiles, hasCorpus, sampleFiles } from "../../corpus.ts";
import { printedByPickletools } from "../../oracle/pickletools.ts";
import { makeProgram, Random } from "../../oracle/programs.ts";

function program(listing: string): Uint8Array {
  const assembled = assemble(listing);
  if (!assembled.ok) throw new Error(assembled.error.message);
  return assembled.value;
}

/** Where our disassemblies differ from those of pickletools. */
async function differences(programs: readonly { name: string; bytes: Uint8Array }[]): Promise<string[]> {
  const found: string[] = [];
  let index = 0;
  for await (const theirs of printedByPickletools(programs.map(({ bytes }) => bytes))) {
    const { name, bytes } = programs[index++]!;
    const { text, error } = disassemble(bytes);
    const ours = error && `${error.type}: ${error.message}`;
    const same = theirs.text === null ? createHash("sha256").update(text).digest("hex") === theirs.sha256 : text === theirs.text;
    if (!same) found.push(`${name}: the text differs`);
    if (ours !== theirs.error) found.push(`${name}: ${ours} / ${theirs.error}`);
  }
  expect(index).toBe(programs.length);
  if (programs.length > 1) console.info(`compared with pickletools: ${index} programs`);
  return found;
}

describe("prints what pickletools prints, with the same error where it fails", () => {
  test("of generated programs, sound and broken", async () => {
    const random = new Random(7);
    const programs = Array.from({ length: 10_000 }, (_, index) => ({ name: `program ${index}`, bytes: makeProgram(random) }));
    expect(await differences(programs)).toEqual([]);
  });

  test.skipIf(!hasCorpus)("of every file of the corpus, read as a raw pickle", async () => {
    const programs = Array.from(corpusFiles(), ({ path, content }) => ({ name: path, bytes: content }));
    expect(programs.length).toBeGreaterThan(400);
    expect(await differences(programs)).toEqual([]);
  });

  test.skipIf(!hasCorpus)("of every pickle inside a file of the corpus or of the samples", { timeout: 180_000 }, async () => {
    const programs: { name: string; bytes: Uint8Array }[] = [];
    for (const { path, content } of [...corpusFiles(), ...sampleFiles()]) {
      const { trace, programs: found } = await traceFile(memorySource(content), undefined, "whole");
      for (const [index, { bytes }] of found.entries()) {
        if (trace.pickles[index]!.entry !== null || trace.pickles[index]!.offset > 0) programs.push({ name: `${path} ${index}`, bytes });
      }
    }
    expect(programs.length).toBeGreaterThan(500);
    expect(await differences(programs)).toEqual([]);
  });

  const KINDS: readonly (readonly [name: string, listing: string])[] = [
    ["a mark that TUPLE1 took", "MARK\nTUPLE1\nPOP_MARK\nSTOP"],
    ["a second PUT under a key", "NONE\nBINPUT 0\nPUT 00\nSTOP"],
    ["a GET of nothing", "GET 5\nSTOP"],
    ["an int of more digits than Python converts", `LONG4 ${10n ** 5000n}\nSTOP`],
    ["decimal text of more digits than Python converts", `LONG ${"9".repeat(5000)}\nSTOP`],
    ["a value left behind", "NONE\nMARK\nNONE\nSTOP"],
    ["characters that are not printable", 'BINUNICODE "\\u00ad\\u200b\\u3000\\ud800\\u4e2d\\u007f"\nSTOP'],
    ["floats of every size", "BINFLOAT 1e16\nBINFLOAT 1e-5\nBINFLOAT 123456789.125\nBINFLOAT 1e300\nBINFLOAT -0\nBINFLOAT 0.0001\nSTOP"],
    ["nothing at all", ""],
  ];
  let asked: Promise<string[]> | undefined;

  test.each(KINDS)("%s", async (name) => {
    asked ??= differences(KINDS.map(([name, listing]) => ({ name, bytes: program(listing) })));
    expect((await asked).filter((difference) => difference.startsWith(`${name}: `))).toEqual([]);
  });
});

describe("as C, it prints on", () => {
  test("past what only pickletools objects to", () => {
    const bytes = program('NONE\nBINPUT 0\nBINPUT 0\nINT 0x10\nGLOBAL "caf\\u00e9 x"\nMARK\nSTRING "\'a\'"\nSTOP');
    expect(disassemble(bytes).error).toEqual({ type: "ValueError", message: "memo key 0 already defined" });
    const asC = disassemble(bytes, { asC: true });
    expect(asC.error).toBeNull();
    expect(asC.text).toContain("BINPUT     0  # memo key 0 already defined\n");
    expect(asC.text).toContain("INT        b'0x10'\n");
    expect(asC.text).toContain("GLOBAL     b'caf\\xc3\\xa9\\nx'\n");
    expect(asC.text).toMatch(/STOP\nhighest protocol among opcodes = 1\n$/);
  });

  test("up to where the unpicklers fail, and says why", () => {
    const { text, error } = disassemble(program("NONE\nBINGET 5\nSTOP"), { asC: true });
    expect(text).toBe("    0: N    NONE\n");
    expect(error).toEqual({ type: "memo-key-missing", message: "nothing is stored in the memo under this key, at 1" });
  });
});
