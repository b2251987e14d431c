/**
 * Surveys: which one a page speaks of, how far it has come, and what it held and read. Everything else that is queried
 * is queried within one survey.
 */
import type { Store } from "../connection.ts";
import type { ClassState, FileRole, ModelFormat, ModelState } from "../schema.ts";
import { type FormatShare, inOrder } from "./formats.ts";
import { modelRanges } from "./model-ranges.ts";

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

/** How many models a survey has. */
export async function countModels(store: Store, surveyId: number): Promise<number> {
  const totals = await storedTotals(store, surveyId);
  if (totals !== null) return totals.models;
  const rows = store.selectFrom("survey_model").where("survey_id", "=", surveyId);
  return (await rows.select(({ fn }) => fn.countAll<number>().as("models")).executeTakeFirstOrThrow()).models;
}

/** Counts them from the tables, so many models at a time, as there can be millions: `pause` is waited for in between. */
export async function countTotals(store: Store, surveyId: number, pause = async () => {}, atOnce?: number): Promise<SurveyTotals> {
  const counts: Counts = { models: [], modelsWithFiles: { weights: 0, side: 0 }, files: 0, pickles: 0, bytesHeld: 0 };
  const contents = new Set<number>();
  for await (const range of modelRanges(store, surveyId, atOnce)) {
    await countRange(store, surveyId, range, counts, contents);
    await pause();
  }
  const { models, ...totals } = counts;
  const downloads = sumBy(models, formatOf, (row) => row.downloads);
  return {
    ...totals,
    models: models.reduce((sum, row) => sum + row.models, 0),
    states: sumBy(models, (row) => row.state),
    classes: sumBy(models, (row) => row.class_state),
    formats: inOrder(
      Object.entries(sumBy(models, formatOf)).map(([format, count]) => ({
        format: format === UNTOLD ? null : (format as ModelFormat),
        models: count!,
        downloads: downloads[format as ModelFormat]!,
      })),
    ),
  };
}

/** Stands for the format of models whose files were not told, where it is a key. */
const UNTOLD = "untold";

function formatOf({ format }: { readonly format: ModelFormat | null }): ModelFormat | typeof UNTOLD {
  return format ?? UNTOLD;
}

interface Counts {
  readonly models: {
    readonly state: ModelState;
    readonly class_state: ClassState | null;
    readonly format: ModelFormat | null;
    readonly models: number;
    readonly downloads: number;
  }[];
  readonly modelsWithFiles: Record<FileRole, number>;
  files: number;
  pickles: number;
  bytesHeld: number;
}

/** Adds some models of a survey to what was counted; `contents` are those that were, by their ids. */
async function countRange(
  store: Store,
  surveyId: number,
  [first, last]: readonly [number, number],
  counts: Counts,
  contents: Set<number>,
): Promise<void> {
  const models = store
    .selectFrom("survey_model")
    .where("survey_id", "=", surveyId)
    .where("survey_model.model_id", ">=", first)
    .where("survey_model.model_id", "<=", last);
  counts.models.push(
    ...(await models
      .groupBy(["state", "class_state", "format"])
      .select(({ fn }) => [
        "state",
        "class_state",
        "format",
        fn.countAll<number>().as("models"),
        fn.sum<number>("downloads").as("downloads"),
      ])
      .execute()),
  );
  const candidates = models.innerJoin("file", "file.revision_id", "survey_model.revision_id");
  const files = await candidates
    .groupBy("role")
    .select(({ fn }) => ["role", fn.count<number>("survey_model.model_id").distinct().as("models"), fn.countAll<number>().as("files")])
    .execute();
  for (const row of files) {
    counts.modelsWithFiles[row.role] += row.models;
    counts.files += row.files;
  }
  const blobs = await candidates
    .innerJoin("blob", "blob.blob_id", "file.blob_id")
    .select(({ selectFrom }) => [
      "blob.blob_id",
      "blob.size",
      selectFrom("pickle")
        .whereRef("pickle.blob_id", "=", "blob.blob_id")
        .select(({ fn }) => fn.countAll<number>().as("n"))
        .$asScalar()
        .$notNull()
        .as("pickles"),
    ])
    .distinct()
    .execute();
  for (const { blob_id, size, pickles } of blobs) {
    if (contents.has(blob_id)) continue;
    contents.add(blob_id);
    counts.bytesHeld += size;
    counts.pickles += pickles;
  }
}

function sumBy<Row extends { readonly models: number }, Key extends string>(
  rows: readonly Row[],
  keyOf: (row: Row) => Key | null,
  numberOf = (row: Row) => row.models,
): Partial<Record<Key, number>> {
  const sums: Partial<Record<Key, number>> = {};
  for (const row of rows) {
    const key = keyOf(row);
    if (key !== null) sums[key] = (sums[key] ?? 0) + numberOf(row);
  }
  return sums;
}
