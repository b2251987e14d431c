/** Two surveys side by side. */
import { failed, ok } from "../../analyzer/result.ts";
import { type Comparison, compareSurveys } from "../../db/queries/comparison.ts";
import { parseLens } from "../../db/queries/filters.ts";
import { type Judgement, type Lens, lensPhrase, listJudgements } from "../../db/queries/judgements.ts";
import { findSurvey, type Survey } from "../../db/queries/surveys.ts";
import { page } from "../answer.tsx";
import { Numbers } from "../parts/figure.tsx";
import { Heading } from "../parts/heading.tsx";
import { LensSwitch } from "../parts/lens.tsx";
import { counted, day, integer, percent } from "../parts/numbers.ts";
import { Table } from "../parts/table.tsx";
import { Name, plainName } from "../parts/text.tsx";
import { Verdict } from "../parts/verdict.tsx";

interface ComparisonData {
  readonly before: Survey;
  readonly after: Survey;
  readonly lens: Lens;
  readonly judgements: readonly Judgement[];
  readonly comparison: Comparison;
}

const MOVED = 50;

export const comparisonPage = page<ComparisonData>({
  path: "/surveys/:before/against/:after",
  load: async ({ store, parameters, url }) => {
    const [before, after] = await Promise.all([findSurvey(store, parameters.before!), findSurvey(store, parameters.after!)]);
    if (before === null || after === null) return failed({ kind: "not-found", message: "There is no survey of this name." });
    const judgements = await listJudgements(store, after.surveyId);
    const lens = parseLens(url.searchParams, judgements);
    if (!lens.ok) return lens;
    const comparison = await compareSurveys(store, before.surveyId, after.surveyId, lens.value, MOVED);
    return ok({ before, after, lens: lens.value, judgements, comparison });
  },
  title: ({ before, after }) => plainName(`${before.name} against ${after.name}`),
  view: ({ before, after, lens, judgements, comparison }, { at }) => {
    const { both, added, gone, changed, moves, moved } = comparison;
    const kept = moves.filter((move) => move.before === move.after).reduce((sum, { models }) => sum + models, 0);
    return (
      <>
        <header className="lead">
          <p className="breadcrumb">
            <a href={at.at("/surveys")}>Surveys</a>
          </p>
          <h1>
            {both === 0 ? "No model is both in" : `${counted(both - kept, "verdict")} of ${integer(both)} moved from`}{" "}
            <Name>{before.name}</Name> {both === 0 ? "and" : "to"} <Name>{after.name}</Name>
          </h1>
          <p className="muted">
            {day(before.startedAt)} against {day(after.startedAt)}, {lensPhrase(lens)}.
          </p>
        </header>
        <Numbers
          of={[
            { name: "In both", value: integer(both), ...(both > 0 && { note: `${percent(changed, both)} at another commit` }) },
            { name: "New", value: integer(added) },
            { name: "Gone", value: integer(gone) },
          ]}
        />
        <LensSwitch lens={lens} judgements={judgements} address={(target) => at.comparison(before.name, after.name, target, judgements)} />
        <section aria-labelledby="moves">
          <Heading id="moves">How the verdicts moved</Heading>
          {moves.length === 0 ? (
            <p className="empty">None could: the surveys have no model in common.</p>
          ) : (
            <Table
              caption="Models in both surveys by their verdicts"
              captionHidden
              rows={moves}
              rowKey={(row) => `${row.before} ${row.after}`}
              columns={[
                { header: "Before", kind: "heading", cell: (row) => <Verdict verdict={row.before ?? "none"} /> },
                { header: "After", cell: (row) => <Verdict verdict={row.after ?? "none"} /> },
                { header: "Models", kind: "number", cell: (row) => integer(row.models) },
              ]}
            />
          )}
        </section>
        <section aria-labelledby="moved">
          <Heading id="moved">Which models moved</Heading>
          {moved.length === 0 ? (
            <p className="empty">None.</p>
          ) : (
            <Table
              caption={`The most downloaded, at most ${MOVED}`}
              rows={moved}
              rowKey={(row) => row.name}
              columns={[
                {
                  header: "Model",
                  kind: "heading",
                  cell: (row) => (
                    <a href={at.modelIn(after.name, row.name)}>
                      <Name>{row.name}</Name>
                    </a>
                  ),
                },
                { header: "Before", cell: (row) => <Verdict verdict={row.before ?? "none"} /> },
                { header: "After", cell: (row) => <Verdict verdict={row.after ?? "none"} /> },
                { header: "Downloads", kind: "number", cell: (row) => integer(row.downloads) },
              ]}
            />
          )}
        </section>
      </>
    );
  },
});
