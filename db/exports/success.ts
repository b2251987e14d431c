/** The tables of load success: under each policy, and by what models can be told apart by. The numbers of the overview. */
import { VERDICT_KINDS, type VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import { listLenses, tally } from "../queries/judgements.ts";
import { type Counted, DIMENSIONS, type Dimension, loadSuccess, successBy, successByContainer } from "../queries/success.ts";
import { type ExportColumn, type ExportRow, type ExportTable, integer, number, text } from "./table.ts";

const KINDS = Object.keys(VERDICT_KINDS) as VerdictKind[];

const LENS_COLUMNS = [
  text("slot", "Which of the policies judged side by side."),
  text("mode", "strict or lazy."),
  text("role", "weights, or side: what training left beside them."),
];

const countColumns = (things: string): ExportColumn[] => [
  ...KINDS.map((kind) => integer(kind, `${things}. ${VERDICT_KINDS[kind].meaning}`)),
  integer("none", `${things} with no verdict: no policy for their class, or not judged yet.`),
  integer("could_not_tell", "The sum of what is neither success nor failure."),
  integer("total", "All of them: the denominator."),
  number("share_loads", "loads divided by total; null where total is 0."),
  integer("downloads_loads", "Monthly downloads of those that load."),
  integer("downloads_blocked", "Monthly downloads of those that are blocked."),
  integer("downloads_total", "Monthly downloads of all of them."),
];

function countCells({ counts, downloads }: Counted): ExportRow {
  const { loads, unknown, total } = tally(counts);
  const weighted = tally(downloads);
  return {
    ...counts,
    could_not_tell: unknown,
    total,
    share_loads: total === 0 ? null : loads / total,
    downloads_loads: weighted.loads,
    downloads_blocked: weighted.blocked,
    downloads_total: weighted.total,
  };
}

async function* successRows(store: Store, surveyId: number): AsyncGenerator<ExportRow> {
  for (const { slot, mode, role, counts, downloads } of await loadSuccess(store, surveyId))
    yield { slot, mode, role, ...countCells({ counts, downloads }) };
}

export const loadSuccessTable: ExportTable = {
  name: "load-success",
  description: "How many models load under each policy, and how many could not be told.",
  columns: [...LENS_COLUMNS, ...countColumns("Models")],
  rows: successRows,
};

/** Load success under every policy, by a dimension. */
export function loadSuccessBy(dimension: Dimension): ExportTable {
  const { label, meaning } = DIMENSIONS[dimension];
  return {
    name: `load-success-by-${dimension}`,
    description: `How many models load under each policy, by ${label}.`,
    columns: [text(dimension, meaning), ...LENS_COLUMNS, ...countColumns("Models")],
    rows: (store, surveyId) => rowsBy(store, surveyId, dimension),
  };
}

async function* rowsBy(store: Store, surveyId: number, dimension: Dimension): AsyncGenerator<ExportRow> {
  for (const lens of await listLenses(store, surveyId))
    for (const { name, ...counted } of (await successBy(store, surveyId, lens, dimension, Number.POSITIVE_INFINITY)).groups)
      yield { [dimension]: name, slot: lens.slot, mode: lens.mode, role: lens.role, ...countCells(counted) };
}

export const loadSuccessByContainer: ExportTable = {
  name: "load-success-by-container",
  description: "How many files load under each policy, by the container that holds their pickles.",
  columns: [text("container", "What the file's bytes are; null for files that were not read."), ...LENS_COLUMNS, ...countColumns("Files")],
  rows: async function* (store, surveyId) {
    for (const lens of await listLenses(store, surveyId))
      for (const { name, ...counted } of (await successByContainer(store, surveyId, lens, Number.POSITIVE_INFINITY)).groups)
        yield { container: name, slot: lens.slot, mode: lens.mode, role: lens.role, ...countCells(counted) };
  },
};
