/** Callables: a list to search, and one of them: who looks it up and calls it, who allows it, where it is blocked. */
import { failed, ok, type Result } from "../../analyzer/result.ts";
import type { ValueCount } from "../../db/index/survey-index.ts";
import { type CallableGroups, type CallablePlace, callableGroups, callablePlaces, firstSeen } from "../../db/queries/callable-details.ts";
import {
  type Allowing,
  allowingPolicies,
  type BlockedUnder,
  blockedUnder,
  type Callable,
  type CallableModel,
  type CallableUse,
  callableModels,
  callableUse,
  findCallable,
  findCallables,
  listCallables,
} from "../../db/queries/callables.ts";
import { lensPhrase } from "../../db/queries/judgements.ts";
import { countModels } from "../../db/queries/surveys.ts";
import { type PageError, type SurveyRequest, surveyPage } from "../answer.tsx";
import { CallableTable } from "../parts/callable-table.tsx";
import { TableDownloads } from "../parts/downloads.tsx";
import { Heading } from "../parts/heading.tsx";
import { counted, day, integer } from "../parts/numbers.ts";
import { SearchForm } from "../parts/search-form.tsx";
import { Table } from "../parts/table.tsx";
import { Name, plainName } from "../parts/text.tsx";
import { CAPABILITIES, CapabilityTag, CountBar, isTold, VerdictIcon } from "../parts/verdict.tsx";
import { surveyIndex } from "../store.ts";
import { FileEntry } from "./model/places.tsx";

const LISTED = 100;
const MODELS = 50;
const POLICIES = 50;
const GROUPS = 12;
/** Models whose places are shown. */
const EXAMPLES = 5;

interface CallableData {
  readonly callable: Callable;
  readonly importedBy: number;
  readonly calledBy: number;
  readonly blocked: readonly BlockedUnder[];
  readonly allowing: readonly Allowing[];
  readonly models: readonly CallableModel[];
  readonly groups: CallableGroups;
  /** The earliest survey of this store in which it occurs; null where it is only in policies. */
  readonly firstSeen: { readonly survey: string; readonly startedAt: string } | null;
  /** Some of the places where it stands. */
  readonly places: readonly CallablePlace[];
}

interface CallablesData {
  readonly q: string;
  readonly callables: readonly CallableUse[];
  /** How many models the survey has, whatever they hold. */
  readonly surveyed: number;
}

/** The list; with `?id=`, one whose name is not fit for an address. */
export const callablesPage = surveyPage<CallablesData | CallableData>({
  path: "/callables",
  // A callable by itself has the policies that allow it, which are no survey's alone.
  ofSurveyAlone: ({ url }) => !url.searchParams.has("id"),
  load: async (request) => {
    const id = request.url.searchParams.get("id");
    if (id !== null) return loadCallable(request, /^\d{1,15}$/.test(id) ? await findCallable(request.store, Number(id)) : null);
    const q = (request.url.searchParams.get("q") ?? "").trim();
    const { store, survey } = request;
    const { surveyId } = survey;
    const callables = await listCallables(store, surveyId, q, LISTED, await surveyIndex(store, survey));
    return ok({ q, callables, surveyed: await countModels(store, surveyId) });
  },
  title: (data) => ("callables" in data ? "Callables" : plainName(data.callable.callable)),
  view: (data, request) => ("callables" in data ? <List {...data} request={request} /> : <CallableView data={data} request={request} />),
});

export const callablePage = surveyPage<CallableData>({
  path: "/callables/*name",
  load: async (request) => loadCallable(request, (await findCallables(request.store, request.parameters.name!))[0] ?? null),
  title: ({ callable }) => plainName(callable.callable),
  view: (data, request) => <CallableView data={data} request={request} />,
});

async function loadCallable({ store, survey }: SurveyRequest, callable: Callable | null): Promise<Result<CallableData, PageError>> {
  if (callable === null) return failed({ kind: "not-found", message: "No pickle and no policy of this census names this callable." });
  const { surveyId } = survey;
  const index = await surveyIndex(store, survey);
  const models = await callableModels(store, surveyId, callable, MODELS, index);
  return ok({
    callable,
    ...(await callableUse(store, surveyId, callable)),
    blocked: await blockedUnder(store, surveyId, callable),
    allowing: await allowingPolicies(store, callable.callableId),
    models,
    groups: await callableGroups(store, surveyId, callable, index),
    firstSeen: await firstSeen(store, callable),
    places: await callablePlaces(
      store,
      surveyId,
      callable,
      models.slice(0, EXAMPLES).map(({ modelId }) => modelId),
    ),
  });
}

function List({ q, callables, surveyed, request }: CallablesData & { readonly request: SurveyRequest }) {
  return (
    <>
      <header className="lead">
        <h1>{q === "" ? "What models import and call" : `Callables named “${plainName(q)}”`}</h1>
        <p className="muted">
          Every class and function that a pickle of this survey looks up, by how many of its {counted(surveyed, "model")} do;{" "}
          {callables.length === LISTED ? `the first ${LISTED}` : counted(callables.length, "callable")}.
        </p>
      </header>
      <SearchForm url={request.url} action="/callables" label="Part of a callable’s name" q={q} />
      {callables.length === 0 ? (
        <p className="empty">No callable matches.</p>
      ) : (
        <CallableTable
          caption="Callables by the number of models that look them up"
          className="bars"
          rows={callables}
          at={request.at}
          columns={[
            { header: "Share of all models", kind: "bar", cell: (row) => <CountBar value={row.importedBy} of={surveyed} name="plain" /> },
            { header: "Imported by", kind: "number", cell: (row) => counted(row.importedBy, "model") },
            { header: "Called by", kind: "number", cell: (row) => counted(row.calledBy, "model") },
          ]}
        />
      )}
      <TableDownloads table="callables" at={request.at} />
    </>
  );
}

