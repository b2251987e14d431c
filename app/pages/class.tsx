/** A class that models load as: how they fare, what blocks them, and what its policies allow, down to the line. */
import { failed, ok } from "../../analyzer/result.ts";
import { type Blocker, topBlockers } from "../../db/queries/blockers.ts";
import { type SourceStep, stepsOf } from "../../db/queries/classes.ts";
import { ALL_MODELS, parseLens } from "../../db/queries/filters.ts";
import { firstIndexed } from "../../db/queries/indexed-models.ts";
import { isOfClass, type Judgement, type Lens, lensPhrase, listJudgements, sameLens } from "../../db/queries/judgements.ts";
import { type ListedModel, listModels } from "../../db/queries/models.ts";
import { type AllowedCallable, listPolicies, type PolicySummary, policyEntries } from "../../db/queries/policies.ts";
import { locateSources } from "../../db/queries/sources.ts";
import { type Counted, successOf } from "../../db/queries/success.ts";
import { type SurveyRequest, surveyPage } from "../answer.tsx";
import { AllowedTable, SourceLink } from "../parts/allowed-table.tsx";
import { BlockersTable } from "../parts/blockers-table.tsx";
import { Heading } from "../parts/heading.tsx";
import { LensSwitch } from "../parts/lens.tsx";
import { counted, integer } from "../parts/numbers.ts";
import { Pages, partOf } from "../parts/pages.tsx";
import { POLICY_SIZE_COLUMNS, policyNameColumns } from "../parts/policy-columns.tsx";
import { SuccessTable } from "../parts/success-table.tsx";
import { Table } from "../parts/table.tsx";
import { Name, plainName } from "../parts/text.tsx";
import { TallyLegend, Verdict } from "../parts/verdict.tsx";
import { surveyIndex } from "../store.ts";

const MODELS = 20;
const BLOCKERS = 20;
const POLICIES = 40;
const SHOWN = { allowed: 25, attributes: 40 } as const;

interface ClassData {
  readonly class: string;
  readonly library: string | null;
  readonly lens: Lens;
  readonly judgements: readonly Judgement[];
  readonly success: readonly (Lens & Counted)[];
  readonly models: readonly ListedModel[];
  readonly modelsTotal: number;
  readonly blockers: readonly Blocker[];
  readonly policies: readonly PolicySummary[];
  /** The policy whose names are shown: of the latest release. */
  readonly policy: PolicySummary | null;
  readonly entries: readonly AllowedCallable[];
  readonly attributes: readonly SourceStep[];
  readonly states: readonly SourceStep[];
  /** Source ids, by the path that a reason names. */
  readonly sources: Readonly<Record<string, number>>;
}

export const classPage = surveyPage<ClassData>({
  path: "/classes/*name",
  load: async (request) => {
    const { store, survey, url, parameters } = request;
    const name = parameters.name!;
    const judgements = await listJudgements(store, survey.surveyId);
    const own = judgements.filter(isOfClass);
    const lens = parseLens(url.searchParams, own.length > 0 ? own : judgements);
    if (!lens.ok) return lens;
    const policies = (await listPolicies(store, { class: name }, 1, POLICIES)).toSorted(latestFirst);
    const list = await modelsOf(request, name, lens.value);
    if (policies.length === 0 && list.total === 0)
      return failed({ kind: "not-found", message: "No model of this survey loads as this class, and no policy was inferred for it." });
    const policy = policies.find(({ slot }) => slot === "class") ?? policies[0] ?? null;
    const entries = policy === null ? [] : await policyEntries(store, policy.policyId);
    const [attributes, states] = [stepsOf(entries, "attribute"), stepsOf(entries, "setstate")];
    const named = entries.flatMap(({ import: looked, call }) => [...(looked ?? []), ...(call ?? [])]).flatMap(({ file }) => file ?? []);
    const sources = policy === null ? [] : await locateSources(store, { name: policy.library, version: policy.libraryVersion }, named);
    return ok({
      class: name,
      library: policy?.library ?? null,
      lens: lens.value,
      judgements,
      success: await successOf(store, survey.surveyId, "class", name),
      ...list,
      modelsTotal: list.total,
      blockers: isOfClass(lens.value) ? await topBlockers(store, survey.surveyId, lens.value, BLOCKERS, { class: name }) : [],
      policies,
      policy,
      entries,
      attributes,
      states,
      sources: Object.fromEntries(sources),
    });
  },
  title: (data) => plainName(data.class),
  description: (data) =>
    `${counted(data.modelsTotal, "model")} load as this class; ${counted(data.policies.length, "policy", "policies")} inferred for it.`,
  view: (data, request) => <ClassView data={data} request={request} />,
});

