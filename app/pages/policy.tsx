/** A policy: what it allows and, for each name, the chain of reasons from the class to it, down to the line of source. */
import { failed, ok } from "../../analyzer/result.ts";
import { MODES, POLICY_SLOTS, ROLES, tally } from "../../db/queries/judgements.ts";
import {
  type AllowedCallable,
  findPolicy,
  type PolicySummary,
  type PolicyUse,
  policyEntries,
  policyUse,
  sameClass,
} from "../../db/queries/policies.ts";
import { locateSources } from "../../db/queries/sources.ts";
import { type PageRequest, page } from "../answer.tsx";
import { AllowedTable } from "../parts/allowed-table.tsx";
import { Heading } from "../parts/heading.tsx";
import { counted, integer } from "../parts/numbers.ts";
import { Table } from "../parts/table.tsx";
import { Name, plainName } from "../parts/text.tsx";
import { TallyBar } from "../parts/verdict.tsx";
import { POLICY_FILES, type PolicyFile } from "./take-away.tsx";

/** Entries on one page; `from` in the address leads to the others. */
const PAGE_SIZE = 30;

interface PolicyData {
  readonly policy: PolicySummary;
  readonly use: readonly PolicyUse[];
  /** Policies of the same class, from other versions of the library, or of the same loader. */
  readonly siblings: readonly Pick<PolicySummary, "policyId" | "name">[];
  /** Allowed callables in all, and the place of the first that is shown, from 1. */
  readonly total: number;
  readonly from: number;
  readonly entries: readonly AllowedCallable[];
  /** Source ids, by the path that a reason names. */
  readonly sources: Readonly<Record<string, number>>;
}

interface PolicyProps {
  readonly data: PolicyData;
  readonly request: PageRequest;
}

export const policyPage = page<PolicyData>({
  path: "/policies/:id",
  load: async ({ store, survey, parameters, url }) => {
    const policy = /^\d{1,15}$/.test(parameters.id!) ? await findPolicy(store, Number(parameters.id)) : null;
    if (policy === null) return failed({ kind: "not-found", message: "There is no policy of this number." });
    const all = await policyEntries(store, policy.policyId);
    const from = firstShown(url.searchParams, all);
    const entries = all.slice(from - 1, from - 1 + PAGE_SIZE);
    const paths = entries.flatMap((entry) => [...(entry.import ?? []), ...(entry.call ?? [])]).flatMap(({ file }) => file ?? []);
    const sources = await locateSources(store, { name: policy.library, version: policy.libraryVersion }, paths);
    const use = survey === null ? [] : await policyUse(store, survey.surveyId, policy.policyId);
    const siblings = await sameClass(store, policy);
    return ok({ policy, use, siblings, total: all.length, from, entries, sources: Object.fromEntries(sources) });
  },
  title: ({ policy }) => plainName(policy.name),
  view: (data, request) => <Policy data={data} request={request} />,
});

/** The entry that a page begins with: the one asked for, or the start of the page on which a callable is. */
function firstShown(parameters: URLSearchParams, entries: readonly AllowedCallable[]): number {
  const index = entries.findIndex(({ callableId }) => String(callableId) === parameters.get("callable"));
  if (index >= 0) return index - (index % PAGE_SIZE) + 1;
  return Math.max(1, Math.trunc(Number(parameters.get("from"))) || 1);
}

function Policy({ data, request }: PolicyProps) {
  const { policy, use, total, from, entries } = data;
  return (
    <>
      <header className="lead">
        <p className="breadcrumb">
          <a href={request.at.at("/policies")}>Policies</a>
        </p>
        <h1>
          <Name>{policy.name}</Name>
        </h1>
        <ul className="facts">
          <li title={POLICY_SLOTS[policy.slot].meaning}>{POLICY_SLOTS[policy.slot].label}</li>
          {policy.class !== null && (
            <li>
              for{" "}
              <a href={request.at.class(policy.class)}>
                <Name code>{policy.class}</Name>
              </a>
            </li>
          )}
          {policy.library !== null && (
            <li>
              from{" "}
              <a href={request.at.library(policy.library)}>
                <Name>{policy.library}</Name>
              </a>{" "}
              <Name>{policy.libraryVersion ?? "of no version"}</Name>
            </li>
          )}
          {policy.sourceSha256 !== null && (
            <li title={policy.sourceSha256}>
              source sha256 <code>{policy.sourceSha256.slice(0, 12)}…</code>
            </li>
          )}
          <li>
            made by <Name>{policy.engine}</Name>
          </li>
        </ul>
        <p>
          {POLICY_SLOTS[policy.slot].meaning} It allows {counted(policy.imports, "import")} and {counted(policy.calls, "call")}.
        </p>
        <ul className="downloads" aria-label="Take away">
          {(Object.keys(POLICY_FILES) as PolicyFile[])
            .filter((file) => file !== "loader.py" || policy.slot !== "weights-only")
            .map((file) => (
              <li key={file}>
                <a href={request.at.policyFile(policy.policyId, file)}>{POLICY_FILES[file].label}</a>
              </li>
            ))}
          {data.siblings.map(({ policyId, name }) => (
            <li key={policyId}>
              <a href={request.at.policyDifference(policyId, policy.policyId)}>
                against <Name>{name}</Name>
              </a>
            </li>
          ))}
        </ul>
      </header>
      <Uses use={use} />
      <section aria-labelledby="allowed">
        <Heading id="allowed">What it allows, and why</Heading>
        {total > entries.length && (
          <p className="muted">
            {integer(from)} to {integer(from - 1 + entries.length)} of {counted(total, "callable")}, by name.
          </p>
        )}
        {entries.length === 0 ? (
          <p className="empty">Nothing: under this policy only builtin containers, numbers and strings load.</p>
        ) : (
          <AllowedTable entries={entries} sources={data.sources} at={request.at} />
        )}
        <nav className="pages" aria-label="Pages">
          {from > 1 && <a href={request.at.policyFrom(policy.policyId, Math.max(1, from - PAGE_SIZE))}>Previous {PAGE_SIZE}</a>}
          {from + entries.length <= total && (
            <a href={request.at.policyFrom(policy.policyId, from + PAGE_SIZE)} rel="next">
              Next {PAGE_SIZE}
            </a>
          )}
        </nav>
      </section>
    </>
  );
}

function Uses({ use }: { readonly use: readonly PolicyUse[] }) {
  if (use.length === 0) return null;
  return (
    <section aria-labelledby="use">
      <Heading id="use">Models judged by it</Heading>
      <Table
        caption="Models judged by this policy"
        captionHidden
        className="bars narrow"
        rows={use}
        rowKey={(row) => `${row.role} ${row.mode}`}
        columns={[
          { header: "Judged", kind: "heading", cell: (row) => `${ROLES[row.role].label}, ${MODES[row.mode].label}` },
          { header: "Share", kind: "bar", cell: (row) => <TallyBar tally={tally(row.counts)} /> },
          {
            header: "Load",
            kind: "number",
            cell: (row) => (
              <>
                {integer(row.counts.loads)} <span className="muted">of {integer(tally(row.counts).total)}</span>
              </>
            ),
          },
        ]}
      />
    </section>
  );
}
