/** The command line, as a process: puts in the real effects, and turns how the run ended into an exit code. */
import { once } from "node:events";
import { systemNetwork } from "../crawler/effects.ts";
import type { Effects } from "./effects.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { runCensus } from "./program.ts";

/** npm changes to the package's folder; where the user stood is told apart from a script that merely runs under npm. */
function standingIn(): string {
  const { INIT_CWD, npm_lifecycle_event: script } = process.env;
  return script === "census" && INIT_CWD !== undefined ? INIT_CWD : process.cwd();
}

function systemEffects(signal: AbortSignal): Effects {
  const plain = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== "";
  return {
    print: async (data) => {
      if (!process.stdout.write(data)) await once(process.stdout, "drain");
    },
    report: (text) => {
      process.stderr.write(text);
    },
    terminal: { colour: process.stdout.isTTY === true && !plain, progress: process.stderr.isTTY === true },
    environment: process.env,
    directory: standingIn(),
    network: systemNetwork,
    date: () => new Date(),
    signal,
    withoutPause: (work) => {
      // No listener would be called before the work is done; without one the system ends the process.
      for (const name of SIGNALS) process.off(name, interrupt);
      try {
        return work();
      } finally {
        for (const name of SIGNALS) process.on(name, interrupt);
      }
    },
  };
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const interruption = new AbortController();
/** The first finishes what is in hand; the second does not wait for it. */
function interrupt(): void {
  if (interruption.signal.aborted) process.exit(EXIT_CODES.interrupted.code);
  interruption.abort();
}
for (const signal of SIGNALS) process.on(signal, interrupt);
// Whoever reads our output may have seen enough: `census trace FILE | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT_CODES.done.code);
  throw error;
});

runCensus(process.argv.slice(2), systemEffects(interruption.signal)).then((ending) => {
  process.exitCode = EXIT_CODES[ending].code;
});
