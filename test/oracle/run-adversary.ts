/** Runs the adversary's programs in CPython, judges their facts, and gathers what was invoked although the verdict says `loads`. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runPickle } from "../../analyzer/pickle/execution.ts";
import { judgeTrace } from "../../analyzer/verdict/judge.ts";
import { ADVERSARYS_POLICY, makeAdversary, NAMES_LOOKED_UP } from "./adversary-programs.ts";
import { Random } from "./programs.ts";

/** What CPython did: `used` is whether the callable was invoked when what was loaded was used and dropped. */
interface Answer {
  readonly loads: boolean;
  readonly invoked: boolean;
  readonly used: boolean;
}

export interface AdversaryResult {
  readonly programs: number;
  /** Programs that CPython runs to their STOP; that invoke the callable while they load, or when it is used. */
  readonly loads: number;
  readonly invoked: number;
  readonly used: number;
  /** Programs that CPython loads, that invoke nothing, and that the verdict lets load. */
  readonly allowed: number;
  /** Invoked although the verdict says that the program loads. */
  readonly missed: readonly Uint8Array[];
}

const BATCH = 1000;

/** `count` programs from a seed, in `python`. */
export async function runAdversary(python: string, count: number, seed: number): Promise<AdversaryResult> {
  const random = new Random(seed);
  const script = fileURLToPath(new URL("adversary.py", import.meta.url));
  const process = spawn(python, [script, JSON.stringify(NAMES_LOOKED_UP)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  const found = { loads: 0, invoked: 0, used: 0, allowed: 0 };
  const missed: Uint8Array[] = [];
  for (let done = 0; done < count; done += BATCH) {
    const programs = Array.from({ length: Math.min(BATCH, count - done) }, () => makeAdversary(random));
    process.stdin.write(
      Buffer.concat([u32(programs.length), ...programs.flatMap((program) => [u32(program.length), Buffer.from(program)])]),
    );
    const line = await lines.next();
    if (line.done) throw new Error("the adversary's process died");
    const answers: readonly Answer[] = JSON.parse(line.value);
    for (const [index, program] of programs.entries()) {
      const { loads, invoked, used } = answers[index]!;
      const verdict = verdictOf(program);
      if (loads) found.loads++;
      if (invoked) found.invoked++;
      if (used) found.used++;
      if (loads && !invoked && !used && verdict === "loads") found.allowed++;
      if ((invoked || used) && verdict === "loads") missed.push(program);
    }
  }
  process.stdin.end();
  return { programs: count, ...found, missed };
}

function verdictOf(program: Uint8Array): string {
  const facts = runPickle(program, { encoding: "ASCII" });
  const pickles = [{ ...facts, entry: null, loader: "pickle" as const }];
  return judgeTrace(
    { size: program.length, container: "pickle", outcome: facts.outcome, findings: [], pickles },
    ADVERSARYS_POLICY,
    "strict",
  ).verdict;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
