/** Load success of some models under each policy that judged them: a row for each. */
import { type Judgement, type Lens, ROLES, tally } from "../../db/queries/judgements.ts";
import type { Counted } from "../../db/queries/success.ts";
import { judgementLabel } from "./lens.tsx";
import { integer, percent } from "./numbers.ts";
import { Table } from "./table.tsx";
import { TallyBar } from "./verdict.tsx";

interface SuccessTableProps {
  readonly success: readonly (Lens & Counted)[];
  readonly judgements: readonly Judgement[];
}

export function SuccessTable({ success, judgements }: SuccessTableProps) {
  return (
    <Table
      caption="Load success under each policy"
      captionHidden
      className="bars"
      rows={success}
      rowKey={(row) => `${row.slot} ${row.mode} ${row.role}`}
      columns={[
        {
          header: "Policy",
          kind: "heading",
          cell: (row) => `${judgementLabel(row, judgements)}${row.role === "side" ? `, ${ROLES.side.label}` : ""}`,
        },
        { header: "Share", kind: "bar", cell: ({ counts }) => <TallyBar tally={tally(counts)} /> },
        { header: "Load", kind: "number", cell: (row) => <Loads {...row} /> },
        { header: "Could not tell", kind: "number", cell: ({ counts }) => integer(tally(counts).unknown) },
      ]}
    />
  );
}

/** How many load, of how many, and which share that is. */
export function Loads({ counts }: Counted) {
  const { loads, total } = tally(counts);
  return (
    <>
      {integer(loads)}{" "}
      <span className="muted">
        of {integer(total)}, {percent(loads, total)}
      </span>
    </>
  );
}
