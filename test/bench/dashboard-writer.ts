/** A survey that writes while pages are read: a hundred models a commit, until its parent goes away. */
import BetterSqlite3 from "better-sqlite3";
import { seeded, writeModel } from "./dashboard-models.ts";

const MODELS = 100;
/** Milliseconds between commits: some four hundred models a second, which is more than the Hub lets a crawler have. */
const PAUSE = 250;

const database = new BetterSqlite3(process.argv[2]!);
for (const pragma of ["synchronous = normal", "busy_timeout = 5000", "journal_size_limit = 67108864"]) database.pragma(pragma);
const last = (table: string) => (database.prepare(`select max(${table}_id) as id from ${table}`).get() as { id: number }).id;
const ids = { model: last("model") + 1, blob: Math.max(last("blob"), last("file"), last("pickle")) + 1 };
const survey = last("survey") + 1;
database
  .prepare("insert into survey (survey_id, name, hub, query, started_at, cursor) values (?, ?, 'https://hub.example', '{}', ?, '')")
  .run(survey, `bench ${survey}`, "2026-11-21T06:00:00.000Z");
const random = seeded(survey);
let position = 0;
const timer = setInterval(() => {
  database.transaction(() => {
    for (const end = position + MODELS; position < end; position++) writeModel(database, random, survey, position, ids);
  })();
  process.send?.(position);
}, PAUSE);
process.once("disconnect", () => {
  clearInterval(timer);
  database.close();
});
