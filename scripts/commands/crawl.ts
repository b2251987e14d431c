/** `census crawl`: one part of a survey, alone. */
import { crawl } from "../../crawler/survey.ts";
import { CensusCommand, type Context } from "../context.ts";
import { runStage, type SurveyOptions, withHubScans, withSurvey } from "../survey-options.ts";

export function crawlCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "crawl", "The first part of a survey: list the models and read their pickles", [
    "census crawl --top 1000 --name spring",
  ]);
  return withHubScans(withSurvey(command)).runs((options: SurveyOptions) => runStage(context, options, crawl));
}
