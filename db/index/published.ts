/**
 * The derived counts of a finished survey, asked for by SQL: cells and posting lists of the generation that holds now.
 * Queries take their numbers from here where there are some, and count the tables where there are none: a survey that
 * runs, or was never finished.
 */
import type { Capability, VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { Lens } from "../queries/judgements.ts";
import { lensName } from "./build-index.ts";

/** The generation of a survey's derived index; 0 where none was built. */
export async function generationOf(store: Store, surveyId: number): Promise<number> {
  const row = await store.selectFrom("survey").where("survey_id", "=", surveyId).select("generation").executeTakeFirst();
  return row?.generation ?? 0;
}

/** The cells of a dimension in a generation of a survey's derived index. */
export function cellsOf(store: Store, surveyId: number, generation: number, dimension: string) {
  return store
    .selectFrom("survey_cell")
    .where("survey_id", "=", surveyId)
    .where("generation", "=", generation)
    .where("dimension", "=", dimension);
}

/** The counts of a dimension under a lens: a row for each value and verdict. Null where there is no derived index. */
export async function publishedCells(
  store: Store,
  surveyId: number,
  lens: Lens,
  dimension: string,
  value?: string,
): Promise<{ name: string | null; verdict: VerdictKind | null; count: number; downloads: number }[] | null> {
  const generation = await generationOf(store, surveyId);
  if (generation === 0) return null;
  const rows = await cellsOf(store, surveyId, generation, dimension)
    .$if(value !== undefined, (cells) => cells.where("value", "=", value!))
    .where("slot", "=", lens.slot)
    .where("mode", "=", lens.mode)
    .where("role", "=", lens.role)
    .select(["value", "verdict", "models as count", "downloads"])
    .execute();
  return rows.map(({ value: name, verdict, ...row }) => ({
    name: name === "" ? null : name,
    verdict: verdict === "none" ? null : verdict,
    ...row,
  }));
}

/** The lenses that a survey has verdicts under, in no order. Null where there is no derived index. */
export async function publishedLenses(store: Store, surveyId: number): Promise<Lens[] | null> {
  const generation = await generationOf(store, surveyId);
  if (generation === 0) return null;
  return cellsOf(store, surveyId, generation, "all").select(["slot", "mode", "role"]).distinct().execute();
}

/** The ids of at most `limit` policies that models were judged by under a lens. Null where there is no derived index. */
export async function publishedPolicies(store: Store, surveyId: number, lens: Lens, limit: number): Promise<number[] | null> {
  const generation = await generationOf(store, surveyId);
  if (generation === 0) return null;
  const rows = await cellsOf(store, surveyId, generation, "policy")
    .where("slot", "=", lens.slot)
    .where("mode", "=", lens.mode)
    .where("role", "=", lens.role)
    .select("value")
    .distinct()
    .limit(limit)
    .execute();
  return rows.map(({ value }) => Number(value));
}

/** What a posting list says without its models. */
export interface Posting {
  readonly value: string;
  readonly callableId: number | null;
  readonly capability: Capability | null;
  readonly models: number;
  readonly downloads: number;
}

/** The lists of a kind that have most models, ties by value. Null where there is no derived index. */
export async function publishedPostings(store: Store, surveyId: number, kind: string, limit: number): Promise<Posting[] | null> {
  const generation = await generationOf(store, surveyId);
  if (generation === 0) return null;
  return store
    .selectFrom("survey_posting")
    .leftJoin("callable", "callable.callable_id", "survey_posting.callable_id")
    .where("survey_id", "=", surveyId)
    .where("generation", "=", generation)
    .where("kind", "=", kind)
    .select(["value", "survey_posting.callable_id as callableId", "capability", "models", "downloads"])
    .orderBy("models", "desc")
    .orderBy("value")
    .limit(limit)
    .execute();
}

/** The lists of some kinds that have this value, with their models. Null where there is no derived index. */
export async function publishedLists(
  store: Store,
  surveyId: number,
  kinds: readonly string[],
  value: string,
): Promise<{ readonly kind: string; readonly models: number; readonly data: Buffer }[] | null> {
  const generation = await generationOf(store, surveyId);
  if (generation === 0) return null;
  return store
    .selectFrom("survey_posting")
    .where("survey_id", "=", surveyId)
    .where("generation", "=", generation)
    .where("kind", "in", kinds)
    .where("value", "=", value)
    .select(["kind", "models", "data"])
    .execute();
}

/** What the index has lists of what is blocked by: callables of all models, of those of a library or a class, or groups of callables. */
type BlockedGroup = "callable" | "library" | "class" | "module" | "capability" | "opcode";

/** The kind of the lists of what a lens blocks; those of a library or a class have its name behind it. */
export function blockedKind(lens: Lens, group: BlockedGroup = "callable"): string {
  return `blocked${group === "callable" ? "" : `-${group}`} ${lensName(lens)}`;
}
