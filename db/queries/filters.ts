/**
 * The filters and orders of a list of models, as tables: each row knows its name in a URL, its words in a sentence and
 * its condition. The URL is the state; what the URL says is what the sentence says and what the query selects.
 */
import {
  type Expression,
  type ExpressionBuilder,
  type ExpressionWrapper,
  expressionBuilder,
  type Nullable,
  type SqlBool,
  sql,
} from "kysely";
import { failed, ok, type Result } from "../../analyzer/result.ts";
import { type Mode, VERDICT_KINDS } from "../../analyzer/verdict/verdict.ts";
import type { Database, FileRole, ModelVerdictTable, PolicySlot } from "../schema.ts";
import { contains } from "./contains.ts";
import { type Judgement, type Lens, lensPhrase, MODES, POLICY_SLOTS, ROLES, sameLens } from "./judgements.ts";

/** Rows that filters see: a model of a survey with its verdict under the lens, where it has one. */
type Row = Database & { model_verdict: Nullable<ModelVerdictTable> };
type RowBuilder = ExpressionBuilder<Row, "survey_model" | "model" | "model_verdict">;
type Condition = ExpressionWrapper<Row, "survey_model" | "model" | "model_verdict", SqlBool>;

/** In a URL, the value that stands for "none stated" or "no verdict". */
export const NONE = "none";

interface Filter {
  readonly label: string;
  /** What the filter adds to the sentence "models ...", given values already put into words. */
  phrase(values: string, lens: Lens): string;
  condition(row: RowBuilder, values: readonly string[]): Condition;
  /** A value in words; itself where there is none. `NONE` is "none stated" unless it says otherwise. */
  readonly said?: Readonly<Record<string, string>>;
  /** All the values that there are, in their order, where they are known; others are refused. */
  readonly choices?: readonly string[];
}

/** Bands of downloads, by the least of each, and how they are said: the first number that is written by `toLocaleString` takes 40 ms. */
const SAID_BANDS: Readonly<Record<string, string>> = {
  0: "0",
  1: "1 to 9",
  10: "10 to 99",
  100: "100 to 999",
  1000: "1,000 to 9,999",
  10000: "10,000 to 99,999",
  100000: "100,000 to 999,999",
  1000000: "1,000,000 or more",
};

const DOWNLOAD_BANDS = Object.keys(SAID_BANDS).map(Number);

/** The band that a number of downloads is in, as filters name it. */
export function downloadBand(downloads: number): string {
  return String(DOWNLOAD_BANDS.findLast((least) => downloads >= least) ?? 0);
}

/** The filters by value, of which a list shows how many models each value has. Several values of one filter mean "or". */
export const FILTERS = {
  verdict: {
    label: "Verdict",
    phrase: (values, lens) => `with the verdict ${values} ${lensPhrase(lens)}`,
    condition: (row, values) => oneOf(row, row.ref("model_verdict.verdict"), values),
    said: { [NONE]: "none" },
    choices: Object.keys(VERDICT_KINDS),
  },
  author: {
    label: "Author",
    phrase: (values) => `by ${values}`,
    condition: (row, values) => oneOf(row, authorName, values),
  },
  library: {
    label: "Library",
    phrase: (values) => `of ${values}`,
    condition: (row, values) => oneOf(row, row.ref("survey_model.library"), values),
  },
  class: {
    label: "Class",
    phrase: (values) => `that load as ${values}`,
    condition: (row, values) => oneOf(row, row.ref("survey_model.class"), values),
    said: { [NONE]: "no class that was found" },
  },
  container: {
    label: "Container",
    phrase: (values) => `that hold ${values}`,
    condition: (row, values) =>
      row.exists(
        row
          .selectFrom("file")
          .innerJoin("blob", "blob.blob_id", "file.blob_id")
          .whereRef("file.revision_id", "=", "survey_model.revision_id")
          .where("blob.container", "in", values)
          .select("file.file_id"),
      ),
  },
  task: {
    label: "Task",
    phrase: (values) => `for ${values}`,
    condition: (row, values) => oneOf(row, row.ref("survey_model.task"), values),
  },
  format: {
    label: "Format",
    phrase: (values) => `in the format ${values}`,
    condition: (row, values) => oneOf(row, row.ref("survey_model.format"), values),
  },
  year: {
    label: "Year",
    phrase: (values) => `created in ${values}`,
    condition: (row, values) => oneOf(row, yearCreated, values),
  },
  downloads: {
    label: "Downloads",
    phrase: (values) => `downloaded ${values} times a month`,
    condition: (row, values) => oneOf(row, bandOfDownloads, values),
    said: SAID_BANDS,
    choices: DOWNLOAD_BANDS.map(String),
  },
  access: {
    label: "Access",
    phrase: (values) => `that are ${values}`,
    condition: (row, values) => oneOf(row, access, values),
    said: { gated: "gated", [NONE]: "open to all" },
    choices: ["gated"],
  },
} as const satisfies Record<string, Filter>;

