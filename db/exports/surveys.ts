/** The table of surveys: what each asked for, reached and cost. */
import { listSurveys, surveyTotals } from "../queries/surveys.ts";
import { type ExportTable, integer, text } from "./table.ts";

export const surveysTable: ExportTable = {
  name: "surveys",
  description: "Every survey of the store, with what it held and what of it was read.",
  columns: [
    text("survey", "Its name."),
    text("hub", "The Hub's address."),
    text("started_at", "When it began, UTC."),
    text("finished_at", "When it was done; null while it runs, or if it was interrupted."),
    integer("models", "Models listed."),
    integer("judged", "Models judged under every policy."),
    integer("files", "Candidate files: those that could hold a pickle, by their names."),
    integer("pickles", "Pickle programs in the files' distinct contents."),
    integer("requests", "HTTP requests sent, the listing's and the package index's too."),
    integer("bytes_read", "Bytes of bodies received."),
    integer("bytes_held", "Bytes that the files' distinct contents hold."),
  ],
  rows: async function* (store) {
    for (const survey of await listSurveys(store)) {
      const totals = await surveyTotals(store, survey.surveyId);
      yield {
        survey: survey.name,
        hub: survey.hub,
        started_at: survey.startedAt,
        finished_at: survey.finishedAt,
        models: totals.models,
        judged: totals.states.judged ?? 0,
        files: totals.files,
        pickles: totals.pickles,
        requests: survey.requests,
        bytes_read: survey.bytesRead,
        bytes_held: totals.bytesHeld,
      };
    }
  },
};
