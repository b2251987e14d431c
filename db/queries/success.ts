/**
 * Load success: how many models load, over all of them and by library, and how many files, by container. One number,
 * one definition: what a page, an export and the command line say comes from here.
 */
import type { VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { ClassState, FileRole } from "../schema.ts";
import { countVerdicts, type Lens, listJudgements, ROLES, tally, type VerdictCounts } from "./judgements.ts";

/** Models counted by verdict under one lens. */
export interface Success extends Lens {
  /** The one policy that stood in the slot for all models; null where each class has its own. */
  readonly policy: { readonly policyId: number; readonly name: string } | null;
  readonly counts: VerdictCounts;
  /** Why those without a verdict have none: how the search for their class ended; null for not judged yet. */
  readonly without: readonly { readonly classState: ClassState | null; readonly models: number }[];
}

/** One group of a breakdown: a library or a container; null for "none stated", and for files that were never read. */
export interface Group {
  readonly name: string | null;
  readonly counts: VerdictCounts;
}

/**
 * The models that a lens is about, each with its verdict or null: those with a candidate file of the role, and those
 * that were judged without one being known (their file list could not be had).
 */
export function modelsUnder(store: Store, surveyId: number, lens: Lens) {
  return store
    .selectFrom("survey_model")
    .leftJoin("model_verdict", (join) =>
      join
        .onRef("model_verdict.survey_id", "=", "survey_model.survey_id")
        .onRef("model_verdict.model_id", "=", "survey_model.model_id")
        .on("model_verdict.slot", "=", lens.slot)
        .on("model_verdict.mode", "=", lens.mode)
        .on("model_verdict.role", "=", lens.role),
    )
    .where("survey_model.survey_id", "=", surveyId)
    .where(({ or, eb, exists, selectFrom }) =>
      or([
        eb("model_verdict.verdict", "is not", null),
        exists(
          selectFrom("file")
            .whereRef("file.revision_id", "=", "survey_model.revision_id")
            .where("file.role", "=", lens.role)
            .select("file.file_id"),
        ),
      ]),
    );
}

/** Load success under everything the survey judged by, weights before side files. Lenses without a verdict are left out. */
export async function loadSuccess(store: Store, surveyId: number): Promise<Success[]> {
  const judgements = await listJudgements(store, surveyId);
  const lenses = (Object.keys(ROLES) as FileRole[]).flatMap((role) => judgements.map((judgement) => ({ ...judgement, role })));
  const rows = await Promise.all(lenses.map((lens) => successUnder(store, surveyId, lens)));
  return rows.filter(({ counts }) => tally(counts).total > counts.none);
}

async function successUnder(store: Store, surveyId: number, lens: Lens): Promise<Success> {
  const rows = await modelsUnder(store, surveyId, lens)
    .groupBy(["model_verdict.verdict", "class_state"])
    .select(({ fn }) => ["model_verdict.verdict", "class_state", fn.countAll<number>().as("count")])
    .orderBy("count", "desc")
    .execute();
  const without = rows.filter(({ verdict }) => verdict === null).map((row) => ({ classState: row.class_state, models: row.count }));
  const policies = await store
    .selectFrom("model_verdict")
    .innerJoin("policy", "policy.policy_id", "model_verdict.policy_id")
    .where("survey_id", "=", surveyId)
    .where("model_verdict.slot", "=", lens.slot)
    .select(["policy.policy_id as policyId", "policy.name"])
    .distinct()
    .limit(2)
    .execute();
  return { ...lens, policy: policies.length === 1 ? policies[0]! : null, counts: countVerdicts(rows), without };
}

/** Models by the library that the Hub names for them, the most frequent first; beyond `limit` they are summed up in `others`. */
export async function successByLibrary(store: Store, surveyId: number, lens: Lens, limit: number): Promise<Breakdown> {
  const rows = await modelsUnder(store, surveyId, lens)
    .groupBy(["survey_model.library", "model_verdict.verdict"])
    .select(({ fn }) => ["survey_model.library as name", "model_verdict.verdict", fn.countAll<number>().as("count")])
    .execute();
  return breakDown(rows, limit);
}

/** Files by container, in the same way. The verdict on a file is that on its content under its model's policy. */
export async function successByContainer(store: Store, surveyId: number, lens: Lens, limit: number): Promise<Breakdown> {
  const rows = await modelsUnder(store, surveyId, lens)
    .innerJoin("file", (join) => join.onRef("file.revision_id", "=", "survey_model.revision_id").on("file.role", "=", lens.role))
    .leftJoin("blob", "blob.blob_id", "file.blob_id")
    .leftJoin("verdict", (join) =>
      join
        .onRef("verdict.blob_id", "=", "file.blob_id")
        .onRef("verdict.policy_id", "=", "model_verdict.policy_id")
        .on("verdict.mode", "=", lens.mode),
    )
    .groupBy(["blob.container", "verdict.verdict", "file.state"])
    .select(({ fn }) => ["blob.container as name", "verdict.verdict", "file.state", fn.countAll<number>().as("count")])
    .execute();
  const unavailable = (row: { state: string }) => (row.state === "unavailable" ? "unavailable" : null);
  return breakDown(
    rows.map((row) => ({ ...row, verdict: row.verdict ?? unavailable(row) })),
    limit,
  );
}

/** The largest groups, and the sum of the rest, if there is a rest. */
export interface Breakdown {
  readonly groups: readonly Group[];
  readonly others: { readonly groups: number; readonly counts: VerdictCounts } | null;
}

interface GroupRow {
  readonly name: string | null;
  readonly verdict: VerdictKind | null;
  readonly count: number;
}

function breakDown(rows: readonly GroupRow[], limit: number): Breakdown {
  const byName = new Map<string | null, GroupRow[]>();
  for (const row of rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row]);
  const size = (group: readonly GroupRow[]) => group.reduce((sum, row) => sum + row.count, 0);
  const groups = [...byName].sort(([a, x], [b, y]) => size(y) - size(x) || String(a).localeCompare(String(b)));
  const rest = groups.slice(limit);
  return {
    groups: groups.slice(0, limit).map(([name, group]) => ({ name, counts: countVerdicts(group) })),
    others: rest.length === 0 ? null : { groups: rest.length, counts: countVerdicts(rest.flatMap(([, group]) => group)) },
  };
}
