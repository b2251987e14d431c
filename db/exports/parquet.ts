/** Research tables as Parquet: a row group at a time, so that a table of any length is written in constant memory. */
import type { ByteWriter } from "hyparquet-writer";
import type { ExportColumn, ExportRow } from "./table.ts";

/** Rows in a row group: enough for columns to compress, few enough to be gone before the collector takes them for what stays. */
const ROW_GROUP = 5_000;

const TYPES = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  integer: { type: "INT64" },
  number: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
} as const satisfies Record<ExportColumn["type"], object>;

/** The bytes of a Parquet file; every column may hold null. */
export async function* writeParquet(columns: readonly ExportColumn[], rows: AsyncIterable<ExportRow>): AsyncGenerator<Uint8Array> {
  // Every command can export, and few do: it is loaded when it is asked for.
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const bytes = new ByteWriter();
  const file = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: "root", num_children: columns.length },
      ...columns.map(({ name, type }) => ({ name, repetition_type: "OPTIONAL" as const, ...TYPES[type] })),
    ],
    createdBy: "Pickle Census",
    kvMetadata: columns.map(({ name, meaning }) => ({ key: `meaning:${name}`, value: meaning })),
  });
  let group = emptyGroup(columns);
  for await (const row of rows) {
    for (const [place, { name, type }] of columns.entries()) group[place]!.data.push(exact(row[name] ?? null, type));
    if (group[0]!.data.length < ROW_GROUP) continue;
    await file.write({ columnData: group, rowGroupSize: ROW_GROUP });
    group = emptyGroup(columns);
    yield taken(bytes);
  }
  if (group[0]!.data.length > 0) await file.write({ columnData: group, rowGroupSize: ROW_GROUP });
  file.finish();
  yield taken(bytes);
}

/** Columns are filled as rows come, so that no row outlives its coming. */
function emptyGroup(columns: readonly ExportColumn[]) {
  return columns.map(({ name }) => ({ name, data: [] as (ExportRow[string] | bigint)[] }));
}

function exact(value: ExportRow[string], type: ExportColumn["type"]): ExportRow[string] | bigint {
  return type === "integer" && typeof value === "number" ? BigInt(value) : value;
}

/** What the writer holds, and it holds no more: places in the file are counted by its `offset`, which stays. */
function taken(bytes: ByteWriter): Uint8Array {
  const written = bytes.getBytes().slice();
  bytes.index = 0;
  return written;
}
