/** The first stage: which models the survey is of, with their downloads as they are before anything is fetched. */
import { ok, type Result } from "../analyzer/result.ts";
import { countListed } from "../db/work.ts";
import { type ModelToList, placeholderId, type SurveyRow, writePage } from "../db/writes-listing.ts";
import { chooseFiles, formatOf } from "./candidates.ts";
import type { HttpFailure } from "./http-failure.ts";
import type { ListedModel } from "./hub.ts";
import { refusalOf } from "./hub-refusal.ts";
import type { ModelMetadata } from "./metadata.ts";
import { sortOf } from "./survey-request.ts";
import type { SurveyRun } from "./survey-run.ts";

type Query = Extract<SurveyRun["request"]["population"], { kind: "query" }>;

/** The cursor of a listing of which the last page was stored. */
export const COMPLETE = "";

/**
 * Lists what is not listed yet, and calls `listed` after each page. An error where the Hub does not answer; what was
 * listed before is stored.
 */
export async function listPopulation(
  run: SurveyRun,
  survey: SurveyRow,
  listed: () => Promise<void> = async () => undefined,
): Promise<Result<void, HttpFailure>> {
  if (survey.cursor === COMPLETE) return ok(undefined);
  run.report({ kind: "stage", stage: "list", models: 0 });
  const { population } = run.request;
  return population.kind === "models"
    ? listNamed(run, population.names, survey.cursor, listed)
    : listQuery(run, population, survey.cursor, listed);
}

async function listQuery(
  run: SurveyRun,
  query: Query,
  from: string | null,
  listed: () => Promise<void>,
): Promise<Result<void, HttpFailure>> {
  const { store, surveyId } = run;
  let missing = query.top === null ? Infinity : query.top - (await countListed(store, surveyId));
  let cursor = from;
  let restarted = false;
  let coming: ReturnType<typeof ask> | null = null;
  const ask = (at: string | null) => run.session.hub.listPage(query, at, Math.max(1, missing));
  try {
    while (cursor !== COMPLETE && !run.interrupted) {
      const page = await (coming ?? ask(cursor));
      coming = null;
      if (!page.ok && cursor !== null && isExpired(page.error) && !restarted) {
        // The models that are listed already are left as they are: beginning again costs requests, and nothing else.
        restarted = true;
        cursor = null;
        continue;
      }
      if (!page.ok) return page;
      const wanted = within(query, page.value.models);
      const { next, unreadable } = page.value;
      cursor = next === null || missing <= wanted.models.length || wanted.end ? COMPLETE : next;
      // The Hub works on the next page while this one is written.
      if (cursor !== COMPLETE) coming = ask(cursor);
      const models = wanted.models.slice(0, Math.max(0, missing)).map(modelToList);
      const added = await run.commit((transaction) => writePage(transaction, surveyId, { models, unreadable, cursor: cursor! }));
      missing -= added;
      run.report({ kind: "listed", models: added, unreadable });
      await listed();
    }
    return ok(undefined);
  } finally {
    await coming;
  }
}

/** The models of a page that a query is of, and whether the listing ends with it: the most downloaded come first, or the latest. */
export function within(query: Query, listed: readonly ListedModel[]): { readonly models: readonly ListedModel[]; readonly end: boolean } {
  const { modifiedSince, minimumDownloads } = query;
  const late = listed.filter(({ modifiedAt }) => modifiedSince === undefined || modifiedAt === null || modifiedAt > modifiedSince);
  const models = late.filter(({ downloads }) => downloads >= minimumDownloads);
  // The first that is outside ends it, where that is what the listing is sorted by.
  const sort = sortOf(query);
  const inside = sort === "lastModified" ? late : sort === "downloads" ? models : listed;
  return { models, end: inside.length < listed.length };
}

/** Here the cursor is how many names have been asked for. */
async function listNamed(
  run: SurveyRun,
  names: readonly string[],
  from: string | null,
  listed: () => Promise<void>,
): Promise<Result<void, HttpFailure>> {
  for (let index = Number(from ?? 0); index < names.length && !run.interrupted; index++) {
    const name = names[index]!;
    const answer = await run.session.hub.model(name);
    if (!answer.ok && answer.error.kind === "interrupted") return ok(undefined);
    const model = answer.ok ? modelToList(answer.value) : missingModel(name, answer.error);
    const cursor = index + 1 === names.length ? COMPLETE : String(index + 1);
    const added = await run.commit((transaction) => writePage(transaction, run.surveyId, { models: [model], unreadable: 0, cursor }));
    run.report({ kind: "listed", models: added, unreadable: 0 });
    await listed();
  }
  return ok(undefined);
}

function modelToList(model: ListedModel): ModelToList {
  const { architectures, autoMap } = model;
  const metadata: ModelMetadata = { architectures, ...(autoMap.length > 0 && { autoMap }) };
  const candidates = model.paths === null ? null : chooseFiles(model.paths);
  return {
    hubId: model.hubId,
    name: model.name,
    commit: model.commit ?? "",
    createdAt: model.createdAt,
    modifiedAt: model.modifiedAt,
    metadata: JSON.stringify(metadata),
    downloads: model.downloads,
    likes: model.likes,
    library: model.library,
    task: model.task,
    gated: model.gated,
    format: model.paths === null ? null : formatOf(model.paths),
    candidates,
    end: endOf(model, candidates),
  };
}

function endOf(model: ListedModel, candidates: ModelToList["candidates"]): ModelToList["end"] {
  // Of a model without candidates nothing is to be had, disabled or not.
  if (candidates?.length === 0) return null;
  if (model.disabled) return { state: "disabled", failure: "the Hub lists it as disabled" };
  return model.commit === null ? { state: "failed", failure: "the Hub lists it without a commit" } : null;
}

/** A model that was asked for by name and is not to be had. */
function missingModel(name: string, failure: HttpFailure): ModelToList {
  const { kind, message } = refusalOf(failure);
  return {
    hubId: placeholderId(name),
    name,
    commit: "",
    createdAt: null,
    modifiedAt: null,
    metadata: null,
    downloads: 0,
    likes: 0,
    library: null,
    task: null,
    gated: kind === "gated",
    format: null,
    candidates: null,
    end: { state: kind === "entry" ? "missing" : kind, failure: message },
  };
}

function isExpired(failure: HttpFailure): boolean {
  return failure.kind === "status" && failure.status === 400;
}
