/** Callables: who imports and calls one, which policies allow it, and where it is blocked. */
import { sql } from "kysely";
import type { Capability } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { loadCallables } from "../index/callable-list.ts";
import { blockedKind, publishedLists } from "../index/published.ts";
import { firstRanks } from "../index/ranks.ts";
import type { SurveyIndex } from "../index/survey-index.ts";
import type { PolicySlot } from "../schema.ts";
import { callableName } from "./callable-name.ts";
import { contains } from "./contains.ts";
import { countOf } from "./fact-count.ts";
import { type Lens, listLenses, SLOT_ORDER, sameLens } from "./judgements.ts";

/** A callable, as it is spelt: `module.qualified.name`. */
export interface Callable {
  readonly callableId: number;
  readonly callable: string;
  readonly module: string;
  readonly name: string;
  readonly capability: Capability;
}

/** A callable with how many of a survey's models look it up and call it. */
export interface CallableUse extends Callable {
  readonly importedBy: number;
  readonly calledBy: number;
}

/** A model that a callable occurs in. */
export interface CallableModel {
  readonly modelId: number;
  readonly name: string;
  readonly library: string | null;
  readonly downloads: number;
  readonly imports: number;
  readonly calls: number;
}

/** A policy that allows a callable: looking it up, calling it, or both. */
export interface Allowing {
  readonly policyId: number;
  readonly name: string;
  readonly slot: PolicySlot;
  readonly kinds: readonly ("import" | "call")[];
}

/** In how many models a callable is blocked under a lens. */
export interface BlockedUnder extends Lens {
  readonly models: number;
}

const COLUMNS = [
  "callable.callable_id as callableId",
  callableName.$notNull().as("callable"),
  "callable.module",
  "callable.name",
  "callable.capability",
] as const;

/**
 * The callables spelt `spelling`: usually one. A dotted spelling may be cut into module and name in several ways, and a
 * store that holds more than one of them answers with each.
 */
export function findCallables(store: Store, spelling: string): Promise<Callable[]> {
  const modules = [...spelling.matchAll(/\./g)].map((dot) => spelling.slice(0, dot.index));
  return store.selectFrom("callable").where("module", "in", modules).where(callableName, "=", spelling).select(COLUMNS).execute();
}

/** The callable with this id, or null. */
export async function findCallable(store: Store, callableId: number): Promise<Callable | null> {
  return (await store.selectFrom("callable").where("callable_id", "=", callableId).select(COLUMNS).executeTakeFirst()) ?? null;
}

/** The callables of a survey that `q` is part of the name of, those that most models look up first; `index` is the survey's, where it is at hand. */
export async function listCallables(
  store: Store,
  surveyId: number,
  q: string,
  limit: number,
  index: SurveyIndex | null = null,
): Promise<CallableUse[]> {
  const published = index?.callables ?? (await loadCallables(store, surveyId));
  return published === null ? countCallables(store, surveyId, q, limit) : published.holding(q, limit);
}

function countCallables(store: Store, surveyId: number, q: string, limit: number): Promise<CallableUse[]> {
  return inModels(store, surveyId)
    .innerJoin("callable", "callable.callable_id", "fact.callable_id")
    .$if(q !== "", (rows) => rows.where(contains(callableName, q)))
    .groupBy("callable.callable_id")
    .select(COLUMNS)
    .select(({ fn }) => [
      fn.count<number>("survey_model.model_id").distinct().filterWhere("fact.kind", "=", "import").as("importedBy"),
      fn.count<number>("survey_model.model_id").distinct().filterWhere("fact.kind", "=", "call").as("calledBy"),
    ])
    .orderBy("importedBy", "desc")
    .orderBy("callable")
    .limit(limit)
    .execute();
}

/** How many models of a survey look a callable up and call it. */
export async function callableUse(
  store: Store,
  surveyId: number,
  { callableId, callable }: Callable,
): Promise<{ importedBy: number; calledBy: number }> {
  const lists = await publishedLists(store, surveyId, ["import", "call"], callable);
  if (lists !== null) {
    const models = (kind: string) => lists.find((list) => list.kind === kind)?.models ?? 0;
    return { importedBy: models("import"), calledBy: models("call") };
  }
  return inModels(store, surveyId)
    .where("fact.callable_id", "=", callableId)
    .select(({ fn }) => [
      fn.count<number>("survey_model.model_id").distinct().filterWhere("fact.kind", "=", "import").as("importedBy"),
      fn.count<number>("survey_model.model_id").distinct().filterWhere("fact.kind", "=", "call").as("calledBy"),
    ])
    .executeTakeFirstOrThrow();
}

