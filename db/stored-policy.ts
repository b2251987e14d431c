/** Policies as rows: written under their name, replaced when they were made anew, read back as they were. */
import type { Filler, OpenSlot, Policy, PolicyEntry, Reason } from "../analyzer/policy/policy.ts";
import { type CapabilityOf, callableIds, spellingOf } from "./callables.ts";
import { chunksOf } from "./chunks.ts";
import type { Store } from "./connection.ts";
import type { PolicySlot } from "./schema.ts";

export interface PolicyToStore {
  readonly slot: PolicySlot;
  readonly policy: Policy;
  /** Version of what made it. */
  readonly engine: string;
  /** Paths of the library's files that did not parse. */
  readonly unparsed?: readonly string[];
}

/**
 * The id of a policy, written within the caller's transaction. A stored policy of that name that was made from other
 * source or by another engine is replaced, and the verdicts under it, which hold no longer, are deleted.
 */
export async function writePolicy(
  store: Store,
  { slot, policy, engine, unparsed = [] }: PolicyToStore,
  capabilityOf: CapabilityOf,
): Promise<number> {
  const source = policy.library?.sourceSha256 ?? null;
  const known = await store.selectFrom("policy").selectAll().where("name", "=", policy.name).executeTakeFirst();
  if (known !== undefined && known.source_sha256 === source && known.engine === engine) return known.policy_id;
  const row = {
    slot,
    name: policy.name,
    class: policy.class,
    library: policy.library?.name ?? null,
    library_version: policy.library?.version ?? null,
    source_sha256: source,
    engine,
    unparsed: JSON.stringify(unparsed),
    open_slots: policy.openSlots === undefined ? null : JSON.stringify(policy.openSlots),
    fillers: policy.fillers === undefined ? null : JSON.stringify(policy.fillers),
  };
  if (known !== undefined) await forgetPolicy(store, known.policy_id);
  const { policy_id } =
    known === undefined
      ? await store.insertInto("policy").values(row).returning("policy_id").executeTakeFirstOrThrow()
      : await store
          .updateTable("policy")
          .set(row)
          .where("policy_id", "=", known.policy_id)
          .returning("policy_id")
          .executeTakeFirstOrThrow();
  const entries = [...policy.imports.map((entry) => ["import", entry] as const), ...policy.calls.map((entry) => ["call", entry] as const)];
  const callables = await callableIds(
    store,
    entries.map(([, { callable }]) => callable),
    capabilityOf,
  );
  const rows = entries.map(([kind, entry]) => ({
    policy_id,
    kind,
    callable_id: callables.get(entry.callable)!,
    module: entry.module ?? null,
    same_as: entry.sameAs ?? null,
    returns: entry.returns ?? null,
    bound: entry.bound ? 1 : 0,
    reasons: JSON.stringify(entry.reasons),
  }));
  for (const chunk of chunksOf(rows)) await store.insertInto("policy_entry").values(chunk).execute();
  return policy_id;
}

/** What inferring a policy cost: milliseconds of the wall clock, and the source that was given. */
export interface CostOfInference {
  readonly milliseconds: number;
  readonly distributions: number;
  readonly files: number;
  readonly bytes: number;
}

/** Keeps what inferring a policy cost, in the place of what it cost before. */
export async function writeInferenceCost(store: Store, policyId: number, cost: CostOfInference): Promise<void> {
  await store
    .insertInto("inference")
    .values({ policy_id: policyId, ...cost })
    .onConflict((conflict) => conflict.column("policy_id").doUpdateSet(cost))
    .execute();
}

/** Deletes what a policy allowed, and every verdict under it; models that were judged by it are to be judged again. */
async function forgetPolicy(store: Store, policyId: number): Promise<void> {
  await store
    .updateTable("survey_model")
    .set({ state: "traced" })
    .where("state", "=", "judged")
    .where(({ or, exists, selectFrom }) =>
      or(
        (["model_verdict", "candidate_verdict"] as const).map((verdicts) =>
          exists(
            selectFrom(verdicts)
              .whereRef(`${verdicts}.survey_id`, "=", "survey_model.survey_id")
              .whereRef(`${verdicts}.model_id`, "=", "survey_model.model_id")
              .where(`${verdicts}.policy_id`, "=", policyId)
              .select(`${verdicts}.policy_id`),
          ),
        ),
      ),
    )
    .execute();
  for (const table of ["model_verdict", "candidate_verdict", "blocked", "verdict", "policy_entry"] as const) {
    await store.deleteFrom(table).where("policy_id", "=", policyId).execute();
  }
}

/** What an inferred policy is known by before it is read. */
export interface PolicyKey {
  readonly slot: PolicySlot;
  readonly class: string;
  readonly sourceSha256: string;
  readonly engine: string;
  /** Where class and source may have several in a slot. */
  readonly name?: string;
}

/** An inferred policy in the store. */
export interface StoredPolicy {
  readonly policyId: number;
  readonly name: string;
  /** As its source names it, whatever name it was asked for by. */
  readonly class: string;
  readonly unparsed: readonly string[];
}

/** The policy of a class that was inferred from this source by this engine; null if none was. */
export async function findInferred(
  store: Store,
  { slot, class: cls, sourceSha256, engine, name }: PolicyKey,
): Promise<StoredPolicy | null> {
  const row = await store
    .selectFrom("policy")
    .select(["policy_id", "name", "unparsed"])
    .where("slot", "=", slot)
    .where("class", "=", cls)
    .where("source_sha256", "=", sourceSha256)
    .where("engine", "=", engine)
    .$if(name !== undefined, (rows) => rows.where("name", "=", name!))
    .executeTakeFirst();
  return row === undefined ? null : { policyId: row.policy_id, name: row.name, class: cls, unparsed: JSON.parse(row.unparsed) as string[] };
}

/** A policy as it was written. Rejects where there is none with this id. */
export async function readPolicy(store: Store, policyId: number): Promise<Policy> {
  const row = await store.selectFrom("policy").selectAll().where("policy_id", "=", policyId).executeTakeFirstOrThrow();
  const entries = await store
    .selectFrom("policy_entry")
    .innerJoin("callable", "callable.callable_id", "policy_entry.callable_id")
    .select(["kind", "callable.module", "callable.name", "policy_entry.module as definedIn", "same_as", "returns", "bound", "reasons"])
    .where("policy_id", "=", policyId)
    .execute();
  const ofKind = (kind: "import" | "call"): PolicyEntry[] =>
    entries
      .filter((entry) => entry.kind === kind)
      .map(
        (entry): PolicyEntry => ({
          callable: spellingOf(entry),
          ...(entry.same_as !== null && { sameAs: entry.same_as }),
          ...(entry.definedIn !== null && { module: entry.definedIn }),
          ...(entry.returns === "shared" && { returns: entry.returns }),
          ...(entry.bound === 1 && { bound: true }),
          reasons: JSON.parse(entry.reasons) as Reason[],
        }),
      )
      .sort((a, b) => (a.callable < b.callable ? -1 : 1));
  const library = row.library === null ? null : { name: row.library, version: row.library_version, sourceSha256: row.source_sha256 };
  return {
    name: row.name,
    class: row.class,
    library,
    imports: ofKind("import"),
    calls: ofKind("call"),
    ...(row.open_slots !== null && { openSlots: JSON.parse(row.open_slots) as OpenSlot[] }),
    ...(row.fillers !== null && { fillers: JSON.parse(row.fillers) as Filler[] }),
  };
}
