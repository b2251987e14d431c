/**
 * The one table of the dashboard. Wide it is a table, narrow each row becomes a card whose cells carry their column's
 * name.
 */
// biome-ignore-all lint/a11y/noRedundantRoles: Safari drops the roles of a table whose display is changed, as it is for narrow screens.
import type { ReactNode } from "react";

export interface Column<Row> {
  readonly header: string;
  /** `block` is for what needs the whole width of a narrow screen. */
  readonly kind?: "text" | "number" | "bar" | "block" | "heading";
  cell(row: Row): ReactNode;
}

interface TableProps<Row> {
  readonly caption: ReactNode;
  /** Whether the caption is for screen readers only, because a heading says the same. */
  readonly captionHidden?: boolean;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  rowKey(row: Row): string | number;
  readonly className?: string;
  /** The column that the rows are in the order of, and the direction. */
  readonly sorted?: { readonly header: string; readonly direction: "ascending" | "descending" };
}

export function Table<Row>({ caption, captionHidden = false, columns, rows, rowKey, className = "", sorted }: TableProps<Row>) {
  return (
    <table role="table" className={className}>
      <caption className={captionHidden ? "visually-hidden" : undefined}>{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ header, kind }) => (
            <th
              key={header}
              role="columnheader"
              scope="col"
              className={kind}
              aria-sort={sorted?.header === header ? sorted.direction : undefined}
            >
              {header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={rowKey(row)}>
            {columns.map(({ header, kind, cell }) =>
              kind === "heading" ? (
                <th key={header} role="rowheader" scope="row" className={kind}>
                  {cell(row)}
                </th>
              ) : (
                <td key={header} role="cell" className={kind} data-label={header}>
                  {cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
