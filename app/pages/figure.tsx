/** One figure by itself: as a page to link to, as a picture, and as the numbers it is drawn from. */
import { failed, ok, type Result } from "../../analyzer/result.ts";
import { EXPORT_FORMAT_NAMES, type ExportFormatName } from "../../db/exports/formats.ts";
import type { ExportRow } from "../../db/exports/table.ts";
import { parseLens } from "../../db/queries/filters.ts";
import { listJudgements } from "../../db/queries/judgements.ts";
import { download, failure, type Page, type PageError, type SurveyRequest, surveyPage } from "../answer.tsx";
import { type Chart, chartTable } from "../figures/chart.ts";
import { ChartFigure } from "../figures/chart-figure.tsx";
import { overviewCharts } from "../figures/charts.ts";
import { Picture } from "../figures/picture.tsx";
import { LensSwitch } from "../parts/lens.tsx";
import { picture } from "../picture.ts";
import { loadOverview, type OverviewData } from "./overview/data.ts";

interface FigureData {
  readonly chart: Chart;
  readonly overview: OverviewData;
}

const asPage = surveyPage<FigureData>({
  path: "/figures/:id",
  ofSurveyAlone: () => true,
  load: loadFigure,
  title: ({ chart }) => chart.finding,
  view: ({ chart, overview: { lens, judgements } }, { at }) => (
    <>
      <header className="lead">
        <p className="breadcrumb">
          <a href={at.at("/")}>Overview</a>
        </p>
        <h1>{chart.header}</h1>
        <LensSwitch lens={lens} judgements={judgements} address={(target) => at.figure(chart.id, target, judgements)} />
      </header>
      <ChartFigure chart={chart} lens={lens} judgements={judgements} at={at} numbers />
      <figure className="picture">
        {/* biome-ignore lint/performance/noImgElement: no script of Next's runs here, so its images cannot either. */}
        <img src={at.figure(chart.id, lens, judgements, ".svg")} alt={chart.finding} width="960" />
        <figcaption className="muted">The picture to take away; it stands without this page.</figcaption>
      </figure>
    </>
  ),
});

/** The formats of figures: those of tables, and two of pictures. */
const FORMATS = ["html", ...EXPORT_FORMAT_NAMES, "svg", "png"] as const;

export const figurePage: Page = {
  ...asPage,
  formats: FORMATS,
  answer: async (request) => {
    if (request.format === "html" || request.survey === null) return asPage.answer(request);
    const figure = await loadFigure(request as SurveyRequest);
    if (!figure.ok) return failure(request, figure.error);
    const { chart } = figure.value;
    if (request.format === "svg" || request.format === "png") return picture(<Picture chart={chart} />, request.format, chart.id, DENSITY);
    const { rows, ...table } = chartTable(chart);
    return download(request.format as ExportFormatName, { ...table, rows: each(rows) });
  },
};

async function loadFigure(request: SurveyRequest): Promise<Result<FigureData, PageError>> {
  const judgements = await listJudgements(request.store, request.survey.surveyId);
  const lens = parseLens(request.url.searchParams, judgements);
  if (!lens.ok) return lens;
  const overview = await loadOverview(request, judgements, lens.value);
  const chart = overviewCharts({ data: overview, request }).find(({ id }) => id === request.parameters.id);
  return chart === undefined ? failed({ kind: "not-found", message: "There is no figure of this name." }) : ok({ chart, overview });
}

async function* each(rows: readonly ExportRow[]): AsyncGenerator<ExportRow> {
  yield* rows;
}

/** Pixels for each unit of the SVG: sharp on paper and on fine screens. */
const DENSITY = 2;
