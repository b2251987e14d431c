/**
 * A finished survey's derived index in memory: lists, counts and searches over all of its models without asking the
 * database to count. Facets are one pass over the columns (reference: store.md 5).
 */
import type { Store } from "../connection.ts";
import { downloadBand } from "../queries/filters.ts";
import { type CallableList, loadCallables } from "./callable-list.ts";
import { decodeNumbers, type Numbers } from "./columns.ts";
import { linesOf, Names } from "./names.ts";
import { forEachRank, RankSet } from "./ranks.ts";

/** Which models: those that have one of the values in each of the dimensions that are named, and are in all of the sets. */
export interface Selection {
  /** By the name of a column of codes, `library` or `verdict class strict weights`; null is for none stated. */
  readonly where: Readonly<Record<string, readonly (string | null)[]>>;
  readonly within: readonly RankSet[];
  /** Those that hold one of these containers; empty for whatever they hold. */
  readonly containers?: readonly string[];
}

/** The orders that lists come in. */
export type Order = "downloads" | "likes" | "name";

export interface ValueCount {
  readonly value: string | null;
  readonly models: number;
}

export interface Counts {
  readonly models: number;
  readonly downloads: number;
  /** For each dimension asked for, how many models have each value, the most frequent first, all its own filter left aside. */
  readonly facets: Readonly<Record<string, readonly ValueCount[]>>;
}

interface CodeColumn {
  readonly codes: Numbers;
  readonly labels: readonly string[];
}

/** The index of a survey as it was last published; null where none was built. */
export async function loadIndex(store: Store, surveyId: number): Promise<SurveyIndex | null> {
  const survey = await store.selectFrom("survey").select("generation").where("survey_id", "=", surveyId).executeTakeFirst();
  if (survey === undefined || survey.generation === 0) return null;
  const rows = await store
    .selectFrom("survey_column")
    .select(["name", "type", "labels", "data"])
    .where("survey_id", "=", surveyId)
    .where("generation", "=", survey.generation)
    .execute();
  const containers = await store
    .selectFrom("survey_posting")
    .select(["value", "data"])
    .where("survey_id", "=", surveyId)
    .where("generation", "=", survey.generation)
    .where("kind", "=", "container")
    .execute();
  const column = (name: string) => rows.find((row) => row.name === name)!;
  const numbers = (name: string) => decodeNumbers(column(name));
  const coded = rows.flatMap((row): [string, CodeColumn][] =>
    row.labels === null ? [] : [[row.name, { codes: decodeNumbers(row), labels: JSON.parse(row.labels) as string[] }]],
  );
  const [modelIds, downloads] = [numbers("model_id"), numbers("downloads")];
  return new SurveyIndex(
    surveyId,
    survey.generation,
    modelIds,
    downloads,
    { likes: numbers("order likes"), name: numbers("order name") },
    new Names(column("name").data.toString(), modelIds.length),
    (await loadCallables(store, surveyId))!,
    new Map([...coded, ["downloads", bandsOf(downloads)]]),
    new Map(containers.map(({ value, data }) => [value, data])),
  );
}

/** The bands that downloads are filtered by, as a column. */
function bandsOf(downloads: Numbers): CodeColumn {
  const labels = [""];
  const codes = Uint8Array.from(downloads, (number) => {
    const band = downloadBand(number);
    const known = labels.indexOf(band);
    return known === -1 ? labels.push(band) - 1 : known;
  });
  return { codes, labels };
}

export class SurveyIndex {
  constructor(
    readonly surveyId: number,
    readonly generation: number,
    readonly modelIds: Numbers,
    readonly downloads: Numbers,
    /** Every rank in the orders that are not that of ranks. */
    readonly orders: Readonly<Record<Exclude<Order, "downloads">, Numbers>>,
    readonly names: Names,
    readonly callables: CallableList,
    readonly columns: ReadonlyMap<string, CodeColumn>,
    /** The ranks of the models that hold each container. */
    readonly containers: ReadonlyMap<string, Uint8Array>,
  ) {}

  get models(): number {
    return this.modelIds.length;
  }

  readonly #named = new Map<string, RankSet>();

