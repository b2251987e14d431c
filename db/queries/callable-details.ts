/** More of one callable: which libraries' models use it, since when, and where in files it stands. */
import { sql } from "kysely";
import type { Store } from "../connection.ts";
import { generationOf, publishedLists } from "../index/published.ts";
import type { SurveyIndex, ValueCount } from "../index/survey-index.ts";
import { type Callable, inModels } from "./callables.ts";
import { yearCreated } from "./filters.ts";
import { DIMENSIONS } from "./success.ts";

/** What the models that look a callable up are, those that most of them are first; null for none stated. */
export interface CallableGroups {
  readonly libraries: readonly ValueCount[];
  readonly classes: readonly ValueCount[];
  /** The earliest year in which one of the models was created; null where the Hub did not say. */
  readonly firstYear: string | null;
}

/** Where a file looks a callable up or calls it. */
export interface CallablePlace {
  readonly model: string;
  readonly path: string;
  readonly entry: string | null;
  readonly opcode: string;
  readonly offset: number;
}

/** The libraries and classes of the models that look a callable up; `index` is the survey's, where it has one. */
export async function callableGroups(
  store: Store,
  surveyId: number,
  { callableId, callable }: Callable,
  index: SurveyIndex | null,
): Promise<CallableGroups> {
  const counts =
    index === null
      ? await countGroups(store, surveyId, callableId)
      : index.valuesIn((await publishedLists(store, surveyId, ["import"], callable))?.[0]?.data ?? null, ["library", "class", "year"]);
  const years = counts.year!.flatMap(({ value }) => value ?? []);
  return { libraries: counts.library!, classes: counts.class!, firstYear: years.sort()[0] ?? null };
}

const COLUMNS = { library: DIMENSIONS.library.column, class: DIMENSIONS.class.column, year: yearCreated } as const;

async function countGroups(store: Store, surveyId: number, callableId: number): Promise<Record<string, ValueCount[]>> {
  const groups = Object.entries(COLUMNS).map(async ([name, column]): Promise<[string, ValueCount[]]> => {
    const rows = await models(store, callableId)
      .innerJoin("model", "model.model_id", "survey_model.model_id")
      .where("survey_model.survey_id", "=", surveyId)
      .where("fact_set_member.kind", "=", "import")
      .select(({ fn }) => [column.as("value"), fn.count<number>("survey_model.model_id").distinct().as("models")])
      .groupBy("value")
      .orderBy("models", "desc")
      .orderBy("value")
      .execute();
    return [name, rows];
  });
  return Object.fromEntries(await Promise.all(groups));
}

function models(store: Store, callableId: number) {
  return store
    .selectFrom("fact_set_member")
    .innerJoin("pickle", "pickle.fact_set_id", "fact_set_member.fact_set_id")
    .innerJoin("file", "file.blob_id", "pickle.blob_id")
    .innerJoin("survey_model", "survey_model.revision_id", "file.revision_id")
    .where("fact_set_member.callable_id", "=", callableId);
}

/** The earliest survey in which a model looks a callable up or calls it; null where none does. */
export async function firstSeen(
  store: Store,
  { callableId, callable }: Callable,
): Promise<{ readonly survey: string; readonly startedAt: string } | null> {
  const surveys = await store.selectFrom("survey").select(["survey_id", "name", "started_at"]).orderBy("started_at").execute();
  for (const { survey_id, name, started_at } of surveys) {
    const found =
      (await generationOf(store, survey_id)) > 0
        ? (await publishedLists(store, survey_id, ["import", "call"], callable))![0]
        : await models(store, callableId)
            .where("survey_model.survey_id", "=", survey_id)
            .select("survey_model.model_id")
            .limit(1)
            .executeTakeFirst();
    if (found !== undefined) return { survey: name, startedAt: started_at };
  }
  return null;
}

/** Places of a callable in the files of some models, at most two of each, in the order of the models as given. */
export async function callablePlaces(
  store: Store,
  surveyId: number,
  { callableId }: Callable,
  modelIds: readonly number[],
): Promise<CallablePlace[]> {
  const rows = await inModels(store, surveyId)
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    // `+ 0`: begun at the callable, it would go through every pickle that names it.
    .where(sql<boolean>`fact.callable_id + 0 = ${callableId}`)
    .where("survey_model.model_id", "in", modelIds)
    .select(["survey_model.model_id as modelId", "model.name as model", "path", "entry", "fact.opcode", "fact.offset"])
    .orderBy("path")
    .orderBy("pickle.ordinal")
    .orderBy("fact.offset")
    .execute();
  return modelIds.flatMap((modelId) =>
    rows
      .filter((row) => row.modelId === modelId)
      .slice(0, 2)
      .map(({ modelId: _, ...place }) => place),
  );
}
