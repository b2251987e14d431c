/** What blocks most: the callables outside the policies, by the number of models that they keep from loading. */
import { sql } from "kysely";
import type { Capability } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { blockedKind, publishedPostings } from "../index/published.ts";
import { blockedInModels, blockedOpcode } from "./blocked-in-models.ts";
import { callableName, topModule } from "./callable-name.ts";
import type { Lens } from "./judgements.ts";

/** A callable that is outside the policies of some models. */
export interface Blocker {
  readonly callableId: number;
  readonly callable: string;
  readonly capability: Capability;
  readonly models: number;
  /** Downloads of those models together. */
  readonly downloads: number;
}

/** The callables that block most models under a lens, or most models of a library; ties are ordered by name. */
export async function topBlockers(
  store: Store,
  surveyId: number,
  lens: Lens,
  limit: number,
  library: string | null = null,
): Promise<Blocker[]> {
  const kind = library === null ? blockedKind(lens) : `${blockedKind(lens, "of")} ${library}`;
  const published = await publishedPostings(store, surveyId, kind, limit);
  if (published !== null)
    return published.map(({ value, callableId, capability, models, downloads }) => ({
      callableId: callableId!,
      callable: value,
      capability: capability!,
      models,
      downloads,
    }));
  return (
    blockedModels(store, surveyId, lens)
      .$if(library !== null, (rows) => rows.where("library", "=", library))
      .groupBy(["callableId", "callable", "capability"])
      // Not a `where`: pushed into the join it makes the planner walk every blocked row of the policy for each model.
      .having("callableId", "is not", null)
      .select(({ fn }) => [
        "callableId",
        "callable",
        "capability",
        fn.countAll<number>().as("models"),
        fn.sum<number>("downloads").as("downloads"),
      ])
      .$narrowType<{ callableId: number; callable: string; capability: Capability }>()
      .orderBy("models", "desc")
      .orderBy("callable")
      .limit(limit)
      .execute()
  );
}

/**
 * The callables that block most models under the policies of one class, of a slot in which each class has its own; in
 * the same way. It begins at those policies: what they block is little beside what weights-only does.
 */
export async function blockersOfClass(
  store: Store,
  surveyId: number,
  { slot, mode, role }: Lens,
  cls: string,
  limit: number,
): Promise<Blocker[]> {
  // First the policies: joined to what they block, they mislead the planner into beginning at every model of the survey.
  const policies = await store.selectFrom("policy").select("policy_id").where("slot", "=", slot).where("class", "=", cls).execute();
  const once = store
    .selectFrom("blocked")
    .innerJoin("callable", "callable.callable_id", "blocked.callable_id")
    .innerJoin("file", "file.blob_id", "blocked.blob_id")
    .innerJoin("survey_model", "survey_model.revision_id", "file.revision_id")
    .where(
      "blocked.policy_id",
      "in",
      policies.map(({ policy_id }) => policy_id),
    )
    .where("blocked.mode", "=", mode)
    .where("file.role", "=", role)
    // `+ 0`: nor is it to begin there by the survey's number.
    .where(sql<boolean>`survey_model.survey_id + 0 = ${surveyId}`)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("model_verdict")
          .whereRef("model_verdict.survey_id", "=", "survey_model.survey_id")
          .whereRef("model_verdict.model_id", "=", "survey_model.model_id")
          .where("model_verdict.slot", "=", slot)
          .whereRef("model_verdict.mode", "=", "blocked.mode")
          .whereRef("model_verdict.role", "=", "file.role")
          .whereRef("model_verdict.policy_id", "=", "blocked.policy_id")
          .select("model_verdict.verdict"),
      ),
    )
    .select([
      "survey_model.model_id",
      "downloads",
      "callable.callable_id as callableId",
      callableName.$notNull().as("callable"),
      "capability",
    ])
    .distinct();
  return store
    .selectFrom(once.as("once"))
    .groupBy(["callableId", "callable", "capability"])
    .select(({ fn }) => [
      "callableId",
      "callable",
      "capability",
      fn.countAll<number>().as("models"),
      fn.sum<number>("downloads").as("downloads"),
    ])
    .orderBy("models", "desc")
    .orderBy("callable")
    .limit(limit)
    .execute();
}

/** Something that blocks models other than by one callable, with how many, and their downloads together. */
type Blocking<Key extends string, Value> = { readonly [name in Key]: Value } & { readonly models: number; readonly downloads: number };

/** The top-level modules of blocked callables, by the number of models; ties are ordered by name. A model counts once a module. */
export function blockedModules(store: Store, surveyId: number, lens: Lens, limit: number): Promise<Blocking<"module", string>[]> {
  return blockedBy<"module", string>(store, surveyId, lens, "module", limit);
}

/** The opcodes that loaders lack or refuse whatever the callable, in the same way. */
export function blockedOpcodes(store: Store, surveyId: number, lens: Lens): Promise<Blocking<"opcode", string>[]> {
  return blockedBy<"opcode", string>(store, surveyId, lens, "opcode", Number.MAX_SAFE_INTEGER);
}

/** What blocked callables could do, in the same way. */
export function blockedCapabilities(store: Store, surveyId: number, lens: Lens): Promise<Blocking<"capability", Capability>[]> {
  return blockedBy<"capability", Capability>(store, surveyId, lens, "capability", Number.MAX_SAFE_INTEGER);
}

async function blockedBy<Key extends "module" | "opcode" | "capability", Value extends string>(
  store: Store,
  surveyId: number,
  lens: Lens,
  key: Key,
  limit: number,
): Promise<Blocking<Key, Value>[]> {
  const published = await publishedPostings(store, surveyId, blockedKind(lens, key), limit);
  if (published !== null)
    return published.map(({ value, models, downloads }) => ({ [key]: value, models, downloads }) as Blocking<Key, Value>);
  const column = sql.ref<Value>(key);
  const rows = await store
    .selectFrom(
      blockedModels(store, surveyId, lens)
        .select(["modelId", "downloads", column.as("value")])
        .where(column, "is not", null)
        .distinct()
        .as("once"),
    )
    .groupBy("value")
    .select(({ fn }) => ["value", fn.countAll<number>().as("models"), fn.sum<number>("downloads").as("downloads")])
    .orderBy("models", "desc")
    .orderBy("value")
    .limit(limit)
    .execute();
  return rows.map(({ value, ...counts }) => ({ [key]: value, ...counts }) as Blocking<Key, Value>);
}

/** One row for each model under the lens and each thing that blocks it. */
function blockedModels(store: Store, surveyId: number, lens: Lens) {
  return store.selectFrom(
    blockedInModels(store, surveyId)
      .where("model_verdict.slot", "=", lens.slot)
      .where("model_verdict.mode", "=", lens.mode)
      .where("model_verdict.role", "=", lens.role)
      .where("model_verdict.verdict", "=", "blocked")
      .select([
        "survey_model.model_id as modelId",
        "survey_model.downloads",
        "survey_model.library",
        "blocked.callable_id as callableId",
        callableName.as("callable"),
        blockedOpcode.as("opcode"),
        "callable.capability",
        topModule.as("module"),
      ])
      .distinct()
      .as("blocked_model"),
  );
}
