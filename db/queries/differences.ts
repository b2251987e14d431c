/** The models by which two surveys differ: new, gone, changed, renamed, in another state. `comparison.ts` has the verdicts. */
import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Store } from "../connection.ts";
import type { ModelState } from "../schema.ts";

/** How many models, and the most downloaded of them. */
export interface DifferingModels {
  readonly models: number;
  readonly first: readonly { readonly model: string; readonly downloads: number }[];
}

export interface Differences {
  /** Models in both. */
  readonly common: number;
  /** In the second alone, and in the first alone: deleted, hidden, or outside its population. */
  readonly new: DifferingModels;
  readonly gone: DifferingModels;
  /** In both: at another commit; under another name; in another state. */
  readonly changed: DifferingModels;
  readonly renamed: DifferingModels;
  readonly states: readonly { readonly before: ModelState; readonly after: ModelState; readonly models: number }[];
}

/** Models named of each kind. */
const FIRST = 20;

/** How survey `after` differs from survey `before`. */
export async function differencesOf(store: Store, before: number, after: number): Promise<Differences> {
  const common = await both(store, before, after)
    .select(({ fn }) => fn.countAll<number>().as("models"))
    .executeTakeFirstOrThrow();
  return {
    common: common.models,
    new: await only(store, after, before),
    gone: await only(store, before, after),
    changed: await differing(store, before, after, sql<SqlBool>`old.revision_id <> new.revision_id`),
    renamed: await differing(store, before, after, sql<SqlBool>`old.listed_name <> new.listed_name`),
    states: await both(store, before, after)
      .whereRef("old.state", "!=", "new.state")
      .groupBy(["old.state", "new.state"])
      .select(({ fn }) => ["old.state as before", "new.state as after", fn.countAll<number>().as("models")])
      .orderBy("models", "desc")
      .orderBy("before")
      .orderBy("after")
      .execute(),
  };
}

function both(store: Store, before: number, after: number) {
  return store
    .selectFrom("survey_model as old")
    .innerJoin("survey_model as new", (join) => join.onRef("new.model_id", "=", "old.model_id").on("new.survey_id", "=", after))
    .where("old.survey_id", "=", before);
}

async function differing(store: Store, before: number, after: number, how: RawBuilder<SqlBool>): Promise<DifferingModels> {
  const rows = both(store, before, after).where(how);
  const { models } = await rows.select(({ fn }) => fn.countAll<number>().as("models")).executeTakeFirstOrThrow();
  const first = await rows
    .select(["new.listed_name as model", "new.downloads"])
    .orderBy("new.downloads", "desc")
    .orderBy("new.model_id")
    .limit(FIRST)
    .execute();
  return { models, first };
}

async function only(store: Store, inside: number, outside: number): Promise<DifferingModels> {
  const rows = store
    .selectFrom("survey_model as here")
    .where("here.survey_id", "=", inside)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("survey_model as there")
            .select("there.model_id")
            .where("there.survey_id", "=", outside)
            .whereRef("there.model_id", "=", "here.model_id"),
        ),
      ),
    );
  const { models } = await rows.select(({ fn }) => fn.countAll<number>().as("models")).executeTakeFirstOrThrow();
  const first = await rows
    .select(["listed_name as model", "downloads"])
    .orderBy("downloads", "desc")
    .orderBy("here.model_id")
    .limit(FIRST)
    .execute();
  return { models, first };
}
