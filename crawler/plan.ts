/** What a survey would cost, from the first page of its listing: sends a request, stores nothing. */
import { ok, type Result } from "../analyzer/result.ts";
import type { Store } from "../db/connection.ts";
import { chooseFiles } from "./candidates.ts";
import type { HttpFailure } from "./http-failure.ts";
import { type ListedModel, PAGE } from "./hub.ts";
import { refusalOf } from "./hub-refusal.ts";
import { scanRequests } from "./hub-scans.ts";
import { within } from "./list.ts";
import type { Bucket } from "./rate-limit.ts";
import { openSession, type Session } from "./session.ts";
import type { SurveyEffects, SurveyRequest } from "./survey-request.ts";

export interface SurveyPlan {
  readonly survey: string;
  /** Null where only listing them all would tell how many there are. */
  readonly models: number | null;
  /** The models that the other numbers are for: `models`, or those of the first page. */
  readonly plannedModels: number;
  readonly files: number;
  readonly requests: number;
  readonly bytes: number;
  /** With the limits that the Hub announced. */
  readonly seconds: number;
}

/** Requests to the file host and bytes, for one file. */
interface FileCost {
  readonly requests: number;
  readonly bytes: number;
}

/** Before anything was measured (reference: hub.md 3, its cost model); afterwards the store's own average. */
const ASSUMED: FileCost = { requests: 2.5, bytes: 250_000 };
/** Requests a second of the anonymous, where the Hub announced nothing (https://huggingface.co/docs/hub/rate-limits). */
const ANONYMOUS: Record<"api" | "resolvers", number> = { api: 500 / 300, resolvers: 3_000 / 300 };
/** What a model takes in a page of the listing. */
const LISTED_BYTES = 1_500;
/** What the scans of a model's files take: some ten imports each, and the words of five scanners. */
const SCAN_BYTES = 2_500;
/** Files a second that a few workers get through, whatever the limits. */
const FILES_A_SECOND = 25;

/** The plan, or why the Hub did not tell. */
export async function planSurvey(request: SurveyRequest, effects: SurveyEffects): Promise<Result<SurveyPlan, HttpFailure>> {
  const session = openSession(request, effects);
  const { population } = request;
  const page = await firstPage(session, population);
  if (!page.ok) return page;
  const { listed, more } = page.value;
  const { models: matching, end } = population.kind === "query" ? within(population, listed) : { models: listed, end: false };
  const complete = !more || end;
  const models = population.kind === "models" ? population.names.length : complete ? matching.length : population.top;
  const plannedModels = models ?? matching.length;
  const perModel = matching.length === 0 ? 0 : 1 / matching.length;
  const files = Math.round(matching.reduce((sum, model) => sum + (candidatesOf(model) ?? 1), 0) * perModel * plannedModels);
  const trees = Math.round(matching.filter((model) => candidatesOf(model) === null).length * perModel * plannedModels);
  const cards = Math.round(matching.filter((model) => needsCard(model)).length * perModel * plannedModels);
  // Of a model whose files the listing does not tell: one, whatever they turn out to be.
  const scans = request.hubScans
    ? Math.round(matching.reduce((sum, model) => sum + scanRequests(candidatesOf(model) ?? 1), 0) * perModel * plannedModels)
    : 0;
  const pages = population.kind === "models" ? plannedModels : Math.ceil(plannedModels / PAGE);
  const cost = await fileCost(effects.store);
  const rate = (bucket: Bucket & keyof typeof ANONYMOUS) => session.limiter.rate(bucket) ?? ANONYMOUS[bucket];
  return ok({
    survey: request.name,
    models,
    plannedModels,
    files,
    requests: Math.round(pages + trees + scans + cards + files * (1 + cost.requests)),
    bytes: Math.round(plannedModels * LISTED_BYTES + scans * SCAN_BYTES + files * cost.bytes),
    seconds: Math.ceil(Math.max((pages + trees + scans) / rate("api"), (files + cards) / rate("resolvers"), files / FILES_A_SECOND)),
  });
}

async function firstPage(
  { hub }: Session,
  population: SurveyRequest["population"],
): Promise<Result<{ listed: readonly ListedModel[]; more: boolean }, HttpFailure>> {
  if (population.kind === "query") {
    const page = await hub.listPage(population, null, population.top ?? PAGE);
    return page.ok ? ok({ listed: page.value.models, more: page.value.next !== null }) : page;
  }
  for (const name of population.names) {
    const model = await hub.model(name);
    if (model.ok) return ok({ listed: [model.value], more: true });
    // A model that is missing costs one request, as it will in the survey; a Hub that does not answer ends the plan.
    if (refusalOf(model.error).kind === "failed") return model;
  }
  return ok({ listed: [], more: false });
}

function needsCard(model: ListedModel): boolean {
  return model.library !== null && model.architectures.length === 0 && candidatesOf(model) !== 0;
}

function candidatesOf({ paths }: ListedModel): number | null {
  return paths === null ? null : chooseFiles(paths).length;
}

async function fileCost(store: Store): Promise<FileCost> {
  const measured = await store
    .selectFrom("blob")
    .select(({ fn }) => [fn.avg<number | null>("requests").as("requests"), fn.avg<number | null>("bytes_read").as("bytes")])
    .executeTakeFirst();
  if (!measured || measured.requests === null || measured.bytes === null) return ASSUMED;
  // A blob's requests count the resolving, which a file costs whether its content is known or not.
  return { requests: measured.requests - 1, bytes: measured.bytes };
}
