/** Research tables as LaTeX, for papers: a longtable with booktabs' rules, in characters that every engine has. */
import type { Heading } from "./formats.ts";
import type { ExportColumn, ExportRow } from "./table.ts";

/** The table, to be put into a document by `\input`; needs the packages booktabs and longtable. */
export async function* writeLatex({ name, description, columns }: Heading, rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  const numeric = ({ type }: ExportColumn) => type === "integer" || type === "number";
  const header = `${columns.map((column) => escaped(column.name.replaceAll("_", " "))).join(" & ")} \\\\`;
  yield [
    "% \\usepackage{booktabs,longtable}",
    `\\begin{longtable}{@{}${columns.map((column) => (numeric(column) ? "r" : "l")).join("")}@{}}`,
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
  for await (const row of rows) yield `${columns.map((column) => cell(row[column.name] ?? null)).join(" & ")} \\\\\n`;
  yield "\\end{longtable}\n";
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
  return text.replaceAll(/[\\~^<>|’&%$#_{}]|[^\x20-\x7e\u00c0-\u00ff]/gu, (character) => SPECIAL[character] ?? codePoint(character));
}

function codePoint(character: string): string {
  return `\\texttt{U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}}`;
}
