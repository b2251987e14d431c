/** Makes the store of the dashboard's bench, in a process of its own: `node --import tsx test/bench/dashboard-store.ts FILE MODELS`. */
import { existsSync, rmSync } from "node:fs";
import BetterSqlite3 from "better-sqlite3";
import { openStore } from "../../db/connection.ts";
import { finishSurvey } from "../../db/finish.ts";
import { seeded, writeCommon, writeModel } from "./dashboard-models.ts";

const [file, count] = [process.argv[2]!, Number(process.argv[3])];
const BATCH = 20_000;

/** In `user_version`: every row is written. A run that was killed while it derived goes on there. */
const WRITTEN = 1;

const started = performance.now();
if (!existsSync(file) || versionOf(file) !== WRITTEN) await write();
const store = await openStore(file);
// What was written while pages were read of an earlier run: none is to be counted beside the one that writes in this.
for (const table of ["candidate_verdict", "model_verdict", "model_policy", "model_candidate", "survey_model", "survey"] as const)
  await store.deleteFrom(table).where("survey_id", ">", 2).execute();
// Those that will be written are never finished, or pages would be of them.
const unfinished = await store.selectFrom("survey").select("survey_id").where("generation", "=", 0).where("survey_id", "<=", 2).execute();
for (const { survey_id } of unfinished) await finishSurvey(store, survey_id, `2026-1${survey_id}-20T09:00:00.000Z`);
await store.destroy();
console.error(
  `finished in ${Math.round((performance.now() - started) / 1_000)} s, at most ${Math.round(process.resourceUsage().maxRSS / 1_000)} MB`,
);

function versionOf(path: string): unknown {
  const database = new BetterSqlite3(path, { readonly: true });
  const version = database.pragma("user_version", { simple: true });
  database.close();
  return version;
}

async function write(): Promise<void> {
  for (const ending of ["", "-wal", "-shm"]) if (existsSync(file + ending)) rmSync(file + ending);
  await (await openStore(file)).destroy();
  const database = new BetterSqlite3(file);
  for (const pragma of ["journal_mode = wal", "synchronous = off", "cache_size = -400000", "foreign_keys = off"]) database.pragma(pragma);
  const random = seeded(20_261_120);
  const ids = { model: 1, blob: 1 };
  const insertSurvey = database.prepare(
    "insert into survey (survey_id, name, hub, query, started_at, cursor) values (?, ?, 'https://hub.example', '{}', ?, '')",
  );
  database.transaction(() => {
    writeCommon(database, random);
    insertSurvey.run(1, "2026-q3", "2026-08-20T06:00:00.000Z");
    insertSurvey.run(2, "2026-q4", "2026-11-20T06:00:00.000Z");
  })();
  // The earlier survey is of fewer models, others than those of the later: what it costs is its rows.
  for (const [survey, models] of [
    [1, Math.floor(count / 10)],
    [2, count],
  ] as const)
    for (let position = 0; position < models; )
      database.transaction(() => {
        for (const end = Math.min(models, position + BATCH); position < end; position++)
          writeModel(database, random, survey, position, ids);
      })();
  database.pragma(`user_version = ${WRITTEN}`);
  database.close();
  console.error(`written in ${Math.round((performance.now() - started) / 1_000)} s`);
}