function CallableView({ data, request }: { readonly data: CallableData; readonly request: SurveyRequest }) {
  const { callable, importedBy, calledBy, blocked, allowing, models, groups, firstSeen: seen } = data;
  return (
    <>
      <header className="lead">
        <p className="breadcrumb">
          <a href={request.at.at("/callables")}>Callables</a>
        </p>
        <h1>
          <Name code>{callable.callable}</Name>
        </h1>
        <p>
          {isTold(callable.capability) && <CapabilityTag capability={callable.capability} />} {CAPABILITIES[callable.capability].meaning}
        </p>
        <p>
          Looked up by {counted(importedBy, "model")}, called by {calledBy === 0 ? "none" : counted(calledBy, "model")}
          {groups.firstYear !== null && `; the oldest of the models is of ${groups.firstYear}`}.
          {seen !== null && (
            <>
              {" "}
              First seen in survey <a href={request.at.inSurvey(seen.survey)}>{<Name>{seen.survey}</Name>}</a>, {day(seen.startedAt)}.
            </>
          )}
        </p>
      </header>
      <section aria-labelledby="blocked">
        <Heading id="blocked">Where it is blocked</Heading>
        {blocked.length === 0 ? (
          <p className="empty">Nowhere in this survey.</p>
        ) : (
          <ul className="blocked-under">
            {blocked.map(({ models: count, ...lens }) => (
              <li key={lensPhrase(lens)}>
                <VerdictIcon verdict="blocked" /> <b>{counted(count, "model")}</b> {lensPhrase(lens)}
              </li>
            ))}
          </ul>
        )}
      </section>
      <section aria-labelledby="allowing">
        <Heading id="allowing">Which policies allow it</Heading>
        {allowing.length === 0 ? (
          <p className="empty">None of this census.</p>
        ) : (
          <>
            <ul className="columns">
              {allowing.slice(0, POLICIES).map(({ policyId, name, kinds }) => (
                <li key={policyId}>
                  <a href={request.at.policyEntry(policyId, callable.callableId)}>
                    <Name>{name}</Name>
                  </a>{" "}
                  <span className="muted">{kinds.join(" and ")}</span>
                </li>
              ))}
            </ul>
            {allowing.length > POLICIES && (
              <p className="muted">and {counted(allowing.length - POLICIES, "more policy", "more policies")}</p>
            )}
          </>
        )}
      </section>
      <Groups title="Libraries" id="libraries" groups={groups.libraries} address={request.at.library} />
      <Groups title="Classes" id="classes" groups={groups.classes} address={request.at.class} code />
      <Examples places={data.places} request={request} />
      <section aria-labelledby="models">
        <Heading id="models">Models it occurs in</Heading>
        {models.length === 0 ? (
          <p className="empty">None of this survey.</p>
        ) : (
          <Table
            caption={`The most downloaded, at most ${MODELS}`}
            rows={models}
            rowKey={(row) => row.name}
            columns={[
              {
                header: "Model",
                kind: "heading",
                cell: (row) => (
                  <a href={request.at.model(row.name)}>
                    <Name>{row.name}</Name>
                  </a>
                ),
              },
              { header: "Library", cell: (row) => row.library !== null && <Name>{row.library}</Name> },
              { header: "Imports", kind: "number", cell: (row) => integer(row.imports) },
              { header: "Calls", kind: "number", cell: (row) => integer(row.calls) },
              { header: "Downloads", kind: "number", cell: (row) => integer(row.downloads) },
            ]}
          />
        )}
      </section>
    </>
  );
}

interface GroupsProps {
  readonly title: string;
  readonly id: string;
  readonly groups: readonly ValueCount[];
  readonly code?: boolean;
  address(value: string): string;
}

/** What the models that look it up are. */
function Groups({ title, id, groups, code = false, address }: GroupsProps) {
  if (groups.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <Heading id={id}>{title} of the models that look it up</Heading>
      <ul className="columns">
        {groups.slice(0, GROUPS).map(({ value, models }) => (
          <li key={value ?? ""}>
            {value === null ? (
              "none stated"
            ) : (
              <a href={address(value)}>
                <Name code={code}>{value}</Name>
              </a>
            )}{" "}
            <span className="muted">{counted(models, "model")}</span>
          </li>
        ))}
      </ul>
      {groups.length > GROUPS && <p className="muted">and {counted(groups.length - GROUPS, "more")}, in this page’s JSON</p>}
    </section>
  );
}

/** Places to look at. */
function Examples({ places, request: { at } }: { readonly places: readonly CallablePlace[]; readonly request: SurveyRequest }) {
  if (places.length === 0) return null;
  return (
    <section aria-labelledby="places">
      <Heading id="places">Where it stands, for example</Heading>
      <Table
        caption="Places in the most downloaded models"
        captionHidden
        rows={places}
        rowKey={({ model, path, entry, offset, opcode }) => `${model} ${path} ${entry} ${offset} ${opcode}`}
        columns={[
          {
            header: "Model",
            kind: "heading",
            cell: ({ model }) => (
              <a href={at.model(model, "#callables")}>
                <Name>{model}</Name>
              </a>
            ),
          },
          { header: "File", cell: (place) => <FileEntry place={place} /> },
          { header: "Opcode", cell: ({ opcode }) => <code>{opcode}</code> },
          { header: "Byte", kind: "number", cell: ({ offset }) => integer(offset) },
        ]}
      />
    </section>
  );
}
