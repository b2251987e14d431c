/**
 * What a figure shows, as data: its finding, what it counts and when, and a row for each mark with the address of the
 * models behind it. The page, the picture and the table are three renderings of it.
 */
import type { ExportRow, ExportTable } from "../../db/exports/table.ts";
import { integer, text } from "../../db/exports/table.ts";
import { type Tally, tally, type VerdictCounts } from "../../db/queries/judgements.ts";
import type { Counted } from "../../db/queries/success.ts";

/** One bar. */
export interface Mark {
  /** From strangers: to be shown as a name. */
  readonly label: string;
  /** The models behind it; null where there is no such list. */
  readonly href: string | null;
  readonly values: Bar;
}

/** `tally`: what loads, what is blocked, what could not be told, of their sum. `count`: one number, of `of`. */
export type Bar =
  | { readonly kind: "tally"; readonly counts: VerdictCounts; readonly downloads: VerdictCounts }
  | { readonly kind: "count"; readonly models: number; readonly of: number; readonly downloads: number };

export interface Chart {
  readonly id: string;
  readonly finding: string;
  /** What is counted, how many of them there are, and when. */
  readonly about: string;
  /** What the marks are: `Library`. */
  readonly header: string;
  /** What is counted: `models`, `files`. */
  readonly things: string;
  readonly marks: readonly Mark[];
  /** The sum of marks that are left out for being small. */
  readonly others: { readonly label: string; readonly values: Bar } | null;
}

/** The three sums of a counted group. */
export function tallyOf({ counts }: Pick<Counted, "counts">): Tally {
  return tally(counts);
}

const VALUES = {
  tally: [
    integer("loads", "How many load."),
    integer("blocked", "How many are blocked."),
    integer("could_not_tell", "How many of which neither could be told."),
    integer("total", "All of them."),
    integer("downloads_loads", "Monthly downloads of those that load."),
    integer("downloads_total", "Monthly downloads of all of them."),
  ],
  count: [integer("models", "How many."), integer("of", "Of how many."), integer("downloads", "Monthly downloads of them.")],
} as const;

/** The numbers of a chart as a table to take away. */
export function chartTable(chart: Chart): Omit<ExportTable, "rows"> & { readonly rows: readonly ExportRow[] } {
  const label = chart.header.toLowerCase().replaceAll(/\W+/g, "_");
  const kind = chart.marks[0]?.values.kind ?? "count";
  const marks = [...chart.marks, ...(chart.others === null ? [] : [chart.others])];
  return {
    name: chart.id,
    description: `${chart.finding}. ${chart.about}`,
    columns: [text(label, chart.header), ...VALUES[kind]],
    rows: marks.map(({ label: name, values }) => ({ [label]: name, ...cells(values) })),
  };
}

function cells(values: Bar): ExportRow {
  if (values.kind === "count") return { models: values.models, of: values.of, downloads: values.downloads };
  const { loads, blocked, unknown, total } = tally(values.counts);
  const weighted = tally(values.downloads);
  return { loads, blocked, could_not_tell: unknown, total, downloads_loads: weighted.loads, downloads_total: weighted.total };
}
