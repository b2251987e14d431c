import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ROOT, temporaryFolder } from "../scripts/run-census.ts";

const folder = temporaryFolder();
const program = path.join(folder, "program.ts");

/** What the program prints, as a process. */
function run(...words: string[]): { status: number | null; printed: string; reported: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(ROOT, "bin/run.mjs"), program, ...words], { encoding: "utf8" });
  return { status, printed: stdout, reported: stderr };
}

test("a program knows its words, the files beside it, and what was changed since it was compiled", () => {
  writeFileSync(path.join(folder, "text.txt"), "beside it");
  writeFileSync(path.join(folder, "part.ts"), "export const part: string = 'first';\n");
  writeFileSync(
    program,
    `import { readFileSync } from "node:fs";
import { part } from "./part.ts";
console.log(part, process.argv.slice(2).join(" "), readFileSync(new URL("./text.txt", import.meta.url), "utf8"), import.meta.dirname);
`,
  );
  expect(run("a", "b")).toMatchObject({ status: 0, printed: `first a b beside it ${folder}\n` });
  expect(run().printed).toContain("first");
  writeFileSync(path.join(folder, "part.ts"), "export const part: string = 'second time';\n");
  expect(run().printed).toContain("second time");
});

test("one that fails says in which function", () => {
  writeFileSync(program, "function explode(): void {\n  throw new TypeError('broken');\n}\nexplode();\n");
  const { status, reported } = run();
  expect(status).toBe(1);
  expect(reported).toMatch(/TypeError: broken\n +at explode \(/);
});

test("one that does not compile says where", () => {
  writeFileSync(program, "export const a: = 1;\n");
  const { status, reported } = run();
  expect(status).toBe(1);
  expect(reported).toContain("program.ts:1:16");
});
