/** One survey: how far it has come, what it amounts to, how it is cited, and what it can be compared with. While it runs the page renews itself. */
import { failed, ok } from "../../analyzer/result.ts";
import { findSurvey, listSurveys, type Survey, type SurveyTotals } from "../../db/queries/surveys.ts";
import type { ClassState, ModelState } from "../../db/schema.ts";
import { page } from "../answer.tsx";
import { type Citation, citationOf } from "../citation.ts";
import { Heading } from "../parts/heading.tsx";
import { counted, integer, minute } from "../parts/numbers.ts";
import { CLASS_STATES, MODEL_STATES } from "../parts/states.ts";
import { Table } from "../parts/table.tsx";
import { Name, plainName } from "../parts/text.tsx";
import { CountBar } from "../parts/verdict.tsx";
import { countUnfinished, totalsOf } from "../store.ts";
import { SurveyProgress } from "./surveys.tsx";

interface SurveyData {
  readonly survey: Survey;
  readonly totals: SurveyTotals;
  readonly citation: Citation;
  readonly others: readonly string[];
}

/** Seconds after which the page of a running survey is asked for again, script or no script. */
const RENEWED_AFTER = 5;

export const surveyPageOf = page<SurveyData>({
  path: "/surveys/:name",
  renewedAfter: ({ survey }) => (survey.finishedAt === null ? RENEWED_AFTER : null),
  before: ({ store }) => countUnfinished(store),
  load: async ({ store, parameters }) => {
    const survey = await findSurvey(store, parameters.name!);
    if (survey === null) return failed({ kind: "not-found", message: "There is no survey of this name." });
    const others = (await listSurveys(store)).filter(({ surveyId }) => surveyId !== survey.surveyId).map(({ name }) => name);
    return ok({ survey, totals: await totalsOf(store, survey), citation: citationOf(survey), others });
  },
  title: ({ survey }) => plainName(survey.name),
  dataset: ({ survey }) => survey,
  view: ({ survey, totals, citation, others }, { at }) => (
    <>
      <header className="lead">
        <p className="breadcrumb">
          <a href={at.at("/surveys")}>Surveys</a>
        </p>
        <h1>
          <Name>{survey.name}</Name>
        </h1>
        <p className="muted">
          <Name>{survey.hub}</Name>, begun {minute(survey.startedAt)},{" "}
          {survey.finishedAt === null
            ? `not finished; this page renews itself every ${RENEWED_AFTER} seconds`
            : `finished ${minute(survey.finishedAt)}`}
          . <a href={at.inSurvey(survey.name)}>Its overview</a>
        </p>
      </header>
      <SurveyProgress survey={survey} totals={totals} />
      <div className="pair">
        <Counts
          id="states"
          title="Where its models stand"
          rows={(Object.keys(MODEL_STATES) as ModelState[]).map((state) => ({ ...MODEL_STATES[state], models: totals.states[state] ?? 0 }))}
        />
        <Counts
          id="classes"
          title="How the search for their classes ended"
          rows={(Object.keys(CLASS_STATES) as ClassState[]).map((state) => ({
            ...CLASS_STATES[state],
            models: totals.classes[state] ?? 0,
          }))}
        />
      </div>
      {others.length > 0 && (
        <section aria-labelledby="compare">
          <Heading id="compare">Compare it</Heading>
          <ul className="columns">
            {others.slice(0, 50).map((other) => (
              <li key={other}>
                with <a href={at.comparison(other, survey.name)}>{<Name>{other}</Name>}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="cite">
        <Heading id="cite">Cite it</Heading>
        <p>{citation.text}</p>
        {(["bibtex", "cff"] as const).map((format) => (
          <details key={format}>
            <summary>{format === "bibtex" ? "BibTeX" : "CFF"}</summary>
            <pre className="command">{citation[format]}</pre>
          </details>
        ))}
        {survey.manifest !== null && (
          <p className="muted">
            The manifest is a hash over every model, commit, content, policy and verdict: who has the same has the same survey.
          </p>
        )}
      </section>
    </>
  ),
});

interface CountsProps {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly { readonly label: string; readonly meaning: string; readonly models: number }[];
}

function Counts({ id, title, rows }: CountsProps) {
  const found = rows.filter(({ models }) => models > 0);
  const total = found.reduce((sum, { models }) => sum + models, 0);
  return (
    <section aria-labelledby={id}>
      <Heading id={id}>{title}</Heading>
      {found.length === 0 ? (
        <p className="empty">Nothing yet.</p>
      ) : (
        <Table
          caption={`n = ${counted(total, "model")}, each in one state`}
          className="bars narrow"
          rows={found}
          rowKey={(row) => row.label}
          columns={[
            { header: "State", kind: "heading", cell: (row) => <span title={row.meaning}>{row.label}</span> },
            { header: "Share", kind: "bar", cell: (row) => <CountBar value={row.models} of={total} name="plain" /> },
            { header: "Models", kind: "number", cell: (row) => integer(row.models) },
          ]}
        />
      )}
    </section>
  );
}
