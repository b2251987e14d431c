/** Surveys infer in workers: what those parsed is kept for the next, and changes nothing. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writePolicy } from "../../analyzer/policy/format.ts";
import type { InferAnswer, InferTask } from "../../crawler/infer-worker.ts";
import { WorkerPool } from "../../crawler/worker-pool.ts";

const folder = mkdtempSync(path.join(tmpdir(), "infer-worker-"));
const parseCache = path.join(folder, "parsed.sqlite");
const pool = new WorkerPool(new URL("../../crawler/infer-worker.ts", import.meta.url), {
  threads: 1,
  milliseconds: 60_000,
  megabytes: 512,
});
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true });
});

const files = [
  { path: "lib/__init__.py", text: "" },
  { path: "lib/parts.py", text: "class Part:\n    pass\n\n\nclass Other:\n    pass\n" },
  { path: "lib/model.py", text: "from lib.parts import Part\n\n\nclass Model:\n    def __init__(self):\n        self.part = Part()\n" },
];

async function policyOf(class_: string, cache: string | null, changed = files): Promise<string> {
  const library = { name: "lib", version: "1", sha256: null, files: changed };
  const answer = await pool.run<InferTask, InferAnswer>({ library, dependencies: [], class: class_, named: null, parseCache: cache });
  if (!answer.ok) throw new Error(answer.error.message);
  if (!answer.value.ok) throw new Error(answer.value.error.message);
  return writePolicy(answer.value.value.policy);
}

/** How many files are kept. */
function keptFiles(): number {
  const database = new BetterSqlite3(parseCache, { readonly: true });
  const count = database.prepare<[], number>("select count(*) from parsed").pluck().get()!;
  database.close();
  return count;
}

let plain: string;
beforeAll(async () => {
  plain = await policyOf("lib.model.Model", null);
});

test("nothing is kept where no file is named", () => {
  expect(plain).toContain("lib.parts.Part");
  expect(existsSync(parseCache)).toBe(false);
});

test("what was parsed is kept before the next task begins, and gives the same bytes", async () => {
  expect(await policyOf("lib.model.Model", parseCache)).toBe(plain);
  const kept = keptFiles();
  expect(kept).toBeGreaterThanOrEqual(2);
  expect(await policyOf("lib.model.Model", parseCache)).toBe(plain);
  expect(keptFiles()).toBe(kept);
  expect(await policyOf("lib.parts.Other", parseCache)).toBe(await policyOf("lib.parts.Other", null));
});

test("a file that changed is parsed", async () => {
  const changed = files.map((file) => ({ ...file, text: file.text.replaceAll("Part", "Piece") }));
  expect(await policyOf("lib.model.Model", parseCache, changed)).toContain("lib.parts.Piece");
});
