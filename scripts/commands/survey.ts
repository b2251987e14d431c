/** `census survey`: the whole road, resumable; with `--dry-run`, what it would cost. */
import { describeFailure } from "../../crawler/http-failure.ts";
import { planSurvey } from "../../crawler/plan.ts";
import { runSurvey, runSurveyTogether } from "../../crawler/survey.ts";
import { isPostgres } from "../../db/connection.ts";
import { CensusCommand, type Context, NetworkGaveUp, printJson } from "../context.ts";
import type { Ending } from "../exit-codes.ts";
import { databasePath, openIfThere } from "../store.ts";
import { effectsOf, runStage, type SurveyOptions, surveyRequest, withHubScans, withSurvey } from "../survey-options.ts";
import { reportPlan } from "../survey-report.ts";

interface Options extends SurveyOptions {
  readonly dryRun?: boolean;
}

export function surveyCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "survey", "Survey models of a Hub: list, crawl, infer, judge", [
    "census survey --top 1000 --dry-run",
    "census survey --top 1000 --filter library=setfit --name setfit-2026",
    "census survey --models owner/name,owner/other",
  ]);
  return withHubScans(withSurvey(command))
    .option("--dry-run", "print requests, bytes and time first, and do nothing")
    .runs((options: Options) => (options.dryRun ? plan(context, options) : runStage(context, options, surveyed)));
}

/** On a store that several machines share, with all the workers there are. */
const surveyed: typeof runSurveyTogether = (request, effects, database) =>
  isPostgres(database) ? runSurveyTogether(request, effects, database) : runSurvey(request, effects);

async function plan(context: Context, options: Options): Promise<Ending> {
  const store = await openIfThere(databasePath(context, options.database));
  try {
    const planned = await planSurvey(await surveyRequest(context, options, store), effectsOf(context, store));
    if (!planned.ok) throw new NetworkGaveUp(describeFailure(planned.error));
    if (options.json) await printJson(context, planned.value);
    else await context.effects.print(reportPlan(planned.value));
    return "done";
  } finally {
    await store.destroy();
  }
}
