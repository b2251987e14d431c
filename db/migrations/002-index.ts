/** The tables of a finished survey's derived index: `db/index/` builds them from the others, and reads them. */
import { type Kysely, sql } from "kysely";
import { dialectOf } from "../dialect.ts";

/** Creates them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of TABLES) await sql.raw(dialectOf(db).definition(statement)).execute(db);
}

const TABLES = [
  `create table survey_column (survey_id integer not null references survey, generation integer not null, name text not null, type text not null,
     labels text, data blob not null, primary key (survey_id, generation, name)) strict, without rowid`,
  `create table survey_posting (survey_id integer not null references survey, generation integer not null, kind text not null,
     value text not null, callable_id integer references callable, models integer not null, downloads integer not null,
     data blob not null, primary key (survey_id, generation, kind, value)) strict, without rowid`,
  `create index survey_posting_models on survey_posting (survey_id, generation, kind, models desc, value)`,
  `create table survey_cell (survey_id integer not null references survey, generation integer not null, dimension text not null,
     value text not null, slot text not null, mode text not null, role text not null, verdict text not null, models integer not null,
     downloads integer not null, primary key (survey_id, generation, dimension, value, slot, mode, role, verdict)) strict, without rowid`,
  `create index survey_cell_models on survey_cell (survey_id, generation, dimension, slot, mode, role, verdict, models desc)`,
];
