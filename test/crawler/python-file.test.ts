/** A file of source on a disk says the same as its whole content, however it is read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { PythonFile } from "../../crawler/python-file.ts";

const folder = mkdtempSync(path.join(tmpdir(), "python-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): PythonFile {
  const place = path.join(folder, "m.py");
  writeFileSync(place, text);
  return new PythonFile("m.py", place);
}

test.each([["x = 1\n"], [""], ["# é 猫 🐈\nx = 1\r\n"], [`# ${"é".repeat(1 << 20)}\n__all__ = []\n`], ["a".repeat(1 << 20)]])(
  "a text comes back as it was (%#)",
  (text) => {
    expect(fileOf(text).text === text).toBe(true);
  },
);

test.each([
  ["import os\n__all__ = ['é']\nx = 1\n", "__all__ = ['é']\nx = 1\n"],
  ["__all__ = []", "__all__ = []"],
  ["if x:\n    __all__ = []\n", "    __all__ = []\n"],
  ["__all__ = []\n__all__ += []\n", null],
  ["x = 1\n", null],
])("%j is told from its only mention on", (text, told) => {
  expect(fileOf(text).onlyMention("__all__")).toBe(told);
});

test("a file that is gone throws", () => {
  expect(() => new PythonFile("gone.py", path.join(folder, "gone.py")).text).toThrow(/cannot read .*no such file/);
});