export type FilterName = keyof typeof FILTERS;
export const FILTER_NAMES = Object.keys(FILTERS) as FilterName[];

/** The filters whose values are listed with their counts; authors are too many, and are found by the search. */
export type FacetName = Exclude<FilterName, "author">;
export const FACET_NAMES = FILTER_NAMES.filter((name): name is FacetName => name !== "author");

/** The author of the joined `model`: what comes before the slash; null for the few names without one. */
export const authorName = sql<
  string | null
>`case when instr(model.name, '/') > 0 then substr(model.name, 1, instr(model.name, '/') - 1) end`;
/** The year in which the joined `model` was created; null where the Hub did not say. */
export const yearCreated = sql<string | null>`substr(model.created_at, 1, 4)`;
/** The joined `survey_model`'s band of downloads, and `gated` where it is. */
export const bandOfDownloads = sql<string | null>`case ${sql.join(
  DOWNLOAD_BANDS.slice(1).map(
    (next, index) => sql`when survey_model.downloads < ${sql.lit(next)} then ${sql.lit(String(DOWNLOAD_BANDS[index]))}`,
  ),
  sql` `,
)} else ${sql.lit(String(DOWNLOAD_BANDS.at(-1)))} end`;
export const access = sql<string | null>`case when survey_model.gated = 1 then 'gated' end`;

/** A value of a filter in words. */
export function saidValue(name: FilterName, value: string): string {
  const said: Readonly<Record<string, string>> = (FILTERS[name] as Filter).said ?? {};
  return Object.hasOwn(said, value) ? said[value]! : value === NONE ? "none stated" : value;
}

/** All the values of a filter, where they are known beforehand. */
export function choicesOf(name: FilterName): readonly string[] | null {
  return (FILTERS[name] as Filter).choices ?? null;
}

function oneOf(row: RowBuilder, column: Expression<string | null>, values: readonly string[]) {
  const stated = values.filter((value) => value !== NONE);
  return row.or([
    ...(stated.length > 0 ? [row(column, "in", stated)] : []),
    ...(stated.length < values.length ? [row(column, "is", null)] : []),
  ]);
}

/** The orders of a list. Ties are ordered by model id, so that a page can go on from any row. */
export const SORTS = {
  downloads: { label: "most downloaded", phrase: "the most downloaded first", column: "survey_model.downloads", direction: "desc" },
  likes: { label: "most liked", phrase: "the most liked first", column: "survey_model.likes", direction: "desc" },
  name: { label: "name", phrase: "by name", column: "model.name", direction: "asc" },
} as const;

export type Sort = keyof typeof SORTS;

/** What a list of models is asked for. */
export interface ModelQuery {
  /** Part of a model's name; empty for any. */
  readonly q: string;
  readonly lens: Lens;
  readonly filters: Readonly<Record<FilterName, readonly string[]>>;
  readonly sort: Sort;
  /** Models on a page. */
  readonly size: number;
  /** Where to go on: the last row's value of the sort column and its id; null for the first page. */
  readonly after: Cursor | null;
}

