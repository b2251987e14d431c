/**
 * A finished survey's derived index in memory: lists, counts and searches over all of its models without asking the
 * database to count. Facets are one pass over the columns (reference: store.md 5).
 */
import type { Store } from "../connection.ts";
import { decodeNumbers, type Numbers } from "./columns.ts";
import { RankSet } from "./ranks.ts";

/** Which models: those that have one of the values in each of the dimensions that are named, and are in all of the sets. */
export interface Selection {
  /** By the name of a column of codes, `library` or `verdict class strict weights`; null is for none stated. */
  readonly where: Readonly<Record<string, readonly (string | null)[]>>;
  readonly within: readonly RankSet[];
}

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
  const column = (name: string) => rows.find((row) => row.name === name)!;
  const coded = rows.flatMap((row) =>
    row.labels === null ? [] : [[row.name, { codes: decodeNumbers(row), labels: JSON.parse(row.labels) as string[] }] as const],
  );
  return new SurveyIndex(
    surveyId,
    survey.generation,
    decodeNumbers(column("model_id")),
    decodeNumbers(column("downloads")),
    column("name").data.toString(),
    new Map(coded),
  );
}

export class SurveyIndex {
  readonly #lowered: Buffer;
  /** Where each model's name begins in the bytes of all names; one more for the end. */
  readonly #starts: Uint32Array;

  constructor(
    readonly surveyId: number,
    readonly generation: number,
    readonly modelIds: Numbers,
    readonly downloads: Numbers,
    names: string,
    readonly columns: ReadonlyMap<string, CodeColumn>,
  ) {
    this.#lowered = Buffer.from(names.toLowerCase());
    this.#starts = new Uint32Array(modelIds.length + 1);
    for (let rank = 1, at = 0; rank < modelIds.length; rank++) {
      at = this.#lowered.indexOf(10, at) + 1;
      this.#starts[rank] = at;
    }
    this.#starts[modelIds.length] = this.#lowered.length + 1;
  }

  get models(): number {
    return this.modelIds.length;
  }

  /** The models whose names hold `part`, in upper or lower case. */
  named(part: string): RankSet {
    const found = new RankSet(this.models);
    const wanted = Buffer.from(part.toLowerCase());
    let rank = 0;
    for (let at = this.#lowered.indexOf(wanted); at !== -1 && rank < this.models; at = this.#lowered.indexOf(wanted, this.#starts[rank]!)) {
      rank = this.rankAt(at, rank);
      found.add(rank);
      rank++;
    }
    return found;
  }

  /** The rank of the name that the byte at `at` is of, at or after `from`. */
  private rankAt(at: number, from: number): number {
    let low = from;
    let high = this.models - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
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

  /** The ranks of at most `size` models of a selection that come after rank `after` (-1 for the first), the most downloaded first. */
  page(selection: Selection, after: number, size: number): number[] {
    const passes = this.filters(selection).map(([, pass]) => pass);
    const { within } = selection;
    const ranks: number[] = [];
    for (let rank = after + 1; rank < this.models && ranks.length < size; rank++)
      if (within.every((set) => set.has(rank)) && passes.every((pass) => pass(rank))) ranks.push(rank);
    return ranks;
  }

  /** How many models a selection has, and how many each value of the named dimensions would give. */
  count(selection: Selection, dimensions: readonly string[]): Counts {
    const filters = this.filters(selection);
    const counted = dimensions.flatMap((name) => {
      const column = this.columns.get(name);
      return column === undefined ? [] : [{ name, ...column, counts: new Uint32Array(column.labels.length) }];
    });
    let models = 0;
    let downloads = 0;
    for (let rank = 0; rank < this.models; rank++) {
      if (!selection.within.every((set) => set.has(rank))) continue;
      // A dimension is counted without its own filter: a model that fails one filter counts in that one's dimension alone.
      let failed: string | null = null;
      let failures = 0;
      for (const [name, pass] of filters) {
        if (pass(rank)) continue;
        failed = name;
        if (++failures > 1) break;
      }
      if (failures > 1) continue;
      if (failures === 0) {
        models++;
        downloads += this.downloads[rank]!;
      }
      for (const { name, codes, counts } of counted) if (failed === null || failed === name) counts[codes[rank]!]!++;
    }
    return { models, downloads, facets: Object.fromEntries(counted.map(({ name, labels, counts }) => [name, valuesOf(labels, counts)])) };
  }

  private filters({ where }: Selection): [name: string, pass: (rank: number) => boolean][] {
    return Object.entries(where).map(([name, values]) => {
      const column = this.columns.get(name);
      if (column === undefined) return [name, () => values.includes(null)];
      const wanted = column.labels.map((label, code) => values.includes(code === 0 ? null : label));
      return [name, (rank) => wanted[column.codes[rank]!]!];
    });
  }
}

function valuesOf(labels: readonly string[], counts: Uint32Array): ValueCount[] {
  return labels
    .map((label, code) => ({ value: code === 0 ? null : label, models: counts[code]! }))
    .filter(({ models }) => models > 0)
    .sort((a, b) => b.models - a.models || ((a.value ?? "") < (b.value ?? "") ? -1 : 1));
}
