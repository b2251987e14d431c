/**
 * The crawler at size: a loopback Hub with 50 ms before each answer (4 s for several workers) and synthetic repositories
 * of the real Hub's mix of formats. Each side is a process of its own. `docs/crawling.md` has the tables.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { postgresPrograms, startPostgres } from "../db/postgres.ts";

const RUN = fileURLToPath(new URL("../../bin/run.mjs", import.meta.url));
const PROCESS = fileURLToPath(new URL("crawl-process.ts", import.meta.url));
const SIZES = (process.env.CENSUS_BENCH_MODELS ?? "1000,20000").split(",").map(Number);
/** For several workers on one machine: what each waits for, not the machine, is to be the limit, as it is between machines. */
const SHARED = { models: 120, latency: 4_000, concurrency: 4 };
const LISTED = 1_000_000;

interface Told {
  readonly url: string;
  readonly seconds: number;
  readonly cpu: number;
  readonly peak: number;
  readonly models: number;
  readonly files: number;
  readonly requests: number;
  readonly bytesRead: number;
  readonly outcome: string;
}

/** A side that is running, and the first thing that it told. */
async function start(...words: string[]): Promise<{ child: ChildProcess; told: Told }> {
  const child = spawn(process.execPath, [RUN, PROCESS, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
  return { child, told: JSON.parse(line) as Told };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** Measures, and prints the tables. `npm run bench -- crawl SECTION` prints one: `survey`, `workers` or `list`. */
export async function run(): Promise<void> {
  const sections: Record<string, (folder: string) => Promise<void>> = { survey, workers, list };
  const only = process.argv[3];
  const folder = mkdtempSync(path.join(tmpdir(), "census-bench-"));
  try {
    for (const [name, section] of Object.entries(sections)) if (only === undefined || only === name) await section(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function survey(folder: string): Promise<void> {
  console.log(
    "| models | requests a model | bytes read a model | models a second | CPU seconds a model | peak memory | store, bytes a model |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const size of SIZES) {
    const hub = await start("hub", String(size));
    const store = path.join(folder, `${size}.sqlite`);
    const { told, child } = await start("survey", hub.told.url, store);
    await end(child);
    await end(hub.child);
    if (told.outcome !== "finished") throw new Error(`the survey ended as ${told.outcome}`);
    const each = (total: number) => (total / size).toFixed(2);
    const cells = [
      size.toLocaleString("en"),
      each(told.requests),
      Math.round(told.bytesRead / size).toLocaleString("en"),
      (size / told.seconds).toFixed(1),
      (told.cpu / size).toFixed(3),
      `${Math.round(told.peak / 1e6)} MB`,
      Math.round(statSync(store).size / size).toLocaleString("en"),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

async function workers(): Promise<void> {
  const programs = postgresPrograms();
  if (programs === null) return console.log("PostgreSQL is not installed: workers are not measured");
  const postgres = await startPostgres(programs);
  const concurrency = String(SHARED.concurrency);
  console.log("\n| workers | models a second |\n| --- | --- |");
  try {
    for (const count of [1, 4]) {
      const hub = await start("hub", String(SHARED.models), String(SHARED.latency));
      const database = postgres.database();
      // The survey's own process is one of them.
      const first = start("survey", hub.told.url, database, concurrency);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const others = await Promise.all(Array.from({ length: count - 1 }, () => start("worker", database, concurrency)));
      const { told, child } = await first;
      await end(child);
      for (const other of others) await end(other.child);
      await end(hub.child);
      if (told.outcome !== "finished") throw new Error(`the survey ended as ${told.outcome}`);
      console.log(`| ${count} | ${(SHARED.models / told.seconds).toFixed(1)} |`);
    }
  } finally {
    postgres.stop();
  }
}

async function list(folder: string): Promise<void> {
  const store = path.join(folder, "listed.sqlite");
  const pages = await start("pages", String(LISTED));
  const { told, child } = await start("list", pages.told.url, store);
  await end(child);
  await end(pages.child);
  const size = Math.round(statSync(store).size / told.models);
  console.log(
    `\n${told.models.toLocaleString("en")} models listed in ${told.seconds.toFixed(0)} s (${told.cpu.toFixed(0)} s of CPU), at most ${Math.round(told.peak / 1e6)} MB, ${size} bytes a model in the store`,
  );
}
