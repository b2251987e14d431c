import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ByteSource, SourceError } from "../../analyzer/bytes/byte-source.ts";
import { memorySource } from "../../analyzer/bytes/memory-source.ts";
import { KeptWorkers, type WorkerLimits, WorkerPool } from "../../crawler/worker-pool.ts";
import type { Behaviour } from "./workers/behaviours.ts";

const WORKER = new URL("./workers/behaviours.ts", import.meta.url);
let pool: WorkerPool;
beforeEach(() => {
  pool = new WorkerPool(WORKER, { threads: 2, milliseconds: 1_000, megabytes: 48 });
});
afterEach(() => pool.close());

const run = (task: Behaviour, source?: ByteSource) => pool.run<Behaviour, unknown>(task, source);

describe("a worker", () => {
  test("is handed a task and answers", async () => {
    expect(await run({ does: "echo", value: "x" })).toEqual({ ok: true, value: "x" });
  });

  test.each([
    ["an array", Uint8Array.of(1, 2, 3, 4, 5)],
    ["a part of an array", Uint8Array.of(0, 1, 2, 3, 4, 5, 6).subarray(1, 6)],
    ["a buffer", Buffer.alloc(5, Uint8Array.of(1, 2, 3, 4, 5))],
    ["a buffer of Node's pool", Buffer.from([1, 2, 3, 4, 5])],
  ])("reads from the main thread's source, which keeps its bytes: %s", async (_, bytes) => {
    expect(await run({ does: "read" }, memorySource(bytes))).toEqual({ ok: true, value: [2, 3, 4] });
    expect([...bytes]).toEqual([1, 2, 3, 4, 5]);
  });

  test("is told why its source cannot deliver", async () => {
    const source = { size: 9, read: () => Promise.reject(new SourceError("budget", "spent", { offset: 7 })) };
    expect(await run({ does: "read" }, source)).toEqual({ ok: true, value: ["budget", "spent", 7] });
  });

  test("is not charged for the time in which it waits for bytes", async () => {
    const slow = { size: 9, read: async (start: number, end: number) => wait(300).then(() => new Uint8Array(end - start)) };
    expect(await run({ does: "read-slowly-answered" }, slow)).toEqual({ ok: true, value: "done" });
  });
});

test("workers that are kept serve the next pool of the same module and limits, and no other", async () => {
  const kept = new KeptWorkers();
  const limits = { threads: 1, milliseconds: 1_000, megabytes: 48 };
  const threadOf = async (changes: Partial<WorkerLimits>, keeping: KeptWorkers | undefined) => {
    const used = new WorkerPool(WORKER, { ...limits, ...changes }, keeping);
    const thread = await used.run<Behaviour, number>({ does: "tell-thread" });
    await used.close();
    return thread;
  };
  const first = await threadOf({}, kept);
  expect(first).toMatchObject({ ok: true });
  expect(await threadOf({ milliseconds: 2_000 }, kept)).toEqual(first);
  expect(await threadOf({ megabytes: 64 }, kept)).not.toEqual(first);
  expect(await threadOf({}, undefined)).not.toEqual(first);
  expect(await threadOf({}, kept)).toEqual(first);
});

test("a worker's code is kept, once it has done its first task", async () => {
  const code = path.join(import.meta.dirname, "../../node_modules/.cache/picklecensus/test-crawler-workers-behaviours-ts.run.code");
  rmSync(code, { force: true });
  expect(await run({ does: "echo", value: "x" })).toEqual({ ok: true, value: "x" });
  expect(existsSync(code)).toBe(true);
});

test("a worker that cannot be started is our fault, not the task's", async () => {
  const broken = new WorkerPool(new URL("./workers/none.ts", import.meta.url), { threads: 1, milliseconds: 1_000, megabytes: 48 });
  await expect(broken.run({})).rejects.toThrow(/could not be started.*none\.ts/s);
  await broken.close();
});

describe("a worker that does not come back costs its task, and no other", () => {
  test.each([
    ["hang", "time"],
    ["throw", "crash"],
    ["exit", "time"],
  ] as const)("%s: %s", async (does, kind) => {
    const others = Array.from({ length: 6 }, (_, index) => run({ does: "echo", value: String(index) }));
    const [bad, ...good] = await Promise.all([run({ does }), ...others]);
    expect(bad).toMatchObject({ ok: false, error: { kind } });
    expect(good).toEqual(Array.from({ length: 6 }, (_, index) => ({ ok: true, value: String(index) })));
  });

  test("fill-memory: memory", async () => {
    await pool.close();
    pool = new WorkerPool(WORKER, { threads: 2, milliseconds: 60_000, megabytes: 48 });
    expect(await run({ does: "fill-memory" })).toEqual({ ok: false, error: { kind: "memory", message: "ran out of memory" } });
    expect((await run({ does: "echo" })).ok).toBe(true);
  });

  test("all of them at once", async () => {
    const tasks = (["hang", "exit", "throw", "fill-memory"] as const).map((does) => run({ does }));
    const after = run({ does: "echo", value: "still here" });
    expect((await Promise.all(tasks)).map((answer) => answer.ok)).toEqual([false, false, false, false]);
    expect(await after).toEqual({ ok: true, value: "still here" });
  });
});
