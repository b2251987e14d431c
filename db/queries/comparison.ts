/** Two surveys side by side: which models came, went and changed, and how the verdicts on those in both moved. */
import { sql } from "kysely";
import type { VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { Lens } from "./judgements.ts";

/** What changed from the survey `before` to the survey `after`. */
export interface Comparison {
  readonly both: number;
  readonly added: number;
  readonly gone: number;
  /** Of those in both, how many are at another commit. */
  readonly changed: number;
  /** Models in both by the verdict in each; null for none. */
  readonly moves: readonly { readonly before: VerdictKind | null; readonly after: VerdictKind | null; readonly models: number }[];
  /** The most downloaded models whose verdict is another now. */
  readonly moved: readonly MovedModel[];
}

export interface MovedModel {
  readonly name: string;
  readonly downloads: number;
  readonly before: VerdictKind | null;
  readonly after: VerdictKind | null;
}

/** Compares by the models' ids, so that a renamed one is the same. */
export async function compareSurveys(store: Store, before: number, after: number, lens: Lens, limit: number): Promise<Comparison> {
  const models = (survey: number) =>
    store
      .selectFrom("survey_model")
      .where("survey_id", "=", survey)
      .select(({ fn }) => fn.countAll<number>().as("models"))
      .executeTakeFirstOrThrow();
  const pairs = inBoth(store, before, after, lens);
  const moves = await store
    .selectFrom(pairs.as("pair"))
    .groupBy(["before", "after"])
    .select(({ fn }) => [
      "before",
      "after",
      fn.countAll<number>().as("models"),
      sql<number>`sum(case when moved_on = 1 then 1 else 0 end)`.as("changed"),
    ])
    .orderBy("models", "desc")
    .execute();
  const moved = await store
    .selectFrom(pairs.as("pair"))
    .where(sql<boolean>`coalesce("before", '') <> coalesce("after", '')`)
    .select(["name", "downloads", "before", "after"])
    .orderBy("downloads", "desc")
    .orderBy("name")
    .limit(limit)
    .execute();
  const both = moves.reduce((sum, row) => sum + row.models, 0);
  return {
    both,
    added: (await models(after)).models - both,
    gone: (await models(before)).models - both,
    changed: moves.reduce((sum, row) => sum + Number(row.changed), 0),
    moves: moves.map(({ changed: _, ...move }) => move),
    moved,
  };
}

function inBoth(store: Store, before: number, after: number, { slot, mode, role }: Lens) {
  return store
    .selectFrom("survey_model as new")
    .innerJoin("survey_model as old", (join) => join.onRef("old.model_id", "=", "new.model_id").on("old.survey_id", "=", before))
    .leftJoin("model_verdict as verdict", (join) =>
      join
        .onRef("verdict.survey_id", "=", "new.survey_id")
        .onRef("verdict.model_id", "=", "new.model_id")
        .on("verdict.slot", "=", slot)
        .on("verdict.mode", "=", mode)
        .on("verdict.role", "=", role),
    )
    .leftJoin("model_verdict as earlier", (join) =>
      join
        .onRef("earlier.survey_id", "=", "old.survey_id")
        .onRef("earlier.model_id", "=", "old.model_id")
        .on("earlier.slot", "=", slot)
        .on("earlier.mode", "=", mode)
        .on("earlier.role", "=", role),
    )
    .where("new.survey_id", "=", after)
    .select(["new.listed_name as name", "new.downloads", "earlier.verdict as before", "verdict.verdict as after"])
    .select(sql<number>`case when new.revision_id <> old.revision_id then 1 else 0 end`.as("moved_on"));
}
