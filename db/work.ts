/** What is still to be done in a survey: each stage asks for its models here, in their order, some hundred at a time. */
import { type SqlBool, sql } from "kysely";
import { spellingOf } from "./callables.ts";
import type { Store } from "./connection.ts";
import type { ClassState, FileRole, FileState, ModelState, PolicySlot } from "./schema.ts";

/** A model that a stage is to take on. */
export interface ModelWork {
  readonly modelId: number;
  readonly revisionId: number;
  readonly position: number;
  readonly name: string;
  readonly commit: string;
  readonly modifiedAt: string | null;
  /** JSON of the revision. */
  readonly metadata: string | null;
  readonly library: string | null;
  readonly state: ModelState;
  readonly classState: ClassState | null;
}

export interface FileWork {
  readonly fileId: number;
  readonly path: string;
  readonly role: FileRole;
  readonly state: FileState;
  readonly size: number;
  readonly blobId: number | null;
  readonly failure: string | null;
}

/** Which models of a survey a stage takes on. */
export interface Selection {
  readonly states: readonly ModelState[];
  /** Only those whose class has not been looked for. */
  readonly classUnknown?: boolean;
  /** Only those with a file whose scan the Hub was not asked for since this instant, and had not come to before. */
  readonly unscannedSince?: string;
}

const BATCH = 200;

/** The models of a selection, in their order. Read in batches by position, so that a stage may change their state as it goes. */
export async function* modelsIn(store: Store, surveyId: number, selection: Selection): AsyncGenerator<ModelWork> {
  for (let after = -1; ; ) {
    const batch: ModelWork[] = await modelsAfter(store, surveyId, selection, after).execute();
    yield* batch;
    if (batch.length < BATCH) return;
    after = batch.at(-1)!.position;
  }
}

/** The next batch of a selection: the query. */
export function modelsAfter(store: Store, surveyId: number, selection: Selection, after: number) {
  return work(selected(store, surveyId, selection))
    .where("position", ">", after)
    .orderBy("position")
    .limit(BATCH);
}

function work(models: ReturnType<typeof selected>) {
  return models
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
    .select([
      "survey_model.model_id as modelId",
      "survey_model.revision_id as revisionId",
      "position",
      "model.name",
      "commit_sha as commit",
      "modified_at as modifiedAt",
      "metadata",
      "library",
      "state",
      "class_state as classState",
    ]);
}

/** A model as a stage takes it on; null where the survey does not list it. */
export async function findWork(store: Store, surveyId: number, modelId: number): Promise<ModelWork | null> {
  return (
    (await work(
      store.selectFrom("survey_model").where("survey_id", "=", surveyId).where("survey_model.model_id", "=", modelId),
    ).executeTakeFirst()) ?? null
  );
}

/** How many models a selection has. */
export async function countModels(store: Store, surveyId: number, selection: Selection): Promise<number> {
  const { models } = await selected(store, surveyId, selection)
    .select(({ fn }) => fn.countAll<number>().as("models"))
    .executeTakeFirstOrThrow();
  return models;
}

function selected(store: Store, surveyId: number, { states, classUnknown, unscannedSince }: Selection) {
  return store
    .selectFrom("survey_model")
    .where("survey_id", "=", surveyId)
    .where("state", "in", states)
    .$if(classUnknown === true, (rows) => rows.where("class_state", "is", null))
    .$if(unscannedSince !== undefined, (rows) =>
      rows.where(({ exists, selectFrom }) =>
        exists(
          selectFrom("file")
            .leftJoin("hub_scan", "hub_scan.file_id", "file.file_id")
            .whereRef("file.revision_id", "=", "survey_model.revision_id")
            .where(isUnscanned(unscannedSince!))
            .select("file.file_id"),
        ),
      ),
    );
}

/** `unscanned` and `queued` are the Hub's words for files that its scanners have not come to. */
function isUnscanned(since: string) {
  return sql<SqlBool>`(hub_scan.asked_at is null or
    (hub_scan.asked_at < ${since} and (hub_scan.status is null or hub_scan.status in ('unscanned', 'queued'))))`;
}

