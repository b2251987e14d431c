/** Every policy that models were judged by. */
import { ok } from "../../analyzer/result.ts";
import { POLICY_SLOTS } from "../../db/queries/judgements.ts";
import { listPolicies, type PolicySummary } from "../../db/queries/policies.ts";
import { page } from "../answer.tsx";
import { counted, integer } from "../parts/numbers.ts";
import { Table } from "../parts/table.tsx";
import { Name } from "../parts/text.tsx";

export const policiesPage = page<{ policies: readonly PolicySummary[] }>({
  path: "/policies",
  load: async ({ store }) => ok({ policies: await listPolicies(store) }),
  title: () => "Policies",
  view: ({ policies }, { at }) => (
    <>
      <header className="lead">
        <h1>{policies.length === 0 ? "No policy yet" : counted(policies.length, "policy", "policies")}</h1>
        <p className="muted">
          A policy is the imports and calls that loading may make, each with the reason it is there. Whatever is not in it is blocked.
        </p>
      </header>
      {policies.length === 0 ? (
        <p className="empty">Policies appear here once a survey judges models.</p>
      ) : (
        <Table
          caption="Policies"
          captionHidden
          rows={policies}
          rowKey={(row) => row.policyId}
          columns={[
            {
              header: "Policy",
              kind: "heading",
              cell: (row) => (
                <a href={at.policy(row.policyId)}>
                  <Name>{row.name}</Name>
                </a>
              ),
            },
            { header: "Kind", cell: (row) => <span title={POLICY_SLOTS[row.slot].meaning}>{POLICY_SLOTS[row.slot].label}</span> },
            {
              header: "Library",
              cell: (row) =>
                row.library !== null && (
                  <>
                    <Name>{row.library}</Name> {row.libraryVersion !== null && <Name>{row.libraryVersion}</Name>}
                  </>
                ),
            },
            { header: "Imports", kind: "number", cell: (row) => integer(row.imports) },
            { header: "Calls", kind: "number", cell: (row) => integer(row.calls) },
          ]}
        />
      )}
    </>
  ),
});
