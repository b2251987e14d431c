/** Every survey of the store, how far each has come, and what it read. */
import { ok } from "../../analyzer/result.ts";
import { listSurveys, type Survey, type SurveyTotals } from "../../db/queries/surveys.ts";
import type { ModelState } from "../../db/schema.ts";
import { type PageRequest, page } from "../answer.tsx";
import { Numbers } from "../parts/figure.tsx";
import { bytes, counted, integer, minute, percent } from "../parts/numbers.ts";
import { MODEL_STATES } from "../parts/states.ts";
import { Name } from "../parts/text.tsx";
import { CountBar } from "../parts/verdict.tsx";
import { countUnfinished, totalsOf } from "../store.ts";

interface SurveysData {
  readonly surveys: readonly (Survey & { readonly totals: SurveyTotals })[];
}

export const surveysPage = page<SurveysData>({
  path: "/surveys",
  before: ({ store }) => countUnfinished(store),
  load: async ({ store }) => {
    const surveys = await listSurveys(store);
    return ok({
      surveys: await Promise.all(surveys.map(async (survey) => ({ ...survey, totals: await totalsOf(store, survey) }))),
    });
  },
  title: () => "Surveys",
  view: ({ surveys }, request) => (
    <>
      <header className="lead">
        <h1>{surveys.length === 0 ? "No survey yet" : counted(surveys.length, "survey")}</h1>
        <p className="muted">A survey is one named, dated run over a population of models.</p>
      </header>
      {surveys.length === 0 && <p className="empty">The first one appears here as soon as it has begun.</p>}
      {surveys.map((survey) => (
        <SurveyCard key={survey.surveyId} survey={survey} request={request} />
      ))}
    </>
  ),
});

function SurveyCard({ survey, request }: { readonly survey: SurveysData["surveys"][number]; readonly request: PageRequest }) {
  return (
    <article className="card survey" aria-labelledby={`survey-${survey.surveyId}`}>
      <h2 id={`survey-${survey.surveyId}`}>
        <a href={request.at.survey(survey.name)} aria-current={survey.surveyId === request.survey?.surveyId ? "true" : undefined}>
          <Name>{survey.name}</Name>
        </a>
      </h2>
      <p className="muted">
        <Name>{survey.hub}</Name>, begun {minute(survey.startedAt)},{" "}
        {survey.finishedAt === null ? "not finished" : `finished ${minute(survey.finishedAt)}`}.{" "}
        <a href={request.at.inSurvey(survey.name)}>Overview</a>
      </p>
      <SurveyProgress survey={survey} totals={survey.totals} />
    </article>
  );
}

/** How far a survey has come, and what it held and read. */
export function SurveyProgress({ survey, totals }: { readonly survey: Survey; readonly totals: SurveyTotals }) {
  const ended = (Object.keys(totals.states) as ModelState[])
    .filter((state) => MODEL_STATES[state].ends)
    .reduce((sum, state) => sum + (totals.states[state] ?? 0), 0);
  return (
    <>
      {survey.finishedAt === null && (
        <p>
          <CountBar value={ended} of={totals.models} name="loads" />
          {integer(ended)} of {counted(totals.models, "model")} listed so far are done ({percent(ended, totals.models)}). If it was
          interrupted, running it again goes on from here.
        </p>
      )}
      <Numbers
        of={[
          { name: "Models", value: integer(totals.models) },
          { name: "Candidate files", value: integer(totals.files), note: counted(totals.pickles, "pickle") },
          { name: "Received", value: bytes(survey.bytesRead), note: `with the listing; files of ${bytes(totals.bytesHeld)}` },
          { name: "Requests", value: integer(survey.requests) },
        ]}
      />
      <ul className="facts">
        {(Object.keys(MODEL_STATES) as ModelState[])
          .filter((state) => (totals.states[state] ?? 0) > 0)
          .map((state) => (
            <li key={state} title={MODEL_STATES[state].meaning}>
              {integer(totals.states[state]!)} {MODEL_STATES[state].label}
            </li>
          ))}
      </ul>
    </>
  );
}
