/** Libraries: how the models of each fare, and for one of them what blocks its models and which policies would let them in. */
import { failed, ok } from "../../analyzer/result.ts";
import { type Blocker, topBlockers } from "../../db/queries/blockers.ts";
import { parseLens } from "../../db/queries/filters.ts";
import { type InferenceCost, inferenceCosts } from "../../db/queries/inference.ts";
import { type Judgement, type Lens, lensPhrase, listJudgements, POLICY_SLOTS, sameLens, tally } from "../../db/queries/judgements.ts";
import { countPolicies, listPolicies, type PolicySummary } from "../../db/queries/policies.ts";
import { type Source, sourcesOf } from "../../db/queries/sources.ts";
import { type Breakdown, type Counted, successBy, successOf } from "../../db/queries/success.ts";
import { surveyPage } from "../answer.tsx";
import { BlockersTable } from "../parts/blockers-table.tsx";
import { TableDownloads } from "../parts/downloads.tsx";
import { Heading } from "../parts/heading.tsx";
import { LensSwitch } from "../parts/lens.tsx";
import { bytes, compact, counted, day, integer } from "../parts/numbers.ts";
import { POLICY_SIZE_COLUMNS } from "../parts/policy-columns.tsx";
import { Loads, SuccessTable } from "../parts/success-table.tsx";
import { Table } from "../parts/table.tsx";
import { Name, plainName } from "../parts/text.tsx";
import { TallyBar, TallyLegend } from "../parts/verdict.tsx";

const LISTED = 150;
const BLOCKERS = 25;
const POLICIES = 50;

interface LibrariesData {
  readonly lens: Lens;
  readonly judgements: readonly Judgement[];
  readonly libraries: Breakdown;
}

export const librariesPage = surveyPage<LibrariesData>({
  path: "/libraries",
  ofSurveyAlone: () => true,
  load: async ({ store, survey, url }) => {
    const judgements = await listJudgements(store, survey.surveyId);
    const lens = parseLens(url.searchParams, judgements);
    if (!lens.ok) return lens;
    return ok({ lens: lens.value, judgements, libraries: await successBy(store, survey.surveyId, lens.value, "library", LISTED) });
  },
  title: () => "Libraries",
  view: ({ lens, judgements, libraries: { groups, others } }, { at, survey }) => (
    <>
      <header className="lead">
        <h1>Libraries</h1>
        <p className="muted">
          Models by the library that the Hub names, {lensPhrase(lens)}; {day(survey.startedAt)}.
        </p>
      </header>
      <LensSwitch lens={lens} judgements={judgements} address={(target) => at.libraries(target, judgements)} />
      {groups.length === 0 ? (
        <p className="empty">No model has been judged under this yet.</p>
      ) : (
        <>
          <TallyLegend />
          <Table
            caption="Load success by library"
            captionHidden
            className="bars"
            rows={groups}
            rowKey={({ name }) => `library ${name}`}
            columns={[
              {
                header: "Library",
                kind: "heading",
                cell: ({ name }) =>
                  name === null ? (
                    "none stated"
                  ) : (
                    <a href={at.library(name, lens, judgements)}>
                      <Name>{name}</Name>
                    </a>
                  ),
              },
              { header: "Share", kind: "bar", cell: ({ counts }) => <TallyBar tally={tally(counts)} /> },
              { header: "Load", kind: "number", cell: (row) => <Loads {...row} /> },
              { header: "Could not tell", kind: "number", cell: ({ counts }) => integer(tally(counts).unknown) },
              { header: "Downloads", kind: "number", cell: ({ downloads }) => compact(tally(downloads).total) },
            ]}
          />
          {others !== null && (
            <p className="muted">and {counted(others.groups, "more library", "more libraries")}, in the research table</p>
          )}
          <TableDownloads table="load-success-by-library" at={at} />
        </>
      )}
    </>
  ),
});

interface LibraryData {
  readonly library: string;
  readonly lens: Lens;
  readonly judgements: readonly Judgement[];
  readonly success: readonly (Lens & Counted)[];
  readonly blockers: readonly Blocker[];
  readonly policies: readonly PolicySummary[];
  readonly policiesTotal: number;
  readonly costs: readonly InferenceCost[];
  readonly releases: readonly Source[];
}

