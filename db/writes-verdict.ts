/** Verdicts as rows: on blobs, with what was outside the policy, and on models. */
import type { Verdict, VerdictKind } from "../analyzer/verdict/verdict.ts";
import { type CapabilityOf, callableIds } from "./callables.ts";
import { chunksOf } from "./chunks.ts";
import type { Store } from "./connection.ts";
import type { FileRole, PolicySlot } from "./schema.ts";

/** The verdict on a blob under a policy, if it was judged by it. */
export async function findVerdict(store: Store, blobId: number, policyId: number, mode: Verdict["mode"]): Promise<VerdictKind | null> {
  const row = await store
    .selectFrom("verdict")
    .select("verdict")
    .where("blob_id", "=", blobId)
    .where("policy_id", "=", policyId)
    .where("mode", "=", mode)
    .executeTakeFirst();
  return row?.verdict ?? null;
}

/** Writes the verdict on a blob that has none under this policy and mode. `pickleIds` are of the pickles that `blocked` counts by. */
export async function writeVerdict(
  store: Store,
  blobId: number,
  policyId: number,
  verdict: Verdict,
  pickleIds: readonly number[],
  capabilityOf: CapabilityOf,
): Promise<void> {
  const { mode } = verdict;
  await store
    .insertInto("verdict")
    .values({ blob_id: blobId, policy_id: policyId, mode, verdict: verdict.verdict, message: verdict.message ?? null })
    .execute();
  const callables = await callableIds(
    store,
    verdict.blocked.flatMap(({ callable }) => callable ?? []),
    capabilityOf,
  );
  const rows = verdict.blocked.map((blocked, ordinal) => ({
    blob_id: blobId,
    policy_id: policyId,
    mode,
    ordinal,
    pickle_id: pickleIds[blocked.pickle]!,
    callable_id: blocked.callable === null ? null : callables.get(blocked.callable)!,
    opcode: blocked.opcode,
    offset: blocked.offset,
    reason: blocked.reason,
    count: blocked.count,
  }));
  for (const chunk of chunksOf(rows)) await store.insertInto("blocked").values(chunk).execute();
}

export interface ModelVerdict {
  /** Which of the model's candidate classes it is judged as; the first counts for the model. */
  readonly candidate: number;
  readonly slot: PolicySlot;
  readonly mode: Verdict["mode"];
  readonly role: FileRole;
  readonly policyId: number;
  readonly verdict: VerdictKind;
}

/** Writes the verdicts on a model in the place of those it has, and that it is judged; a gated model stays gated. */
export async function writeModelVerdicts(
  store: Store,
  surveyId: number,
  modelId: number,
  verdicts: readonly ModelVerdict[],
): Promise<void> {
  for (const table of ["model_verdict", "candidate_verdict"] as const)
    await store.deleteFrom(table).where("survey_id", "=", surveyId).where("model_id", "=", modelId).execute();
  const row = ({ policyId, ...verdict }: ModelVerdict) => ({ survey_id: surveyId, model_id: modelId, policy_id: policyId, ...verdict });
  for (const { candidate: _, ...values } of verdicts.filter(({ candidate }) => candidate === 0).map(row))
    await store.insertInto("model_verdict").values(values).execute();
  const others = verdicts.filter(({ candidate }) => candidate > 0).map(row);
  for (const chunk of chunksOf(others)) await store.insertInto("candidate_verdict").values(chunk).execute();
  await store
    .updateTable("survey_model")
    .set({ state: "judged" })
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .where("state", "=", "traced")
    .execute();
}

/** Writes the verdict on a model's weights in one slot, in the place of those that it has there. */
export async function writeSlotVerdicts(
  store: Store,
  surveyId: number,
  modelId: number,
  slot: PolicySlot,
  verdicts: readonly { readonly mode: Verdict["mode"]; readonly policyId: number; readonly verdict: VerdictKind }[],
): Promise<void> {
  const ofModel = { survey_id: surveyId, model_id: modelId, slot };
  await store
    .deleteFrom("model_verdict")
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .where("slot", "=", slot)
    .execute();
  for (const { mode, policyId, verdict } of verdicts)
    await store
      .insertInto("model_verdict")
      .values({ ...ofModel, mode, role: "weights", policy_id: policyId, verdict })
      .execute();
}
