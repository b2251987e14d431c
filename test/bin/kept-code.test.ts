/** Code that V8 made of a compiled file before is only ever a saving: whatever is wrong with it, the program runs as it is written. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeEach, expect, test } from "vitest";
import { ROOT, temporaryFolder } from "../scripts/run-census.ts";

const CACHE = path.join(ROOT, "node_modules/.cache/picklecensus");
const folder = temporaryFolder();
const program = path.join(folder, "program.ts");
const name = path.relative(ROOT, program).replaceAll(/[^\w-]+/g, "-");
const code = path.join(CACHE, `${name}.run.code`);
/** What changes whenever the code is kept anew. */
const kept = () => {
  const { ino, mtimeMs, size } = statSync(code);
  return { ino, mtimeMs, size };
};
const ours = () => readdirSync(CACHE).filter((file) => file.startsWith(name));

/** What the program prints, as a process, with flags for Node. */
function run(...flags: string[]): { status: number | null; printed: string; reported: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, path.join(ROOT, "bin/run.mjs"), program], { encoding: "utf8" });
  return { status, printed: stdout, reported: stderr };
}

const says = (word: string) => ({ status: 0, printed: `${word}\n`, reported: "" });
const writeProgram = (body: string) => writeFileSync(program, `export function speak(): void {\n  ${body}\n}\nspeak();\n`);

beforeEach(() => {
  for (const file of existsSync(CACHE) ? ours() : []) rmSync(path.join(CACHE, file), { recursive: true });
  writeProgram('console.log("first");');
});
afterAll(() => {
  for (const file of ours()) rmSync(path.join(CACHE, file), { recursive: true });
});

test("code is kept by the first run, and the next ones take it", () => {
  expect(run()).toEqual(says("first"));
  const first = kept();
  expect(run()).toEqual(says("first"));
  expect(kept()).toEqual(first);
  expect(ours().toSorted()).toEqual([`${name}.cjs`, `${name}.json`, `${name}.run.code`]);
});

test.each<[string, (bytes: Buffer) => Buffer]>([
  ["a byte is another in", (bytes) => Buffer.from(bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 0x5a))],
  ["is cut off", (bytes) => bytes.subarray(0, bytes.length >> 1)],
  ["is empty", () => Buffer.alloc(0)],
  ["is something else", () => Buffer.alloc(50_000, "no code")],
])("code that %s is made anew", (_, damage) => {
  expect(run()).toEqual(says("first"));
  writeFileSync(code, damage(readFileSync(code)));
  const damaged = kept();
  expect(run()).toEqual(says("first"));
  const whole = kept();
  expect(whole).not.toEqual(damaged);
  expect(run()).toEqual(says("first"));
  expect(kept()).toEqual(whole);
});

test("code of a source that has been changed is not run, be the source as long as before", () => {
  expect(run()).toEqual(says("first"));
  writeProgram('console.log("other");');
  expect(run()).toEqual(says("other"));
  expect(run()).toEqual(says("other"));
});

test("code of other flags of V8 is not run", () => {
  expect(run()).toEqual(says("first"));
  const first = kept();
  expect(run("--no-opt")).toEqual(says("first"));
  expect(kept()).not.toEqual(first);
});

test("where code cannot be written, nothing is kept and nothing is said", () => {
  mkdirSync(code, { recursive: true });
  expect(run()).toEqual(says("first"));
  expect(ours().toSorted()).toEqual([`${name}.cjs`, `${name}.json`, `${name}.run.code`]);
});

test("a run that ended badly keeps nothing: it used little", () => {
  writeProgram('console.log("first"); process.exitCode = 2;');
  expect(run()).toEqual({ ...says("first"), status: 2 });
  expect(existsSync(code)).toBe(false);
});

test("runs at the same moment do not disturb each other", async () => {
  const running = Array.from({ length: 4 }, () => spawn(process.execPath, [path.join(ROOT, "bin/run.mjs"), program]));
  expect(await Promise.all(running.map(({ stdout }) => text(stdout)))).toEqual(running.map(() => "first\n"));
  expect(run()).toEqual(says("first"));
  expect(ours()).toHaveLength(3);
});

test("text that is not ASCII, packages from outside and what is imported later are as they were", () => {
  writeProgram(
    `console.log(String.raw\`é\${/[’]/.test("’")}\`); void import("esbuild").then(({ version }) => console.log(typeof version));`,
  );
  expect(run()).toEqual(says("étrue\nstring"));
  expect(run()).toEqual(says("étrue\nstring"));
});
