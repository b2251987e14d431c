/** Which files are source, whatever links there are between folders. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { pythonFilesBelow } from "../../crawler/python-folder.ts";

const root = mkdtempSync(path.join(tmpdir(), "python-folder-"));
const folder = path.join(root, "source");
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), `# ${file}`);
  }
}

const found = () => pythonFilesBelow(folder).map((file) => file.path);

test("source is found in the order of paths, folder by folder", () => {
  write("b.py", "a/z.pyi", "a/b/c.pyx", "a.py", "a/readme.md", ".git/hook.py", "é/ü.py", "a/py");
  expect(found()).toEqual(["a/b/c.pyx", "a/z.pyi", "a.py", "b.py", "é/ü.py"]);
  expect(pythonFilesBelow(folder)[1]!.text).toBe("# a/z.pyi");
});

test("links are followed, and no folder is entered twice", () => {
  write("a/m.py", "b.py");
  symlinkSync("..", path.join(folder, "a/up"));
  symlinkSync("a", path.join(folder, "again"));
  symlinkSync("b.py", path.join(folder, "other.py"));
  symlinkSync(".", path.join(folder, "here"));
  expect(found()).toEqual(["a/m.py", "b.py", "other.py"]);
});

test("a folder of links, as the Hub's own cache is one, is that of what they lead to", () => {
  write("m.py");
  const links = path.join(root, "links");
  symlinkSync("source", links);
  expect(pythonFilesBelow(links).map((file) => file.path)).toEqual(["m.py"]);
});

test("a link to nowhere is a file that cannot be read", () => {
  write("a.py");
  symlinkSync("nowhere.py", path.join(folder, "b.py"));
  expect(found()).toEqual(["a.py", "b.py"]);
  expect(() => pythonFilesBelow(folder)[1]!.text).toThrow(/cannot read .*no such file/);
});
