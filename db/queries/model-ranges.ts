/** A survey's models in pieces, for tables and counts that hang on a model: memory stays flat however many there are. */
import type { Store } from "../connection.ts";

/** Models read at once: enough to make a statement worth its while, few enough to keep memory flat. */
const BATCH = 500;

/** The first and last model id of each piece of `size` models, in the order of ids. */
export async function* modelRanges(store: Store, surveyId: number, size = BATCH): AsyncGenerator<readonly [first: number, last: number]> {
  let lastModel = -1;
  for (;;) {
    const models = await store
      .selectFrom("survey_model")
      .where("survey_id", "=", surveyId)
      .where("model_id", ">", lastModel)
      .orderBy("model_id")
      .limit(size)
      .select("model_id")
      .execute();
    if (models.length === 0) return;
    lastModel = models.at(-1)!.model_id;
    yield [models[0]!.model_id, lastModel];
  }
}