/** The values of every filter. */
function filtersOf(values: (name: FilterName) => readonly string[]): ModelQuery["filters"] {
  return Object.fromEntries(FILTER_NAMES.map((name) => [name, values(name)])) as unknown as ModelQuery["filters"];
}

const USUAL_SIZE = 50;
/** How many models a page may have, by how an address says it. */
export const PAGE_SIZES: Readonly<Record<string, number>> = { 20: 20, 50: USUAL_SIZE, 100: 100 };

/** Every model of a survey. */
export const ALL_MODELS: ModelQuery = {
  q: "",
  lens: { slot: "weights-only", mode: "strict", role: "weights" },
  filters: filtersOf(() => []),
  sort: "downloads",
  size: USUAL_SIZE,
  after: null,
};

/** A row's place in an order. */
export interface Cursor {
  readonly value: string | number;
  readonly modelId: number;
}

/** A parameter of a URL that cannot be read, and what would be. */
export interface QueryError {
  readonly kind: "bad-query";
  readonly message: string;
}

/**
 * What a URL's parameters ask for. `judgements` are those of the survey; the first, which all models are judged under, is
 * taken where the URL names none. Parameters that are unknown are ignored, values that are not possible are an error.
 */
export function parseModelQuery(parameters: URLSearchParams, judgements: readonly Judgement[]): Result<ModelQuery, QueryError> {
  const lens = parseLens(parameters, judgements);
  if (!lens.ok) return lens;
  const sort = choice(parameters, "sort", SORTS, "downloads");
  if (!sort.ok) return sort;
  for (const name of FILTER_NAMES) {
    const choices = choicesOf(name);
    const unknown = parameters.getAll(name).find((value) => choices !== null && value !== NONE && !choices.includes(value));
    if (unknown !== undefined) return badChoice(name, unknown, [...choices!, NONE]);
  }
  const size = choice(parameters, "size", PAGE_SIZES, String(USUAL_SIZE));
  if (!size.ok) return size;
  const token = parameters.get("next");
  const after = token === null ? null : readCursor(token);
  if (token !== null && after === null) return failed({ kind: "bad-query", message: "next: not a place in this list" });
  const values = (name: FilterName) => [...new Set(parameters.getAll(name))].sort();
  return ok({
    q: (parameters.get("q") ?? "").trim(),
    lens: lens.value,
    filters: filtersOf(values),
    sort: sort.value,
    size: PAGE_SIZES[size.value]!,
    after,
  });
}

/** The lens that a URL's `policy`, `mode` and `role` name, or the default one. */
export function parseLens(parameters: URLSearchParams, judgements: readonly Judgement[]): Result<Lens, QueryError> {
  const usual = judgements[0] ?? { slot: "weights-only", mode: "strict" };
  const slot = choice<PolicySlot>(parameters, "policy", POLICY_SLOTS, usual.slot);
  if (!slot.ok) return slot;
  const mode = choice<Mode>(parameters, "mode", MODES, judgements.find((judgement) => judgement.slot === slot.value)?.mode ?? "strict");
  if (!mode.ok) return mode;
  const role = choice<FileRole>(parameters, "role", ROLES, "weights");
  return role.ok ? ok({ slot: slot.value, mode: mode.value, role: role.value }) : role;
}

function choice<Name extends string>(
  parameters: URLSearchParams,
  parameter: string,
  table: Readonly<Record<Name, unknown>>,
  usual: Name,
): Result<Name, QueryError> {
  const value = parameters.get(parameter) ?? usual;
  return Object.hasOwn(table, value) ? ok(value as Name) : badChoice(parameter, value, Object.keys(table));
}

function badChoice(parameter: string, value: string, choices: readonly string[]) {
  return failed<QueryError>({ kind: "bad-query", message: `${parameter}=${value.slice(0, 80)}: one of ${choices.join(", ")}` });
}

