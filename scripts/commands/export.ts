/** `census export`: research tables of a survey, streamed to standard output, a file, or a folder with their description. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import { Argument, Option } from "commander";
import type { Store } from "../../db/connection.ts";
import { dataPackage, type Resource, writeResource } from "../../db/exports/data-package.ts";
import { EXPORT_FORMAT_NAMES, EXPORT_FORMATS, type ExportFormatName, formatOf } from "../../db/exports/formats.ts";
import type { ExportTable } from "../../db/exports/table.ts";
import { EXPORT_NAMES, EXPORTS, findExport } from "../../db/exports/tables.ts";
import type { Survey } from "../../db/queries/surveys.ts";
import { CensusCommand, type Context, UsageError } from "../context.ts";
import { knownSurvey } from "../known-survey.ts";
import { outputFile, outputFolder, writing } from "../output-file.ts";
import { databasePath, openForReading, withDatabase } from "../store.ts";
import { confusionCommand } from "./confusion.ts";

interface Options {
  readonly survey?: string;
  readonly format?: ExportFormatName;
  readonly output?: string;
  readonly json?: boolean;
  readonly jsonl?: boolean;
  readonly database?: string;
}

/** Every table at once. */
const ALL = "all";

export function exportCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "export", "Write research tables of a survey", [
    "census export load-success --format latex -o load-success.tex",
    "census export models > models.csv",
    "census export blocked --survey spring -o blocked.parquet",
    "census export all --format json -o tables/",
  ]);
  const tables = EXPORT_NAMES.map((name) => `${name}: ${EXPORTS[name]!.description}`);
  return withDatabase(command)
    .enablePositionalOptions()
    .addCommand(confusionCommand(context))
    .addArgument(
      new Argument(
        "<TABLE>",
        `which table\n${[...tables, `${ALL}: Every table, in a folder, with datapackage.json: columns, row counts, checksums.`].join("\n")}`,
      ).choices([...EXPORT_NAMES, ALL]),
    )
    .option("--survey <NAME>", "which survey (default: the last one)")
    .addOption(
      new Option("--format <FORMAT>", "how it is written (default: by the ending of the output's name, else csv)").choices(
        EXPORT_FORMAT_NAMES,
      ),
    )
    .option("-o, --output <FILE>", "write to a file; for 'all', to a folder")
    .option("--json", "the same as --format json")
    .option("--jsonl", "the same as --format jsonl")
    .runs(async (table: string, options: Options) => {
      const format = options.json ? "json" : options.jsonl ? "jsonl" : (options.format ?? formatOf(options.output ?? "") ?? "csv");
      if (table === ALL && options.output === undefined) throw new UsageError("'all' is written to a folder: name it by --output");
      const write = await tableWriter(context, table, options.output);
      const store = await openForReading(databasePath(context, options.database));
      try {
        const survey = await knownSurvey(store, options.survey ?? null);
        await write(store, survey, format);
        return "done";
      } finally {
        await store.destroy();
      }
    });
}

/** Writes what was asked for to where it was asked for, which is looked at before the store is opened. */
async function tableWriter(
  context: Context,
  table: string,
  output: string | undefined,
): Promise<(store: Store, survey: Survey, format: ExportFormatName) => Promise<unknown>> {
  if (output === undefined)
    return (store, survey, format) => writeResource(store, survey, findExport(table)!, format, context.effects.print);
  if (table === ALL) {
    const folder = await outputFolder(context, output);
    return (store, survey, format) => writing(output, writeAll(store, survey, format, folder));
  }
  const file = await outputFile(context, output);
  return (store, survey, format) => writing(output, writeTo(file, store, survey, findExport(table)!, format));
}

async function writeAll(store: Store, survey: Survey, format: ExportFormatName, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const resources: Resource[] = [];
  for (const table of Object.values(EXPORTS)) {
    const file = path.join(folder, `${table.name}.${EXPORT_FORMATS[format].ending}`);
    resources.push(await writeTo(file, store, survey, table, format));
  }
  const description = JSON.stringify(dataPackage(survey, resources), null, 2);
  await writeFile(path.join(folder, "datapackage.json"), `${description}\n`);
}

async function writeTo(file: string, store: Store, survey: Survey, table: ExportTable, format: ExportFormatName): Promise<Resource> {
  const output = createWriteStream(file);
  const written = finished(output);
  // It is awaited below; until then a failure must not be one that nobody waits for.
  written.catch(() => undefined);
  const resource = await writeResource(store, survey, table, format, async (chunk) => {
    if (!output.write(chunk)) await Promise.race([once(output, "drain"), written]);
  });
  output.end();
  await written;
  return resource;
}
