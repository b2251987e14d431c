/** A survey by several processes on one PostgreSQL store: as by one, whoever of them is killed; and the limits are theirs together. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { systemNetwork } from "../../crawler/effects.ts";
import { SharedRateLimiter } from "../../crawler/shared-rate-limit.ts";
import { runSurvey, runSurveyTogether } from "../../crawler/survey.ts";
import { openStore, type Store } from "../../db/connection.ts";
import { migrating } from "../../db/migrate.ts";
import { dumpPostgres, dumpTables } from "../db/dump.ts";
import { type Postgres, postgresPrograms, startPostgres } from "../db/postgres.ts";
import { readStore, temporaryPath } from "../db/temporary-store.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import { maliciousRepositories, modelRepositories, wheels } from "../hub/samples.ts";
import { surveyEffects, surveyRequest } from "./survey-setup.ts";
import { virtualNetwork } from "./virtual-network.ts";

const programs = postgresPrograms();
if (programs === null) console.warn("PostgreSQL is not installed: several workers are not tested");

const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));
const RUN = fileURLToPath(new URL("../../bin/run.mjs", import.meta.url));
const PROCESS = fileURLToPath(new URL("processes/worker.ts", import.meta.url));

let postgres: Postgres;
beforeAll(async () => {
  if (programs !== null) postgres = await startPostgres(programs);
});
afterAll(() => postgres?.stop());

async function sampleHub(options: Parameters<typeof startHub>[0] = {}): Promise<Hub> {
  const repositories = [...(await modelRepositories(`${FIXTURES}/models`)), ...maliciousRepositories()];
  const hub = await startHub({ repositories, distributions: await wheels(`${FIXTURES}/wheels`), ...options });
  onTestFinished(() => hub.close());
  return hub;
}

/** A worker, once it works; `onEvent` is told how many events it has reported. */
async function startWorker(database: string, onEvent: (events: number, worker: ChildProcess) => void = () => undefined) {
  const worker = spawn(process.execPath, [RUN, PROCESS, database], { stdio: ["ignore", "pipe", "inherit"] });
  let events = 0;
  createInterface(worker.stdout!).on("line", () => onEvent(events++, worker));
  const isGone = once(worker, "exit").then(([code]) => Promise.reject(new Error(`the worker ended with ${code} before it began`)));
  await Promise.race([once(worker.stdout!, "data"), isGone]);
  isGone.catch(() => undefined);
  return worker;
}