  /** The models whose names hold `part`, in upper or lower case. */
  named(part: string): RankSet {
    const known = this.#named.get(part);
    if (known !== undefined) return known;
    const found = new RankSet(this.models);
    for (const rank of this.names.holding(part)) found.add(rank);
    this.#named.set(part, found);
    // Whoever looks at page after page of a search asks for the same again.
    if (this.#named.size > SEARCHES) this.#named.delete(this.#named.keys().next().value!);
    return found;
  }

  /** The values of a column of codes that hold `part`, those that most models have first, and how many values do in all. */
  values(name: string, part: string, limit: number): { readonly total: number; readonly values: readonly ValueCount[] } {
    const { values, names } = this.allValues(name);
    const places = [...names.holding(part)];
    return { total: places.length, values: places.slice(0, limit).map((place) => values[place]!) };
  }

  readonly #values = new Map<string, { readonly values: readonly ValueCount[]; readonly names: Names }>();

  /** Every value of a column with how many models have it, counted when it is first asked for. */
  private allValues(name: string) {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const { codes, labels } = this.column(name);
    const counts = new Uint32Array(labels.length);
    for (const code of codes) counts[code]!++;
    const values = valuesOf(labels, counts).filter(({ value }) => value !== null);
    const all = { values, names: new Names(linesOf(values.map(({ value }) => value!)), values.length) };
    this.#values.set(name, all);
    return all;
  }

  /** How many of the models in a posting list (null for none) have each value of the named dimensions, the most frequent first. */
  valuesIn(list: Uint8Array | null, dimensions: readonly string[]): Record<string, ValueCount[]> {
    const columns = dimensions.map((name) => this.column(name));
    const counts = columns.map(({ labels }) => new Uint32Array(labels.length));
    if (list !== null)
      forEachRank(list, (rank) => {
        for (const [place, { codes }] of columns.entries()) counts[place]![codes[rank]!]!++;
      });
    return Object.fromEntries(dimensions.map((name, place) => [name, valuesOf(columns[place]!.labels, counts[place]!)]));
  }

  /** The models that do something: `import` or `call` a callable, hold a `container`, or are blocked on a callable (`blocked class strict weights`). */
  async having(store: Store, kind: string, value: string): Promise<RankSet> {
    const row = await store
      .selectFrom("survey_posting")
      .select("data")
      .where("survey_id", "=", this.surveyId)
      .where("generation", "=", this.generation)
      .where("kind", "=", kind)
      .where("value", "=", value)
      .executeTakeFirst();
    return row === undefined ? new RankSet(this.models) : RankSet.decode(row.data, this.models);
  }

  /** The ranks of at most `size` models of a selection that come after the model `after` (null for the first) in an order. */
  page(selection: Selection, after: number | null, size: number, order: Order = "downloads"): number[] {
    const passes = this.filters(selection);
    const sets = [...selection.within, ...this.holding(selection)];
    const places = order === "downloads" ? null : this.orders[order];
    const ranks: number[] = [];
    const first = after === null ? 0 : (places?.indexOf(after) ?? after) + 1;
    for (let place = first; place < this.models && ranks.length < size; place++) {
      const rank = places === null ? place : places[place]!;
      if (sets.every((set) => set.has(rank)) && passes.every(({ codes, wanted }) => wanted[codes[rank]!] === 1)) ranks.push(rank);
    }
    return ranks;
  }

  /**
   * How many models a selection has, and how many each value of the named dimensions would give. `container` is a
   * dimension of which a model may have several values.
   */
  count(selection: Selection, dimensions: readonly string[]): Counts {
    // What each model fails: nothing, one filter (by its place, from 1), or too much to count anywhere. Column by column:
    // a pass over one array at a time is several times as quick as asking every filter of each model.
    const failed = new Uint8Array(this.models);
    for (const set of selection.within) for (let rank = 0; rank < this.models; rank++) if (!set.has(rank)) failed[rank] = FAILED;
    const filters = this.filters(selection);
    for (const [place, { codes, wanted }] of filters.entries())
      for (let rank = 0; rank < this.models; rank++) if (wanted[codes[rank]!] === 0) failed[rank] = failed[rank] === 0 ? place + 1 : FAILED;
    for (const set of this.holding(selection))
      for (let rank = 0; rank < this.models; rank++) if (!set.has(rank)) failed[rank] = failed[rank] === 0 ? HELD : FAILED;
    // Then each dimension looks at the models that count in it, which under filters are few.
    const ranks = ranksByFailing(failed);
    const passed = ranks(0);
    let downloads = 0;
    for (const rank of passed) downloads += this.downloads[rank]!;
    const facets = dimensions.map((name): [string, ValueCount[]] => {
      // A dimension is counted without its own filter.
      const own = name === "container" ? HELD : filters.findIndex((filter) => filter.name === name) + 1;
      const counted = own === 0 ? [passed] : [passed, ranks(own)];
      if (name === "container") return [name, this.countContainers(counted)];
      const { codes, labels } = this.column(name);
      const counts = new Uint32Array(labels.length);
      for (const ranks of counted) for (const rank of ranks) counts[codes[rank]!]!++;
      return [name, valuesOf(labels, counts)];
    });
    return { models: passed.length, downloads, facets: Object.fromEntries(facets) };
  }

  private countContainers(counted: readonly Uint32Array[]): ValueCount[] {
    const { starts, codes, labels } = this.held;
    const counts = new Uint32Array(labels.length);
    for (const ranks of counted) for (const rank of ranks) for (let at = starts[rank]!; at < starts[rank + 1]!; at++) counts[codes[at]!]!++;
    return labels
      .map((value, code) => ({ value, models: counts[code]! }))
      .filter(({ models }) => models > 0)
      .sort(byModels);
  }

  /** The containers that each model holds, one model's after another's. */
  private get held(): { starts: Uint32Array; codes: Uint16Array; labels: string[] } {
    this.#held ??= heldBy(this.containers, this.models);
    return this.#held;
  }

  #held: { starts: Uint32Array; codes: Uint16Array; labels: string[] } | null = null;

  /** The models that hold one of the containers asked for, if any is. */
  private holding({ containers = [] }: Selection): RankSet[] {
    if (containers.length === 0) return [];
    const held = new RankSet(this.models);
    for (const container of containers) forEachRank(this.containers.get(container) ?? new Uint8Array(1), (rank) => held.add(rank));
    return [held];
  }

  /** Of one that the survey has not, such as of a lens under which nothing was judged: none is stated of any model. */
  private column(name: string): CodeColumn {
    return this.columns.get(name) ?? { codes: new Uint8Array(this.models), labels: [""] };
  }

  private filters({ where }: Selection): { name: string; codes: Numbers; wanted: Uint8Array }[] {
    return Object.entries(where).map(([name, values]) => {
      const { codes, labels } = this.column(name);
      return { name, codes, wanted: Uint8Array.from(labels, (label, code) => Number(values.includes(code === 0 ? null : label))) };
    });
  }
}

/** Sets of what searches found that are kept: a bit for each model. */
const SEARCHES = 64;

/** In the array of what models fail: more than one filter, or something that no dimension leaves aside. */
const FAILED = 255;
/** The same: the containers asked for, and nothing else. */
const HELD = 254;

/** The ranks by what `failed` has of them, all gathered in two passes. What failed altogether is in none. */
function ranksByFailing(failed: Uint8Array): (value: number) => Uint32Array {
  const sizes = new Uint32Array(256);
  for (const value of failed) sizes[value]!++;
  const ranks = Array.from(sizes, (size, value) => new Uint32Array(value === FAILED ? 0 : size));
  const ends = new Uint32Array(256);
  for (let rank = 0; rank < failed.length; rank++) {
    const value = failed[rank]!;
    if (value !== FAILED) ranks[value]![ends[value]!++] = rank;
  }
  return (value) => ranks[value]!;
}

/** Posting lists turned around: what each model is in. */
function heldBy(lists: ReadonlyMap<string, Uint8Array>, models: number) {
  const starts = new Uint32Array(models + 1);
  for (const list of lists.values())
    forEachRank(list, (rank) => {
      starts[rank + 1]!++;
    });
  for (let rank = 0; rank < models; rank++) starts[rank + 1]! += starts[rank]!;
  const codes = new Uint16Array(starts[models]!);
  const next = starts.slice();
  const labels = [...lists.keys()];
  for (const [code, list] of [...lists.values()].entries())
    forEachRank(list, (rank) => {
      codes[next[rank]!++] = code;
    });
  return { starts, codes, labels };
}

const byModels = (a: ValueCount, b: ValueCount) => b.models - a.models || ((a.value ?? "") < (b.value ?? "") ? -1 : 1);

function valuesOf(labels: readonly string[], counts: Uint32Array): ValueCount[] {
  return labels
    .map((label, code) => ({ value: code === 0 ? null : label, models: counts[code]! }))
    .filter(({ models }) => models > 0)
    .sort(byModels);
}
