/**
 * Load success: how many models load, over all of them, by library, task and year, and by container. One number,
 * one definition: what a page, an export and the command line say comes from here.
 */
import { type RawBuilder, sql } from "kysely";
import type { VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { publishedCells, publishedPolicies } from "../index/published.ts";
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

/** One group of a breakdown; null for "none stated". */
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
  class: {
    label: "class",
    meaning: "The class that the model loads as; null if none was found.",
    column: sql<string | null>`survey_model.class`,
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
  const rows = (await publishedCells(store, surveyId, lens, "class_state")) ?? (await countBy(store, surveyId, lens, CLASS_STATE));
  const without = new Map<ClassState | null, number>();
  for (const { name, verdict, count } of rows)
    if (verdict === null) without.set(name as ClassState | null, (without.get(name as ClassState | null) ?? 0) + count);
  return {
    ...lens,
    policy: await onlyPolicy(store, surveyId, lens),
    ...counted(rows),
    without: [...without].map(([classState, models]) => ({ classState, models })).sort((a, b) => b.models - a.models),
  };
}

const CLASS_STATE = sql<string | null>`survey_model.class_state`;

/** The policy of all the verdicts under a lens, if it is one. */
async function onlyPolicy(store: Store, surveyId: number, lens: Lens): Promise<Success["policy"]> {
  // Two are enough to know that it is not one; a survey may have thousands.
  const ids = await publishedPolicies(store, surveyId, lens, 2);
  if (ids !== null && ids.length > 1) return null;
  const policies = await store
    .selectFrom("policy")
    .where("policy_id", "in", ids ?? judgedBy(store, surveyId, lens))
    .select(["policy_id as policyId", "name"])
    .limit(2)
    .execute();
  return policies.length === 1 ? policies[0]! : null;
}

function judgedBy(store: Store, surveyId: number, { slot, mode, role }: Lens) {
  return store
    .selectFrom("model_verdict")
    .where("survey_id", "=", surveyId)
    .where("slot", "=", slot)
    .where("mode", "=", mode)
    .where("role", "=", role)
    .select("policy_id");
}

/** Models by what a column says of them, and by verdict. */
function countBy(store: Store, surveyId: number, lens: Lens, column: RawBuilder<string | null>): Promise<GroupRow[]> {
  return modelsUnder(store, surveyId, lens)
    .groupBy([column, "model_verdict.verdict"])
    .select(({ fn }) => [
      column.as("name"),
      "model_verdict.verdict",
      fn.countAll<number>().as("count"),
      fn.sum<number>("survey_model.downloads").as("downloads"),
    ])
    .execute();
}

/** Load success of the models of one library, class, task or year under each lens that there is a verdict of them under. */
export async function successOf(store: Store, surveyId: number, dimension: Dimension, value: string): Promise<(Lens & Counted)[]> {
  const rows = await Promise.all(
    (await listLenses(store, surveyId)).map(async (lens) => {
      const published = await publishedCells(store, surveyId, lens, dimension, value);
      const all = published ?? (await countBy(store, surveyId, lens, DIMENSIONS[dimension].column));
      return { ...lens, ...counted(all.filter(({ name }) => name === value)) };
    }),
  );
  return rows.filter(({ counts }) => tally(counts).total > 0);
}

/**
 * Models by a dimension, the most frequent first, years in their order; beyond `limit` they are summed up in `others`.
 */
export async function successBy(store: Store, surveyId: number, lens: Lens, dimension: Dimension, limit: number): Promise<Breakdown> {
  const rows =
    (await publishedCells(store, surveyId, lens, dimension)) ?? (await countBy(store, surveyId, lens, DIMENSIONS[dimension].column));
  const breakdown = breakDown(rows, limit);
  if (dimension !== "year") return breakdown;
  return { ...breakdown, groups: breakdown.groups.toSorted((a, b) => String(a.name ?? "").localeCompare(String(b.name ?? ""))) };
}

/** Models by the containers of their files, in the same way. A model is in as many groups as it has containers. */
export async function successByContainer(store: Store, surveyId: number, lens: Lens, limit: number): Promise<Breakdown> {
  return breakDown((await publishedCells(store, surveyId, lens, "container")) ?? (await countContainers(store, surveyId, lens)), limit);
}

function countContainers(store: Store, surveyId: number, lens: Lens): Promise<GroupRow[]> {
  const held = modelsUnder(store, surveyId, lens)
    .innerJoin("file", "file.revision_id", "survey_model.revision_id")
    .innerJoin("blob", "blob.blob_id", "file.blob_id")
    .select(["survey_model.model_id", "survey_model.downloads", "model_verdict.verdict", "blob.container as name"])
    .distinct();
  return store
    .selectFrom(held.as("held"))
    .groupBy(["name", "verdict"])
    .select(({ fn }) => ["name", "verdict", fn.countAll<number>().as("count"), fn.sum<number>("downloads").as("downloads")])
    .execute();
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