async function locksWaitedFor(store: Store): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database())`.execute(store);
  return rows[0]!.count;
}

async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill("SIGTERM");
  await once(worker, "exit");
}

/** Contents whose bytes were asked for, each as often as it was asked for from its start. */
function fetched(hub: Hub): string[] {
  return hub.log.flatMap(({ origin, path, method }) => {
    const content = origin === "files" && method === "GET" ? /^\/repos\/.*\/([0-9a-f]{64})\?/.exec(path)?.[1] : undefined;
    return content === undefined ? [] : [content];
  });
}

function counted(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

describe.skipIf(programs === null)("several workers", () => {
  test("come to what one comes to, though three of four are killed at it", async () => {
    const hub = await sampleHub({ latency: 5 });
    const path = temporaryPath();
    const alone = await openStore(path);
    await runSurvey(surveyRequest(hub), surveyEffects(alone));
    await alone.destroy();
    const once = counted(fetched(hub));
    const before = hub.log.length;

    const database = postgres.database();
    const store = await openStore(database);
    const killed = new Set<ChildProcess>();
    const workers = await Promise.all(
      [0, 1, 2, 3].map((index) =>
        startWorker(database, (events, worker) => {
          if (index === 0 || events < 4 * index) return;
          worker.kill("SIGKILL");
          killed.add(worker);
        }),
      ),
    );
    const effects = { ...surveyEffects(store), network: systemNetwork };
    const summary = await runSurveyTogether({ ...surveyRequest(hub), concurrency: 1 }, effects, database);
    await Promise.all(workers.map(end));
    expect(summary).toMatchObject({ outcome: "finished", failure: null });
    expect(killed.size).toBe(3);
    const { rate_limit: limits, ...tables } = await dumpPostgres(store);
    const { rate_limit: _, ...expected } = readStore(path, dumpTables);
    for (const [table, rows] of Object.entries(expected)) expect(tables[table], table).toEqual(rows);
    expect(limits!.length).toBeGreaterThan(0);
    // Each killed worker had two models in hand, of which nothing was kept.
    const again = counted(hub.log.slice(before).length === 0 ? [] : fetched({ ...hub, log: hub.log.slice(before) }));
    const repeated = [...again].filter(([content, times]) => times > once.get(content)!);
    expect(repeated.length).toBeLessThanOrEqual(killed.size * 2);
    await store.destroy();
  }, 600_000);

  // PostgreSQL fails to describe a table that another session changes: kysely describes those of the job queue as well.
  test("open a store once no other migrates it or its job queue", async () => {
    const database = postgres.database();
    const store = await openStore(database);
    const events: string[] = [];
    let opening: Promise<unknown> | undefined;
    await migrating(store, async () => {
      opening = openStore(database).then((opened) => {
        events.push("opened");
        return opened.destroy();
      });
      while ((await locksWaitedFor(store)) === 0 && events.length === 0);
      events.push("migrated");
    });
    await opening;
    expect(events).toEqual(["migrated", "opened"]);
    await store.destroy();
  });

  test("stay within the Hub's limit together", async () => {
    const hub = await sampleHub({ quotas: { resolvers: 25, api: 20, pages: 20 }, window: 3 });
    const database = postgres.database();
    const store = await openStore(database);
    const workers = await Promise.all([0, 1].map(() => startWorker(database)));
    const effects = { ...surveyEffects(store), network: systemNetwork };
    const summary = await runSurveyTogether({ ...surveyRequest(hub), concurrency: 2 }, effects, database);
    await Promise.all(workers.map(end));
    expect(summary).toMatchObject({ outcome: "finished" });
    expect(hub.log.filter(({ path }) => path.includes("/resolve/")).length).toBeGreaterThan(30);
    expect(hub.log.filter(({ status }) => status === 429)).toEqual([]);
    await store.destroy();
  }, 600_000);

  test("count as one by a hash of their token, which the store does not hold", async () => {
    const store = await openStore(postgres.database());
    const limiters = [0, 1].map(() => new SharedRateLimiter(store, "hf_secret", virtualNetwork(), () => undefined));
    const signal = new AbortController().signal;
    for (const limiter of limiters) await limiter.admit("api", signal);
    const told = new Headers({ ratelimit: '"api";r=7;t=300', "ratelimit-policy": '"fixed window";"api";q=500;w=300' });
    await limiters[0]!.answered("api", told);
    const [row] = await store.selectFrom("rate_limit").selectAll().execute();
    // One of the seven is in flight, of the other limiter.
    expect(row).toMatchObject({ bucket: "api", remaining: 6, in_flight: 1, quota: 500, length: 300_000 });
    expect(row!.identity).toMatch(/^[0-9a-f]{16}$/);
    for (let left = 6; left > 0; left--) await limiters[left % 2]!.admit("api", signal);
    const controller = new AbortController();
    const waits: number[] = [];
    const waiting = new SharedRateLimiter(store, "hf_secret", { sleep: async () => controller.abort() }, (_, milliseconds) =>
      waits.push(milliseconds),
    );
    expect(await waiting.admit("api", controller.signal)).toBe(false);
    expect(waits[0]).toBeGreaterThan(290_000);
    expect(await new SharedRateLimiter(store, "hf_other", virtualNetwork(), () => undefined).admit("api", signal)).toBe(true);
    await store.destroy();
  });
});
