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

/**
 * The callables that block most models under a lens; of all models, or of those that `of` a library or a class are. Ties
 * are ordered by name. Of a class only under policies of its own: under others, lists by class would be too many.
 */
export async function topBlockers(
  store: Store,
  surveyId: number,
  lens: Lens,
  limit: number,
  of: { readonly library: string } | { readonly class: string } | null = null,
): Promise<Blocker[]> {
  const [[dimension, value] = []] = Object.entries(of ?? {}) as ["library" | "class", string][];
  const kind = dimension === undefined ? blockedKind(lens) : `${blockedKind(lens, dimension)} ${value}`;
  const published = await publishedPostings(store, surveyId, kind, limit);
  if (published !== null)
    return published.map(({ value: callable, callableId, capability, models, downloads }) => ({
      callableId: callableId!,
      callable,
      capability: capability!,
      models,
      downloads,
    }));
  return (
    blockedModels(store, surveyId, lens)
      .$if(dimension !== undefined, (rows) => rows.where(sql.ref(dimension!), "=", value!))
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
        "survey_model.class",
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
