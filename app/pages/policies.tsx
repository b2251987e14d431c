/** Every policy that models were judged by. */

import { ok } from "../../analyzer/result.ts";
import { policiesTable } from "../../db/exports/policies.ts";
import { countPolicies, listPolicies, type PolicySummary } from "../../db/queries/policies.ts";
import { page } from "../answer.tsx";
import { TableDownloads } from "../parts/downloads.tsx";
import { counted } from "../parts/numbers.ts";
import { Pages, type Part } from "../parts/pages.tsx";
import { POLICY_SIZE_COLUMNS, policyNameColumns } from "../parts/policy-columns.tsx";
import { SearchForm } from "../parts/search-form.tsx";
import { Table } from "../parts/table.tsx";
import { Name, plainName } from "../parts/text.tsx";

/** Policies on one page; `from` in the address leads to the others. */
const PAGE_SIZE = 100;

interface PoliciesData extends Part<PolicySummary> {
  readonly q: string;
  readonly policies: readonly PolicySummary[];
}

export const policiesPage = page<PoliciesData>({
  path: "/policies",
  load: async ({ store, url }) => {
    const q = (url.searchParams.get("q") ?? "").trim();
    const total = await countPolicies(store, { q });
    const wanted = Math.trunc(Number(url.searchParams.get("from")));
    const from = wanted >= 1 && wanted <= total ? wanted : 1;
    const policies = await listPolicies(store, { q }, from, PAGE_SIZE);
    return ok({ q, total, from, policies, rows: policies });
  },
  title: () => "Policies",
  table: async ({ store }) => ok({ ...policiesTable, rows: policiesTable.rows(store, 0) }),
  view: ({ q, total, from, policies, rows }, { at, url }) => (
    <>
      <header className="lead">
        <h1>
          {total === 0 ? "No policy" : counted(total, "policy", "policies")}
          {q !== "" && ` named “${plainName(q)}”`}
        </h1>
        <p className="muted">
          A policy is the imports and calls that loading may make, each with the reason it is there. Whatever is not in it is blocked.
        </p>
      </header>
      <SearchForm url={url} action="/policies" label="Part of a policy’s name" q={q} />
      {policies.length === 0 ? (
        <p className="empty">{q === "" ? "Policies appear here once a survey judges models." : "No policy matches."}</p>
      ) : (
        <Table
          caption="Policies"
          captionHidden
          rows={policies}
          rowKey={(row) => row.policyId}
          columns={[
            ...policyNameColumns(at),
            {
              header: "Library",
              cell: (row) =>
                row.library !== null && (
                  <>
                    <Name>{row.library}</Name> {row.libraryVersion !== null && <Name>{row.libraryVersion}</Name>}
                  </>
                ),
            },
            ...POLICY_SIZE_COLUMNS,
          ]}
        />
      )}
      <Pages of="policies" part={{ from, total, rows }} size={PAGE_SIZE} address={(start) => at.policies(q, start)} />
      {total > 0 && <TableDownloads table="policies" at={at} />}
    </>
  ),
});
