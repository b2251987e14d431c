/** A survey's beginning: the survey itself, and the models that it lists, a page at a time with the place to go on from. */

import type { Selectable } from "kysely";
import { chunksOf } from "./chunks.ts";
import type { Store } from "./connection.ts";
import type { FileRole, ModelFormat, ModelState, SurveyModelTable, SurveyTable } from "./schema.ts";

export type SurveyRow = Selectable<SurveyTable>;

/** The survey of this name, begun now if there is none. */
export async function openSurvey(
  store: Store,
  survey: { name: string; hub: string; query: string; startedAt: string },
): Promise<SurveyRow> {
  await store
    .insertInto("survey")
    .values({ name: survey.name, hub: survey.hub, query: survey.query, started_at: survey.startedAt, finished_at: null, cursor: null })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  return store.selectFrom("survey").selectAll().where("name", "=", survey.name).executeTakeFirstOrThrow();
}

export async function findSurveyRow(store: Store, name: string): Promise<SurveyRow | null> {
  return (await store.selectFrom("survey").selectAll().where("name", "=", name).executeTakeFirst()) ?? null;
}

/** The surveys of one population, the latest first. */
export function surveysOf(store: Store, hub: string, query: string): Promise<SurveyRow[]> {
  return store.selectFrom("survey").selectAll().where("hub", "=", hub).where("query", "=", query).orderBy("survey_id", "desc").execute();
}

/** When the latest survey of a Hub that is finished was begun: ISO 8601, in UTC; null where none is. */
export async function latestFinished(store: Store, hub: string): Promise<string | null> {
  const latest = await store
    .selectFrom("survey")
    .select(({ fn }) => fn.max("started_at").as("begun"))
    .where("hub", "=", hub)
    .where("finished_at", "is not", null)
    .executeTakeFirst();
  return latest?.begun ?? null;
}

/** Adds to what a survey has cost. */
export async function addSpent(store: Store, surveyId: number, spent: { requests: number; bytesRead: number }): Promise<void> {
  await store
    .updateTable("survey")
    .set(({ eb }) => ({ requests: eb("requests", "+", spent.requests), bytes_read: eb("bytes_read", "+", spent.bytesRead) }))
    .where("survey_id", "=", surveyId)
    .execute();
}

/** A file that could hold a pickle, by its name. */
export interface Candidate {
  readonly path: string;
  readonly role: FileRole;
}

/** A model as it was listed. */
export interface ModelToList {
  readonly hubId: string;
  readonly name: string;
  /** Empty where the Hub did not tell. */
  readonly commit: string;
  readonly createdAt: string | null;
  readonly modifiedAt: string | null;
  /** JSON, for `revision.metadata`. */
  readonly metadata: string | null;
  readonly downloads: number;
  readonly likes: number;
  readonly library: string | null;
  readonly task: string | null;
  readonly gated: boolean;
  readonly format: ModelFormat | null;
  /** Null where the names of its files are not known yet. */
  readonly candidates: readonly Candidate[] | null;
  /** Set where it is known from the listing that it goes no further. */
  readonly end: { readonly state: ModelState; readonly failure: string } | null;
}

/** A page of the listing. */
export interface PageToList {
  readonly models: readonly ModelToList[];
  /** Entries beside them that could not be read as models. */
  readonly unreadable: number;
  /** Where the listing is to go on; empty behind the last page. */
  readonly cursor: string;
}

/**
 * Writes a page and the cursor behind it, within the caller's transaction. A model that the survey has already is left as
 * it was listed first. Returns how many were new.
 */
export async function writePage(store: Store, surveyId: number, { models, unreadable, cursor }: PageToList): Promise<number> {
  // A listing that shifts between pages may show a model twice; the page is upserted at once, where no row may come twice.
  const page = [...new Map(models.map((model) => [model.hubId, model])).values()];
  let added = 0;
  for (const chunk of chunksOf(page)) added += await writeModels(store, surveyId, chunk);
  await store
    .updateTable("survey")
    .set(({ eb }) => ({ cursor, unreadable: eb("unreadable", "+", unreadable) }))
    .where("survey_id", "=", surveyId)
    .execute();
  return added;
}

async function writeModels(store: Store, surveyId: number, models: readonly ModelToList[]): Promise<number> {
  const modelIds = await upsertModels(store, models);
  const revisionIds = await upsertRevisions(store, models, modelIds);
  const ids = models.map(({ hubId }) => modelIds.get(hubId)!);
  const listed = await store
    .selectFrom("survey_model")
    .select("model_id")
    .where("survey_id", "=", surveyId)
    .where("model_id", "in", ids)
    .execute();
  const known = new Set(listed.map(({ model_id }) => model_id));
  const { position } = await store
    .selectFrom("survey_model")
    .select(({ fn, val }) => fn.coalesce(fn.max("position"), val(-1)).as("position"))
    .where("survey_id", "=", surveyId)
    .executeTakeFirstOrThrow();
  const added = models.filter(({ hubId }) => !known.has(modelIds.get(hubId)!));
  if (added.length === 0) return 0;
  const rows = added.map((model, index) => ({
    survey_id: surveyId,
    model_id: modelIds.get(model.hubId)!,
    revision_id: revisionIds.get(model.hubId)!,
    position: position + 1 + index,
    listed_name: model.name,
    format: model.format,
    downloads: model.downloads,
    likes: model.likes,
    library: model.library,
    task: model.task,
    gated: model.gated ? 1 : 0,
    ...standing(model),
  }));
  await store.insertInto("survey_model").values(rows).execute();
  const files = added.flatMap((model) => candidateRows(revisionIds.get(model.hubId)!, model.candidates ?? []));
  for (const chunk of chunksOf(files)) await insertFiles(store, chunk);
  return added.length;
}

