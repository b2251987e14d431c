/** What models come in, by the names of their files: pickles, safetensors, both, GGUF. */
import type { Store } from "../connection.ts";
import type { ModelFormat } from "../schema.ts";

/** Models of a format, and their downloads; null for those whose files were not told. */
export interface FormatShare {
  readonly format: ModelFormat | null;
  readonly models: number;
  readonly downloads: number;
}

const ORDER: readonly (ModelFormat | null)[] = ["pickle", "pickle+safetensors", "safetensors", "gguf", "other", null];

/** Every format that models of a survey come in, in a fixed order: as counted when it was finished, or else counted now. */
export async function formatShares(store: Store, surveyId: number): Promise<readonly FormatShare[]> {
  const survey = await store.selectFrom("survey").select("totals").where("survey_id", "=", surveyId).executeTakeFirst();
  const { formats } = JSON.parse(survey?.totals ?? "{}") as { formats?: readonly FormatShare[] };
  return formats ?? countFormats(store, surveyId);
}

/** Counts them from the tables. */
async function countFormats(store: Store, surveyId: number): Promise<FormatShare[]> {
  const rows = await store
    .selectFrom("survey_model")
    .where("survey_id", "=", surveyId)
    .groupBy("format")
    .select(({ fn }) => ["format", fn.countAll<number>().as("models"), fn.sum<number>("downloads").as("downloads")])
    .execute();
  return inOrder(rows);
}

/** The formats in their fixed order. */
export function inOrder(shares: FormatShare[]): FormatShare[] {
  return shares.sort((a, b) => ORDER.indexOf(a.format) - ORDER.indexOf(b.format));
}
