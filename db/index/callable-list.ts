/** The callables that the models of a survey look up, in memory: some ten thousand names, searched and counted without the database. */
import type { Store } from "../connection.ts";
import type { CallableUse } from "../queries/callables.ts";
import { linesOf, Names } from "./names.ts";
import { generationOf } from "./published.ts";

export class CallableList {
  readonly #names: Names;

  /** Those that most models look up first. */
  constructor(readonly callables: readonly CallableUse[]) {
    this.#names = new Names(linesOf(callables.map(({ callable }) => callable)), callables.length);
  }

  /** The first `limit` whose names hold `part`. */
  holding(part: string, limit: number): CallableUse[] {
    const found: CallableUse[] = [];
    for (const place of this.#names.holding(part)) {
      if (found.length === limit) break;
      found.push(this.callables[place]!);
    }
    return found;
  }
}

/** The callables of a survey as its derived index has them. Null where there is none. */
export async function loadCallables(store: Store, surveyId: number): Promise<CallableList | null> {
  const generation = await generationOf(store, surveyId);
  if (generation === 0) return null;
  const rows = await store
    .selectFrom("survey_posting as imported")
    .innerJoin("callable", "callable.callable_id", "imported.callable_id")
    .leftJoin("survey_posting as called", (join) =>
      join
        .onRef("called.survey_id", "=", "imported.survey_id")
        .onRef("called.generation", "=", "imported.generation")
        .on("called.kind", "=", "call")
        .onRef("called.value", "=", "imported.value"),
    )
    .where("imported.survey_id", "=", surveyId)
    .where("imported.generation", "=", generation)
    .where("imported.kind", "=", "import")
    .select(["callable.callable_id as callableId", "imported.value as callable", "module", "name", "capability"])
    .select(({ fn, val }) => ["imported.models as importedBy", fn.coalesce("called.models", val(0)).as("calledBy")])
    .orderBy("imported.models", "desc")
    .orderBy("imported.value")
    .execute();
  return new CallableList(rows);
}
