/**
 * What hostile pickles cost: time of the processor and the peak memory of a process of its own, Node and the file included, for 20 MB of
 * whatever fills one of the machine's tables fastest. The limits are in `analyzer/limits.ts`.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { runPickle } from "../../analyzer/pickle/execution.ts";
import { peakMemory } from "./pickle.ts";

const BYTES = 20e6;

/** What comes first, what is repeated, and what comes last. */
const KINDS: Readonly<Record<string, readonly [first: string, repeated: string, last?: string]>> = {
  "values on the stack": ["", "N"],
  marks: ["", "("],
  "empty lists": ["", "]"],
  "copies of the top": ["N", "2"],
  "memo entries": ["N", "\x94"],
  "scattered memo keys": ["N", "r\xff\x17\x2b\x00r\xf1\xff\xff\xff"],
  "tuples in tuples": ["N", "\x85"],
  "empty tuples": ["", "(t"],
  "lists in lists": ["]", "]a"],
  "lists as keys of tuples": ["", "]\x85"],
  "calls of what was called": ["ca\nb\n", ")R"],
  "states of one object": ["ca\nb\n)R", "Nb"],
  "items of one object": ["ca\nb\n)R", "Na"],
  "lookups of one name": ["", "ca\nb\n0"],
  "persistent ids of persistent ids": ["N", "Q"],
  "persistent ids of one large tuple": [`(${"X\xc8\x00\x00\x00".padEnd(205, "x").repeat(60)}tq\x00`, "h\x00Q0"],
  "lookups and calls of one name": ["", "ca\nb\n)R0"],
  "a call after changes of many lists": ["]q\x00", "]Na0", "ca\nb\n(h\x00tR"],
  "items of lists set by index": ["", "]NaK\x00Ns0"],
  "extension codes": ["", "\x82\x01"],
  "frames that are crossed": ["\x80\x04", "\x95\x02\x00\x00\x00\x00\x00\x00\x00I123\n0"],
  "integers of odd text": ["", "I0x1F\n0"],
  "digits of one number": ["", "1"],
  "strings that escape": ["", "S'\\x41'\n0"],
};

/** Prints the table. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-hostile-"));
  const path = join(folder, "hostile.pkl");
  console.log("| 20 MB of | ends as | facts | seconds | memory MB |\n| --- | --- | --- | --- | --- |");
  for (const [kind, [first, repeated, last = ""]] of Object.entries(KINDS)) {
    const start = kind.startsWith("digits") ? "L" : first;
    const times = Math.floor((BYTES - start.length - last.length) / repeated.length);
    const program = Buffer.from(start + repeated.repeat(times) + last, "latin1");
    writeFileSync(path, program);
    const began = process.cpuUsage();
    const { outcome, failure, facts } = runPickle(program);
    const { user, system } = process.cpuUsage(began);
    const seconds = (user + system) / 1e6;
    const ending = failure === undefined ? outcome : `${outcome}: ${failure.resource ?? failure.kind}`;
    console.log(`| ${kind} | ${ending} | ${facts.length} | ${seconds.toFixed(2)} | ${(peakMemory(path) / 1e6).toFixed(0)} |`);
  }
  rmSync(folder, { recursive: true });
}
