/**
 * Load success: how many models load, over all of them and by library, task and year, and how many files, by container. One number,
 * one definition: what a page, an export and the command line say comes from here.
 */
import { sql } from "kysely";
import type { VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { ClassState } from "../schema.ts";
import { countVerdicts, type Lens, listLenses, tally, type VerdictCounts } from "./judgements.ts";

/** How many models got which verdict, and how many downloads they have together. */
export interface Counted {
  readonly counts: VerdictCounts;
  readonly downloads: VerdictCounts;
}

/** Models counted by verdict under one lens. */
export interface Success extends Lens, Counted {
  /** The one policy that stood in the slot for all models; null where each class has its own. */
  readonly policy: { readonly policyId: number; readonly name: string } | null;
  /** Why those without a verdict have none: how the search for their class ended; null for not judged yet. */
  readonly without: readonly { readonly classState: ClassState | null; readonly models: number }[];
}

/** One group of a breakdown; null for "none stated", and for files that were never read. */
export interface Group extends Counted {
  readonly name: string | null;
}

/** What models can be told apart by. */
export const DIMENSIONS = {
  library: {
    label: "library",
    meaning: "The Hub's library_name; null if none is stated.",
    column: sql<string | null>`survey_model.library`,
  },
  task: { label: "task", meaning: "The Hub's pipeline_tag; null if none is stated.", column: sql<string | null>`survey_model.task` },
  year: {
    label: "year of creation",
    meaning: "In which the repository was created; null if the Hub did not say.",
    column: sql<string | null>`(select substr(created_at, 1, 4) from model where model.model_id = survey_model.model_id)`,
  },
} as const;

export type Dimension = keyof typeof DIMENSIONS;

/**
 * The models that a lens is about, each with its verdict or null: those whose files of the role were judged under any
 * policy, so that every policy has the same denominator, and those not judged yet that have a candidate file of the role.
 * A model whose files were read and hold no pickle was judged under none, and is in no denominator.
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
    .where(({ or, and, eb, exists, selectFrom }) =>
      or([
        eb("model_verdict.verdict", "is not", null),
        exists(
          selectFrom("model_verdict as judged")
            .whereRef("judged.survey_id", "=", "survey_model.survey_id")
            .whereRef("judged.model_id", "=", "survey_model.model_id")
            .where("judged.role", "=", lens.role)
            .select("judged.verdict"),
        ),
        and([
          eb("survey_model.state", "in", ["resolved", "traced"]),
          exists(
            selectFrom("file")
              .whereRef("file.revision_id", "=", "survey_model.revision_id")
              .where("file.role", "=", lens.role)
              .select("file.file_id"),
          ),
        ]),
      ]),
    );
}

/** Load success under everything the survey judged by, weights before side files. Lenses without a verdict are left out. */
export async function loadSuccess(store: Store, surveyId: number): Promise<Success[]> {
  return Promise.all((await listLenses(store, surveyId)).map((lens) => successUnder(store, surveyId, lens)));
}

/** Load success under one lens in every finished survey, the earliest first; surveys that have no verdict under it are left out. */
export async function successOverTime(
  store: Store,
  lens: Lens,
): Promise<(Counted & { readonly name: string; readonly startedAt: string })[]> {
  const surveys = await store
    .selectFrom("survey")
    .where("finished_at", "is not", null)
    .select(["survey_id", "name", "started_at"])
    .orderBy("started_at")
    .execute();
  const rows = await Promise.all(
    surveys.map(async ({ survey_id, name, started_at }) => ({
      name,
      startedAt: started_at,
      ...(await successUnder(store, survey_id, lens)),
    })),
  );
  return rows.filter(({ counts }) => counts.none < tally(counts).total);
}

async function successUnder(store: Store, surveyId: number, lens: Lens): Promise<Success> {
  const rows = await modelsUnder(store, surveyId, lens)
    .groupBy(["model_verdict.verdict", "class_state"])
    .select(({ fn }) => [
      "model_verdict.verdict",
      "class_state",
      fn.countAll<number>().as("count"),
      fn.sum<number>("survey_model.downloads").as("downloads"),
    ])
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
  return { ...lens, policy: policies.length === 1 ? policies[0]! : null, ...counted(rows), without };
}

/**
 * Models by a dimension, the most frequent first, years in their order; beyond `limit` they are summed up in `others`.
 */
export async function successBy(store: Store, surveyId: number, lens: Lens, dimension: Dimension, limit: number): Promise<Breakdown> {
  const { column } = DIMENSIONS[dimension];
  const rows = await modelsUnder(store, surveyId, lens)
    .groupBy([column, "model_verdict.verdict"])
    .select(({ fn }) => [
      column.as("name"),
      "model_verdict.verdict",
      fn.countAll<number>().as("count"),
      fn.sum<number>("survey_model.downloads").as("downloads"),
    ])
    .execute();
  const breakdown = breakDown(rows, limit);
  if (dimension !== "year") return breakdown;
  return { ...breakdown, groups: breakdown.groups.toSorted((a, b) => String(a.name ?? "").localeCompare(String(b.name ?? ""))) };
}

/** Files by container, in the same way, with their models' downloads. The verdict on a file is that on its content under its model's policy. */
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
    .select(({ fn }) => [
      "blob.container as name",
      "verdict.verdict",
      "file.state",
      fn.countAll<number>().as("count"),
      fn.sum<number>("survey_model.downloads").as("downloads"),
    ])
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
  readonly others: ({ readonly groups: number } & Counted) | null;
}

interface VerdictRow {
  readonly verdict: VerdictKind | null;
  readonly count: number;
  readonly downloads: number;
}

interface GroupRow extends VerdictRow {
  readonly name: string | null;
}

function counted(rows: readonly VerdictRow[]): Counted {
  return { counts: countVerdicts(rows), downloads: countVerdicts(rows.map(({ verdict, downloads }) => ({ verdict, count: downloads }))) };
}

function breakDown(rows: readonly GroupRow[], limit: number): Breakdown {
  const byName = new Map<string | null, GroupRow[]>();
  for (const row of rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row]);
  const size = (group: readonly GroupRow[]) => group.reduce((sum, row) => sum + row.count, 0);
  const groups = [...byName].sort(([a, x], [b, y]) => size(y) - size(x) || String(a).localeCompare(String(b)));
  const rest = groups.slice(limit);
  return {
    groups: groups.slice(0, limit).map(([name, group]) => ({ name, ...counted(group) })),
    others: rest.length === 0 ? null : { groups: rest.length, ...counted(rest.flatMap(([, group]) => group)) },
  };
}