/** Where a model begins. One without a file that could hold a pickle is through at once: most of the Hub's models are like that. */
function standing({
  end,
  candidates,
}: ModelToList): Pick<Selectable<SurveyModelTable>, "state" | "failure" | "class_state" | "class_reason"> {
  const begun = { failure: null, class_state: null, class_reason: null };
  if (end !== null) return { ...begun, ...end };
  if (candidates === null) return { ...begun, state: "listed" };
  if (candidates.length > 0) return { ...begun, state: "resolved" };
  return { ...begun, state: "judged", class_state: "no-class" };
}

async function upsertModels(store: Store, models: readonly ModelToList[]): Promise<ReadonlyMap<string, number>> {
  await adoptNamed(store, models);
  const rows = await store
    .insertInto("model")
    .values(models.map(({ hubId, name, createdAt }) => ({ hub_id: hubId, name, created_at: createdAt })))
    .onConflict((conflict) => conflict.column("hub_id").doUpdateSet(({ ref }) => ({ name: ref("excluded.name") })))
    .returning(["model_id", "hub_id"])
    .execute();
  return new Map(rows.map((row) => [row.hub_id, row.model_id]));
}

/** Gives models that were missing when they were first asked for the id that the Hub tells now. */
async function adoptNamed(store: Store, models: readonly ModelToList[]): Promise<void> {
  const byPlaceholder = new Map(
    models.filter(({ hubId }) => !isPlaceholder(hubId)).map((model) => [placeholderId(model.name), model.hubId]),
  );
  if (byPlaceholder.size === 0 || !(await hasPlaceholders(store))) return;
  const missing = await store
    .selectFrom("model")
    .select("hub_id")
    .where("hub_id", "in", [...byPlaceholder.keys()])
    .execute();
  for (const { hub_id } of missing) {
    const hubId = byPlaceholder.get(hub_id)!;
    const known = await store.selectFrom("model").select("model_id").where("hub_id", "=", hubId).executeTakeFirst();
    if (known === undefined) await store.updateTable("model").set({ hub_id: hubId }).where("hub_id", "=", hub_id).execute();
  }
}

/** Whether there is any model that was missing: among a million that are listed, asking for each would cost most of the time. */
async function hasPlaceholders(store: Store): Promise<boolean> {
  const first = await store
    .selectFrom("model")
    .select("hub_id")
    .where("hub_id", ">=", "name:")
    .where("hub_id", "<", "name;")
    .limit(1)
    .executeTakeFirst();
  return first !== undefined;
}

/** What stands for the Hub's id of a model that it did not have. */
export function placeholderId(name: string): string {
  return `name:${name}`;
}

function isPlaceholder(hubId: string): boolean {
  return hubId.startsWith("name:");
}

async function upsertRevisions(
  store: Store,
  models: readonly ModelToList[],
  modelIds: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const rows = await store
    .insertInto("revision")
    .values(
      models.map(({ hubId, commit, modifiedAt, metadata }) => ({
        model_id: modelIds.get(hubId)!,
        commit_sha: commit,
        modified_at: modifiedAt,
        metadata,
      })),
    )
    // A revision does not change: what an earlier survey read of it, its card among it, stays.
    .onConflict((conflict) =>
      conflict.columns(["model_id", "commit_sha"]).doUpdateSet(({ ref }) => ({ commit_sha: ref("excluded.commit_sha") })),
    )
    .returning(["revision_id", "model_id"])
    .execute();
  const byModel = new Map(rows.map((row) => [row.model_id, row.revision_id]));
  return new Map(models.map(({ hubId }) => [hubId, byModel.get(modelIds.get(hubId)!)!]));
}

function candidateRows(revisionId: number, candidates: readonly Candidate[]) {
  return candidates.map(({ path, role }) => ({ revision_id: revisionId, path, role, size: 0, state: "listed" as const }));
}

async function insertFiles(store: Store, rows: readonly ReturnType<typeof candidateRows>[number][]): Promise<void> {
  await store
    .insertInto("file")
    .values(rows)
    .onConflict((conflict) => conflict.columns(["revision_id", "path"]).doNothing())
    .execute();
}

/** Writes the candidate files of a model whose files the listing did not tell. */
export async function writeCandidates(store: Store, revisionId: number, candidates: readonly Candidate[]): Promise<void> {
  for (const chunk of chunksOf(candidateRows(revisionId, candidates))) await insertFiles(store, chunk);
}
