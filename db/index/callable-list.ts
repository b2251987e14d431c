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
  const lists = (kind: "import" | "call") =>
    store.selectFrom("survey_posting").where("survey_id", "=", surveyId).where("generation", "=", generation).where("kind", "=", kind);
  // Each kind from one end to the other: to find one list after another among their bytes takes ten times as long.
  const called = new Map((await lists("call").select(["value", "models"]).execute()).map(({ value, models }) => [value, models]));
  const rows = await lists("import")
    .innerJoin("callable", "callable.callable_id", "survey_posting.callable_id")
    .select(["callable.callable_id as callableId", "value as callable", "module", "name", "capability", "models as importedBy"])
    .orderBy(({ eb }) => eb("models", "+", 0), "desc")
    .orderBy("value")
    .execute();
  return new CallableList(rows.map((row) => ({ ...row, calledBy: called.get(row.callable) ?? 0 })));
}
