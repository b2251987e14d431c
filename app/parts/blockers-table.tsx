/** What blocks most of some models, and which share of those that are blocked. */
import type { Blocker } from "../../db/queries/blockers.ts";
import type { Addresses } from "../addresses.ts";
import { CallableTable } from "./callable-table.tsx";
import { compact, integer } from "./numbers.ts";
import { CountBar } from "./verdict.tsx";

interface BlockersTableProps {
  readonly blockers: readonly Blocker[];
  /** How many of the models are blocked. */
  readonly blocked: number;
  /** What is said where nothing blocks them. */
  readonly none: string;
  readonly at: Addresses;
}

export function BlockersTable({ blockers, blocked, none, at }: BlockersTableProps) {
  if (blockers.length === 0) return <p className="empty">{none}</p>;
  return (
    <CallableTable
      caption="What blocks most of its models"
      className="bars blockers"
      rows={blockers}
      at={at}
      columns={[
        {
          header: "Share of its blocked models",
          kind: "bar",
          cell: ({ models }) => <CountBar value={models} of={blocked} name="blocked" />,
        },
        { header: "Models", kind: "number", cell: ({ models }) => integer(models) },
        { header: "Their downloads", kind: "number", cell: ({ downloads }) => compact(downloads) },
      ]}
    />
  );
}
