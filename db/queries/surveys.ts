/**
 * Surveys: which one a page speaks of, how far it has come, and what it held and read. Everything else that is queried
 * is queried within one survey.
 */
import type { Store } from "../connection.ts";
import type { ClassState, FileRole, ModelState } from "../schema.ts";
import { countFormats, type FormatShare } from "./formats.ts";

/** A run over a population of models. `finishedAt` is null while it runs, and after it was interrupted. */
export interface Survey {
  readonly surveyId: number;
  readonly name: string;
  /** The Hub's address, as given when it was started. */
  readonly hub: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly requests: number;
  readonly bytesRead: number;
  /** Hex sha256 over what was found; null until it is finished. */
  readonly manifest: string | null;
  /** Of the derived index that holds now; 0 where none was built. */
  readonly generation: number;
}

/** What a survey amounts to. Files are candidates: those that could hold a pickle. Content that files share counts once. */
export interface SurveyTotals {
  readonly models: number;
  /** How many models stand where; states that none is in are absent. */
  readonly states: Readonly<Partial<Record<ModelState, number>>>;
  /** Models by how the search for their class ended; those of which none was looked for are in none. */
  readonly classes: Readonly<Partial<Record<ClassState, number>>>;
  readonly modelsWithFiles: Readonly<Record<FileRole, number>>;
  /** Models by what they come in. */
  readonly formats: readonly FormatShare[];
  readonly files: number;
  readonly pickles: number;
  /** Bytes of those of the files that were read, of which the survey read `bytesRead`. */
  readonly bytesHeld: number;
}

const COLUMNS = [
  "survey_id as surveyId",
  "name",
  "hub",
  "started_at as startedAt",
  "finished_at as finishedAt",
  "requests",
  "bytes_read as bytesRead",
  "manifest",
  "generation",
] as const;

/** Every survey, the latest first. */
export function listSurveys(store: Store): Promise<Survey[]> {
  return store.selectFrom("survey").select(COLUMNS).orderBy("started_at", "desc").orderBy("survey_id", "desc").execute();
}

/** The survey called `name`; without a name the last that was finished, or, where none was, the last that was begun. */
export async function findSurvey(store: Store, name: string | null): Promise<Survey | null> {
  const surveys = await listSurveys(store);
  if (name !== null) return surveys.find((survey) => survey.name === name) ?? null;
  return surveys.find((survey) => survey.finishedAt !== null) ?? surveys[0] ?? null;
}

/** The models, files, pickles and bytes of a survey: as they were counted when it was finished, or else counted now. */
export async function surveyTotals(store: Store, surveyId: number): Promise<SurveyTotals> {
  return (await storedTotals(store, surveyId)) ?? countTotals(store, surveyId);
}

/** As they were counted when it was finished; null of a survey that runs. */
export async function storedTotals(store: Store, surveyId: number): Promise<SurveyTotals | null> {
  const survey = await store.selectFrom("survey").select("totals").where("survey_id", "=", surveyId).executeTakeFirst();
  return survey?.totals ? (JSON.parse(survey.totals) as SurveyTotals) : null;
}

/** Counts them from the tables. */
export async function countTotals(store: Store, surveyId: number): Promise<SurveyTotals> {
  const models = await store
    .selectFrom("survey_model")
    .where("survey_id", "=", surveyId)
    .groupBy(["state", "class_state"])
    .select(["state", "class_state", ({ fn }) => fn.countAll<number>().as("models")])
    .execute();
  const candidates = store
    .selectFrom("survey_model")
    .innerJoin("file", "file.revision_id", "survey_model.revision_id")
    .where("survey_id", "=", surveyId);
  const files = await candidates
    .groupBy("role")
    .select(({ fn }) => ["role", fn.count<number>("survey_model.model_id").distinct().as("models"), fn.countAll<number>().as("files")])
    .execute();
  const contents = store
    .selectFrom("blob")
    .where("blob.blob_id", "in", candidates.where("blob_id", "is not", null).select("blob_id").$castTo<{ blob_id: number }>());
  const { bytes } = await contents
    .select(({ fn, val }) => fn.coalesce(fn.sum<number>("size"), val(0)).as("bytes"))
    .executeTakeFirstOrThrow();
  const { pickles } = await contents
    .innerJoin("pickle", "pickle.blob_id", "blob.blob_id")
    .select(({ fn }) => fn.countAll<number>().as("pickles"))
    .executeTakeFirstOrThrow();
  const withRole = (role: FileRole) => files.find((row) => row.role === role)?.models ?? 0;
  return {
    models: models.reduce((sum, row) => sum + row.models, 0),
    states: sumBy(models, (row) => row.state),
    classes: sumBy(models, (row) => row.class_state),
    formats: await countFormats(store, surveyId),
    modelsWithFiles: { weights: withRole("weights"), side: withRole("side") },
    files: files.reduce((sum, row) => sum + row.files, 0),
    pickles,
    bytesHeld: bytes,
  };
}

function sumBy<Row extends { readonly models: number }, Key extends string>(
  rows: readonly Row[],
  keyOf: (row: Row) => Key | null,
): Partial<Record<Key, number>> {
  const sums: Partial<Record<Key, number>> = {};
  for (const row of rows) {
    const key = keyOf(row);
    if (key !== null) sums[key] = (sums[key] ?? 0) + row.models;
  }
  return sums;
}
