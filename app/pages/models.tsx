/** The list of models: a search, filters with their counts, an order, pages. The address is the state. */
import { ok } from "../../analyzer/result.ts";
import { EXPORT_FORMAT_NAMES } from "../../db/exports/formats.ts";
import { modelRows, modelsTable } from "../../db/exports/models.ts";
import { modelParameters, modelSentence, parseModelQuery } from "../../db/queries/filters.ts";
import { listIndexed } from "../../db/queries/indexed-models.ts";
import { listJudgements } from "../../db/queries/judgements.ts";
import { countFacets, listModels } from "../../db/queries/models.ts";
import { surveyPage } from "../answer.tsx";
import { Downloads } from "../parts/downloads.tsx";
import { LensSwitch } from "../parts/lens.tsx";
import { counted } from "../parts/numbers.ts";
import { SearchForm } from "../parts/search-form.tsx";
import { plainName } from "../parts/text.tsx";
import { surveyIndex } from "../store.ts";
import { Facets } from "./models/facets.tsx";
import { Chips, SizeSwitch, SortSwitch, WaysOut } from "./models/query.tsx";
import { type ModelsData, type ModelsProps, ModelsTable } from "./models/table.tsx";

/** The list's own JSON is a page of it at a time. */
const TABLE_FORMATS = EXPORT_FORMAT_NAMES.filter((format) => format !== "json");

export const modelsPage = surveyPage<ModelsData>({
  path: "/models",
  ofSurveyAlone: () => true,
  load: async ({ store, survey, url, at }) => {
    const judgements = await listJudgements(store, survey.surveyId);
    const query = parseModelQuery(url.searchParams, judgements);
    if (!query.ok) return query;
    const index = await surveyIndex(store, survey);
    const { page, facets } =
      index === null
        ? {
            page: await listModels(store, survey.surveyId, query.value),
            facets: await countFacets(store, survey.surveyId, query.value),
          }
        : await listIndexed(store, index, query.value);
    const nextPage = page.next && `${url.pathname}?${new URL(at.models(page.next, judgements), url).searchParams}`;
    return ok({ survey, sentence: modelSentence(query.value), query: query.value, judgements, ...page, nextPage, facets });
  },
  title: ({ sentence }) => plainName(sentence),
  view: (data, request) => <Models data={data} request={request} />,
  table: async ({ store, survey, url }) => {
    const query = parseModelQuery(url.searchParams, await listJudgements(store, survey.surveyId));
    return query.ok
      ? ok({ ...modelsTable, description: modelSentence(query.value), rows: modelRows(store, survey.surveyId, query.value) })
      : query;
  },
});

function Models({ data, request }: ModelsProps) {
  const { query, judgements, sentence, total, models, next } = data;
  const first = { ...query, after: null };
  return (
    <>
      <header className="lead">
        <h1>{plainName(sentence)}</h1>
        <p className="muted">
          {counted(total, "model")} of the survey{total === 1 ? " matches" : " match"}.
        </p>
        <div className="take-away">
          All of them as
          <Downloads of="these models" formats={TABLE_FORMATS} address={(ending) => request.at.models(first, judgements, ending)} />
        </div>
      </header>
      <div className="list-page">
        <aside className="filters" id="filters" aria-labelledby="filters-title">
          <h2 id="filters-title">Filters</h2>
          <Facets data={data} request={request} />
        </aside>
        <section className="results" aria-label="Models">
          <SearchForm
            url={request.url}
            action="/models"
            label="Part of a model’s name"
            q={query.q}
            kept={modelParameters({ ...first, q: "" }, judgements)}
          />
          <p className="to-filters">
            <a href="#filters">Filters</a>
          </p>
          <div className="switches">
            <LensSwitch lens={query.lens} judgements={judgements} address={(lens) => request.at.models({ ...first, lens }, judgements)} />
            <SortSwitch data={data} request={request} />
            <SizeSwitch data={data} request={request} />
          </div>
          <Chips data={data} request={request} />
          {models.length === 0 ? (
            <div className="state">
              <p>No model matches.</p>
              <WaysOut data={data} request={request} />
            </div>
          ) : (
            <ModelsTable data={data} request={request} />
          )}
          <nav className="pages" aria-label="Pages">
            {query.after !== null && <a href={request.at.models(first, judgements)}>First page</a>}
            {next !== null && (
              <a href={request.at.models(next, judgements)} rel="next">
                Next {query.size}
              </a>
            )}
          </nav>
        </section>
      </div>
    </>
  );
}
