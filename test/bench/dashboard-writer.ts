/** A survey that writes while pages are read, at a pace of models a second, until its parent goes away: `FILE PACE`. */
import BetterSqlite3 from "better-sqlite3";
import { seeded, writeModel } from "./dashboard-models.ts";

/** Commits a second at most: a survey commits each model; what goes faster than that does so in bundles. */
const COMMITS = 40;

const pace = Number(process.argv[3]);
const models = Math.ceil(pace / COMMITS);
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
const timer = setInterval(
  () => {
    database.transaction(() => {
      for (const end = position + models; position < end; position++) writeModel(database, random, survey, position, ids);
    })();
    // Whoever counts may have gone in this moment.
    if (process.connected) process.send?.(position, () => undefined);
  },
  (1_000 * models) / pace,
);
process.once("disconnect", () => {
  clearInterval(timer);
  database.close();
});
