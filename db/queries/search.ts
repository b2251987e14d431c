/** One search over everything that has a name: models, authors, libraries, classes, callables, and contents by their hash. */
import { sql } from "kysely";
import type { Store } from "../connection.ts";
import type { SurveyIndex } from "../index/survey-index.ts";
import { type CallableUse, listCallables } from "./callables.ts";
import { contains } from "./contains.ts";
import { ALL_MODELS, authorName, NONE } from "./filters.ts";
import { firstIndexed } from "./indexed-models.ts";
import { type ListedModel, listModels } from "./models.ts";

/** The values of something that models have one of, with how many models each has; and how many values match. */
export interface FoundValues {
  readonly total: number;
  readonly values: readonly { readonly value: string; readonly models: number }[];
}

export interface Found {
  readonly models: { readonly total: number; readonly models: readonly ListedModel[] };
  readonly authors: FoundValues;
  readonly libraries: FoundValues;
  readonly classes: FoundValues;
  readonly callables: readonly CallableUse[];
  /** Where a content of this sha256 lies, if the text is one. */
  readonly files: readonly { readonly model: string; readonly path: string }[];
}

const SHA256 = /^[0-9a-f]{64}$/i;

/** What of a survey holds `text` in its name, at most `limit` of each kind; `index` is the survey's, where it has one. */
export async function searchEverything(
  store: Store,
  index: SurveyIndex | null,
  surveyId: number,
  text: string,
  limit: number,
): Promise<Found> {
  const values = (column: "author" | "library" | "class") =>
    index === null ? countValues(store, surveyId, COLUMNS[column], text, limit) : indexedValues(index, column, text, limit);
  return {
    models: await searchModels(store, index, surveyId, text, limit),
    authors: await values("author"),
    libraries: await values("library"),
    classes: await values("class"),
    callables: await listCallables(store, surveyId, text, limit, index),
    files: SHA256.test(text) ? await filesOf(store, surveyId, text.toLowerCase(), limit) : [],
  };
}

async function searchModels(store: Store, index: SurveyIndex | null, surveyId: number, q: string, limit: number): Promise<Found["models"]> {
  const query = { ...ALL_MODELS, q, size: limit };
  const { total, models } = index === null ? await listModels(store, surveyId, query) : await firstIndexed(store, index, query);
  return { total, models };
}

function indexedValues(index: SurveyIndex, column: string, text: string, limit: number): FoundValues {
  const { total, values } = index.values(column, text, limit);
  return { total, values: values.map(({ value, models }) => ({ value: value ?? NONE, models })) };
}

const COLUMNS = {
  author: authorName,
  library: sql<string | null>`survey_model.library`,
  class: sql<string | null>`survey_model.class`,
} as const;

/** The same from the tables, for a survey that runs. */
async function countValues(
  store: Store,
  surveyId: number,
  column: (typeof COLUMNS)[keyof typeof COLUMNS],
  text: string,
  limit: number,
): Promise<FoundValues> {
  const rows = await store
    .selectFrom("survey_model")
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .where("survey_id", "=", surveyId)
    .where(contains(column, text))
    .groupBy(column)
    .select(({ fn }) => [column.$notNull().as("value"), fn.countAll<number>().as("models")])
    .orderBy("models", "desc")
    .orderBy("value")
    .execute();
  return { total: rows.length, values: rows.slice(0, limit) };
}

function filesOf(store: Store, surveyId: number, sha256: string, limit: number): Promise<{ model: string; path: string }[]> {
  return store
    .selectFrom("blob")
    .innerJoin("file", "file.blob_id", "blob.blob_id")
    .innerJoin("survey_model", "survey_model.revision_id", "file.revision_id")
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .where("sha256", "=", sha256)
    .where("survey_id", "=", surveyId)
    .select(["model.name as model", "path"])
    .orderBy("downloads", "desc")
    .orderBy("path")
    .limit(limit)
    .execute();
}