/** The parameters that ask for `query`, in a fixed order and without what goes without saying: one list, one address. */
export function modelParameters(query: ModelQuery, judgements: readonly Judgement[]): URLSearchParams {
  const parameters = new URLSearchParams();
  if (query.q !== "") parameters.set("q", query.q);
  for (const name of FILTER_NAMES) for (const value of query.filters[name]) parameters.append(name, value);
  for (const [name, value] of lensParameters(query.lens, judgements)) parameters.set(name, value);
  if (query.sort !== "downloads") parameters.set("sort", query.sort);
  if (query.size !== USUAL_SIZE) parameters.set("size", String(query.size));
  if (query.after !== null) parameters.set("next", writeCursor(query.after));
  return parameters;
}

/** The parameters that ask for a lens, without those that are the default. */
export function lensParameters(lens: Lens, judgements: readonly Judgement[]): URLSearchParams {
  const parameters = new URLSearchParams({ policy: lens.slot, mode: lens.mode, role: lens.role });
  for (const name of ["role", "mode", "policy"]) {
    const shorter = new URLSearchParams(parameters);
    shorter.delete(name);
    const same = parseLens(shorter, judgements);
    if (same.ok && sameLens(same.value, lens)) parameters.delete(name);
  }
  return parameters;
}

/** `query` with one value of one filter added, or taken away if it was there; from the first page. */
export function toggleFilter(query: ModelQuery, name: FilterName, value: string): ModelQuery {
  const values = query.filters[name];
  const toggled = values.includes(value) ? values.filter((other) => other !== value) : [...values, value].sort();
  return { ...query, filters: { ...query.filters, [name]: toggled }, after: null };
}

/** `query` in words: "Models of setfit or transformers with the verdict blocked under their class policy". */
export function modelSentence(query: ModelQuery): string {
  const parts = FILTER_NAMES.filter((name) => query.filters[name].length > 0)
    // What models are comes before what was said of them.
    .sort((a, b) => Number(a === "verdict") - Number(b === "verdict"))
    .map((name) => FILTERS[name].phrase(inWords(name, query.filters[name]), query.lens));
  return ["Models", ...(query.q === "" ? [] : [`named “${query.q}”`]), ...parts].join(" ");
}

function inWords(name: FilterName, values: readonly string[]): string {
  const said = values.map((value) => {
    const words = saidValue(name, value);
    return words === "none stated" ? `no ${FILTERS[name].label.toLowerCase()} stated` : words;
  });
  return new Intl.ListFormat("en", { type: "disjunction" }).format(said);
}

/** The condition of every filter of `query` but `except`, whose own counts are being asked for. */
export function conditions(query: ModelQuery, except: FilterName | null = null): Condition {
  const row: RowBuilder = expressionBuilder();
  const chosen = FILTER_NAMES.filter((name) => name !== except && query.filters[name].length > 0);
  return row.and([
    ...(query.q === "" ? [] : [contains(row.ref("model.name"), query.q)]),
    ...chosen.map((name) => FILTERS[name].condition(row, query.filters[name])),
  ]);
}

/** The condition of coming after `cursor` in an order; none for the start of the list. */
export function comesAfter(sort: Sort, cursor: Cursor | null): Condition {
  const row: RowBuilder = expressionBuilder();
  if (cursor === null) return row.and([]);
  const { column, direction } = SORTS[sort];
  // `downloads <= d and (downloads < d or id > i)`: in two directions at once a row-value comparison would use no index.
  return row.and([
    row(column, direction === "desc" ? "<=" : ">=", cursor.value as never),
    row.or([row(column, direction === "desc" ? "<" : ">", cursor.value as never), row("survey_model.model_id", ">", cursor.modelId)]),
  ]);
}

function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.value, cursor.modelId])).toString("base64url");
}

function readCursor(token: string): Cursor | null {
  try {
    const [value, modelId] = JSON.parse(Buffer.from(token, "base64url").toString()) as unknown[];
    const readable = (typeof value === "string" || typeof value === "number") && Number.isSafeInteger(modelId);
    return readable ? { value, modelId: modelId as number } : null;
  } catch {
    return null;
  }
}
