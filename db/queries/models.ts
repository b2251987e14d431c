/** Lists of models: one page of them in an order, and how many each value of each filter would give. */
import { sql } from "kysely";
import type { VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { ClassState, FileRole, ModelState } from "../schema.ts";
import {
  ALL_MODELS,
  access,
  bandOfDownloads,
  choicesOf,
  comesAfter,
  conditions,
  FACET_NAMES,
  type FacetName,
  type FilterName,
  type ModelQuery,
  NONE,
  SORTS,
  yearCreated,
} from "./filters.ts";
import type { Judgement } from "./judgements.ts";

/** A model as a list shows it. */
export interface ListedModel {
  readonly modelId: number;
  readonly name: string;
  readonly library: string | null;
  readonly task: string | null;
  readonly downloads: number;
  readonly likes: number;
  readonly state: ModelState;
  readonly class: string | null;
  /** How the search for its class ended; null before it began. */
  readonly classState: ClassState | null;
  readonly verdicts: readonly ModelVerdict[];
}

/** The verdict on the files of one role of a model. */
export interface ModelVerdict extends Judgement {
  readonly role: FileRole;
  readonly verdict: VerdictKind;
  readonly policyId: number;
}

/** How many models a value of a filter gives, with all other filters kept. */
export interface FacetValue {
  readonly value: string;
  readonly models: number;
  readonly chosen: boolean;
}

export interface ModelPage {
  /** How many models match, on all pages together. */
  readonly total: number;
  readonly models: readonly ListedModel[];
  /** What asks for the page after this one; null on the last. */
  readonly next: ModelQuery | null;
}

/** Values shown of a facet; chosen ones beyond are shown too. */
const FACET_VALUES = 12;

/** The page of models that `query` asks for. */
export async function listModels(store: Store, surveyId: number, query: ModelQuery): Promise<ModelPage> {
  const { column, direction } = SORTS[query.sort];
  const { total } = await matching(store, surveyId, query)
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const ids = await matching(store, surveyId, query)
    .where(comesAfter(query.sort, query.after))
    .select("survey_model.model_id")
    .orderBy(column, direction)
    .orderBy("survey_model.model_id")
    .limit(query.size + 1)
    .execute();
  const models = await rowsOf(
    store,
    surveyId,
    ids.slice(0, query.size).map((row) => row.model_id),
  );
  const last = models.at(-1);
  return {
    total,
    models,
    next: last === undefined || ids.length <= query.size ? null : { ...query, after: { value: last[query.sort], modelId: last.modelId } },
  };
}

/** Models of a survey as a list shows them, in the order of their ids as given. */
export async function rowsOf(store: Store, surveyId: number, modelIds: readonly number[]): Promise<ListedModel[]> {
  const rows = await store
    .selectFrom("survey_model")
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .where("survey_model.survey_id", "=", surveyId)
    .where("survey_model.model_id", "in", modelIds)
    .select([
      "survey_model.model_id as modelId",
      "model.name",
      "survey_model.library",
      "survey_model.task",
      "survey_model.downloads",
      "survey_model.likes",
      "survey_model.state",
      "survey_model.class",
      "survey_model.class_state as classState",
    ])
    .execute();
  const byId = new Map(rows.map((row) => [row.modelId, row]));
  const verdicts = await listVerdicts(store, surveyId, modelIds);
  return modelIds.map((modelId) => ({ ...byId.get(modelId)!, verdicts: verdicts.get(modelId) ?? [] }));
}

/** The verdicts on models, by model id. */
export async function listVerdicts(store: Store, surveyId: number, modelIds: readonly number[]): Promise<Map<number, ModelVerdict[]>> {
  const verdicts = new Map<number, ModelVerdict[]>(modelIds.map((modelId) => [modelId, []]));
  const rows = await store
    .selectFrom("model_verdict")
    .where("survey_id", "=", surveyId)
    .where("model_id", "in", modelIds)
    .select(["model_id as modelId", "slot", "mode", "role", "verdict", "policy_id as policyId"])
    .execute();
  // Ordered here: asked for in this order, SQLite reads every verdict of the survey by the index that has it.
  const order = ({ slot, mode, role }: ModelVerdict) => `${slot} ${mode} ${role}`;
  for (const { modelId, ...verdict } of rows.sort((a, b) => (order(a) < order(b) ? -1 : 1))) verdicts.get(modelId)!.push(verdict);
  return verdicts;
}

/**
 * For each filter, the values that models matching all *other* filters have, the most frequent first, and after them
 * values that none of them has: a filter that is set takes no value out of sight.
 */
export async function countFacets(store: Store, surveyId: number, query: ModelQuery): Promise<Record<FacetName, FacetValue[]>> {
  const everything = { ...ALL_MODELS, lens: query.lens };
  const facets = await Promise.all(
    FACET_NAMES.map(async (name) => {
      const counts = await countValues(store, surveyId, query, name);
      const values = shownFacet(query, name, counts, await countValues(store, surveyId, everything, name));
      return [name, values] as const;
    }),
  );
  return Object.fromEntries(facets) as Record<FacetName, FacetValue[]>;
}

interface Count {
  readonly value: string | null;
  readonly models: number;
}

/** The values of a facet that are shown: the most frequent, those that are chosen, and then some of all others that there are. */
export function shownFacet(query: ModelQuery, name: FilterName, counts: readonly Count[], all: readonly Count[]): FacetValue[] {
  const models = new Map(counts.map((row) => [row.value ?? NONE, row.models]));
  const choices = choicesOf(name) ?? [];
  for (const value of [...choices, ...all.map((row) => row.value ?? NONE), ...query.filters[name]])
    if (!models.has(value)) models.set(value, 0);
  const rows = [...models].map(([value, number]) => ({ value, models: number, chosen: query.filters[name].includes(value) }));
  if (name === "year") rows.sort((a, b) => (a.value < b.value ? 1 : -1));
  if (choices.length > 0) rows.sort((a, b) => place(choices, a.value) - place(choices, b.value));
  return rows.filter((row, index) => index < FACET_VALUES || row.chosen);
}

/** The place of a value among all that there are; what is none of them comes last. */
function place(choices: readonly string[], value: string): number {
  return choices.includes(value) ? choices.indexOf(value) : choices.length;
}

/** What a filter's values are counted by, but for containers, of which a model has several. */
const COLUMNS = {
  verdict: sql<string | null>`model_verdict.verdict`,
  library: sql<string | null>`survey_model.library`,
  class: sql<string | null>`survey_model.class`,
  task: sql<string | null>`survey_model.task`,
  format: sql<string | null>`survey_model.format`,
  year: yearCreated,
  downloads: bandOfDownloads,
  access,
} as const;

function countValues(
  store: Store,
  surveyId: number,
  query: ModelQuery,
  name: FacetName,
): Promise<{ value: string | null; models: number }[]> {
  const rows = matching(store, surveyId, query, name);
  if (name === "container")
    return rows
      .innerJoin("file", "file.revision_id", "survey_model.revision_id")
      .innerJoin("blob", "blob.blob_id", "file.blob_id")
      .groupBy("blob.container")
      .select(({ fn }) => ["blob.container as value", fn.count<number>("survey_model.model_id").distinct().as("models")])
      .orderBy("models", "desc")
      .orderBy("value")
      .execute();
  const column = COLUMNS[name];
  return rows
    .groupBy(column)
    .select(({ fn }) => [column.as("value"), fn.countAll<number>().as("models")])
    .orderBy("models", "desc")
    .orderBy("value")
    .execute();
}

/** The models of a survey that match every filter but `except`, each with its verdict under the lens, if it has one. */
export function matching(store: Store, surveyId: number, query: ModelQuery, except: FilterName | null = null) {
  return store
    .selectFrom("survey_model")
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .leftJoin("model_verdict", (join) =>
      join
        .onRef("model_verdict.survey_id", "=", "survey_model.survey_id")
        .onRef("model_verdict.model_id", "=", "survey_model.model_id")
        .on("model_verdict.slot", "=", query.lens.slot)
        .on("model_verdict.mode", "=", query.lens.mode)
        .on("model_verdict.role", "=", query.lens.role),
    )
    .where("survey_model.survey_id", "=", surveyId)
    .where(conditions(query, except));
}