async function modelsOf({ store, survey }: SurveyRequest, name: string, lens: Lens) {
  const query = { ...ALL_MODELS, lens, filters: { ...ALL_MODELS.filters, class: [name] }, size: MODELS };
  const index = await surveyIndex(store, survey);
  const { models, total } = index === null ? await listModels(store, survey.surveyId, query) : await firstIndexed(store, index, query);
  return { models, total };
}

/** Releases in their order, the last first; policies of one release as they come. */
function latestFirst(a: PolicySummary, b: PolicySummary): number {
  return (b.libraryVersion ?? "").localeCompare(a.libraryVersion ?? "", "en", { numeric: true });
}

interface ClassProps {
  readonly data: ClassData;
  readonly request: SurveyRequest;
}

function ClassView({ data, request }: ClassProps) {
  const { library, lens, judgements, success, modelsTotal } = data;
  const { at } = request;
  return (
    <>
      <header className="lead">
        <p className="breadcrumb">
          {library === null ? <a href={at.at("/libraries")}>Libraries</a> : <a href={at.library(library)}>{<Name>{library}</Name>}</a>}
        </p>
        <h1>
          <Name code>{data.class}</Name>
        </h1>
        <p>
          <a href={at.modelsWith(lens, judgements, { class: data.class })}>{counted(modelsTotal, "model")}</a>{" "}
          {modelsTotal === 1 ? "loads" : "load"} as this class.
        </p>
      </header>
      {success.length > 0 && (
        <section aria-labelledby="success">
          <Heading id="success">How they fare</Heading>
          <TallyLegend />
          <SuccessTable success={success} judgements={judgements} />
        </section>
      )}
      <Blocked data={data} request={request} />
      <Policies data={data} request={request} />
      <Allowed data={data} request={request} />
      <Models data={data} request={request} />
    </>
  );
}

function Blocked({ data: { lens, judgements, blockers, success, class: name }, request: { at } }: ClassProps) {
  const own = judgements.filter(isOfClass);
  if (own.length === 0 || success.length === 0) return null;
  const blocked = success.find((row) => sameLens(row, lens))?.counts.blocked ?? 0;
  return (
    <section aria-labelledby="blocked">
      <Heading id="blocked">What its own policies block</Heading>
      <LensSwitch lens={lens} judgements={own} address={(target) => at.class(name, target, own)} />
      <BlockersTable blockers={blockers} blocked={blocked} none="Nothing that its models do is outside the policy of the class." at={at} />
    </section>
  );
}

function Policies({ data: { policies }, request: { at } }: ClassProps) {
  return (
    <section aria-labelledby="policies">
      <Heading id="policies">Its policies, release by release</Heading>
      {policies.length === 0 ? (
        <p className="empty">None was inferred: the package index has no source of it, or it could not be read.</p>
      ) : (
        <Table
          caption="Policies of this class, of the latest release first"
          captionHidden
          rows={policies}
          rowKey={(row) => row.policyId}
          columns={[
            ...policyNameColumns(at),
            { header: "Release", cell: (row) => row.libraryVersion !== null && <Name>{row.libraryVersion}</Name> },
            ...POLICY_SIZE_COLUMNS,
            { header: "Changes", cell: (row) => <Change row={row} policies={policies} at={at} /> },
          ]}
        />
      )}
    </section>
  );
}

