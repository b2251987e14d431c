/** The one way from the verdict on a model to what its files do outside the policy. */
import { sql } from "kysely";
import type { Store } from "../connection.ts";
import { judgedFiles } from "./judged-files.ts";

/**
 * A row for everything outside a policy that models of a survey were judged by, in each of their files of the role: of
 * `model_verdict` with `survey_model`, `file`, `blocked` and, where one is concerned, `callable`.
 */
export function blockedInModels(store: Store, surveyId: number) {
  return judgedFiles(store, surveyId)
    .innerJoin("blocked", (join) =>
      join
        .onRef("blocked.blob_id", "=", "file.blob_id")
        .onRef("blocked.policy_id", "=", "model_verdict.policy_id")
        .onRef("blocked.mode", "=", "model_verdict.mode"),
    )
    .leftJoin("callable", "callable.callable_id", "blocked.callable_id");
}

/** The opcode that a loader lacks or refuses; null where a callable is what is blocked, which its name tells. */
export const blockedOpcode = sql<string | null>`case when blocked.callable_id is null then blocked.opcode end`;
