/**
 * The pickle machine against CPython, side by side on the same files: `pickletools.genops`, and the C unpickler with
 * hooks that resolve nothing. Ratios below 1 are ours being faster. `machine` is the run alone, `facts` the run and
 * everything told of it (`runPickle`); `memory` is the peak of a process of its own, Node and the file included. Times
 * are the processor's, which other work on the machine disturbs less.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import { runPickle } from "../../analyzer/pickle/execution.ts";
import { advance } from "../../analyzer/pickle/machine.ts";
import { startState } from "../../analyzer/pickle/state.ts";
import { borrowTables, giveBackTables } from "../../analyzer/pickle/table-pool.ts";
import { corpusFiles, sampleFiles } from "../corpus.ts";

/** The least of so many times: of small files more. */
const REPEAT = 7;
const REPEAT_SMALL = 60;
/** Of ours at least: the JIT takes a dozen runs over a file until it compiles nothing anew. */
const REPEAT_WARM = 25;
const SMALL_BYTES = 2e6;
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

interface Times {
  readonly c: number;
  readonly cWithoutGc: number;
  readonly genops: number;
}

/** The least time of several, in seconds of the processor: with the threads of the JIT and of the collector. */
function measure(work: () => void, repeat: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < repeat; index++) {
    const began = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(began);
    least = Math.min(least, (user + system) / 1e6);
  }
  return least;
}

function runMachine(program: Uint8Array): number {
  const state = startState(0, "any", false, borrowTables(program.length));
  advance(state, program, true);
  const opcodes = state.tables.counts.reduce((sum, count) => sum + count, 0);
  giveBackTables(state);
  return opcodes;
}

/** Bytes of memory that a fresh process needs to run a file. */
export function peakMemory(path: string): number {
  return Number(execFileSync(process.execPath, ["--import", "tsx", here("pickle-memory.ts"), path], { encoding: "utf8" }));
}

/** Files that are measured as one; `load` whether CPython may load them, over stand-ins. */
interface Group {
  readonly name: string;
  readonly files: readonly string[];
  readonly load: boolean;
}

/** Writes every pickle program that runs to its end in some files, each into a file of its own. */
async function writePrograms(folder: string, name: string, files: Iterable<{ content: Buffer }>): Promise<Omit<Group, "load">> {
  const written: string[] = [];
  for (const { content } of files) {
    const { trace, programs } = await traceFile(memorySource(content), undefined, "whole");
    for (const [index, { bytes }] of programs.entries()) {
      if (trace.pickles[index]!.outcome !== "ok") continue;
      written.push(`${name}-${written.length}.pkl`);
      writeFileSync(join(folder, written.at(-1)!), bytes);
    }
  }
  return { name: `${written.length} of the ${name}`, files: written };
}

/** Prints the table; only of the files whose names hold one of the words after the bench's name, where there are any. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-pickle-"));
  execFileSync("python3", [here("pickle-files.py"), folder]);
  const python = spawn("python3", [here("pickle-cpython.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const ask = async (paths: string[], repeat: number, load: boolean): Promise<Times> => {
    python.stdin.write(`${JSON.stringify({ paths, repeat, load })}\n`);
    return JSON.parse((await answers.next()).value);
  };

  const names = readdirSync(folder).sort();
  const small = names.filter((name) => name.startsWith("small-"));
  const groups: readonly Group[] = [
    ...names.filter((name) => !small.includes(name)).map((name) => ({ name, files: [name], load: true })),
    { name: `${small.length} small ones`, files: small, load: true },
    { ...(await writePrograms(folder, "samples", sampleFiles())), load: true },
    // Holds malicious files: only walked over.
    { ...(await writePrograms(folder, "corpus", corpusFiles())), load: false },
  ];
  console.log(
    "| file | MB | million opcodes | C ms | facts ms | machine / C | facts / C | times genops | memory MB |\n" +
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
  );
  const words = process.argv.slice(3);
  const asked = groups.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  for (const { name, files, load } of asked.filter((group) => group.files.length > 0)) {
    const paths = files.map((file) => join(folder, file));
    const programs = paths.map((path) => readFileSync(path));
    const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
    const repeat = bytes < SMALL_BYTES ? REPEAT_SMALL : REPEAT;
    const theirs = await ask(paths, repeat, load);
    const opcodes = programs.reduce((sum, program) => sum + runMachine(program), 0);
    const ours = Math.max(repeat, REPEAT_WARM);
    const machine = measure(() => programs.forEach(runMachine), ours);
    const facts = measure(() => {
      for (const program of programs) runPickle(program);
    }, ours);
    const ms = (seconds: number) => (seconds * 1000).toFixed(1);
    const ofC = (seconds: number) =>
      load ? `${(seconds / theirs.c).toFixed(2)} / ${(seconds / theirs.cWithoutGc).toFixed(2)}` : "not loaded";
    const cells = [
      name.replace(".pkl", ""),
      (bytes / 1e6).toFixed(1),
      (opcodes / 1e6).toFixed(2),
      load ? `${ms(theirs.c)} / ${ms(theirs.cWithoutGc)}` : "not loaded",
      ms(facts),
      ofC(machine),
      ofC(facts),
      (theirs.genops / facts).toFixed(1),
      files.length > 1 ? "" : (peakMemory(paths[0]!) / 1e6).toFixed(0),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  python.stdin.end();
  rmSync(folder, { recursive: true });
}
