/**
 * Every fault, at every stage that asks somebody for something: after each, the tables are those of an undisturbed survey,
 * no range of a content came twice, and no request was sent beyond a limit.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import BetterSqlite3 from "better-sqlite3";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import type { SurveySummary } from "../../crawler/summary.ts";
import { runSurvey } from "../../crawler/survey.ts";
import { dumpTables } from "../db/dump.ts";
import { readStore, temporaryStore } from "../db/temporary-store.ts";
import { heldContent } from "../hub/content.ts";
import {
  challenge,
  expiredCursor,
  expiredLink,
  type Fault,
  type FaultRule,
  redirectLoop,
  tooManyRequests,
  tooManyRequestsUnexplained,
} from "../hub/faults.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import { makeRepository, type Repository } from "../hub/repositories.ts";
import { surveyEffects, surveyRequest } from "./survey-setup.ts";
import { virtualNetwork } from "./virtual-network.ts";

const fixture = (path: string) => readFileSync(fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url)));
const pickle = (index: number) => {
  const program = assemble(`PROTO 4\nBININT ${index}\nSTOP`);
  if (!program.ok) throw new Error(program.error.message);
  return program.value;
};

const repositories = () => [
  makeRepository(
    "a/tagger",
    { "tagger.pkl": fixture("models/saltmarsh/ner-english-small/tagger.pkl"), "README.md": "# x" },
    { library_name: "brine" },
  ),
  makeRepository("a/plain", { "x.pkl": pickle(1), "y.pkl": pickle(2), "README.md": "# x" }, { library_name: "brine" }),
  makeRepository("a/same", { "x.pkl": pickle(1) }),
];
const brine = {
  project: "brine",
  version: "0.2.0",
  filename: "brine-0.2.0-py3-none-any.whl",
  uploadTime: "2024-01-01T00:00:00Z",
  open: async () => heldContent(fixture("wheels/brine-0.2.0-py3-none-any.whl")),
};

/** Who is asked for what, by stage. */
const STAGES: Readonly<Record<string, Omit<FaultRule, "fault">>> = {
  list: { origin: "api", path: /^\/api\/models\?/ },
  resolve: { origin: "api", path: /\/resolve\/.*\.pkl/ },
  read: { origin: "files", path: /^\/repos\// },
  card: { origin: "api", path: /README\.md/ },
  releases: { origin: "api", path: /^\/simple\// },
  source: { origin: "files", path: /^\/packages\// },
  scans: { origin: "api", path: /\/paths-info\// },
};
/** Of which nothing but the head counts, or is asked for: no body of theirs can go wrong. */
const BODILESS = ["resolve"];

/** What passes, and is tried again. */
const PASSING: Readonly<Record<string, FaultRule["fault"]>> = {
  "429 with a time": tooManyRequests(3),
  "429 without": tooManyRequestsUnexplained(),
  "429 with Retry-After": tooManyRequestsUnexplained("2"),
  "500": { kind: "status", status: 500 },
  "502": { kind: "status", status: 502 },
  "503": { kind: "status", status: 503 },
  "504": { kind: "status", status: 504 },
  challenge,
  "a reset before an answer": { kind: "stop", after: "nothing", how: "reset" } as Fault,
};
const OF_BODIES: Readonly<Record<string, FaultRule["fault"]>> = {
  "a reset within the body": { kind: "stop", after: 3, how: "reset" } as Fault,
  "an end within the body": { kind: "stop", after: 3, how: "close" } as Fault,
};
const OF_RANGES: Readonly<Record<string, FaultRule["fault"]>> = {
  "a short body": { kind: "resize", by: -1 },
  "a long body": { kind: "resize", by: 5 },
  "another range": { kind: "content-range", value: "bytes 7-9/10" },
  "no range at all": { kind: "ignore-range" },
  "an expired address": expiredLink,
};

/** What does not pass: the survey goes on without, and the next one finds it gone. */
const LASTING: Readonly<Record<string, Fault>> = {
  "a redirect loop": redirectLoop,
  "a redirect to an address that is not public": { kind: "redirect", to: "http://169.254.169.254/latest" },
  "404": { kind: "status", status: 404 },
};

interface Survey {
  readonly summary: SurveySummary;
  readonly tables: Record<string, string[]>;
  readonly hub: Hub;
}

/** Requests that the Hub allows in a window, of which a survey here takes several. */
const QUOTAS = { api: 4, resolvers: 6, pages: 4 };

/** A Hub with a store of its own for surveys of it. `date` is the clock on the wall. */
async function start({ held = repositories(), date }: { held?: readonly Repository[]; date?: () => Date } = {}) {
  const network = virtualNetwork();
  const hub = await startHub({ repositories: held, distributions: [brine], clock: network.monotonic, quotas: QUOTAS });
  onTestFinished(() => hub.close());
  const { store, path } = await temporaryStore();
  const effects = { ...surveyEffects(store, { network }), ...(date && { date }) };
  const run = (name = "survey") => runSurvey(surveyRequest(hub, { name, concurrency: 2, hubScans: true }), effects);
  return { hub, store, path, run, tables: () => comparable(readStore(path, dumpTables), hub) };
}

/** A survey of a Hub that misbehaves as the rules say; `before` is told of the store's file. */
async function survey(
  rules: readonly FaultRule[],
  options: Parameters<typeof start>[0] & { before?: (path: string) => void } = {},
): Promise<Survey> {
  const { hub, path, run, tables } = await start(options);
  for (const rule of rules) hub.faults.add(rule);
  options.before?.(path);
  return { summary: await run(), hub, tables: tables() };
}

/** Without the Hub's address, which is another each time, and what reading a content took, which faults may add to. */
function comparable(tables: Record<string, string[]>, hub: Hub): Record<string, string[]> {
  const text = JSON.stringify(tables).replaceAll(hub.url, "HUB");
  return JSON.parse(text.replaceAll(/(\\"requests\\":)\d+/g, "$1-1")) as Record<string, string[]>;
}

/** What came of the file host: each content's ranges that were answered whole. */
function rangesRead(hub: Hub): string[] {
  return hub.log.flatMap(({ origin, method, path, range, status, fault }) =>
    origin === "files" && method === "GET" && path.startsWith("/repos/") && status === 206 && fault === undefined
      ? [`${/[0-9a-f]{64}/.exec(path)?.[0]} ${range}`]
      : [],
  );
}

let undisturbed: Survey | undefined;

/** That faults were met, as many; and that we ourselves did nothing wrong: no range came twice, no request was one too many. */
function expectGoodManners(hub: Hub, faults: number): void {
  expect(hub.log.filter(({ fault }) => fault !== undefined)).toHaveLength(faults);
  const ranges = rangesRead(hub);
  expect(ranges.length).toBe(new Set(ranges).size);
  expect(hub.log.filter(({ status, fault }) => status === 429 && fault === undefined)).toEqual([]);
}

describe("a fault that passes changes nothing but the number of requests", () => {
  test.each(Object.keys({ ...PASSING, ...OF_BODIES }))("at every stage: %s", async (name) => {
    undisturbed ??= await survey([]);
    const stages = Object.keys(STAGES).filter((stage) => name in PASSING || !BODILESS.includes(stage));
    const fault = { ...PASSING, ...OF_BODIES }[name]!;
    const { summary, tables, hub } = await survey(stages.map((stage) => ({ ...STAGES[stage]!, times: 1, fault })));
    expect(summary).toMatchObject({ outcome: "finished", failure: null });
    expect(tables).toEqual(undisturbed.tables);
    expectGoodManners(hub, stages.length);
  });

  test.each(Object.keys(OF_RANGES))("where bytes are read: %s", async (name) => {
    undisturbed ??= await survey([]);
    const { summary, tables, hub } = await survey([{ ...STAGES.read!, times: 1, fault: OF_RANGES[name]! }]);
    expect(summary).toMatchObject({ outcome: "finished", failure: null });
    expect(tables).toEqual(undisturbed.tables);
    expectGoodManners(hub, 1);
  });

  test("a cursor that expired between two pages", async () => {
    const many = Array.from({ length: 501 }, (_, index) => makeRepository(`b/${index}`, { "model.gguf": String(index) }));
    const held = [...repositories(), ...many];
    const { tables: expected } = await survey([], { held });
    const { summary, tables, hub } = await survey([{ path: /cursor=/, times: 1, fault: expiredCursor }], { held });
    expect(summary.outcome).toBe("finished");
    expect(tables).toEqual(expected);
    expectGoodManners(hub, 1);
  });

  test("a clock on the wall that jumps, days forth and years back", async () => {
    undisturbed ??= await survey([]);
    let looked = 0;
    const date = () => new Date(Date.UTC(2026, 0, 1) + (++looked % 2 === 0 ? -5 * 365 : 3) * 86_400_000);
    const { summary, tables, hub } = await survey([], { date });
    expect(looked).toBeGreaterThan(2);
    expect(summary).toMatchObject({ outcome: "finished", failure: null });
    expect(tables).toEqual(undisturbed.tables);
    expectGoodManners(hub, 0);
  });
});

describe("a fault that lasts for a survey is gone from the next one's tables", () => {
  const observed = (row: string) => row.match(/observed:[^"]+/g) ?? [];
  /** Without the first survey's rows, and without those of policies that it alone observed: verdicts do not name a survey. */
  const next = (tables: Record<string, string[]>) => {
    const judgedBy = new Set(Object.values(tables).flatMap((rows) => rows.filter((row) => /"next"/.test(row)).flatMap(observed)));
    const isOfNext = (row: string) => !/"first"/.test(row) && observed(row).every((policy) => judgedBy.has(policy));
    return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, rows.filter(isOfNext)]));
  };
  let expected: Record<string, string[]> | undefined;
  const everywhere = Object.keys(STAGES).map((stage) => [stage, "a redirect loop"] as const);
  const cases = [
    ...everywhere,
    ...["resolve", "read"].flatMap((stage) =>
      Object.keys(LASTING)
        .slice(1)
        .map((name) => [stage, name] as const),
    ),
  ];

  test.each(cases)("%s: %s", async (stage, name) => {
    if (expected === undefined) {
      const { run, tables } = await start();
      await run("first");
      await run("next");
      expected = next(tables());
    }
    const { hub, run, tables } = await start();
    const end = hub.faults.add({ ...STAGES[stage]!, fault: LASTING[name]! });
    expect((await run("first")).outcome).toBe(stage === "list" ? "stopped" : "finished");
    expect(hub.log.some(({ fault }) => fault !== undefined)).toBe(true);
    end();
    expect(await run("next")).toMatchObject({ outcome: "finished", failure: null });
    expect(next(tables())).toEqual(expected);
  });
});

const HOLDS_THE_LOCK = `
  const { workerData: { path, held } } = require("node:worker_threads");
  const database = new (require("better-sqlite3"))(path);
  database.exec("begin immediate");
  Atomics.store(held, 0, 1);
  Atomics.notify(held, 0);
  setTimeout(() => { database.exec("commit"); database.close(); }, 200);
`;

describe("a store that cannot be written", () => {
  test("a full disk ends the survey by an error that says so, and the next run goes on", async () => {
    undisturbed ??= await survey([]);
    const { store, run, tables } = await start();
    // The file may not grow: SQLite answers as it does where the disk is full.
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store);
    await sql`pragma max_page_count = ${sql.lit(rows[0]!.page_count + 2)}`.execute(store);
    await expect(run()).rejects.toMatchObject({ code: "SQLITE_FULL" });
    await sql`pragma max_page_count = 1073741823`.execute(store);
    expect(await run()).toMatchObject({ outcome: "finished", failure: null });
    expect(tables()).toEqual(undisturbed.tables);
  });

  test("a locked one is waited for", async () => {
    // Another thread holds it, as ours has to wait within SQLite.
    const lock = (path: string) => {
      const held = new Int32Array(new SharedArrayBuffer(4));
      const holder = new Worker(HOLDS_THE_LOCK, { eval: true, workerData: { path, held } });
      onTestFinished(async () => void (await holder.terminate()));
      Atomics.wait(held, 0, 0, 10_000);
    };
    undisturbed ??= await survey([]);
    const { summary, tables } = await survey([], { before: lock });
    expect(summary).toMatchObject({ outcome: "finished", failure: null });
    expect(tables).toEqual(undisturbed.tables);
  });

  test("one that stays locked ends the survey by an error that says so, and the next run goes on", async () => {
    undisturbed ??= await survey([]);
    const { store, path, run, tables } = await start();
    await sql`pragma busy_timeout = 1`.execute(store);
    const holder = new BetterSqlite3(path);
    onTestFinished(() => void holder.close());
    holder.exec("begin immediate");
    await expect(run()).rejects.toMatchObject({ code: "SQLITE_BUSY" });
    holder.exec("commit");
    expect(await run()).toMatchObject({ outcome: "finished", failure: null });
    expect(tables()).toEqual(undisturbed.tables);
  });
});
