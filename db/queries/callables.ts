/** Callables: who imports and calls one, which policies allow it, and where it is blocked. */
import type { Capability, Mode } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { PolicySlot } from "../schema.ts";
import { callableName } from "./callable-name.ts";
import { contains } from "./contains.ts";
import { countOf } from "./fact-count.ts";
import { SLOT_ORDER } from "./judgements.ts";

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

/** In how many models a callable is blocked under the policies of a slot. */
export interface BlockedUnder {
  readonly slot: PolicySlot;
  readonly mode: Mode;
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

/** The callables of a survey that `q` is part of the name of, those that most models look up first. */
export function listCallables(store: Store, surveyId: number, q: string, limit: number): Promise<CallableUse[]> {
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
export function callableUse(store: Store, surveyId: number, callableId: number): Promise<{ importedBy: number; calledBy: number }> {
  return inModels(store, surveyId)
    .where("fact.callable_id", "=", callableId)
    .select(({ fn }) => [
      fn.count<number>("survey_model.model_id").distinct().filterWhere("fact.kind", "=", "import").as("importedBy"),
      fn.count<number>("survey_model.model_id").distinct().filterWhere("fact.kind", "=", "call").as("calledBy"),
    ])
    .executeTakeFirstOrThrow();
}

/** The models that a callable occurs in, the most downloaded first. */
export function callableModels(store: Store, surveyId: number, callableId: number, limit: number): Promise<CallableModel[]> {
  return inModels(store, surveyId)
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .where("fact.callable_id", "=", callableId)
    .groupBy(["survey_model.model_id", "model.name", "survey_model.library", "survey_model.downloads"])
    .select(["model.name", "survey_model.library", "survey_model.downloads", countOf("import").as("imports"), countOf("call").as("calls")])
    .orderBy("survey_model.downloads", "desc")
    .orderBy("survey_model.model_id")
    .limit(limit)
    .execute();
}

function inModels(store: Store, surveyId: number) {
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
  return [...policies.values()].sort(
    (a, b) => SLOT_ORDER.indexOf(a.slot) - SLOT_ORDER.indexOf(b.slot) || a.name.localeCompare(b.name, "en", { numeric: true }),
  );
}

/** In how many models of a survey a callable is blocked, by what they were judged under. */
export async function blockedUnder(store: Store, surveyId: number, callableId: number): Promise<BlockedUnder[]> {
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
    .groupBy(["model_verdict.slot", "model_verdict.mode"])
    .select(({ fn }) => ["model_verdict.slot", "model_verdict.mode", fn.count<number>("survey_model.model_id").distinct().as("models")])
    .execute();
  return rows.sort((a, b) => SLOT_ORDER.indexOf(a.slot) - SLOT_ORDER.indexOf(b.slot) || b.mode.localeCompare(a.mode));
}
