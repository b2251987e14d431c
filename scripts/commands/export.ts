/** `census export`: a research table of a survey, streamed to standard output or a file. */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Argument, Option } from "commander";
import { EXPORT_FORMATS, type ExportFormatName } from "../../db/queries/export-formats.ts";
import { EXPORTS } from "../../db/queries/exports.ts";
import { findSurvey } from "../../db/queries/surveys.ts";
import { CensusCommand, type Context, resolvePath, UsageError } from "../context.ts";
import { databasePath, openForReading, withDatabase } from "../store.ts";

interface Options {
  readonly survey?: string;
  readonly format?: ExportFormatName;
  readonly output?: string;
  readonly json?: boolean;
  readonly database?: string;
}

type TableName = keyof typeof EXPORTS;

const TABLES = Object.keys(EXPORTS) as TableName[];
const FORMATS = Object.keys(EXPORT_FORMATS) as ExportFormatName[];

export function exportCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "export", "Write a research table of a survey", [
    "census export models > models.csv",
    "census export blocked --survey spring --format json -o blocked.json",
  ]);
  return withDatabase(command)
    .addArgument(
      new Argument("<TABLE>", `which table\n${TABLES.map((name) => `${name}: ${EXPORTS[name].description}`).join("\n")}`).choices(TABLES),
    )
    .option("--survey <NAME>", "which survey (default: the last one)")
    .addOption(
      new Option("--format <FORMAT>", "how it is written (default: by the ending of the output's name, else csv)").choices(FORMATS),
    )
    .option("-o, --output <FILE>", "write to a file")
    .option("--json", "the same as --format json")
    .runs(async (table: TableName, options: Options) => {
      const format = options.json ? "json" : (options.format ?? byEnding(options.output) ?? "csv");
      const store = await openForReading(databasePath(context, options.database));
      try {
        const survey = await findSurvey(store, options.survey ?? null);
        if (survey === null)
          throw new UsageError(options.survey === undefined ? "the store holds no survey" : `no survey ${options.survey}`);
        const { columns, rows } = EXPORTS[table];
        const text = EXPORT_FORMATS[format].write(columns, rows(store, survey.surveyId));
        if (options.output === undefined) for await (const chunk of text) await context.effects.print(chunk);
        else await pipeline(Readable.from(text), createWriteStream(resolvePath(context, options.output)));
        return "done";
      } finally {
        await store.destroy();
      }
    });
}

function byEnding(file: string | undefined): ExportFormatName | undefined {
  return FORMATS.find((format) => file?.toLowerCase().endsWith(`.${format}`));
}
