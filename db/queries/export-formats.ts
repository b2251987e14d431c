/** How research tables are written: as CSV for spreadsheets and Python, as JSON for programs. Streamed, a row at a time. */
import { stringify } from "csv-stringify/sync";
import type { ExportColumn, ExportRow } from "./exports.ts";

interface ExportFormat {
  readonly mediaType: string;
  readonly meaning: string;
  write(columns: readonly ExportColumn[], rows: AsyncIterable<ExportRow>): AsyncIterable<string>;
}

/** The formats, by the ending of a file's name. */
export const EXPORT_FORMATS = {
  csv: {
    mediaType: "text/csv; charset=utf-8; header=present",
    meaning:
      "RFC 4180, UTF-8, with a header. A cell that a spreadsheet would run as a formula is prefixed with an apostrophe; null is empty.",
    write: csv,
  },
  json: { mediaType: "application/json; charset=utf-8", meaning: "An array of objects, values exact.", write: json },
} as const satisfies Record<string, ExportFormat>;

export type ExportFormatName = keyof typeof EXPORT_FORMATS;

async function* csv(columns: readonly ExportColumn[], rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  const names = columns.map((column) => column.name);
  // `escape_formulas`: names come from strangers, and a spreadsheet runs a cell that starts with = + - @.
  const line = (cells: readonly unknown[]) => stringify([cells], { escape_formulas: true, cast: { boolean: String } });
  yield line(names);
  for await (const row of rows) yield line(names.map((name) => row[name]));
}

async function* json(columns: readonly ExportColumn[], rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  let separator = "[\n";
  for await (const row of rows) {
    yield separator + JSON.stringify(Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])));
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}
