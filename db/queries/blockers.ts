/** What blocks most: the callables outside the policies, by the number of models that they keep from loading. */
import type { Capability } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { callableName } from "./callable-name.ts";
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

/** The callables that block most models under a lens; ties are ordered by name. */
export async function topBlockers(store: Store, surveyId: number, lens: Lens, limit: number): Promise<Blocker[]> {
  return (
    blockedModels(store, surveyId, lens)
      .groupBy("callableId")
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

/** The opcodes that loaders lack or refuse whatever the callable, by how many models have them; ties are ordered by name. */
export async function blockedOpcodes(
  store: Store,
  surveyId: number,
  lens: Lens,
): Promise<{ readonly opcode: string; readonly models: number }[]> {
  return blockedModels(store, surveyId, lens)
    .where("opcode", "is not", null)
    .groupBy("opcode")
    .select(({ fn }) => ["opcode", fn.countAll<number>().as("models")])
    .$narrowType<{ opcode: string }>()
    .orderBy("models", "desc")
    .orderBy("opcode")
    .execute();
}

/** What blocked callables could do: models by capability, the most frequent first. A model counts once per capability. */
export async function blockedCapabilities(
  store: Store,
  surveyId: number,
  lens: Lens,
): Promise<{ readonly capability: Capability; readonly models: number }[]> {
  return blockedModels(store, surveyId, lens)
    .where("capability", "is not", null)
    .groupBy("capability")
    .select(({ fn }) => ["capability", fn.count<number>("modelId").distinct().as("models")])
    .$narrowType<{ capability: Capability }>()
    .orderBy("models", "desc")
    .orderBy("capability")
    .execute();
}

/** One row for each model under the lens and each thing that blocks it. */
function blockedModels(store: Store, surveyId: number, lens: Lens) {
  return store.selectFrom(
    store
      .selectFrom("model_verdict")
      .innerJoin("survey_model", (join) =>
        join.onRef("survey_model.survey_id", "=", "model_verdict.survey_id").onRef("survey_model.model_id", "=", "model_verdict.model_id"),
      )
      .innerJoin("file", (join) => join.onRef("file.revision_id", "=", "survey_model.revision_id").on("file.role", "=", lens.role))
      .innerJoin("blocked", (join) =>
        join
          .onRef("blocked.blob_id", "=", "file.blob_id")
          .onRef("blocked.policy_id", "=", "model_verdict.policy_id")
          .onRef("blocked.mode", "=", "model_verdict.mode"),
      )
      .leftJoin("callable", "callable.callable_id", "blocked.callable_id")
      .where("model_verdict.survey_id", "=", surveyId)
      .where("model_verdict.slot", "=", lens.slot)
      .where("model_verdict.mode", "=", lens.mode)
      .where("model_verdict.role", "=", lens.role)
      .where("model_verdict.verdict", "=", "blocked")
      .select(({ eb }) => [
        "survey_model.model_id as modelId",
        "survey_model.downloads",
        "blocked.callable_id as callableId",
        callableName.as("callable"),
        eb.case().when("blocked.callable_id", "is", null).then(eb.ref("blocked.opcode")).else(null).end().as("opcode"),
        "callable.capability",
      ])
      .distinct()
      .as("blocked_model"),
  );
}
