/** Research tables as LaTeX, for papers: a longtable with booktabs' rules, in characters that every engine has. */
import type { Heading } from "./formats.ts";
import type { ExportColumn, ExportRow } from "./table.ts";

/** Columns from which on no page is wide enough for a line a row. */
const WIDE = 12;

/**
 * The table, to be put into a document by `\input`; needs the packages booktabs and longtable. A wide one has a line for
 * each cell, with its column's name, and a rule between rows.
 */
export async function* writeLatex(heading: Heading, rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  yield* heading.columns.length < WIDE ? lines(heading, rows) : records(heading, rows);
}

async function* lines(heading: Heading, rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  const { columns } = heading;
  const numeric = ({ type }: ExportColumn) => type === "integer" || type === "number";
  yield opening(heading, columns.map((column) => (numeric(column) ? "r" : "l")).join(""), columns.map(nameOf));
  for await (const row of rows) yield `${columns.map((column) => cell(row[column.name] ?? null)).join(" & ")} \\\\\n`;
  yield "\\end{longtable}\n";
}

async function* records(heading: Heading, rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  yield opening(heading, "l>{\\raggedright\\arraybackslash}p{0.6\\linewidth}", ["column", "value"]);
  let rule = "";
  for await (const row of rows) {
    yield rule + heading.columns.map((column) => `${nameOf(column)} & ${cell(row[column.name] ?? null)} \\\\\n`).join("");
    rule = "\\midrule\n";
  }
  yield "\\end{longtable}\n";
}

function nameOf({ name }: ExportColumn): string {
  return escaped(name.replaceAll("_", " "));
}

function opening({ name, description, columns }: Heading, shape: string, names: readonly string[]): string {
  const header = `${names.join(" & ")} \\\\`;
  return [
    `% \\usepackage{booktabs,longtable${columns.length < WIDE ? "" : ",array"}}`,
    `\\begin{longtable}{@{}${shape}@{}}`,
    `\\caption{${escaped(description)}}\\label{tab:${name}}\\\\`,
    "\\toprule",
    header,
    "\\midrule",
    "\\endfirsthead",
    "\\toprule",
    header,
    "\\midrule",
    "\\endhead",
    "\\bottomrule",
    "\\endlastfoot",
    "",
  ].join("\n");
}

/** Null is a dash: an empty cell reads as forgotten. */
function cell(value: ExportRow[string]): string {
  if (value === null) return "--";
  return typeof value === "string" ? escaped(value) : String(value);
}

/** Characters that LaTeX takes for commands, or has another picture for in its usual encoding. */
const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "’": "'",
  ...Object.fromEntries([..."&%$#_{}"].map((character) => [character, `\\${character}`])),
};

/** `text` with nothing in it that LaTeX would run: names come from strangers, and `\input` is a name as well. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\~^<>|\u2019&%$#_{}]|[^\x20-\x7e\u00c0-\u00ff]/gu, (character) => SPECIAL[character] ?? codePoint(character));
}

function codePoint(character: string): string {
  return `\\texttt{U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}}`;
}
