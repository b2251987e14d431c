/** `census status`: which surveys there are, and how far each has come. */
import { listSurveys, type Survey, type SurveyTotals, surveyTotals } from "../../db/queries/surveys.ts";
import type { ModelState } from "../../db/schema.ts";
import { CensusCommand, type Context, printJson } from "../context.ts";
import type { Ending } from "../exit-codes.ts";
import { knownSurvey } from "../known-survey.ts";
import { plural, received } from "../quantities.ts";
import { databasePath, openForReading, withDatabase } from "../store.ts";

interface Options {
  readonly survey?: string;
  readonly database?: string;
  readonly json?: boolean;
}

/** In the order of the stages. */
const STATES: readonly ModelState[] = ["listed", "resolved", "traced", "judged", "gated", "disabled", "missing", "failed"];

export function statusCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "status", "Say which surveys there are, and how far each has come", [
    "census status",
    "census status --survey spring --json",
  ]);
  return withDatabase(command)
    .option("--survey <NAME>", "this survey alone")
    .option("--json", "print JSON")
    .runs((options: Options) => status(context, options));
}

async function status(context: Context, options: Options): Promise<Ending> {
  const store = await openForReading(databasePath(context, options.database));
  try {
    const surveys = options.survey === undefined ? await listSurveys(store) : [await knownSurvey(store, options.survey)];
    const rows: (Omit<Survey, "surveyId"> & SurveyTotals)[] = [];
    for (const { surveyId, ...survey } of surveys) rows.push({ ...survey, ...(await surveyTotals(store, surveyId)) });
    if (options.json) await printJson(context, rows);
    else await context.effects.print(rows.length === 0 ? "no survey\n" : rows.map(reportStatus).join("\n"));
    return "done";
  } finally {
    await store.destroy();
  }
}

function reportStatus(survey: Omit<Survey, "surveyId"> & SurveyTotals): string {
  const { name, hub, startedAt, finishedAt, models, states, manifest } = survey;
  const standing = STATES.filter((state) => states[state] !== undefined).map((state) => `${states[state]} ${state}`);
  return [
    `${name}: ${finishedAt === null ? "not finished" : `finished ${finishedAt}`}`,
    `  of ${hub}, begun ${startedAt}`,
    `  ${plural(models, "model")}${standing.length === 0 ? "" : `: ${standing.join(", ")}`}`,
    `  ${received(survey)}`,
    ...(manifest === null ? [] : [`  manifest ${manifest}`]),
  ]
    .map((line) => `${line}\n`)
    .join("");
}
