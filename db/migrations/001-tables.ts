/**
 * The tables of `schema.ts`, in SQLite's words; `dialect.ts` puts them into PostgreSQL's. What is derived from them, and
 * can be dropped and built again, is in `002-index.ts`.
 */
import { type Kysely, sql } from "kysely";
import { dialectOf } from "../dialect.ts";

/** Creates every table, index and view. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const dialect = dialectOf(db);
  for (const statement of dialect.preparation) await sql.raw(statement).execute(db);
  for (const statement of TABLES) await sql.raw(dialect.definition(statement)).execute(db);
  await sql.raw(factView(dialect.placeOf)).execute(db);
}

const TABLES = [
  `create table survey (survey_id integer primary key, name text not null unique, hub text not null, query text not null,
     started_at text not null, finished_at text, cursor text, unreadable integer not null default 0,
     requests integer not null default 0, bytes_read integer not null default 0, manifest text, totals text,
     generation integer not null default 0) strict`,
  `create table model (model_id integer primary key, hub_id text not null unique, name text not null, created_at text) strict`,
  `create index model_name on model (name)`,
  `create table revision (revision_id integer primary key, model_id integer not null references model, commit_sha text not null,
     modified_at text, metadata text, unique (model_id, commit_sha)) strict`,
  `create table survey_model (survey_id integer not null references survey, model_id integer not null references model,
     revision_id integer not null references revision, position integer not null, listed_name text not null, downloads integer not null,
     likes integer not null, library text, task text, gated integer not null, state text not null, failure text, class text,
     class_reason text, class_state text, class_engine text, format text, primary key (survey_id, model_id)) strict, without rowid`,
  `create index survey_model_downloads on survey_model (survey_id, downloads desc, model_id)`,
  `create index survey_model_state on survey_model (survey_id, state, position)`,
  `create index survey_model_position on survey_model (survey_id, position)`,
  `create index survey_model_revision on survey_model (revision_id)`,
  `create index survey_model_model on survey_model (model_id)`,
  `create table blob (blob_id integer primary key, sha256 text not null unique, size integer not null, container text not null,
     outcome text not null, failure text, findings text not null, requests integer not null, bytes_read integer not null) strict`,
  `create table file (file_id integer primary key, revision_id integer not null references revision, path text not null, size integer not null,
     role text not null, state text not null, blob_id integer references blob, failure text, unique (revision_id, path)) strict`,
  `create index file_blob on file (blob_id)`,
  `create table program (program_id integer primary key, sha256 text not null unique, bytes blob not null, segments text not null,
     opcodes text not null, facts blob not null) strict`,
  `create table callable (callable_id integer primary key, module text not null, name text not null, capability text not null,
     unique (module, name)) strict`,
  `create table fact_set (fact_set_id integer primary key, sha256 text not null unique) strict`,
  `create table fact_set_member (fact_set_id integer not null references fact_set, ordinal integer not null, kind text not null,
     opcode text not null, callable_id integer references callable, primary key (fact_set_id, ordinal)) strict, without rowid`,
  `create index fact_set_member_callable on fact_set_member (callable_id, kind, fact_set_id)`,
  `create table pickle (pickle_id integer primary key, blob_id integer not null references blob, ordinal integer not null, entry text,
     start integer not null, length integer not null, protocol integer not null, outcome text not null, failure text, divergences text,
     loader text, root text, program_id integer not null references program, fact_set_id integer not null references fact_set,
     places text not null, unique (blob_id, ordinal)) strict`,
  `create index pickle_fact_set on pickle (fact_set_id, blob_id)`,
  `create table policy (policy_id integer primary key, slot text not null, name text not null unique, class text, library text,
     library_version text, source_sha256 text, engine text not null, unparsed text not null default '[]', open_slots text, fillers text) strict`,
  `create table model_candidate (survey_id integer not null references survey, model_id integer not null references model,
     candidate integer not null, class text not null, confidence text not null, evidence text not null, state text not null, failure text,
     primary key (survey_id, model_id, candidate)) strict, without rowid`,
  `create table model_policy (survey_id integer not null references survey, model_id integer not null references model,
     candidate integer not null, slot text not null, policy_id integer not null references policy,
     primary key (survey_id, model_id, candidate, slot)) strict, without rowid`,
  `create table policy_entry (policy_id integer not null references policy, kind text not null, callable_id integer not null references callable,
     module text, same_as text, reasons text not null, primary key (policy_id, kind, callable_id)) strict, without rowid`,
  `create index policy_entry_callable on policy_entry (callable_id)`,
  `create table verdict (blob_id integer not null references blob, policy_id integer not null references policy, mode text not null,
     verdict text not null, message text, primary key (blob_id, policy_id, mode)) strict, without rowid`,
  `create table blocked (blob_id integer not null references blob, policy_id integer not null references policy, mode text not null,
     ordinal integer not null, pickle_id integer not null references pickle, callable_id integer references callable, opcode text not null,
     "offset" integer not null, reason text not null, count integer not null default 1, primary key (blob_id, policy_id, mode, ordinal)) strict, without rowid`,
  `create index blocked_callable on blocked (policy_id, callable_id, blob_id)`,
  `create table model_verdict (survey_id integer not null references survey, model_id integer not null references model, slot text not null,
     mode text not null, role text not null, policy_id integer not null references policy, verdict text not null,
     primary key (survey_id, model_id, slot, mode, role)) strict, without rowid`,
  `create index model_verdict_count on model_verdict (survey_id, slot, mode, role, verdict)`,
  `create table candidate_verdict (survey_id integer not null references survey, model_id integer not null references model,
     candidate integer not null, slot text not null, mode text not null, role text not null, policy_id integer not null references policy,
     verdict text not null, primary key (survey_id, model_id, candidate, slot, mode, role)) strict, without rowid`,
  `create table source (source_id integer primary key, distribution text not null, version text not null, filename text not null,
     sha256 text not null unique, released_at text) strict`,
  `create table source_file (source_id integer not null references source, path text not null, text text not null,
     primary key (source_id, path)) strict, without rowid`,
  `create table rate_limit (identity text not null, bucket text not null, remaining integer not null, resets_at integer not null,
     quota integer, length integer, in_flight integer not null, primary key (identity, bucket)) strict, without rowid`,
];

/** A fact is a member of its pickle's set, with the place and the number that the pickle has for it. */
function factView(placeOf: (ordinal: string, index: 0 | 1) => string): string {
  return `create view fact as select pickle.pickle_id, member.ordinal, member.kind, member.opcode, member.callable_id,
    ${placeOf("member.ordinal", 0)} as "offset", ${placeOf("member.ordinal", 1)} as count
    from pickle join fact_set_member member on member.fact_set_id = pickle.fact_set_id`;
}
