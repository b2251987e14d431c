/** What is wrong with what the user named is said in a sentence, and is no bug. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { mistakeOf } from "../../scripts/mistakes.ts";
import { census, temporaryFolder } from "./run-census.ts";

const folder = temporaryFolder();
const text = path.join(folder, "text.txt");
writeFileSync(text, "no database, and longer than the head of one: ".repeat(20));

describe("a store that is none", () => {
  it.each([
    ["a text", text, "is no store: it is no SQLite database"],
    ["a folder", folder, "is a folder, not a store"],
  ])("%s is the user's mistake for every command that takes one", async (_, database, message) => {
    for (const words of [
      ["status"],
      ["judge"],
      ["infer-all"],
      ["survey", "--top", "1"],
      ["scan", text],
      ["export", "models"],
      ["dashboard"],
    ]) {
      const { ending, printed, reported } = await census([...words, "--database", database]);
      expect({ words, ending, printed, reported }).toEqual({
        words,
        ending: "usage",
        printed: "",
        reported: `error: ${database} ${message}\n`,
      });
    }
  });

  it("cannot be made below a file", async () => {
    const { ending, reported } = await census(["survey", "--top", "1", "--database", path.join(text, "below", "census.sqlite")]);
    expect({ ending, reported }).toEqual({ ending: "usage", reported: expect.stringMatching(/^error: .*text\.txt.*\n$/) });
  });
});

it("is a folder that may not be read, where it was named; one inside keeps no file from being judged", async () => {
  const closed = path.join(folder, "models", "closed");
  mkdirSync(closed, { recursive: true });
  writeFileSync(path.join(folder, "models", "plain.pkl"), Buffer.from("]q\0.", "latin1"));
  chmodSync(folder, 0o755);
  chmodSync(closed, 0);
  const own = process.geteuid!();
  if (own === 0) process.seteuid!(65_534);
  try {
    expect(await census(["scan", closed])).toEqual({ ending: "usage", printed: "", reported: `error: no permission for ${closed}\n` });
    const { ending, printed } = await census(["scan", path.dirname(closed)]);
    expect(ending).toBe("undecided");
    expect(printed).toMatch(/2 files: 1 loads, 1 unavailable\n$/);
  } finally {
    process.seteuid!(own);
    chmodSync(closed, 0o755);
  }
});

it("is told from a mistake of ours", () => {
  const failed = (code: string, file?: string) => Object.assign(new Error("failed"), { code, path: file });
  expect(mistakeOf(failed("ENOENT", "/a/b"))).toBe("there is no /a/b");
  expect(mistakeOf(failed("EISDIR"))).toBe("what was named is a folder, where a file is meant");
  expect(mistakeOf(failed("SQLITE_FULL"))).toBe("the store has no room left on its disk");
  for (const error of [new TypeError("x is undefined"), failed("SQLITE_ERROR"), failed("ERR_INVALID_ARG_TYPE"), "text"])
    expect(mistakeOf(error)).toBeNull();
});
