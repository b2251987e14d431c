/** A chart on a page: bars in a table whose numbers lead to the models behind them, the exact numbers, and what to take away. */
import type { ReactNode } from "react";
import type { ExportFormatName } from "../../db/exports/formats.ts";
import type { Lens } from "../../db/queries/judgements.ts";
import { type Judgement, tally } from "../../db/queries/judgements.ts";
import type { Addresses } from "../addresses.ts";
import { Downloads } from "../parts/downloads.tsx";
import { Figure } from "../parts/figure.tsx";
import { compact, integer, percent } from "../parts/numbers.ts";
import { type Column, Table } from "../parts/table.tsx";
import { Name, plainName } from "../parts/text.tsx";
import { CountBar, TallyBar } from "../parts/verdict.tsx";
import { type Bar, type Chart, chartTable } from "./chart.ts";

const FORMATS: readonly ExportFormatName[] = ["csv", "json", "latex"];

export interface ChartFigureProps {
  readonly chart: Chart;
  readonly lens: Lens;
  readonly judgements: readonly Judgement[];
  readonly at: Addresses;
  /** Said where there is nothing to show. */
  readonly empty?: string;
  /** Whether the exact numbers stand beneath, or a link leads to where they do: on a page of ten figures they would double it. */
  readonly numbers?: boolean;
  /** In the place of the bars: a table of its own. */
  readonly children?: ReactNode;
}

export function ChartFigure({ chart, lens, judgements, at, empty = "Nothing was read yet.", numbers = false, children }: ChartFigureProps) {
  const nothing = chart.marks.length === 0;
  return (
    <Figure id={chart.id} finding={<Name>{chart.finding}</Name>} about={chart.about}>
      {nothing && children === undefined ? <p className="empty">{empty}</p> : (children ?? <Bars chart={chart} />)}
      {!nothing && (
        <footer className="take-away">
          {numbers ? (
            <details open id="numbers">
              <summary>Table</summary>
              <Numbers chart={chart} />
            </details>
          ) : (
            <a href={at.figure(chart.id, lens, judgements, "", "#numbers")}>Table</a>
          )}
          <ul className="downloads" aria-label={`Pictures of ${chart.id}`}>
            {["svg", "png"].map((picture) => (
              <li key={picture}>
                <a href={at.figure(chart.id, lens, judgements, `.${picture}`)}>{picture.toUpperCase()}</a>
              </li>
            ))}
          </ul>
          <Downloads of={chart.id} formats={FORMATS} address={(ending) => at.figure(chart.id, lens, judgements, ending)} />
          <a href={at.at("/methods", undefined, "#counting")}>How it is computed</a>
        </footer>
      )}
    </Figure>
  );
}

interface Row {
  readonly key: string;
  readonly label: string;
  readonly href: string | null;
  readonly values: Bar;
}

function rowsOf({ marks, others }: Chart): Row[] {
  const rows: Row[] = marks.map((mark, index) => ({ key: `${index}`, ...mark }));
  return others === null ? rows : [...rows, { key: "others", href: null, ...others }];
}

function Bars({ chart }: { readonly chart: Chart }) {
  return (
    <Table
      caption={plainName(chart.finding)}
      captionHidden
      className="bars narrow"
      rows={rowsOf(chart)}
      rowKey={(row) => row.key}
      columns={[
        { header: chart.header, kind: "heading", cell: (row) => <Label row={row} /> },
        { header: "Share", kind: "bar", cell: ({ values }) => <ValueBar values={values} /> },
        { header: valueHeader(chart), kind: "number", cell: ({ values }) => <Value values={values} /> },
        { header: "By downloads", kind: "number", cell: ({ values }) => <Weighted values={values} /> },
      ]}
    />
  );
}

function valueHeader({ marks, things }: Chart): string {
  return marks[0]?.values.kind === "tally" ? "Load" : `${things[0]!.toUpperCase()}${things.slice(1)}`;
}

function Label({ row: { label, href } }: { readonly row: Row }) {
  return href === null ? <Name>{label}</Name> : <a href={href}>{<Name>{label}</Name>}</a>;
}

function ValueBar({ values }: { readonly values: Bar }) {
  return values.kind === "tally" ? (
    <TallyBar tally={tally(values.counts)} />
  ) : (
    <CountBar value={values.models} of={values.of} name="plain" />
  );
}

function Value({ values }: { readonly values: Bar }) {
  if (values.kind === "count")
    return (
      <>
        {integer(values.models)} <span className="muted">{percent(values.models, values.of)}</span>
      </>
    );
  return (
    <>
      {integer(values.counts.loads)} <span className="muted">of {integer(tally(values.counts).total)}</span>
    </>
  );
}

/** The share of downloads that load, or the downloads themselves. */
function Weighted({ values }: { readonly values: Bar }) {
  if (values.kind === "count") return compact(values.downloads);
  const { loads, total } = tally(values.downloads);
  return <span title={`of ${integer(total)} downloads a month`}>{percent(loads, total)}</span>;
}

/** Every number of the chart, as its downloads have them. */
function Numbers({ chart }: { readonly chart: Chart }) {
  const { columns, rows } = chartTable(chart);
  const [label, ...values] = columns;
  return (
    <Table
      caption={`Numbers of the figure: ${plainName(chart.finding)}`}
      captionHidden
      rows={rows.map((row, index) => ({ row, index }))}
      rowKey={({ index }) => index}
      columns={[
        { header: chart.header, kind: "heading", cell: ({ row }) => <Name>{String(row[label!.name])}</Name> },
        ...values.map(
          ({ name }): Column<{ row: (typeof rows)[number]; index: number }> => ({
            header: name.replaceAll("_", " "),
            kind: "number",
            cell: ({ row }) => integer(Number(row[name])),
          }),
        ),
      ]}
    />
  );
}
