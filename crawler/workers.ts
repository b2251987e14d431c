/**
 * Surveys by several processes, on any number of machines: each takes models from graphile-worker's jobs in the store
 * that they share. A process that dies gives its jobs back; what it had written stays, so that only its time is lost.
 */

import { EventEmitter } from "node:events";
import type { Runner } from "graphile-worker";
import type pg from "pg";
import { addModelJobs, freeDeadWorkers, holdAlive, type JobRequest, MODEL_TASK, type ModelJob, standingOf } from "../db/jobs.ts";
import { migrating } from "../db/migrate.ts";
import { ModelRoad } from "./model-road.ts";
import type { Population, SurveyEffects, SurveyRequest } from "./survey-request.ts";
import { SurveyRun } from "./survey-run.ts";

/** What a process that works brings along. */
export interface Workplace {
  /** Of the PostgreSQL database that `effects.store` is. */
  readonly database: string;
  readonly token: string | null;
  /** Models in hand at once. */
  readonly concurrency: number;
  readonly threads?: number;
}

/** Between looks at what other processes have done. */
const LOOK = 1_000;
/** Between looks for workers that are gone. */
const REAP = 2_000;

/** Works on whatever surveys have jobs, until it is interrupted. Returns why it gave up, or null. */
export async function work(place: Workplace, effects: SurveyEffects): Promise<string | null> {
  const workshop = await Workshop.open(place, effects);
  try {
    while (!effects.signal.aborted && workshop.outage === null) await effects.network.sleep(LOOK, effects.signal);
    return workshop.outage;
  } finally {
    await workshop.close();
  }
}

/** How a survey by several processes went: through, or why not. */
export type SharedOutcome = { readonly through: true } | { readonly through: false; readonly failure: string | null };

/**
 * Takes every model of a survey through every stage, together with all processes that work on the store. `list` lists
 * the models, and tells after each page.
 */
export async function surveyTogether(
  surveyRun: SurveyRun,
  place: Workplace,
  list: (listed: () => Promise<void>) => Promise<string | null>,
): Promise<SharedOutcome> {
  const { effects, store, surveyId, request } = surveyRun;
  const workshop = await Workshop.open(place, effects);
  try {
    const asked = { packageIndex: request.packageIndex, hubScans: request.hubScans ?? false };
    let position = -1;
    const addJobs = async () => {
      position = await addModelJobs(store, surveyId, asked, position);
    };
    await addJobs();
    const failure = await list(addJobs);
    if (failure !== null) return { through: false, failure };
    for (;;) {
      if (effects.signal.aborted) return { through: false, failure: null };
      if (workshop.outage !== null) return { through: false, failure: workshop.outage };
      const standing = await standingOf(store, surveyId);
      if (standing === "through") return { through: true };
      if (standing === "stuck") return { through: false, failure: "some models failed again and again; the same command tries them again" };
      await effects.network.sleep(LOOK, effects.signal);
    }
  } finally {
    await workshop.close();
  }
}

/** The jobs that this process has in hand, and what it needs for them. */
class Workshop {
  readonly #roads = new Map<string, Promise<ModelRoad>>();
  readonly #runs: SurveyRun[] = [];
  readonly #closing = new AbortController();
  #runner: Runner | undefined;
  #alive: (() => Promise<void>) | undefined;
  #reaping: Promise<void> = Promise.resolve();

  private constructor(
    readonly place: Workplace,
    readonly effects: SurveyEffects,
    readonly pool: pg.Pool,
  ) {}

  static async open(place: Workplace, effects: SurveyEffects): Promise<Workshop> {
    const { Pool } = (await import("pg")).default;
    const pool = new Pool({ connectionString: place.database, max: place.concurrency + 2 });
    // Whoever uses the connection is told by the query that fails.
    pool.on("error", () => undefined);
    pool.on("connect", (client) => client.on("error", () => undefined));
    const workshop = new Workshop(place, effects, pool);
    await workshop.start();
    return workshop;
  }

  /** Why this process gave the network up; null while it did not. */
  get outage(): string | null {
    return this.#runs.find(({ outage }) => outage !== null)?.outage ?? null;
  }

  private async start(): Promise<void> {
    const { pool } = this;
    // Most surveys are of one process, and need none of it.
    const { Logger, run, runMigrations } = await import("graphile-worker");
    const silent = new Logger(() => () => undefined);
    await migrating(this.effects.store, () => runMigrations({ pgPool: pool, logger: silent }));
    const ids: string[] = [];
    const events = new EventEmitter() as NonNullable<Parameters<typeof run>[0]["events"]>;
    events.on("worker:create", ({ worker }) => ids.push(worker.workerId));
    this.#runner = await run({
      pgPool: pool,
      logger: silent,
      events,
      noHandleSignals: true,
      concurrency: this.place.concurrency,
      pollInterval: LOOK,
      taskList: { [MODEL_TASK]: (job) => this.model(job as ModelJob) },
    });
    this.#alive = await holdAlive(this.effects.store, ids);
    this.#reaping = this.reap();
  }

  private async reap(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await freeDeadWorkers(this.effects.store);
      await this.effects.network.sleep(REAP, signal);
    }
  }

  /** One job. A rejection gives it back, to be tried again later by whoever is free. */
  private async model({ surveyId, modelId, ...request }: ModelJob): Promise<void> {
    const road = await this.road(surveyId, request);
    if (!(await road.take(modelId))) throw new Error("interrupted");
  }

  private road(surveyId: number, request: JobRequest): Promise<ModelRoad> {
    const key = JSON.stringify([surveyId, request]);
    const known = this.#roads.get(key);
    if (known !== undefined) return known;
    const road = this.openRoad(surveyId, request);
    this.#roads.set(key, road);
    road.catch(() => this.#roads.delete(key));
    return road;
  }

  private async openRoad(surveyId: number, asked: JobRequest): Promise<ModelRoad> {
    const { name, hub, query, started_at } = await this.effects.store
      .selectFrom("survey")
      .select(["name", "hub", "query", "started_at"])
      .where("survey_id", "=", surveyId)
      .executeTakeFirstOrThrow();
    const { token, concurrency, threads } = this.place;
    const population = JSON.parse(query) as Population;
    const request: SurveyRequest = { name, hub, ...asked, token, population, concurrency, ...(threads !== undefined && { threads }) };
    const surveyRun = new SurveyRun(surveyId, request, this.effects);
    this.#runs.push(surveyRun);
    return ModelRoad.open(surveyRun, started_at);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#runner?.stop();
    await this.#reaping;
    for (const road of this.#roads.values()) await (await road).close();
    await this.#alive?.();
    await this.pool.end();
  }
}