/** The way to what changed since the release before, of policies of the same kind. */
function Change({ row, policies, at }: { row: PolicySummary; policies: readonly PolicySummary[]; at: SurveyRequest["at"] }) {
  const before = policies
    .slice(policies.indexOf(row) + 1)
    .find(({ slot, libraryVersion }) => slot === row.slot && libraryVersion !== null && libraryVersion !== row.libraryVersion);
  return before === undefined ? null : <a href={at.policyDifference(before.policyId, row.policyId)}>since {before.libraryVersion}</a>;
}

function Allowed({ data, request: { at, url } }: ClassProps) {
  const { policy, entries, attributes, states, sources } = data;
  if (policy === null) return null;
  const allowed = partOf(entries, url.searchParams, "allowed", SHOWN.allowed);
  const calls = entries.filter(({ call }) => call !== null).length;
  return (
    <>
      <Steps
        id="attributes"
        title="Attributes that lead to allowed names"
        steps={attributes}
        about="What an instance can hold, as its source has it."
        sources={sources}
        at={at}
      />
      <Steps
        id="setstate"
        title="States that are set"
        steps={states}
        about="What __setstate__ and its kind do with the state of an instance."
        sources={sources}
        at={at}
      />
      <section aria-labelledby="allowed">
        <Heading id="allowed">What loading it may do</Heading>
        <p className="muted">
          {counted(entries.length, "callable")} under{" "}
          <a href={at.policy(policy.policyId)}>
            <Name>{policy.name}</Name>
          </a>
          : {integer(calls)} may be called, {integer(entries.length - calls)} only looked up.
        </p>
        {entries.length === 0 ? (
          <p className="empty">Nothing: only builtin containers, numbers and strings load.</p>
        ) : (
          <AllowedTable entries={allowed.rows} sources={sources} at={at} />
        )}
        <Pages of="allowed callables" part={allowed} size={SHOWN.allowed} address={(from) => at.classPart(data.class, "allowed", from)} />
      </section>
    </>
  );
}

interface StepsProps extends Pick<Parameters<typeof SourceLink>[0], "sources" | "at"> {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly steps: readonly SourceStep[];
}

function Steps({ id, title, about, steps, sources, at }: StepsProps) {
  if (steps.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <Heading id={id}>{title}</Heading>
      <p className="muted">
        {about}
        {steps.length > SHOWN.attributes && ` The first ${SHOWN.attributes} of ${integer(steps.length)}; the JSON has all.`}
      </p>
      <Table
        caption={title}
        captionHidden
        rows={steps.slice(0, SHOWN.attributes)}
        rowKey={(step) => `${step.text} ${step.file}:${step.line}`}
        columns={[
          { header: "What", kind: "heading", cell: (step) => <Name code>{step.text}</Name> },
          {
            header: "Source",
            cell: (step) => <SourceLink reason={{ file: step.file, line: step.line ?? undefined }} sources={sources} at={at} />,
          },
          { header: "Leads to", kind: "number", cell: (step) => counted(step.callables, "callable") },
        ]}
      />
    </section>
  );
}

function Models({ data: { models, modelsTotal, lens, judgements, class: name }, request: { at } }: ClassProps) {
  return (
    <section aria-labelledby="models">
      <Heading id="models">Models that load as it</Heading>
      {models.length === 0 ? (
        <p className="empty">None of this survey.</p>
      ) : (
        <Table
          caption={`The most downloaded, ${lensPhrase(lens)}`}
          rows={models}
          rowKey={(model) => model.modelId}
          columns={[
            {
              header: "Model",
              kind: "heading",
              cell: (model) => (
                <a href={at.model(model.name)}>
                  <Name>{model.name}</Name>
                </a>
              ),
            },
            {
              header: "Verdict",
              cell: (model) => <Verdict verdict={model.verdicts.find((verdict) => sameLens(verdict, lens))?.verdict ?? "none"} />,
            },
            { header: "Downloads", kind: "number", cell: (model) => integer(model.downloads) },
          ]}
        />
      )}
      {modelsTotal > models.length && (
        <p>
          <a href={at.modelsWith(lens, judgements, { class: name })}>All {integer(modelsTotal)}</a>
        </p>
      )}
    </section>
  );
}
