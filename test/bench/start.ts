/**
 * How long short commands take, which is how long census takes to start: each in a process of its own, in turns, the least and
 * the median of several. `docs/benchmarks.md` has the table.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";

const CENSUS = path.join(import.meta.dirname, "../../bin/census.mjs");
const TURNS = 9;

/** What is measured, by what it is called: words for Node. */
function commands(pickle: string): ReadonlyMap<string, readonly string[]> {
  const words = [
    ["--version"],
    ["--help"],
    ["infer", "--help"],
    ["survey", "--help"],
    ["policy", "show", "weights-only@torch-2.6"],
    ["disassemble", pickle],
    ["trace", pickle],
    ["scan", pickle],
  ];
  return new Map([["Node alone", ["--eval", "0"]], ...words.map((each) => [each.join(" "), [CENSUS, ...each]] as const)]);
}

/** Measures every command and prints a table. Those before the first turn compile, and keep what V8 made. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "census-start-"));
  writeFileSync(path.join(folder, "empty.pkl"), Buffer.from("]q\0.", "latin1"));
  const asked = commands("empty.pkl");
  const took = new Map([...asked.keys()].map((name) => [name, [] as number[]]));
  for (let turn = -2; turn < TURNS; turn++) {
    for (const [name, words] of asked) {
      const before = performance.now();
      const { status, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: "utf8" });
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
      if (turn >= 0) took.get(name)!.push(performance.now() - before);
    }
  }
  rmSync(folder, { recursive: true });
  console.log("| command | least ms | median ms |\n| --- | ---: | ---: |");
  for (const [name, times] of took) {
    const ordered = times.toSorted((a, b) => a - b);
    console.log(`| ${name} | ${ordered[0]!.toFixed(0)} | ${ordered[TURNS >> 1]!.toFixed(0)} |`);
  }
}
