/** Research tables as CSV (RFC 4180), safe to open in a spreadsheet. */
import { stringify } from "csv-stringify/sync";
import type { ExportColumn, ExportRow } from "./table.ts";

/** Rows put into one call of the stringifier, whose setting up costs more than a row. */
const ROWS = 200;

/** A header and a line a row. */
export async function* writeCsv(columns: readonly ExportColumn[], rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  const names = columns.map((column) => column.name);
  let lines: unknown[][] = [names];
  for await (const row of rows) {
    lines.push(names.map((name) => row[name]));
    if (lines.length < ROWS) continue;
    yield write(lines);
    lines = [];
  }
  if (lines.length > 0) yield write(lines);
}

/** `escape_formulas`: names come from strangers, and a spreadsheet runs a cell that starts with = + - @. */
function write(lines: readonly (readonly unknown[])[]): string {
  return stringify(lines as unknown[][], { escape_formulas: true, cast: { boolean: String } });
}
