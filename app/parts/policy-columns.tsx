/** The columns that tables of policies share. */
import { POLICY_SLOTS } from "../../db/queries/judgements.ts";
import type { PolicySummary } from "../../db/queries/policies.ts";
import type { Addresses } from "../addresses.ts";
import { integer } from "./numbers.ts";
import type { Column } from "./table.tsx";
import { Name } from "./text.tsx";

/** Its name, which leads to it, and what kind it is. */
export function policyNameColumns(at: Addresses): Column<PolicySummary>[] {
  return [
    {
      header: "Policy",
      kind: "heading",
      cell: ({ policyId, name }) => (
        <a href={at.policy(policyId)}>
          <Name>{name}</Name>
        </a>
      ),
    },
    { header: "Kind", cell: ({ slot }) => <span title={POLICY_SLOTS[slot].meaning}>{POLICY_SLOTS[slot].label}</span> },
  ];
}

/** How much it allows. */
export const POLICY_SIZE_COLUMNS: readonly Column<PolicySummary>[] = [
  { header: "Imports", kind: "number", cell: ({ imports }) => integer(imports) },
  { header: "Calls", kind: "number", cell: ({ calls }) => integer(calls) },
];
