import { describe, expect, it } from "vitest";
import type { Store } from "../../../db/connection.ts";
import { EXPORT_FORMATS } from "../../../db/exports/formats.ts";
import { modelRows } from "../../../db/exports/models.ts";
import type { ExportRow, ExportTable } from "../../../db/exports/table.ts";
import { EXPORTS, findExport } from "../../../db/exports/tables.ts";
import { ALL_MODELS } from "../../../db/queries/filters.ts";
import { tally } from "../../../db/queries/judgements.ts";
import { loadSuccess } from "../../../db/queries/success.ts";
import { SAMPLE_MODELS } from "../../browser/sample-models.ts";
import { sampleSurvey } from "../queries/sample.ts";

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

const written = async (format: "csv" | "json", { columns }: Pick<ExportTable, "columns">, rows: AsyncIterable<ExportRow>) =>
  Buffer.concat(await all(EXPORT_FORMATS[format].write({ name: "t", description: "T", columns }, rows))).toString();

async function* given(...rows: ExportRow[]): AsyncGenerator<ExportRow> {
  yield* rows;
}

const TYPES = { text: "string", integer: "number", number: "number", boolean: "boolean" };

describe.each(Object.values(EXPORTS))("the table $name", (table) => {
  it("has in every row a value of its type for every column, and nothing else", async () => {
    const { store, surveyId } = await sampleSurvey();
    // The samples have no opcode that a loader lacks.
    await store.updateTable("blocked").set({ callable_id: null }).where("ordinal", "=", 3).execute();
    const rows = await all(table.rows(store, surveyId));
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(Object.keys(row).sort()).toEqual(table.columns.map(({ name }) => name).sort());
      for (const { name, type } of table.columns) if (row[name] !== null) expect([name, typeof row[name]]).toEqual([name, TYPES[type]]);
    }
  });

  it("is the same each time, and the same in JSON as in memory", async () => {
    const { store, surveyId } = await sampleSurvey();
    const rows = await all(table.rows(store, surveyId));
    expect(JSON.parse(await written("json", table, table.rows(store, surveyId)))).toEqual(rows);
  });
});

describe("research tables", () => {
  it("hold each model once, also over many batches, and those asked for in their order", async () => {
    const { store, surveyId } = await sampleSurvey();
    await addModels(store, surveyId, 1_200);
    const rows = await all(modelRows(store, surveyId));
    expect(new Set(rows.map(({ model }) => model)).size).toBe(1_200 + SAMPLE_MODELS.length);
    expect(rows).toHaveLength(1_200 + SAMPLE_MODELS.length);
    const byName = await all(modelRows(store, surveyId, { ...ALL_MODELS, sort: "name", q: "many/" }));
    expect(byName.map(({ model }) => model)).toEqual(byName.map(({ model }) => String(model)).sort());
    expect(byName).toHaveLength(1_200);
  });

  it("say of load success what the pages say", async () => {
    const { store, surveyId } = await sampleSurvey();
    const rows = await all(findExport("load-success")!.rows(store, surveyId));
    const success = await loadSuccess(store, surveyId);
    expect(rows.map(({ slot, mode, role, loads, could_not_tell, total }) => [slot, mode, role, loads, could_not_tell, total])).toEqual(
      success.map(({ slot, mode, role, counts }) => [slot, mode, role, counts.loads, tally(counts).unknown, tally(counts).total]),
    );
  });

  it("hold what blocks each model, the first thing at position 0", async () => {
    const { store, surveyId } = await sampleSurvey();
    const rows = (await all(findExport("blocked")!.rows(store, surveyId))).filter(({ model }) => model === "mallory/totally-safe-bert");
    expect(rows.map(({ position, opcode, callable, offset }) => [position, opcode, callable, offset])).toEqual([
      [0, "STACK_GLOBAL", "posix.system", 44],
      [1, "REDUCE", "posix.system", 64],
      [2, "STACK_GLOBAL", "builtins.eval", 106],
      [3, "REDUCE", "builtins.eval", 126],
    ]);
  });

  it("are empty arrays and lone headers where there is nothing", async () => {
    const { columns } = findExport("load-success")!;
    expect(await written("json", { columns }, given())).toBe("[]\n");
    expect((await written("csv", { columns }, given())).split("\n")).toEqual([columns.map(({ name }) => name).join(","), ""]);
  });
});

async function addModels(store: Store, survey_id: number, count: number): Promise<void> {
  for (let position = 0; position < count; position++) {
    const { model_id } = await store
      .insertInto("model")
      .values({ hub_id: `many-${position}`, name: `many/${position}`, created_at: null })
      .returning("model_id")
      .executeTakeFirstOrThrow();
    const { revision_id } = await store
      .insertInto("revision")
      .values({ model_id, commit_sha: "", modified_at: null, metadata: null })
      .returning("revision_id")
      .executeTakeFirstOrThrow();
    const row = {
      survey_id,
      model_id,
      revision_id,
      position,
      listed_name: `many/${position}`,
      downloads: position % 7,
      likes: 0,
      library: null,
      task: null,
      gated: 0,
      state: "listed" as const,
      failure: null,
      class: null,
      class_reason: null,
      class_state: null,
      format: null,
    };
    await store.insertInto("survey_model").values(row).execute();
  }
}