export const libraryPage = surveyPage<LibraryData>({
  path: "/libraries/:name",
  load: async ({ store, survey, url, parameters }) => {
    const library = parameters.name!;
    const judgements = await listJudgements(store, survey.surveyId);
    const lens = parseLens(url.searchParams, judgements);
    if (!lens.ok) return lens;
    const success = await successOf(store, survey.surveyId, "library", library);
    const policies = await listPolicies(store, { library }, 1, POLICIES);
    if (success.length === 0 && policies.length === 0)
      return failed({
        kind: "not-found",
        message: "No judged model of this survey is of this library, and no policy was inferred from it.",
      });
    const blockers = await topBlockers(store, survey.surveyId, lens.value, BLOCKERS, { library });
    const policiesTotal = await countPolicies(store, { library });
    return ok({
      library,
      lens: lens.value,
      judgements,
      success,
      blockers,
      policies,
      policiesTotal,
      costs: await inferenceCosts(store, library),
      releases: await sourcesOf(store, library),
    });
  },
  title: ({ library }) => plainName(library),
  view: ({ library, lens, judgements, success, blockers, policies, policiesTotal, costs, releases }, { at }) => {
    const under = success.find((row) => sameLens(row, lens));
    const blocked = under?.counts.blocked ?? 0;
    return (
      <>
        <header className="lead">
          <p className="breadcrumb">
            <a href={at.libraries(lens, judgements)}>Libraries</a>
          </p>
          <h1>
            <Name>{library}</Name>
          </h1>
          <p>
            <a href={at.modelsWith(lens, judgements, { library })}>Its models</a>
          </p>
        </header>
        <section aria-labelledby="success">
          <Heading id="success">How its models fare</Heading>
          <TallyLegend />
          <SuccessTable success={success} judgements={judgements} />
        </section>
        <section aria-labelledby="blocked">
          <Heading id="blocked">What blocks its models</Heading>
          <LensSwitch lens={lens} judgements={judgements} address={(target) => at.library(library, target, judgements)} />
          <BlockersTable blockers={blockers} blocked={blocked} none="No callable is outside this policy." at={at} />
        </section>
        <section aria-labelledby="policies">
          <Heading id="policies">Policies inferred from its source</Heading>
          {policies.length === 0 ? (
            <p className="empty">None: the package index has no source of this name, or no model’s class was found in it.</p>
          ) : (
            <Table
              caption={`By class and version${policies.length < policiesTotal ? `; ${POLICIES} of ${integer(policiesTotal)}` : ""}`}
              rows={policies}
              rowKey={(row) => row.policyId}
              columns={[
                {
                  header: "Class",
                  kind: "heading",
                  cell: (row) =>
                    row.class === null ? <Name>{row.name}</Name> : <a href={at.class(row.class)}>{<Name code>{row.class}</Name>}</a>,
                },
                { header: "Version", cell: (row) => row.libraryVersion !== null && <Name>{row.libraryVersion}</Name> },
                { header: "Policy", cell: (row) => <a href={at.policy(row.policyId)}>{POLICY_SLOTS[row.slot].label}</a> },
                ...POLICY_SIZE_COLUMNS,
                {
                  header: "Inferred in",
                  kind: "number",
                  cell: (row) => <Cost cost={costs.find(({ policyId }) => policyId === row.policyId)} />,
                },
              ]}
            />
          )}
        </section>
        <Releases releases={releases} />
      </>
    );
  },
});

/** How long a policy took, and of how much source. */
function Cost({ cost }: { readonly cost: InferenceCost | undefined }) {
  if (cost === undefined) return null;
  const { milliseconds, files, distributions, bytes: size } = cost;
  return (
    <span title={`${counted(files, "file")} of ${counted(distributions, "distribution")}, ${bytes(size)}`}>
      {(milliseconds / 1_000).toPrecision(2)} s
    </span>
  );
}

function Releases({ releases }: { readonly releases: readonly Source[] }) {
  if (releases.length === 0) return null;
  return (
    <section aria-labelledby="releases">
      <Heading id="releases">{counted(releases.length, "release")} whose source was read</Heading>
      <Table
        caption="Released files, the latest first"
        captionHidden
        rows={releases}
        rowKey={(release) => release.sha256}
        columns={[
          { header: "Release", kind: "heading", cell: ({ version }) => <Name>{version}</Name> },
          { header: "Released", cell: ({ releasedAt }) => (releasedAt === null ? "not told" : day(releasedAt)) },
          { header: "File", cell: ({ filename }) => <Name code>{filename}</Name> },
          { header: "sha256", cell: ({ sha256 }) => <code title={sha256}>{sha256.slice(0, 12)}…</code> },
          { header: "Files of source", kind: "number", cell: ({ files }) => integer(files) },
        ]}
      />
    </section>
  );
}
