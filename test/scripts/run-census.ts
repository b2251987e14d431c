/** Runs a command in process, with its streams caught; for exit codes and real streams there is `census-process.ts`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";
import { systemNetwork } from "../../crawler/effects.ts";
import type { Effects } from "../../scripts/effects.ts";
import type { Ending } from "../../scripts/exit-codes.ts";
import { runCensus } from "../../scripts/program.ts";

export const ROOT = path.resolve(import.meta.dirname, "../..");

export interface Ran {
  readonly ending: Ending;
  readonly printed: string;
  readonly reported: string;
}

/** Runs `census` with these words, standing in the repository unless told otherwise. */
export async function census(words: readonly string[], changes: Partial<Effects> = {}): Promise<Ran> {
  let printed = "";
  let reported = "";
  const effects: Effects = {
    print: async (data) => {
      printed += typeof data === "string" ? data : Buffer.from(data).toString();
    },
    report: (text) => {
      reported += text;
    },
    terminal: { colour: false, progress: false },
    // Not the store of whoever runs the tests.
    environment: { CENSUS_DATABASE: path.join(tmpdir(), "census-no-such-store", "census.sqlite") },
    directory: ROOT,
    network: systemNetwork,
    date: () => new Date("2026-11-20T12:00:00Z"),
    signal: new AbortController().signal,
    withoutPause: (work) => work(),
    ...changes,
  };
  const ending = await runCensus(words, effects);
  return { ending, printed, reported };
}

/** Runs a command with `--json` and reads what it printed. */
export async function censusJson<T>(
  words: readonly string[],
  changes: Partial<Effects> = {},
): Promise<{ readonly ending: Ending; readonly value: T }> {
  const { ending, printed, reported } = await census([...words, "--json"], changes);
  if (printed === "") throw new Error(`nothing on standard output; on standard error: ${reported}`);
  return { ending, value: JSON.parse(printed) as T };
}

/** A folder of the test file's own, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "census-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
