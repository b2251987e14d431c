/** Policies: what each allows and why, which models were judged by it, and where its reasons can be read. */
import { type SelectQueryBuilder, sql } from "kysely";
import type { Reason } from "../../analyzer/policy/policy.ts";
import type { Capability, Mode, VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { cellsOf, generationOf } from "../index/published.ts";
import type { Database, FileRole, PolicySlot } from "../schema.ts";
import { callableName } from "./callable-name.ts";
import { contains } from "./contains.ts";
import { countVerdicts, SLOT_ORDER, type VerdictCounts } from "./judgements.ts";

/** A policy, without its entries. */
export interface PolicySummary {
  readonly policyId: number;
  readonly slot: PolicySlot;
  readonly name: string;
  readonly class: string | null;
  readonly library: string | null;
  readonly libraryVersion: string | null;
  readonly sourceSha256: string | null;
  readonly engine: string;
  readonly imports: number;
  readonly calls: number;
}

/** A callable that a policy allows: looking it up, calling it, or both, each with the chain of reasons from the class. */
export interface AllowedCallable {
  readonly callableId: number;
  readonly callable: string;
  readonly capability: Capability;
  readonly import: readonly Reason[] | null;
  readonly call: readonly Reason[] | null;
  /** `shared`: a pickle may not change what calling it returns. */
  readonly returns: "shared" | null;
  /** A pickle may make partials of it, which nothing of the pickle calls. */
  readonly isBound: boolean;
}

/** How the models fared that were judged by a policy. */
export interface PolicyUse {
  readonly mode: Mode;
  readonly role: FileRole;
  readonly counts: VerdictCounts;
}

/** Which policies: those whose names hold `q`, of a library or a class if one is named. */
export interface PolicyQuery {
  readonly q?: string;
  readonly library?: string;
  readonly class?: string;
}

/** Policies in an order that is always the same, those of no class first, then by name: all of them, or a part. */
export async function listPolicies(
  store: Store,
  query: PolicyQuery = {},
  from = 1,
  limit = Number.MAX_SAFE_INTEGER,
): Promise<PolicySummary[]> {
  return asked(summaries(store), query)
    .orderBy(slotOrder)
    .orderBy("name")
    .limit(limit)
    .offset(from - 1)
    .execute();
}

/** How many policies there are. */
export async function countPolicies(store: Store, query: PolicyQuery): Promise<number> {
  const { n } = await asked(store.selectFrom("policy"), query)
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .executeTakeFirstOrThrow();
  return n;
}

const slotOrder = sql<number>`case slot ${sql.join(
  SLOT_ORDER.map((slot, index) => sql`when ${sql.lit(slot)} then ${sql.lit(index)}`),
  sql` `,
)} end`;

function asked<Output>(rows: SelectQueryBuilder<Database, "policy", Output>, { q = "", library, class: name }: PolicyQuery) {
  return rows
    .$if(q !== "", (some) => some.where(contains(sql<string>`policy.name`, q)))
    .$if(library !== undefined, (some) => some.where("library", "=", library!))
    .$if(name !== undefined, (some) => some.where("class", "=", name!));
}

/** The policy with this id, or null. */
export async function findPolicy(store: Store, policyId: number): Promise<PolicySummary | null> {
  return (await summaries(store).where("policy_id", "=", policyId).executeTakeFirst()) ?? null;
}

/** Other policies of the same slot and class, or, of no class, of the same slot: what a policy is worth comparing with. At most 12. */
export function sameClass(store: Store, { policyId, slot, class: name }: PolicySummary): Promise<{ policyId: number; name: string }[]> {
  return store
    .selectFrom("policy")
    .where("slot", "=", slot)
    .where("class", name === null ? "is" : "=", name)
    .where("policy_id", "<>", policyId)
    .select(["policy_id as policyId", "name"])
    .orderBy("name")
    .limit(12)
    .execute();
}

function summaries(store: Store) {
  return store.selectFrom("policy").select(({ selectFrom, ref }) => {
    const entries = (kind: "import" | "call") =>
      selectFrom("policy_entry")
        .where("policy_entry.policy_id", "=", ref("policy.policy_id"))
        .where("kind", "=", kind)
        .select(({ fn }) => fn.countAll<number>().as("n"))
        .$asScalar()
        .$notNull();
    return [
      "policy_id as policyId",
      "slot",
      "name",
      "class",
      "library",
      "library_version as libraryVersion",
      "source_sha256 as sourceSha256",
      "engine",
      entries("import").as("imports"),
      entries("call").as("calls"),
    ] as const;
  });
}

/** What a policy allows, by callable. */
export async function policyEntries(store: Store, policyId: number): Promise<AllowedCallable[]> {
  const rows = await store
    .selectFrom("policy_entry")
    .innerJoin("callable", "callable.callable_id", "policy_entry.callable_id")
    .where("policy_id", "=", policyId)
    .select([
      "callable.callable_id as callableId",
      callableName.$notNull().as("callable"),
      "capability",
      "kind",
      "reasons",
      "returns",
      "bound",
    ])
    .orderBy("callable")
    .execute();
  const byCallable = new Map<number, AllowedCallable>();
  for (const { kind, reasons, returns, bound, ...callable } of rows) {
    const entry = byCallable.get(callable.callableId) ?? { ...callable, import: null, call: null, returns: null, isBound: false };
    byCallable.set(callable.callableId, {
      ...entry,
      [kind]: JSON.parse(reasons) as Reason[],
      returns: returns === "shared" ? returns : entry.returns,
      isBound: entry.isBound || bound === 1,
    });
  }
  return [...byCallable.values()];
}

/** What a policy allows, by name alone. */
export async function allowedCallables(store: Store, policyId: number): Promise<{ callableId: number; callable: string }[]> {
  return store
    .selectFrom("policy_entry")
    .innerJoin("callable", "callable.callable_id", "policy_entry.callable_id")
    .where("policy_id", "=", policyId)
    .select(["callable.callable_id as callableId", callableName.$notNull().as("callable")])
    .distinct()
    .execute();
}

/** The verdicts on a survey's models that were judged by a policy. */
export async function policyUse(store: Store, surveyId: number, policyId: number): Promise<PolicyUse[]> {
  const rows = (await publishedUse(store, surveyId, policyId)) ?? (await countUse(store, surveyId, policyId));
  const uses = new Map<string, typeof rows>();
  for (const row of rows) uses.set(`${row.role} ${row.mode}`, [...(uses.get(`${row.role} ${row.mode}`) ?? []), row]);
  return [...uses.values()].map((group) => ({ mode: group[0]!.mode, role: group[0]!.role, counts: countVerdicts(group) }));
}

type UseRow = { readonly mode: Mode; readonly role: FileRole; readonly verdict: VerdictKind | null; readonly count: number };

async function publishedUse(store: Store, surveyId: number, policyId: number): Promise<UseRow[] | null> {
  const generation = await generationOf(store, surveyId);
  if (generation === 0) return null;
  const rows = await cellsOf(store, surveyId, generation, "policy")
    .where("value", "=", String(policyId))
    .select(["mode", "role", "verdict", "models as count"])
    .orderBy("role", "desc")
    .orderBy("mode", "desc")
    .execute();
  return rows.map((row) => ({ ...row, verdict: row.verdict === "none" ? null : row.verdict }));
}

function countUse(store: Store, surveyId: number, policyId: number): Promise<UseRow[]> {
  return store
    .selectFrom("model_verdict")
    .where("survey_id", "=", surveyId)
    .where("policy_id", "=", policyId)
    .groupBy(["mode", "role", "verdict"])
    .select(({ fn }) => ["mode", "role", "verdict", fn.countAll<number>().as("count")])
    .orderBy("role", "desc")
    .orderBy("mode", "desc")
    .execute();
}
