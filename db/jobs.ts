/**
 * The models of a survey as jobs of graphile-worker, in the same PostgreSQL database: who is to work on what, and who
 * died at it. What is to be done with a model is the crawler's.
 */
import { sql } from "kysely";
import type { Store } from "./connection.ts";
import type { ModelState } from "./schema.ts";
import { isComplete } from "./work.ts";

/** The job of taking a model through every stage. Its payload is a `ModelJob`. */
export const MODEL_TASK = "survey-model";

export interface ModelJob {
  readonly surveyId: number;
  readonly modelId: number;
  /** The simple API that class policies are inferred from, as the survey was asked for. */
  readonly packageIndex: string | null;
  /** Whether it asks for the scans of the Hub. */
  readonly hubScans: boolean;
}

/** What all jobs of a survey have in common. */
export type JobRequest = Pick<ModelJob, "packageIndex" | "hubScans">;

/** States that no stage goes on from but to judge. */
const ENDS: readonly ModelState[] = ["gated", "disabled", "missing", "failed"];
const ATTEMPTS = 5;

/**
 * Adds a job for each model of a survey beyond a position that is not through; one that there is already stays. Returns
 * the last position.
 */
export async function addModelJobs(store: Store, surveyId: number, request: JobRequest, after: number): Promise<number> {
  const rows = await store
    .selectFrom("survey_model")
    .select(["model_id", "position"])
    .where("survey_id", "=", surveyId)
    .where("position", ">", after)
    .where(({ or, and, eb }) =>
      or([eb("state", "in", ["listed", "resolved", "traced", ...ENDS]), and([eb("state", "=", "judged"), eb("class_state", "is", null)])]),
    )
    .orderBy("position")
    .execute();
  for (let first = 0; first < rows.length; first += AT_ONCE) {
    const specs = rows.slice(first, first + AT_ONCE).map(({ model_id: modelId, position }) => ({
      identifier: MODEL_TASK,
      payload: { surveyId, modelId, ...request } satisfies ModelJob,
      job_key: `${keysOf(surveyId)}${modelId}`,
      priority: Math.min(position, 32_767),
      max_attempts: ATTEMPTS,
    }));
    await sql`select graphile_worker.add_jobs(array(
      select json_populate_record(null::graphile_worker.job_spec, spec) from json_array_elements(${JSON.stringify(specs)}::json) spec
    ))`.execute(store);
  }
  return rows.at(-1)?.position ?? after;
}

const AT_ONCE = 1_000;

function keysOf(surveyId: number): string {
  return `${MODEL_TASK} ${surveyId} `;
}

/** Whether a survey is through, has jobs that somebody will take, or has none although it is not through. */
export async function standingOf(store: Store, surveyId: number): Promise<"through" | "under-way" | "stuck"> {
  const { rows } = await sql`select 1 from graphile_worker.jobs
    where starts_with(key, ${keysOf(surveyId)}) and (attempts < max_attempts or locked_at is not null) limit 1`.execute(store);
  if (rows.length > 0) return "under-way";
  return (await isComplete(store, surveyId)) ? "through" : "stuck";
}

/** A lock that lives as long as the process that works under an id: the server releases it when that process is gone. */
const ALIVE = sql.lit(0x616c6976);

/** Says that a worker is alive until the returned function is called, or the process ends. Holds a connection. */
export async function holdAlive(store: Store, workerIds: readonly string[]): Promise<() => Promise<void>> {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let held: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    held = store
      .connection()
      .execute(async (connection) => {
        for (const id of workerIds) await sql`select pg_advisory_lock(${ALIVE}, hashtext(${id}))`.execute(connection);
        resolve();
        await released;
        await sql`select pg_advisory_unlock_all()`.execute(connection);
      })
      .catch(reject);
  });
  return async () => {
    release();
    await held;
  };
}

/** Gives the jobs of workers that are gone back, to be taken at once. A worker may take so long to say that it is alive. */
export async function freeDeadWorkers(store: Store): Promise<number> {
  return store.connection().execute(async (connection) => {
    const { rows } = await sql<{ id: string }>`select distinct locked_by as id from graphile_worker.jobs
      where locked_by is not null and locked_at < now() - interval '5 seconds'`.execute(connection);
    let freed = 0;
    for (const { id } of rows) {
      const { rows: tried } = await sql<{ dead: boolean }>`select pg_try_advisory_lock(${ALIVE}, hashtext(${id})) as dead`.execute(
        connection,
      );
      if (!tried[0]!.dead) continue;
      await sql`select graphile_worker.force_unlock_workers(array[${id}])`.execute(connection);
      await sql`select pg_advisory_unlock(${ALIVE}, hashtext(${id}))`.execute(connection);
      freed++;
    }
    return freed;
  });
}
