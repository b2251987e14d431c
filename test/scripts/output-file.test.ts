/** A file that a command cannot write is the user's to mend, and said before the work begins. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openOutput, writing } from "../../scripts/output-file.ts";
import { census, ROOT, temporaryFolder } from "./run-census.ts";

const folder = temporaryFolder();
const file = path.join(folder, "file");
writeFileSync(file, "");
const listing = path.join(folder, "none.txt");
writeFileSync(listing, "NONE\nSTOP\n");
const source = path.join(ROOT, "test/fixtures/inference/annotations/source");

const absent = path.join(folder, "absent", "out");
const PLACES = [
  ["a missing folder", absent, `there is no folder ${path.dirname(absent)}`],
  ["a folder", folder, "it is a folder"],
  ["something below a file", path.join(file, "out"), `${file} is no folder`],
] as const;

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  assemble: ["assemble", listing],
  infer: ["infer", "--source", source, "--class", "no.such.Class"],
  "policy union": ["policy", "union", "no-such-policy"],
  "policy loader": ["policy", "loader", "no-such-policy"],
  export: ["export", "models"],
  "export confusion": ["export", "confusion", "no-such-folder"],
};

describe.each(Object.entries(COMMANDS))("%s", (_, words) => {
  it.each(PLACES)("does not write to %s, and does nothing else", async (_, place, reason) => {
    const { ending, printed, reported } = await census([...words, "-o", place]);
    expect({ ending, printed, reported }).toEqual({ ending: "usage", printed: "", reported: `error: cannot write ${place}: ${reason}\n` });
  });
});

it("every command that has --output is among them", () => {
  const commands = path.join(ROOT, "scripts/commands");
  const writers = readdirSync(commands).filter((name) => readFileSync(path.join(commands, name), "utf8").includes("--output <FILE>"));
  expect(writers).toEqual(["assemble.ts", "confusion.ts", "export.ts", "infer.ts", "policy.ts"]);
});

it("export all takes a folder that is not there yet, and no file", async () => {
  const { reported } = await census(["export", "all", "-o", path.join(file, "tables")]);
  expect(reported).toBe(`error: cannot write ${path.join(file, "tables")}: ${file} is a file, and a folder is needed\n`);
  // The store is not there: nothing is made for it.
  expect((await census(["export", "all", "-o", absent])).reported).not.toContain("cannot write");
  expect(existsSync(absent)).toBe(false);
});

describe("a file", () => {
  const context = { effects: { directory: folder } } as Parameters<typeof openOutput>[0];

  it("is written over, or made", async () => {
    for (const text of ["first", "second"]) {
      await (await openOutput(context, "made"))(text);
      expect(readFileSync(path.join(folder, "made"), "utf8")).toBe(text);
    }
  });

  it("that cannot be written later is told the same way", async () => {
    const write = await openOutput(context, "later");
    mkdirSync(path.join(folder, "later"));
    await expect(write("text")).rejects.toThrow(/^cannot write later: /);
  });

  it("has nothing to do with what else goes wrong meanwhile", async () => {
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" });
    await expect(writing("file", Promise.reject(refused))).rejects.toBe(refused);
    const full = Object.assign(new Error("full"), { code: "ENOSPC", syscall: "write" });
    await expect(writing("file", Promise.reject(full))).rejects.toThrow("cannot write file: its disk is full");
  });
});
