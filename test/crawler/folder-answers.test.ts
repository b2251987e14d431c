/** What was answered of a file is only ever taken for the file as it is. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { FolderAnswers } from "../../crawler/folder-answers.ts";
import { openParseCache } from "../../crawler/parse-cache.ts";
import { PythonFile } from "../../crawler/python-file.ts";

const root = mkdtempSync(path.join(tmpdir(), "folder-answers-"));
const folder = path.join(root, "source");
const place = path.join(folder, "m.py");
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(place, "x = 1\n");
});

const later = () => Date.now() + 60_000;

/** A run that asks for a file's text, from what the run before wrote; whether it read the file, and what it writes. */
function run(written: string | null, now = later): { text: string; isRead: boolean; written: string | null } {
  const answers = new FolderAnswers(folder, written, now);
  const file = new PythonFile("m.py", place, answers);
  let isRead = false;
  const text = file.recall("text", () => {
    isRead = true;
    return file.text;
  });
  return { text, isRead, written: answers.write() };
}

test("a file that nobody touched is not read again", () => {
  const first = run(null);
  expect(run(first.written)).toEqual({ text: "x = 1\n", isRead: false, written: first.written });
  expect(first.isRead).toBe(true);
});

describe("a file is read again", () => {
  test.each<[string, () => void]>([
    ["that was written", () => writeFileSync(place, "x = 22\n")],
    [
      "of the same size and time, with another content",
      () => {
        const { atime, mtime } = statSync(place);
        writeFileSync(place, "x = 2\n");
        utimesSync(place, atime, mtime);
      },
    ],
    [
      "that another of the same size and time was put in the place of",
      () => {
        const { atime, mtime } = statSync(place);
        writeFileSync(`${place}.new`, "x = 3\n");
        utimesSync(`${place}.new`, atime, mtime);
        renameSync(`${place}.new`, place);
      },
    ],
  ])("%s", (_, change) => {
    const { written } = run(null);
    // Longer than a file system's clock stands still.
    const { ctimeMs } = statSync(place);
    do change();
    while (statSync(place).ctimeMs === ctimeMs);
    const { text, isRead } = run(written);
    expect(isRead).toBe(true);
    expect(text).not.toBe("x = 1\n");
  });
});

test("what is read of a file that was just written is not kept: it may be written once more in the same moment", () => {
  expect(run(run(null, () => statSync(place).ctimeMs + 100).written).isRead).toBe(true);
});

test("what is read after a file was written again is not kept for what it was before", () => {
  const answers = new FolderAnswers(folder, null, later);
  const file = new PythonFile("m.py", place, answers);
  expect(file.text).toBe("x = 1\n");
  writeFileSync(place, "x = 22\n");
  expect(file.recall("text", () => "x = 1\n")).toBe("x = 1\n");
  expect(run(answers.write())).toMatchObject({ text: "x = 22\n", isRead: true });
});

test("a file that changes once something was recalled of it is not read", () => {
  const { written } = run(null);
  const file = new PythonFile("m.py", place, new FolderAnswers(folder, written, later));
  expect(file.recall("text", () => "")).toBe("x = 1\n");
  writeFileSync(place, "x = 22\n");
  expect(() => file.text).toThrow(/changed/);
});

test("of files that are gone nothing is kept", () => {
  const { written } = run(null);
  rmSync(place);
  expect(new FolderAnswers(folder, written, later).write()).toBe("[]\n");
});

test("more than is wanted is not written", () => {
  const { written } = run(null);
  const answers = new FolderAnswers(folder, written, later);
  expect(answers.write(written!.length)).toBe(written);
  expect(answers.write(1)).toBeNull();
});

test("answers come back through the cache, whatever they are, and none is one too", () => {
  const file = path.join(root, "cache", "parsed.sqlite");
  const answers = [null, false, "", "é\n猫", ["a", []], { b: true }];
  const ask = (given: (index: number) => (typeof answers)[number]) => {
    const cache = openParseCache(file, undefined, later)!;
    const below = cache.answersBelow(folder);
    const source = new PythonFile("m.py", place, below);
    const told = answers.map((_, index) => source.recall(`${index}`, () => given(index)));
    cache.close();
    return told;
  };
  expect(ask((index) => answers[index]!)).toEqual(answers);
  expect(
    ask(() => {
      throw new Error("asked again");
    }),
  ).toEqual(answers);
});
