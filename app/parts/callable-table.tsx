/** The one table of callables: each with its name, what it could do, and the columns of the page that it is on. */
import type { Capability } from "../../analyzer/verdict/verdict.ts";
import type { Addresses } from "../addresses.ts";
import { type Column, Table } from "./table.tsx";
import { Name } from "./text.tsx";
import { CapabilityTag, isTold } from "./verdict.tsx";

interface CallableRow {
  readonly callableId: number;
  readonly callable: string;
  readonly capability: Capability;
}

interface CallableTableProps<Row extends CallableRow> {
  readonly caption: string;
  readonly rows: readonly Row[];
  readonly at: Addresses;
  readonly columns: readonly Column<Row>[];
  readonly className?: string;
}

export function CallableTable<Row extends CallableRow>({ caption, rows, at, columns, className }: CallableTableProps<Row>) {
  return (
    <Table
      caption={caption}
      captionHidden
      className={className}
      rows={rows}
      rowKey={(row) => row.callableId}
      columns={[
        { header: "Callable", kind: "heading", cell: (row) => <CallableLink callable={row} at={at} /> },
        { header: "Capability", cell: (row) => isTold(row.capability) && <CapabilityTag capability={row.capability} /> },
        ...columns,
      ]}
    />
  );
}

export function CallableLink({
  callable,
  at,
}: {
  readonly callable: Pick<CallableRow, "callableId" | "callable">;
  readonly at: Addresses;
}) {
  return (
    <a href={at.callable(callable)}>
      <Name code>{callable.callable}</Name>
    </a>
  );
}
