/**
 * Builds the derived index of a finished survey: columns, posting lists and counts, from the tables alone and without
 * what only one dialect has. It is written piece by piece under a new generation, which nobody reads until it is
 * published in one transaction; the one before is then deleted.
 */
import type { VerdictKind } from "../../analyzer/verdict/verdict.ts";
import { chunksOf } from "../chunks.ts";
import type { Store } from "../connection.ts";
import { authorName } from "../queries/filters.ts";
import type { ModelVerdictTable, SurveyCellTable, SurveyColumnTable, SurveyPostingTable } from "../schema.ts";
import { CODED, Codes, DIMENSIONS, encodeNumbers } from "./columns.ts";
import { linesOf } from "./names.ts";
import { ranksByLikes, ranksByName } from "./orders.ts";
import { readBlocked, readContainers, readFacts } from "./postings.ts";
import { encodeRanks, GatheredRanks } from "./ranks.ts";

/** Rows read at once. */
export const BATCH = 5_000;

/** Builds the index of a survey anew, and returns its generation. */
export async function buildIndex(store: Store, surveyId: number): Promise<number> {
  const { generation } = await store.selectFrom("survey").select("generation").where("survey_id", "=", surveyId).executeTakeFirstOrThrow();
  // What a run that was killed left of the next one.
  await deleteBut(store, surveyId, generation);
  const next = { survey_id: surveyId, generation: generation + 1 };
  const models = await readModels(store, surveyId);
  const verdicts = await readVerdicts(store, surveyId, models);
  for (const column of [...models.columns(), ...verdictColumns(verdicts)])
    await store
      .insertInto("survey_column")
      .values({ ...next, ...column })
      .execute();
  const containers = new Postings(models.count);
  await readContainers(store, surveyId, models, containers);
  const write = async (postings: Postings) => {
    for (const chunk of chunksOf(postings.rows(models.downloads)))
      await store
        .insertInto("survey_posting")
        .values(chunk.map((row) => ({ ...next, ...row })))
        .execute();
  };
  await write(containers);
  // Some lists at a time: all of them together are gigabytes at a million models.
  const facts = new Postings(models.count);
  await readFacts(store, surveyId, models, facts);
  await write(facts);
  for (const { lens } of verdicts.values()) {
    const blocked = new Postings(models.count);
    await readBlocked(store, surveyId, models, lens, blocked);
    await write(blocked);
  }
  for (const chunk of chunksOf(countCells(models, verdicts, containers)))
    await store
      .insertInto("survey_cell")
      .values(chunk.map((row) => ({ ...next, ...row })))
      .execute();
  await store.transaction().execute(async (transaction) => {
    await transaction.updateTable("survey").set({ generation: next.generation }).where("survey_id", "=", surveyId).execute();
    await deleteBut(transaction, surveyId, next.generation);
  });
  return next.generation;
}

/** Deletes every generation of a survey's index but this one. */
async function deleteBut(store: Store, surveyId: number, generation: number): Promise<void> {
  for (const table of ["survey_column", "survey_posting", "survey_cell"] as const)
    await store.deleteFrom(table).where("survey_id", "=", surveyId).where("generation", "!=", generation).execute();
}

type Column = Pick<SurveyColumnTable, "name" | "type" | "labels" | "data">;

/** The models of a survey, by rank. */
export class RankedModels {
  readonly downloads: number[] = [];
  readonly likes: number[] = [];
  readonly names: string[] = [];
  readonly ids: number[] = [];
  readonly rankOf = new Map<number, number>();
  readonly codes = Object.fromEntries(CODED.map((name) => [name, new Codes()])) as Record<(typeof CODED)[number], Codes>;

  get count(): number {
    return this.ids.length;
  }

  /** Ids some thousand at a time, in their own order: what lies beside each other in the tables is read together. */
  *batches(): Generator<readonly number[]> {
    const ids = this.ids.toSorted((a, b) => a - b);
    for (let first = 0; first < ids.length; first += BATCH) yield ids.slice(first, first + BATCH);
  }

  columns(): Column[] {
    const numbers = (name: string, values: readonly number[]): Column => {
      return { name, type: "uint32", labels: null, data: encodeNumbers("uint32", values) };
    };
    return [
      numbers("model_id", this.ids),
      numbers("downloads", this.downloads),
      numbers("order likes", ranksByLikes(this.likes, this.ids)),
      numbers("order name", ranksByName(this.names, this.ids)),
      { name: "name", type: "text", labels: null, data: Buffer.from(linesOf(this.names)) },
      ...CODED.map((name) => ({ name, ...this.codes[name].encode() })),
    ];
  }
}

async function readModels(store: Store, surveyId: number): Promise<RankedModels> {
  const models = new RankedModels();
  for (let last: { downloads: number; model_id: number } | null = null; ; ) {
    const rows: Awaited<ReturnType<typeof modelsAfter>> = await modelsAfter(store, surveyId, last);
    for (const row of rows) {
      models.rankOf.set(row.model_id, models.count);
      models.ids.push(row.model_id);
      models.downloads.push(row.downloads);
      models.likes.push(row.likes);
      models.names.push(row.listed_name);
      const { codes } = models;
      codes.library.push(row.library);
      codes.task.push(row.task);
      codes.class.push(row.class);
      codes.format.push(row.format);
      codes.year.push(row.created_at?.slice(0, 4) ?? null);
      codes.gated.push(row.gated === 1 ? "gated" : null);
      codes.state.push(row.state);
      codes.class_state.push(row.class_state);
      codes.author.push(row.author);
    }
    if (rows.length < BATCH) return models;
    last = rows.at(-1)!;
  }
}

