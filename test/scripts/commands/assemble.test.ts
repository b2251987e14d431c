/** The commands that turn pickles into listings and back. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { census, ROOT, temporaryFolder } from "../run-census.ts";

const TAGGER = path.join(ROOT, "test/fixtures/models/saltmarsh/ner-english-small/tagger.pkl");
const folder = temporaryFolder();
const written = (name: string, text: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};

describe("assemble", () => {
  it("writes a pickle that CPython loads", async () => {
    const listing = written("list.txt", 'PROTO 4\nFRAME auto\nMARK\nBININT1 5\nSHORT_BINUNICODE "caf\\u00e9"  # text\nLIST\nSTOP\n');
    const output = path.join(folder, "list.pkl");
    expect(await census(["assemble", listing, "-o", output])).toEqual({ ending: "done", printed: "", reported: "" });
    const { stdout } = spawnSync("python3", ["-c", "import pickle, sys; print(pickle.load(sys.stdin.buffer))"], {
      input: readFileSync(output),
      encoding: "utf8",
    });
    expect(stdout).toBe("[5, 'caf\u00e9']\n");
  });

  it("writes again what disassemble --listing printed, byte for byte", async () => {
    const { ending, printed } = await census(["disassemble", TAGGER, "--listing"]);
    expect(ending).toBe("done");
    const output = path.join(folder, "tagger.pkl");
    await census(["assemble", written("tagger.txt", printed), "-o", output]);
    expect(readFileSync(output).equals(readFileSync(TAGGER))).toBe(true);
  });

  it("writes to standard output where no file is named", async () => {
    expect(await census(["assemble", written("none.txt", "NONE\nSTOP")])).toEqual({ ending: "done", printed: "N.", reported: "" });
  });

  it.each([
    ["an opcode that is none", "NONE\nNOPE\n", ":2: NOPE is no opcode"],
    ["an argument that cannot be written", "BININT1 256\n", ":1: BININT1 takes 0 to 255, not 256"],
  ])("names the line of %s", async (name, text, message) => {
    const { ending, printed, reported } = await census(["assemble", written(`${name}.txt`, text)]);
    expect([ending, printed]).toEqual(["usage", ""]);
    expect(reported).toContain(message);
  });

  it("says that there is no such listing", async () => {
    const { ending, reported } = await census(["assemble", path.join(folder, "absent.txt")]);
    expect(ending).toBe("usage");
    expect(reported).toContain("no such file");
  });
});

describe("disassemble --as-c", () => {
  it("goes on where pickletools gives up", async () => {
    const odd = path.join(folder, "odd.pkl");
    await census(["assemble", written("odd.txt", 'INT 0x10\nGLOBAL "os system"\nTUPLE2\nSTOP\n'), "-o", odd]);
    const plain = await census(["disassemble", odd]);
    expect(plain.ending).toBe("undecided");
    expect(plain.printed).not.toContain("GLOBAL");
    const asC = await census(["disassemble", odd, "--as-c"]);
    expect(asC).toMatchObject({ ending: "done", reported: "" });
    expect(asC.printed).toContain("GLOBAL     'os system'");
  });
});