/** The models that a callable occurs in, the most downloaded first; `index` is the survey's, where it has one. */
export async function callableModels(
  store: Store,
  surveyId: number,
  { callableId, callable }: Callable,
  limit: number,
  index: SurveyIndex | null = null,
): Promise<CallableModel[]> {
  const lists = index === null ? null : await publishedLists(store, surveyId, ["import", "call"], callable);
  const models = lists === null ? null : firstModels(index!, lists, limit);
  return (
    inModels(store, surveyId)
      .innerJoin("model", "model.model_id", "survey_model.model_id")
      // `+ 0` keeps the planner from beginning at every pickle that names the callable, when the models are known.
      .$if(models !== null, (rows) =>
        rows.where(sql<boolean>`fact.callable_id + 0 = ${callableId}`).where("survey_model.model_id", "in", models!),
      )
      .$if(models === null, (rows) => rows.where("fact.callable_id", "=", callableId))
      .groupBy(["survey_model.model_id", "model.name", "survey_model.library", "survey_model.downloads"])
      .select([
        "survey_model.model_id as modelId",
        "model.name",
        "survey_model.library",
        "survey_model.downloads",
        countOf("import").as("imports"),
        countOf("call").as("calls"),
      ])
      .orderBy("survey_model.downloads", "desc")
      .orderBy("survey_model.model_id")
      .limit(limit)
      .execute()
  );
}

/** The most downloaded models of posting lists: the first ranks of all of them together. */
function firstModels(index: SurveyIndex, lists: readonly { readonly data: Uint8Array }[], limit: number): number[] {
  const ranks = new Set(lists.flatMap(({ data }) => firstRanks(data, limit)));
  return [...ranks]
    .sort((a, b) => a - b)
    .slice(0, limit)
    .map((rank) => index.modelIds[rank]!);
}

/** Every fact of a survey's models: of `fact` with `pickle`, `file` and `survey_model`. */
export function inModels(store: Store, surveyId: number) {
  return store
    .selectFrom("fact")
    .innerJoin("pickle", "pickle.pickle_id", "fact.pickle_id")
    .innerJoin("file", "file.blob_id", "pickle.blob_id")
    .innerJoin("survey_model", "survey_model.revision_id", "file.revision_id")
    .where("survey_model.survey_id", "=", surveyId);
}

/** The policies that allow a callable, in the order of their slots. */
export async function allowingPolicies(store: Store, callableId: number): Promise<Allowing[]> {
  const rows = await store
    .selectFrom("policy_entry")
    .innerJoin("policy", "policy.policy_id", "policy_entry.policy_id")
    .where("callable_id", "=", callableId)
    .select(["policy.policy_id as policyId", "policy.name", "slot", "kind"])
    .orderBy("kind", "desc")
    .execute();
  const policies = new Map<number, Allowing>();
  for (const { kind, ...policy } of rows)
    policies.set(policy.policyId, { ...policy, kinds: [...(policies.get(policy.policyId)?.kinds ?? []), kind] });
  // Made once a list: `localeCompare` makes one for each pair.
  const byNumber = new Intl.Collator("en", { numeric: true });
  return [...policies.values()].sort((a, b) => SLOT_ORDER.indexOf(a.slot) - SLOT_ORDER.indexOf(b.slot) || byNumber.compare(a.name, b.name));
}

/** In how many models of a survey a callable is blocked, by what they were judged under. */
export async function blockedUnder(store: Store, surveyId: number, { callableId, callable }: Callable): Promise<BlockedUnder[]> {
  const lenses = await listLenses(store, surveyId);
  const lists = await publishedLists(
    store,
    surveyId,
    lenses.map((lens) => blockedKind(lens)),
    callable,
  );
  if (lists !== null)
    return lenses.flatMap((lens) => lists.filter(({ kind }) => kind === blockedKind(lens)).map(({ models }) => ({ ...lens, models })));
  const rows = await store
    .selectFrom("blocked")
    .innerJoin("file", "file.blob_id", "blocked.blob_id")
    .innerJoin("survey_model", "survey_model.revision_id", "file.revision_id")
    .innerJoin("model_verdict", (join) =>
      join
        .onRef("model_verdict.survey_id", "=", "survey_model.survey_id")
        .onRef("model_verdict.model_id", "=", "survey_model.model_id")
        .onRef("model_verdict.policy_id", "=", "blocked.policy_id")
        .onRef("model_verdict.mode", "=", "blocked.mode")
        .onRef("model_verdict.role", "=", "file.role"),
    )
    .where("survey_model.survey_id", "=", surveyId)
    .where("blocked.callable_id", "=", callableId)
    .where("model_verdict.verdict", "=", "blocked")
    .groupBy(["model_verdict.slot", "model_verdict.mode", "model_verdict.role"])
    .select(["model_verdict.slot", "model_verdict.mode", "model_verdict.role"])
    .select(({ fn }) => fn.count<number>("survey_model.model_id").distinct().as("models"))
    .execute();
  return lenses.flatMap((lens) => rows.filter((row) => sameLens(row, lens)));
}