function modelsAfter(store: Store, surveyId: number, last: { downloads: number; model_id: number } | null) {
  return store
    .selectFrom("survey_model")
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .select([
      "survey_model.model_id",
      "listed_name",
      "downloads",
      "likes",
      "library",
      "task",
      "class",
      "format",
      "gated",
      "state",
      "class_state",
    ])
    .select(["created_at", authorName.as("author")])
    .where("survey_id", "=", surveyId)
    .$if(last !== null, (rows) =>
      rows
        .where("downloads", "<=", last!.downloads)
        .where(({ or, eb }) => or([eb("downloads", "<", last!.downloads), eb("survey_model.model_id", ">", last!.model_id)])),
    )
    .orderBy("downloads", "desc")
    .orderBy("survey_model.model_id")
    .limit(BATCH)
    .execute();
}

/** The verdicts under each slot, mode and role, by the name of their column. */
type Verdicts = ReadonlyMap<string, JudgedRanks>;

/** The verdicts under one slot, mode and role, by rank, and the policies that they are of. */
interface JudgedRanks {
  readonly lens: Pick<ModelVerdictTable, "slot" | "mode" | "role">;
  readonly codes: Codes;
  readonly policies: Uint32Array;
}

async function readVerdicts(store: Store, surveyId: number, models: RankedModels): Promise<Verdicts> {
  const verdicts = new Map<string, JudgedRanks>();
  for (const ids of models.batches()) {
    const rows = await store
      .selectFrom("model_verdict")
      .select(["model_id", "slot", "mode", "role", "verdict", "policy_id"])
      .where("survey_id", "=", surveyId)
      .where("model_id", "in", ids)
      .orderBy("model_id")
      .execute();
    for (const { model_id, verdict, policy_id, ...lens } of rows) {
      const name = `verdict ${lensName(lens)}`;
      const column = verdicts.get(name) ?? {
        lens,
        codes: new Codes().ofLength(models.count),
        policies: new Uint32Array(models.count),
      };
      const rank = models.rankOf.get(model_id)!;
      column.codes.set(rank, verdict);
      column.policies[rank] = policy_id;
      verdicts.set(name, column);
    }
  }
  return verdicts;
}

/** A slot, a mode and a role in one word for each: how columns and posting lists are named by them. */
export function lensName({ slot, mode, role }: Pick<ModelVerdictTable, "slot" | "mode" | "role">): string {
  return `${slot} ${mode} ${role}`;
}

function verdictColumns(verdicts: Verdicts): Column[] {
  return [...verdicts].map(([name, { codes }]) => ({ name, ...codes.encode() }));
}

/** Ranks by what the models have or do, while they are gathered. */
export class Postings {
  readonly #lists = new Map<string, { kind: string; value: string; callable_id: number | null; ranks: GatheredRanks }>();

  constructor(readonly models: number) {}

  /** Adds a model; adding it again does nothing. */
  add(kind: string, value: string, callable_id: number | null, rank: number): void {
    const key = `${kind}\n${value}`;
    const list = this.#lists.get(key) ?? { kind, value, callable_id, ranks: new GatheredRanks(this.models) };
    list.ranks.add(rank);
    this.#lists.set(key, list);
  }

  *rows(downloads: readonly number[]): Generator<Omit<SurveyPostingTable, "survey_id" | "generation">> {
    for (const { ranks, ...list } of this.#lists.values()) {
      const distinct = ranks.ascending();
      const sum = distinct.reduce((total, rank) => total + downloads[rank]!, 0);
      yield { ...list, models: distinct.length, downloads: sum, data: encodeRanks(distinct, this.models) };
    }
  }

  /** The ranks of a kind, by value. */
  *of(kind: string): Generator<readonly [value: string, ranks: Uint32Array]> {
    for (const list of this.#lists.values()) if (list.kind === kind) yield [list.value, list.ranks.ascending()];
  }
}

type Cell = Omit<SurveyCellTable, "survey_id" | "generation">;

function countCells(models: RankedModels, verdicts: Verdicts, postings: Postings): Cell[] {
  const cells = new Map<string, Cell>();
  const count = (
    dimension: string,
    value: string,
    lens: Cell | Pick<Cell, "slot" | "mode" | "role">,
    verdict: Cell["verdict"],
    rank: number,
  ) => {
    const key = `${dimension}\n${value}\n${lensName(lens)}\n${verdict}`;
    const { slot, mode, role } = lens;
    const cell = cells.get(key) ?? { dimension, value, slot, mode, role, verdict, models: 0, downloads: 0 };
    cell.models++;
    cell.downloads += models.downloads[rank]!;
    cells.set(key, cell);
  };
  const columns = [...verdicts.values()];
  for (const { lens, codes, policies } of columns) {
    const sameRole = columns.filter((other) => other.lens.role === lens.role);
    const verdictAt = (rank: number): Cell["verdict"] | null => {
      const code = codes.at(rank);
      if (code !== 0) return codes.labels[code] as VerdictKind;
      return sameRole.some((other) => other.codes.at(rank) !== 0) ? "none" : null;
    };
    for (let rank = 0; rank < models.count; rank++) {
      const verdict = verdictAt(rank);
      if (verdict === null) continue;
      count("all", "", lens, verdict, rank);
      if (policies[rank] !== 0) count("policy", String(policies[rank]), lens, verdict, rank);
      for (const name of DIMENSIONS) count(name, models.codes[name].labels[models.codes[name].at(rank)]!, lens, verdict, rank);
    }
    for (const [container, ranks] of postings.of("container"))
      for (const rank of ranks) {
        const verdict = verdictAt(rank);
        if (verdict !== null) count("container", container, lens, verdict, rank);
      }
  }
  return [...cells.values()];
}
