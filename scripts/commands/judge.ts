/** `census judge`: one part of a survey, alone. */
import { judgeAll } from "../../crawler/survey.ts";
import { CensusCommand, type Context } from "../context.ts";
import { runStage, type SurveyOptions, withSurvey } from "../survey-options.ts";

export function judgeCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "judge", "The third part of a survey: judge what was read by the policies there are", [
    "census judge --name spring",
    "census judge",
  ]);
  return withSurvey(command, "known").runs((options: SurveyOptions) => runStage(context, options, judgeAll, "known"));
}