/** The files of a revision whose scans the Hub is to be asked for: as `Selection.unscannedSince` has it. */
export function unscannedFiles(store: Store, revisionId: number, since: string): Promise<{ fileId: number; path: string }[]> {
  return store
    .selectFrom("file")
    .leftJoin("hub_scan", "hub_scan.file_id", "file.file_id")
    .where("file.revision_id", "=", revisionId)
    .where(isUnscanned(since))
    .select(["file.file_id as fileId", "path"])
    .orderBy("path")
    .execute();
}

/** Whether a survey is listed to its end, and every model of it through every stage. */
export async function isComplete(store: Store, surveyId: number): Promise<boolean> {
  const survey = await store.selectFrom("survey").select("cursor").where("survey_id", "=", surveyId).executeTakeFirstOrThrow();
  const underWay = await countModels(store, surveyId, { states: ["listed", "resolved", "traced"] });
  const classless = await countModels(store, surveyId, { states: ["judged"], classUnknown: true });
  return survey.cursor === "" && underWay === 0 && classless === 0;
}

/** The candidate files of a revision, by path. */
export function filesOf(store: Store, revisionId: number): Promise<FileWork[]> {
  return store
    .selectFrom("file")
    .select(["file_id as fileId", "path", "role", "state", "size", "blob_id as blobId", "failure"])
    .where("revision_id", "=", revisionId)
    .orderBy("path")
    .execute();
}

/** Models listed so far. */
export async function countListed(store: Store, surveyId: number): Promise<number> {
  const { models } = await store
    .selectFrom("survey_model")
    .select(({ fn }) => fn.countAll<number>().as("models"))
    .where("survey_id", "=", surveyId)
    .executeTakeFirstOrThrow();
  return models;
}

/**
 * What the pickles of these files return, with the path of the file, in the files' order: the callable that made it, or
 * null where none did.
 */
export async function rootsOf(
  store: Store,
  files: readonly FileWork[],
): Promise<{ readonly path: string; readonly root: string | null }[]> {
  const roots: { path: string; root: string | null }[] = [];
  for (const { path, blobId } of files) {
    if (blobId === null) continue;
    const pickles = await store
      .selectFrom("pickle")
      .select("root")
      .where("blob_id", "=", blobId)
      .orderBy("ordinal")
      .limit(MOST_ROOTS)
      .execute();
    roots.push(...pickles.map(({ root }) => ({ path, root })));
  }
  return roots;
}

/** Of one file: an archive of thousands of arrays says no more than its first. */
const MOST_ROOTS = 100;

/**
 * What the pickles of these files look up and call, each once, by name. With a policy, only where some of it is outside that
 * policy's lists; else null.
 */
export async function namesIn(store: Store, files: readonly FileWork[], policyId: number): Promise<readonly string[] | null> {
  const names = new Set<string>();
  let isCovered = true;
  for (const { blobId } of files) {
    if (blobId === null) continue;
    const rows = await store
      .selectFrom("pickle")
      .innerJoin("fact_set_member as member", "member.fact_set_id", "pickle.fact_set_id")
      .innerJoin("callable", "callable.callable_id", "member.callable_id")
      .leftJoin("policy_entry", (join) =>
        join
          .onRef("policy_entry.callable_id", "=", "member.callable_id")
          .onRef("policy_entry.kind", "=", "member.kind")
          .on("policy_entry.policy_id", "=", policyId),
      )
      .where("pickle.blob_id", "=", blobId)
      .select(["callable.module", "callable.name", "policy_entry.policy_id"])
      .distinct()
      .execute();
    for (const row of rows) {
      names.add(spellingOf(row));
      isCovered &&= row.policy_id !== null;
    }
  }
  return isCovered ? null : [...names].sort();
}

/** The policies that a model is judged by besides those that stand for all, by the candidate that they are of. */
export function policiesOf(
  store: Store,
  surveyId: number,
  modelId: number,
): Promise<{ candidate: number; slot: PolicySlot; policyId: number }[]> {
  return store
    .selectFrom("model_policy")
    .select(["candidate", "slot", "policy_id as policyId"])
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .orderBy("candidate")
    .orderBy("slot")
    .execute();
}
