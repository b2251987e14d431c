/** What has a name like what was typed, by kind: the page behind the box in the header. */
import type { ReactNode } from "react";
import { ok } from "../../analyzer/result.ts";
import { ALL_MODELS } from "../../db/queries/filters.ts";
import { type Judgement, listJudgements } from "../../db/queries/judgements.ts";
import { type Found, type FoundValues, searchEverything } from "../../db/queries/search.ts";
import { type SurveyRequest, surveyPage } from "../answer.tsx";
import { CallableLink } from "../parts/callable-table.tsx";
import { Heading } from "../parts/heading.tsx";
import { counted, integer } from "../parts/numbers.ts";
import { SearchForm } from "../parts/search-form.tsx";
import { Name, plainName } from "../parts/text.tsx";
import { surveyIndex } from "../store.ts";

/** Of each kind. */
const SHOWN = 8;

interface SearchData {
  readonly q: string;
  readonly judgements: readonly Judgement[];
  /** Null where nothing was typed. */
  readonly found: Found | null;
}

export const searchPage = surveyPage<SearchData>({
  path: "/search",
  ofSurveyAlone: () => true,
  load: async ({ store, survey, url }) => {
    const q = (url.searchParams.get("q") ?? "").trim();
    const judgements = await listJudgements(store, survey.surveyId);
    const found = q === "" ? null : await searchEverything(store, await surveyIndex(store, survey), survey.surveyId, q, SHOWN);
    return ok({ q, judgements, found });
  },
  title: ({ q }) => (q === "" ? "Search" : plainName(`“${q}”`)),
  view: ({ q, judgements, found }, request) => (
    <>
      <header className="lead">
        <h1>{q === "" ? "Search" : `Called “${plainName(q)}”`}</h1>
        {found !== null && nothing(found) && <p>No model, author, library, class or callable of this survey holds this in its name.</p>}
        <SearchForm url={request.url} action="/search" label="A model, author, library, class, callable or sha256" q={q} />
      </header>
      {found !== null && !nothing(found) && (
        <div className="groups">
          <Results q={q} found={found} judgements={judgements} request={request} />
        </div>
      )}
    </>
  ),
});

function nothing({ models, authors, libraries, classes, callables, files }: Found): boolean {
  return models.total + authors.total + libraries.total + classes.total + callables.length + files.length === 0;
}

interface ResultsProps {
  readonly q: string;
  readonly found: Found;
  readonly judgements: readonly Judgement[];
  readonly request: SurveyRequest;
}

function Results({ q, found, judgements, request: { at } }: ResultsProps) {
  const { models, authors, libraries, classes, callables, files } = found;
  const lens = { ...judgements[0]!, role: "weights" } as const;
  return (
    <>
      <Group id="files" title="Contents of this sha256" shown={files.length} total={files.length}>
        {files.map(({ model, path }) => (
          <li key={`${model}/${path}`}>
            <a href={at.model(model, "#files")}>
              <Name>{model}</Name>
            </a>{" "}
            <Name code>{path}</Name>
          </li>
        ))}
      </Group>
      <Group
        id="models"
        title="Models"
        shown={models.models.length}
        total={models.total}
        more={at.models({ ...ALL_MODELS, q }, judgements)}
      >
        {models.models.map(({ modelId, name, downloads }) => (
          <li key={modelId}>
            <a href={at.model(name)}>
              <Name>{name}</Name>
            </a>{" "}
            <span className="muted">{counted(downloads, "download")}</span>
          </li>
        ))}
      </Group>
      <Values id="authors" title="Authors" found={authors} address={(author) => at.modelsWith(lens, judgements, { author })} />
      <Values id="libraries" title="Libraries" found={libraries} address={(name) => at.library(name)} />
      <Values id="classes" title="Classes" found={classes} address={(name) => at.class(name)} code />
      <Group id="callables" title="Callables" shown={callables.length} total={null} more={at.callablesNamed(q)}>
        {callables.map((callable) => (
          <li key={callable.callableId}>
            <CallableLink callable={callable} at={at} /> <span className="muted">{counted(callable.importedBy, "model")}</span>
          </li>
        ))}
      </Group>
    </>
  );
}

interface ValuesProps {
  readonly id: string;
  readonly title: string;
  readonly found: FoundValues;
  readonly code?: boolean;
  address(value: string): string;
}

function Values({ id, title, found: { total, values }, code = false, address }: ValuesProps) {
  return (
    <Group id={id} title={title} shown={values.length} total={total}>
      {values.map(({ value, models }) => (
        <li key={value}>
          <a href={address(value)}>
            <Name code={code}>{value}</Name>
          </a>{" "}
          <span className="muted">{counted(models, "model")}</span>
        </li>
      ))}
    </Group>
  );
}

interface GroupProps {
  readonly id: string;
  readonly title: string;
  readonly shown: number;
  /** How many there are; null where that was not counted. */
  readonly total: number | null;
  /** Where all of them are. */
  readonly more?: string;
  readonly children: ReactNode;
}

function Group({ id, title, shown, total, more, children }: GroupProps) {
  if (shown === 0) return null;
  const all = total === null ? shown < SHOWN : shown === total;
  return (
    <section aria-labelledby={id}>
      <Heading id={id}>
        {title}
        {total !== null && ` (${integer(total)})`}
      </Heading>
      <ul className="found">{children}</ul>
      {!all && more !== undefined && (
        <p>
          <a href={more}>{total === null ? "All of them" : `All ${integer(total)}`}</a>
        </p>
      )}
    </section>
  );
}
