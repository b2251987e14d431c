/**
 * Every fault that passes, at every stage that asks somebody for something: after each, the tables are those of an
 * undisturbed survey, no range of a content came twice, and no request was sent beyond a limit.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
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
  tooManyRequests,
  tooManyRequestsUnexplained,
} from "../hub/faults.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import { makeRepository } from "../hub/repositories.ts";
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
};

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
/** Of bodies: what HEAD has none of does not meet. */
const OF_BODIES: Readonly<Record<string, FaultRule["fault"]>> = {
  "a reset within the body": { kind: "stop", after: 3, how: "reset" } as Fault,
  "an end within the body": { kind: "stop", after: 3, how: "close" } as Fault,
};
const OF_RANGES: Readonly<Record<string, FaultRule["fault"]>> = {
  "a short body": { kind: "resize", by: -1 },
  "a long body": { kind: "resize", by: 5 },
  "another range": { kind: "content-range", value: "bytes 7-9/10" },
  "an expired address": expiredLink,
};

/** Every fault where bytes are read, and a few at each of the other stages: all requests go through the same code. */
const AT_EVERY_STAGE = ["429 with a time", "503", "a reset before an answer"];

const CASES = Object.keys(STAGES).flatMap((stage) => {
  const faults = { ...PASSING, ...OF_BODIES, ...OF_RANGES };
  const names = stage === "read" ? Object.keys(faults) : AT_EVERY_STAGE;
  return names.map((name) => ({ stage, name, fault: faults[name]! }));
});

interface Survey {
  readonly summary: SurveySummary;
  readonly tables: Record<string, string[]>;
  readonly hub: Hub;
}

/** A survey in a store of its own, of a Hub that misbehaves as the rules say; `before` is told of the store's file. */
async function survey(rules: readonly FaultRule[], before: (path: string) => void = () => undefined): Promise<Survey> {
  const network = virtualNetwork();
  const hub = await startHub({ repositories: repositories(), distributions: [brine], clock: network.monotonic });
  onTestFinished(() => hub.close());
  for (const rule of rules) hub.faults.add(rule);
  const { store, path } = await temporaryStore();
  before(path);
  const summary = await runSurvey({ ...surveyRequest(hub), hub: hub.url, concurrency: 2 }, surveyEffects(store, { network }));
  const tables = readStore(path, dumpTables);
  return { summary, hub, tables: comparable(tables, hub) };
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

describe("a fault that passes changes nothing but the number of requests", () => {
  test.each(CASES)("$stage: $name", async ({ stage, fault }) => {
    undisturbed ??= await survey([]);
    const { summary, tables, hub } = await survey([{ ...STAGES[stage]!, times: 1, fault }]);
    expect(hub.log.some((request) => request.fault !== undefined)).toBe(true);
    expect(summary).toMatchObject({ outcome: "finished", failure: null });
    expect(tables).toEqual(undisturbed.tables);
    const read = rangesRead(hub);
    expect(read.length).toBe(new Set(read).size);
    expect(hub.log.filter(({ status, fault: met }) => status === 429 && met === undefined)).toEqual([]);
  });

  test("a cursor that expired", async () => {
    undisturbed ??= await survey([]);
    const { summary, tables } = await survey([{ path: /cursor=/, times: 1, fault: expiredCursor }]);
    expect(summary.outcome).toBe("finished");
    expect(tables).toEqual(undisturbed.tables);
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
    const network = virtualNetwork();
    const hub = await startHub({ repositories: repositories(), distributions: [brine], clock: network.monotonic });
    onTestFinished(() => hub.close());
    const { store, path } = await temporaryStore();
    const run = () => runSurvey({ ...surveyRequest(hub), concurrency: 2 }, surveyEffects(store, { network }));
    // The file may not grow: SQLite answers as it does where the disk is full.
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store);
    await sql`pragma max_page_count = ${sql.lit(rows[0]!.page_count + 2)}`.execute(store);
    await expect(run()).rejects.toMatchObject({ code: "SQLITE_FULL" });
    await sql`pragma max_page_count = 1073741823`.execute(store);
    expect(await run()).toMatchObject({ outcome: "finished", failure: null });
    const tables = comparable(readStore(path, dumpTables), hub);
    expect(tables).toEqual(undisturbed.tables);
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
    const { summary, tables } = await survey([], lock);
    expect(summary).toMatchObject({ outcome: "finished", failure: null });
    expect(tables).toEqual(undisturbed.tables);
  });
});
