/** Research tables as Parquet: a row group at a time, so that a table of any length is written in constant memory. */
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { ExportColumn, ExportRow } from "./table.ts";

/** Rows in a row group: enough for columns to compress, few enough to hold. */
const ROW_GROUP = 20_000;

const TYPES = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  integer: { type: "INT64" },
  number: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
} as const satisfies Record<ExportColumn["type"], object>;

/** The bytes of a Parquet file; every column may hold null. */
export async function* writeParquet(columns: readonly ExportColumn[], rows: AsyncIterable<ExportRow>): AsyncGenerator<Uint8Array> {
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
  let group: ExportRow[] = [];
  for await (const row of rows) {
    group.push(row);
    if (group.length < ROW_GROUP) continue;
    await file.write(columnsOf(columns, group));
    group = [];
    yield taken(bytes);
  }
  if (group.length > 0) await file.write(columnsOf(columns, group));
  file.finish();
  yield taken(bytes);
}

function columnsOf(columns: readonly ExportColumn[], rows: readonly ExportRow[]) {
  const exact = (value: ExportRow[string] | undefined, type: ExportColumn["type"]) =>
    type === "integer" && typeof value === "number" ? BigInt(value) : (value ?? null);
  return {
    columnData: columns.map(({ name, type }) => ({ name, data: rows.map((row) => exact(row[name], type)) })),
    rowGroupSize: ROW_GROUP,
  };
}

/** What the writer holds, and it holds no more: places in the file are counted by its `offset`, which stays. */
function taken(bytes: ByteWriter): Uint8Array {
  const written = bytes.getBytes().slice();
  bytes.index = 0;
  return written;
}
