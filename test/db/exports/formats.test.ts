import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, it, onTestFinished } from "vitest";
import { EXPORT_FORMATS, type ExportFormatName } from "../../../db/exports/formats.ts";
import type { ExportColumn, ExportRow } from "../../../db/exports/table.ts";
import { EXPORTS } from "../../../db/exports/tables.ts";
import { sampleSurvey } from "../queries/sample.ts";

const PYTHON = "/usr/bin/python3";

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

async function* given(...rows: readonly ExportRow[]): AsyncGenerator<ExportRow> {
  yield* rows;
}

const write = async (format: ExportFormatName, columns: readonly ExportColumn[], rows: AsyncIterable<ExportRow>) =>
  Buffer.concat(await all(EXPORT_FORMATS[format].write({ name: "t", description: "A & B", columns }, rows)));

const written = async (format: "csv" | "latex", { columns }: { columns: readonly ExportColumn[] }, rows: AsyncIterable<ExportRow>) =>
  (await write(format, columns, rows)).toString();

/** Rows of a Parquet file, as JavaScript has them. */
async function readParquet(bytes: Buffer): Promise<Record<string, unknown>[]> {
  const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value])),
  );
}

function python(program: string, input: Buffer | string): unknown {
  return JSON.parse(execFileSync(PYTHON, ["-c", program], { input, encoding: "utf8", maxBuffer: 2 ** 28 }));
}

const READ = `
import base64, csv, io, json, sys
as_json, jsonl, as_csv = (io.BytesIO(base64.b64decode(text)) for text in json.load(sys.stdin))
rows = csv.reader(io.TextIOWrapper(as_csv, "utf-8", newline=""))
print(json.dumps([json.load(as_json), [json.loads(line) for line in jsonl], list(rows)]))`;

/** JSON, JSON lines and CSV as Python's json and csv read them. */
function readByPython(files: readonly [json: Buffer, jsonl: Buffer, csv: Buffer]): readonly unknown[] {
  return python(READ, JSON.stringify(files.map((file) => file.toString("base64")))) as unknown[];
}

describe.each(Object.values(EXPORTS))("the table $name", ({ columns, rows }) => {
  it.skipIf(!existsSync(PYTHON))("is read alike by Python's csv and json and by a Parquet reader", async () => {
    const { store, surveyId } = await sampleSurvey();
    const expected = await all(rows(store, surveyId));
    const inOrder = expected.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name]])));
    expect(await readParquet(await write("parquet", columns, given(...expected)))).toEqual(inOrder);
    const [json, jsonl, csv] = readByPython([
      await write("json", columns, given(...expected)),
      await write("jsonl", columns, given(...expected)),
      await write("csv", columns, given(...expected)),
    ]);
    expect(json).toEqual(inOrder);
    expect(jsonl).toEqual(inOrder);
    const cell = (value: ExportRow[string]) =>
      value === null ? "" : String(value).replace(/^(?=[=+\-@\t\r])/, typeof value === "string" ? "'" : "");
    expect(csv).toEqual([columns.map(({ name }) => name), ...inOrder.map((row) => Object.values(row).map((value) => cell(value!)))]);
  });
});

