/**
 * How research tables are written: a format for each kind of reader, streamed in constant memory. What a format cannot
 * hold exactly is said in its `meaning`, which pages and data packages quote.
 */
import { writeCsv } from "./csv.ts";
import { writeLatex } from "./latex.ts";
import { writeParquet } from "./parquet.ts";
import type { ExportColumn, ExportRow } from "./table.ts";

/** What is written, besides the rows: a caption where the format has one. */
export interface Heading {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly ExportColumn[];
}

interface ExportFormat {
  readonly label: string;
  readonly mediaType: string;
  /** The ending of a file's name. */
  readonly ending: string;
  readonly meaning: string;
  write(heading: Heading, rows: AsyncIterable<ExportRow>): AsyncIterable<Uint8Array>;
}

/** The formats, by the name that addresses and the command line have for them. */
export const EXPORT_FORMATS = {
  csv: {
    label: "CSV",
    mediaType: "text/csv; charset=utf-8; header=present",
    ending: "csv",
    meaning:
      "RFC 4180, UTF-8, with a header. A cell that a spreadsheet would run as a formula is prefixed with an apostrophe; null is empty. JSON and Parquet hold every value exactly.",
    write: ({ columns }, rows) => encoded(writeCsv(columns, rows)),
  },
  json: {
    label: "JSON",
    mediaType: "application/json; charset=utf-8",
    ending: "json",
    meaning: "An array of objects, values exact.",
    write: ({ columns }, rows) => encoded(writeJson(columns, rows)),
  },
  jsonl: {
    label: "JSON Lines",
    mediaType: "application/jsonl; charset=utf-8",
    ending: "jsonl",
    meaning: "An object a line, values exact: for programs that read a row at a time.",
    write: ({ columns }, rows) => encoded(writeJsonLines(columns, rows)),
  },
  parquet: {
    label: "Parquet",
    mediaType: "application/vnd.apache.parquet",
    ending: "parquet",
    meaning: "Typed columns, values exact: text as UTF-8, integers of 64 bits, numbers as doubles.",
    write: ({ columns }, rows) => writeParquet(columns, rows),
  },
  latex: {
    label: "LaTeX",
    mediaType: "application/x-tex; charset=utf-8",
    ending: "tex",
    meaning:
      "A longtable with the rules of booktabs, to be put into a document by \\input; a table of twelve columns or more has a line for each cell, as no page is wide enough. Special characters are escaped; what is not printable ASCII or Latin-1 is written as its code point, so that every engine compiles it.",
    write: (heading, rows) => encoded(writeLatex(heading, rows)),
  },
} as const satisfies Record<string, ExportFormat>;

export type ExportFormatName = keyof typeof EXPORT_FORMATS;
export const EXPORT_FORMAT_NAMES = Object.keys(EXPORT_FORMATS) as ExportFormatName[];

/** The format whose files end as `file` does. */
export function formatOf(file: string): ExportFormatName | undefined {
  return EXPORT_FORMAT_NAMES.find((name) => file.toLowerCase().endsWith(`.${EXPORT_FORMATS[name].ending}`));
}

async function* writeJson(columns: readonly ExportColumn[], rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  let separator = "[\n";
  for await (const row of rows) {
    yield separator + jsonOf(columns, row);
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}

async function* writeJsonLines(columns: readonly ExportColumn[], rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  for await (const row of rows) yield `${jsonOf(columns, row)}\n`;
}

function jsonOf(columns: readonly ExportColumn[], row: ExportRow): string {
  return JSON.stringify(Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null])));
}

/** Characters put together before they are sent: a chunk a row would cost more than the rows. */
const CHUNK = 64_000;

async function* encoded(text: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let chunk = "";
  for await (const part of text) {
    chunk += part;
    if (chunk.length < CHUNK) continue;
    yield encoder.encode(chunk);
    chunk = "";
  }
  if (chunk !== "") yield encoder.encode(chunk);
}
