/**
 * Lists of models and their facets from a survey's derived index: the same answers as `models.ts` counts from the tables,
 * in milliseconds at a million models.
 */
import type { Store } from "../connection.ts";
import { lensName } from "../index/build-index.ts";
import type { Counts, Selection, SurveyIndex } from "../index/survey-index.ts";
import { ALL_MODELS, FACET_NAMES, type FacetName, type FilterName, type ModelQuery, NONE } from "./filters.ts";
import { type FacetValue, type ModelPage, rowsOf, shownFacet } from "./models.ts";

/** The page of models that `query` asks for, and what each value of each filter would give. */
export async function listIndexed(
  store: Store,
  index: SurveyIndex,
  query: ModelQuery,
): Promise<{ readonly page: ModelPage; readonly facets: Record<FacetName, FacetValue[]> }> {
  const { size } = query;
  const selection = selectionOf(index, query);
  const counts = countsOf(index, query, selection);
  const after = query.after === null ? null : index.modelIds.indexOf(query.after.modelId);
  const ranks = index.page(selection, after === -1 ? null : after, size + 1, query.sort);
  const shown = ranks.slice(0, size);
  const models = await rowsOf(
    store,
    index.surveyId,
    shown.map((rank) => index.modelIds[rank]!),
  );
  const last = models.at(-1);
  const next = last === undefined || ranks.length <= size ? null : { ...query, after: { value: last[query.sort], modelId: last.modelId } };
  const everything = { ...ALL_MODELS, lens: query.lens };
  const all = countsOf(index, everything, selectionOf(index, everything));
  const facets = FACET_NAMES.map((name) => {
    const column = columnOf(name, query);
    return [name, shownFacet(query, name, counts.facets[column] ?? [], all.facets[column] ?? [])] as const;
  });
  return {
    page: { total: counts.models, models, next },
    facets: Object.fromEntries(facets) as Record<FacetName, FacetValue[]>,
  };
}

/** How many models `query` asks for, and the first of them, without what their filters would give. */
export async function firstIndexed(store: Store, index: SurveyIndex, query: ModelQuery): Promise<Pick<ModelPage, "total" | "models">> {
  const selection = selectionOf(index, query);
  const ids = index.page(selection, null, query.size, query.sort).map((rank) => index.modelIds[rank]!);
  return { total: index.count(selection, []).models, models: await rowsOf(store, index.surveyId, ids) };
}

function columnOf(name: FilterName, { lens }: ModelQuery): string {
  if (name === "access") return "gated";
  return name === "verdict" ? `verdict ${lensName(lens)}` : name;
}

function selectionOf(index: SurveyIndex, query: ModelQuery): Selection {
  const { container, ...filters } = query.filters;
  const chosen = (Object.keys(filters) as (keyof typeof filters)[]).filter((name) => filters[name].length > 0);
  return {
    where: Object.fromEntries(chosen.map((name) => [columnOf(name, query), filters[name].map((value) => (value === NONE ? null : value))])),
    within: query.q === "" ? [] : [index.named(query.q)],
    containers: container,
  };
}

/** Answers kept for each index: what is asked for again and again is counted once. */
const KEPT = 2_000;
const kept = new WeakMap<SurveyIndex, Map<string, Counts>>();

/** Counts do not hang on the order or the page, which come and go. */
function countsOf(index: SurveyIndex, query: ModelQuery, selection: Selection): Counts {
  const key = JSON.stringify([query.q.toLowerCase(), query.lens, query.filters]);
  const answers = kept.get(index) ?? new Map<string, Counts>();
  kept.set(index, answers);
  const known = answers.get(key);
  if (known !== undefined) {
    // The oldest goes first, and this one is now the newest.
    answers.delete(key);
    answers.set(key, known);
    return known;
  }
  const counts = index.count(
    selection,
    FACET_NAMES.map((name) => columnOf(name, query)),
  );
  const short = {
    ...counts,
    facets: Object.fromEntries(Object.entries(counts.facets).map(([name, values]) => [name, values.slice(0, 500)])),
  };
  answers.set(key, short);
  if (answers.size > KEPT) answers.delete(answers.keys().next().value!);
  return short;
}