describe("CSV", () => {
  const columns = ["a", "b"].map((name) => ({ name, type: "text" as const, meaning: "" }));

  it.each(["=cmd|' /C calc'!A1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])("gives a spreadsheet nothing to run: %j", async (cell) => {
    const [, line] = (await written("csv", { columns }, given({ a: cell, b: 1 }))).split("\n");
    expect(line).toMatch(/^"?'/);
  });

  it("is read by Python as it was written", async () => {
    const cells = ['quo"te', "com,ma", "new\nline", "日本 🥒", "\u202ereversed", " space "];
    const csv = await written("csv", { columns }, given(...cells.map((a) => ({ a, b: null }))));
    const read = "import csv, json, sys, io; print(json.dumps(list(csv.reader(io.TextIOWrapper(sys.stdin.buffer, 'utf-8', newline='')))))";
    const rows = JSON.parse(execFileSync("/usr/bin/python3", ["-c", read], { input: csv, encoding: "utf8" })) as string[][];
    expect(rows).toEqual([["a", "b"], ...cells.map((a) => [a, ""])]);
  });
});

describe("Parquet", () => {
  const columns: readonly ExportColumn[] = [
    { name: "t", type: "text", meaning: "" },
    { name: "i", type: "integer", meaning: "" },
    { name: "n", type: "number", meaning: "" },
    { name: "b", type: "boolean", meaning: "" },
  ];

  it("holds every value exactly, null too", async () => {
    const row = fc.record({
      t: fc.option(fc.string({ unit: "grapheme" })),
      i: fc.option(fc.maxSafeInteger()),
      n: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      b: fc.option(fc.boolean()),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        expect(await readParquet(await write("parquet", columns, given(...rows)))).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  it("goes over many row groups without holding them", async () => {
    let [made, taken] = [0, 0];
    async function* many(): AsyncGenerator<ExportRow> {
      for (; made < 50_000; made++) yield { t: `row ${made}`, i: made, n: made / 2, b: made % 2 === 0 };
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of EXPORT_FORMATS.parquet.write({ name: "t", description: "", columns }, many())) {
      if (chunks.length === 0) taken = made;
      chunks.push(chunk);
    }
    expect(taken).toBeLessThan(25_000);
    const rows = await readParquet(Buffer.concat(chunks));
    expect([rows.length, rows[49_999]]).toEqual([50_000, { t: "row 49999", i: 49_999, n: 24_999.5, b: false }]);
  });
});

describe("LaTeX", () => {
  const columns: readonly ExportColumn[] = [
    { name: "a_b", type: "text", meaning: "" },
    { name: "n", type: "integer", meaning: "" },
  ];

  it("is a table of booktabs with nothing in it that runs", async () => {
    const hostile = "\\input{x} $1 #2 50% a_b a&b {} ~ ^ <|> \u202e 日 é";
    const latex = await written("latex", { columns }, given({ a_b: hostile, n: 3 }, { a_b: null, n: null }));
    expect(latex.split("\n").slice(-4)).toEqual([
      "\\textbackslash{}input\\{x\\} \\$1 \\#2 50\\% a\\_b a\\&b \\{\\} \\textasciitilde{} \\textasciicircum{} \\textless{}\\textbar{}\\textgreater{} \\texttt{U+202E} \\texttt{U+65E5} é & 3 \\\\",
      "-- & -- \\\\",
      "\\end{longtable}",
      "",
    ]);
    expect(latex).toContain("\\caption{A \\& B}\\label{tab:t}");
    expect(latex).toContain("\\toprule\na b & n \\\\\n\\midrule");
  });

  it("has a line for each cell where a line a row would be wider than a page", async () => {
    const wide = Array.from({ length: 12 }, (_, index) => ({ name: `c_${index}`, type: "integer" as const, meaning: "" }));
    const row = Object.fromEntries(wide.map(({ name }, index) => [name, index]));
    const latex = await written("latex", { columns: wide }, given(row, row));
    expect(latex.match(/^c 11 & 11 \\\\$/gm)).toHaveLength(2);
    expect(latex.match(/^\\midrule$/gm)).toHaveLength(3);
  });

  const engine = ["/usr/bin/pdflatex", "/usr/bin/xelatex", "/usr/bin/lualatex"].find((file) => existsSync(file));
  it.skipIf(engine === undefined)("compiles (skipped where no LaTeX is installed)", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "census-latex-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { store, surveyId } = await sampleSurvey();
    const tables = [];
    // A survey's tables are as long as it is: some rows of each show what compiles.
    for (const table of Object.values(EXPORTS))
      tables.push(await written("latex", table, given(...(await all(table.rows(store, surveyId))).slice(0, 40))));
    const head = "\\documentclass{article}\\usepackage{booktabs,longtable,array}\\usepackage[utf8]{inputenc}\\begin{document}";
    writeFileSync(path.join(folder, "t.tex"), `${head}\n${tables.join("\n")}\n\\end{document}\n`);
    execFileSync(engine!, ["-interaction=nonstopmode", "-halt-on-error", "t.tex"], { cwd: folder });
    expect(existsSync(path.join(folder, "t.pdf"))).toBe(true);
  });
});
