/** `kill -9` in the middle of a survey, again and again: the same tables in the end, and nothing that was kept is fetched again. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dumpTables } from "../db/dump.ts";
import { readStore, temporaryPath } from "../db/temporary-store.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import { maliciousRepositories, modelRepositories, wheels } from "../hub/samples.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));
const RUN = fileURLToPath(new URL("../../bin/run.mjs", import.meta.url));
const PROCESS = fileURLToPath(new URL("processes/survey.ts", import.meta.url));
/** Models in hand at once, in the process. */
const CONCURRENCY = 4;

let hub: Hub;
beforeAll(async () => {
  const repositories = [...(await modelRepositories(`${FIXTURES}/models`)), ...maliciousRepositories()];
  hub = await startHub({ repositories, distributions: await wheels(`${FIXTURES}/wheels`) });
});
afterAll(() => hub.close());

interface Run {
  readonly killed: boolean;
  readonly events: number;
  readonly summary: Record<string, unknown> | null;
}

/** Runs the survey at `path` in a process, which is killed at its `killAt`th event, if it comes so far. */
function runProcess(path: string, killAt: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [RUN, PROCESS, hub.url, hub.indexUrl, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let events = 0;
    let summary: Run["summary"] = null;
    createInterface(child.stdout).on("line", (line) => {
      if (++events === killAt) child.kill("SIGKILL");
      const event = JSON.parse(line) as { kind: string; summary?: Record<string, unknown> };
      if (event.kind === "end") summary = event.summary ?? null;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal === null && code !== 0) reject(new Error(`the survey's process ended with ${code}`));
      else resolve({ killed: signal === "SIGKILL", events, summary });
    });
  });
}

/** The contents whose bytes the Hub was asked for since `from`, each as often as it was. */
function fetchedSince(from: number): string[] {
  return hub.log.slice(from).flatMap(({ origin, method, path }) => {
    const content = origin === "files" && method === "GET" ? /^\/repos\/.*\/([0-9a-f]{64})\?/.exec(path)?.[1] : undefined;
    return content === undefined ? [] : [content];
  });
}

function storedBlobs(path: string): Set<string> {
  return readStore(path, (database) => new Set(database.prepare("select sha256 from blob").pluck().all() as string[]));
}

/** Numbers that look random and are the same each time (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Undisturbed {
  readonly tables: Record<string, string[]>;
  readonly events: number;
  readonly contents: Set<string>;
}

let whole: Undisturbed | undefined;

async function undisturbed(): Promise<Undisturbed> {
  if (whole !== undefined) return whole;
  const path = temporaryPath();
  const from = hub.log.length;
  const { events } = await runProcess(path, Number.POSITIVE_INFINITY);
  whole = { tables: readStore(path, dumpTables), events, contents: new Set(fetchedSince(from)) };
  return whole;
}

/** Runs of the survey, each killed four times and then run to its end: CENSUS_KILLS=50 for as many kills. */
const SEEDS = Array.from({ length: Math.max(2, Math.ceil(Number(process.env.CENSUS_KILLS ?? 8) / 4)) }, (_, index) => index + 1);

test.each(SEEDS)(
  "killed at random moments (%i), and run again until it ends",
  async (seed) => {
    const { tables, events, contents } = await undisturbed();
    const chance = random(seed);
    const path = temporaryPath();
    const runs: Set<string>[] = [];
    let kept = new Set<string>();
    let run: Run;
    do {
      const from = hub.log.length;
      // Four kills on the way, then whatever is left in one go.
      run = await runProcess(path, runs.length < 4 ? 1 + Math.floor(chance() * (events / 3)) : Number.POSITIVE_INFINITY);
      const fetched = new Set(fetchedSince(from));
      expect([...fetched].filter((content) => kept.has(content))).toEqual([]);
      runs.push(fetched);
      kept = storedBlobs(path);
    } while (run.killed);

    expect(runs.length).toBeGreaterThan(1);
    expect(run.summary).toMatchObject({ outcome: "finished" });
    expect(readStore(path, dumpTables)).toEqual(tables);
    expect(new Set(runs.flatMap((fetched) => [...fetched]))).toEqual(contents);
    // What a killed process had in hand was not kept, and is read again: so much and no more.
    const again = [...contents].filter((content) => runs.filter((fetched) => fetched.has(content)).length > 1);
    expect(again.length).toBeLessThanOrEqual((runs.length - 1) * CONCURRENCY);
  },
  900_000,
);
