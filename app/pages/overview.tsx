/** The overview: what of the ecosystem loads under each policy, what blocks the rest, and where. */
import { ok } from "../../analyzer/result.ts";
import { parseLens } from "../../db/queries/filters.ts";
import { listJudgements, POLICY_SLOTS, tally } from "../../db/queries/judgements.ts";
import type { Success } from "../../db/queries/success.ts";
import { surveyPage } from "../answer.tsx";
import { ChartFigure } from "../figures/chart-figure.tsx";
import { breakdownChart, capabilitiesChart, formatsChart, modulesChart, overTimeChart } from "../figures/charts.ts";
import { Numbers } from "../parts/figure.tsx";
import { Heading } from "../parts/heading.tsx";
import { LensSwitch } from "../parts/lens.tsx";
import { bytes, counted, day, integer, percent } from "../parts/numbers.ts";
import { Name } from "../parts/text.tsx";
import { countUnfinished } from "../store.ts";
import { Blockers } from "./overview/blockers.tsx";
import { type FigureProps, loadOverview, type OverviewData } from "./overview/data.ts";
import { LoadSuccess } from "./overview/load-success.tsx";

export const overviewPage = surveyPage({
  path: "/overview",
  ofSurveyAlone: () => true,
  before: async ({ store, survey }) => {
    if (survey.finishedAt === null) await countUnfinished(store);
  },
  load: async (request) => {
    const judgements = await listJudgements(request.store, request.survey.surveyId);
    const lens = parseLens(request.url.searchParams, judgements);
    return lens.ok ? ok(await loadOverview(request, judgements, lens.value)) : lens;
  },
  title: () => "Overview",
  description: ({ success }) => headline(success),
  dataset: ({ survey }) => survey,
  view: (data, request) => <Overview data={data} request={request} />,
});

function Overview({ data, request }: FigureProps) {
  const { survey, judgements, lens, success } = data;
  const common = { lens, judgements, at: request.at };
  return (
    <>
      <header className="lead">
        <h1>{headline(success)}</h1>
        <p className="muted">
          Survey <Name>{survey.name}</Name> of <Name>{survey.hub.replace(/^https?:\/\//, "")}</Name>, {day(survey.startedAt)}. Only what was
          seen to load counts as loading; what could not be told is counted apart.
        </p>
      </header>
      <SurveyNumbers data={data} />
      <LoadSuccess data={data} request={request} />
      {data.overTime.length > 1 && <ChartFigure chart={overTimeChart({ data, request })} {...common} />}
      <ChartFigure chart={formatsChart({ data, request })} {...common} empty="The survey did not learn the names of the models’ files." />
      <section className="under" aria-labelledby="under">
        <Heading id="under">What blocks, and where</Heading>
        <LensSwitch lens={lens} judgements={judgements} address={(target) => `${request.at.overview(target, judgements)}#under`} />
      </section>
      <Blockers data={data} request={request} />
      <div className="pair">
        <ChartFigure chart={modulesChart({ data, request })} {...common} empty="Nothing is outside this policy." />
        <ChartFigure chart={capabilitiesChart({ data, request })} {...common} empty="Nothing is outside this policy." />
        {(["libraries", "containers", "tasks", "years"] as const).map((id) => (
          <ChartFigure key={id} chart={breakdownChart({ data, request }, id)} {...common} />
        ))}
      </div>
    </>
  );
}

/** What the headline says; the chart below it has every policy. */
const SAID_FIRST: readonly string[] = ["weights-only", "class"];

/** `31 of 100 models load under torch's weights-only and 74 under their class policy.` */
function headline(success: readonly Success[]): string {
  const told = success.filter((row) => row.role === "weights" && row.mode === "strict");
  if (told.length === 0) return "Nothing has been judged yet.";
  const { unknown, total: all } = tally(told[0]!.counts);
  // Numbers of what loads would mislead where hardly anything could be told.
  if (2 * unknown > all) return `Whether ${integer(unknown)} of ${counted(all, "model")} load could not be told.`;
  const first = told.filter(({ slot }) => SAID_FIRST.includes(slot));
  const phrases = (first.length > 0 ? first : told).map(({ slot, counts }, index) => {
    const { loads, total } = tally(counts);
    return `${index === 0 ? `${integer(loads)} of ${counted(total, "model")} load` : integer(loads)} ${POLICY_SLOTS[slot].phrase}`;
  });
  // A line may break anywhere but within "weights-only".
  return `${new Intl.ListFormat("en").format(phrases)}.`.replaceAll("-", "\u2011");
}

function SurveyNumbers({ data: { totals, survey, success } }: { readonly data: OverviewData }) {
  const weights = success.find(({ role }) => role === "weights");
  const without = weights === undefined ? 0 : totals.models - tally(weights.counts).total;
  return (
    <Numbers
      of={[
        {
          name: "Models",
          value: integer(totals.models),
          note: without > 0 ? `${integer(without)} without a pickle for weights` : undefined,
        },
        { name: "Candidate files", value: integer(totals.files), note: `holding ${counted(totals.pickles, "pickle")}` },
        {
          name: "Read",
          value: bytes(survey.bytesRead),
          note: readNote(survey.bytesRead, totals.bytesHeld),
        },
        { name: "Requests", value: integer(survey.requests), note: "with the listing and the package index" },
      ]}
    />
  );
}

/** How much was read, of what the files hold. Of a few small files the listing is the greater part. */
function readNote(read: number, held: number): string {
  if (held === 0) return "no file: what they do was taken from a table";
  return read > held ? `with the listing; files of ${bytes(held)}` : `${percent(read, held)} of the ${bytes(held)} that they hold`;
}
