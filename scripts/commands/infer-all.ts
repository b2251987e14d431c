/** `census infer-all`: one part of a survey, alone. */
import { inferAll } from "../../crawler/survey.ts";
import { CensusCommand, type Context } from "../context.ts";
import { runStage, type SurveyOptions, withSurvey } from "../survey-options.ts";

export function inferAllCommand(context: Context): CensusCommand {
  const command = new CensusCommand(
    context,
    "infer-all",
    "The second part of a survey: infer the policies of the classes that its models load as",
    ["census infer-all --name spring", "census infer-all"],
  );
  return withSurvey(command, "known").runs((options: SurveyOptions) => runStage(context, options, inferAll, "known"));
}
