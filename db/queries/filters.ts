/**
 * The filters and orders of a list of models, as tables: each row knows its name in a URL, its words in a sentence and
 * its condition. The URL is the state; what the URL says is what the sentence says and what the query selects.
 */
import { type ExpressionBuilder, type ExpressionWrapper, expressionBuilder, type Nullable, type SqlBool } from "kysely";
import { failed, ok, type Result } from "../../analyzer/result.ts";
import { type Mode, VERDICT_KINDS, type VerdictKind } from "../../analyzer/verdict/verdict.ts";
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
}

/** The filters by value, of which a list shows how many models each value has. Several values of one filter mean "or". */
export const FILTERS = {
  verdict: {
    label: "Verdict",
    phrase: (values, lens) => `with the verdict ${values} ${lensPhrase(lens)}`,
    condition: (row, values) => oneOf(row, "model_verdict.verdict", values),
  },
  library: {
    label: "Library",
    phrase: (values) => `of ${values}`,
    condition: (row, values) => oneOf(row, "survey_model.library", values),
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
    condition: (row, values) => oneOf(row, "survey_model.task", values),
  },
  format: {
    label: "Format",
    phrase: (values) => `in the format ${values}`,
    condition: (row, values) => oneOf(row, "survey_model.format", values),
  },
  year: {
    label: "Year",
    phrase: (values) => `created in ${values}`,
    condition: (row, values) => {
      const stated = values.filter((value) => value !== NONE);
      const years = stated.map((year) => row("model.created_at", "like", `${year.replaceAll(/[\\%_]/g, "")}-%`));
      return row.or([...years, ...(stated.length < values.length ? [row("model.created_at", "is", null)] : [])]);
    },
  },
} as const satisfies Record<string, Filter>;

export type FilterName = keyof typeof FILTERS;
export const FILTER_NAMES = Object.keys(FILTERS) as FilterName[];

type FilteredColumn = "model_verdict.verdict" | "survey_model.library" | "survey_model.task" | "survey_model.format";

function oneOf(row: RowBuilder, column: FilteredColumn, values: readonly string[]) {
  const stated = values.filter((value) => value !== NONE);
  return row.or([
    ...(stated.length > 0 ? [row(column, "in", stated as VerdictKind[])] : []),
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
  /** Where to go on: the last row's value of the sort column and its id; null for the first page. */
  readonly after: Cursor | null;
}

/** The values of every filter. */
function filtersOf(values: (name: FilterName) => readonly string[]): ModelQuery["filters"] {
  return Object.fromEntries(FILTER_NAMES.map((name) => [name, values(name)])) as unknown as ModelQuery["filters"];
}

/** Every model of a survey. */
export const ALL_MODELS: ModelQuery = {
  q: "",
  lens: { slot: "weights-only", mode: "strict", role: "weights" },
  filters: filtersOf(() => []),
  sort: "downloads",
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
  const verdicts = parameters.getAll("verdict");
  const unknown = verdicts.find((verdict) => verdict !== NONE && !Object.hasOwn(VERDICT_KINDS, verdict));
  if (unknown !== undefined) return badChoice("verdict", unknown, [...Object.keys(VERDICT_KINDS), NONE]);
  const token = parameters.get("next");
  const after = token === null ? null : readCursor(token);
  if (token !== null && after === null) return failed({ kind: "bad-query", message: "next: not a place in this list" });
  const values = (name: FilterName) => [...new Set(parameters.getAll(name))].sort();
  return ok({
    q: (parameters.get("q") ?? "").trim(),
    lens: lens.value,
    filters: filtersOf(values),
    sort: sort.value,
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

/** `query` in words: "Models of flair or transformers with the verdict blocked under their class policy". */
export function modelSentence(query: ModelQuery): string {
  const parts = FILTER_NAMES.filter((name) => query.filters[name].length > 0)
    // What models are comes before what was said of them.
    .sort((a, b) => Number(a === "verdict") - Number(b === "verdict"))
    .map((name) => FILTERS[name].phrase(inWords(name, query.filters[name]), query.lens));
  return ["Models", ...(query.q === "" ? [] : [`named “${query.q}”`]), ...parts].join(" ");
}

function inWords(name: FilterName, values: readonly string[]): string {
  const none = name === "verdict" ? "none" : `no ${FILTERS[name].label.toLowerCase()} stated`;
  return new Intl.ListFormat("en", { type: "disjunction" }).format(values.map((value) => (value === NONE ? none : value)));
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
