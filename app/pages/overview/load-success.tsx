/** Load success under each policy: the first figure, weights apart from side files. */
import type { ReactNode } from "react";
import { VERDICT_KINDS, type VerdictKind } from "../../../analyzer/verdict/verdict.ts";
import { ROLES, tally } from "../../../db/queries/judgements.ts";
import type { Success } from "../../../db/queries/success.ts";
import type { PolicySlot } from "../../../db/schema.ts";
import { ChartFigure } from "../../figures/chart-figure.tsx";
import { loadSuccessChart } from "../../figures/charts.ts";
import { judgementLabel } from "../../parts/lens.tsx";
import { integer, percent } from "../../parts/numbers.ts";
import { CLASS_STATES } from "../../parts/states.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { TallyBar, TallyLegend } from "../../parts/verdict.tsx";
import type { FigureProps } from "./data.ts";

export function LoadSuccess({ data, request }: FigureProps) {
  const weights = data.success.filter((row) => row.role === "weights");
  const side = data.success.filter((row) => row.role === "side");
  const chart = loadSuccessChart({ data, request });
  const common = { chart, lens: data.lens, judgements: data.judgements, at: request.at };
  if (weights.length === 0) return <ChartFigure {...common} empty="Models appear here as the survey judges them." />;
  return (
    <ChartFigure {...common}>
      <TallyLegend />
      <SuccessTable rows={weights} caption="Load success of weights under each policy" data={data} request={request} />
      {side.length > 0 && (
        <>
          <h3>Side files, counted apart</h3>
          <p className="muted">{ROLES.side.meaning} No library loads them to have the model.</p>
          <SuccessTable rows={side} caption="Load success of side files under each policy" data={data} request={request} />
        </>
      )}
    </ChartFigure>
  );
}

function SuccessTable({ rows, caption, data, request }: FigureProps & { readonly rows: readonly Success[]; readonly caption: string }) {
  const models = (row: Success, verdict: VerdictKind | "none") => (
    <a href={request.at.modelsWith(row, data.judgements, { verdict })}>{integer(row.counts[verdict])}</a>
  );
  return (
    <Table
      caption={caption}
      captionHidden
      className="bars success"
      rows={rows}
      rowKey={(row) => `${row.slot} ${row.mode}`}
      columns={[
        {
          header: "Policy",
          kind: "heading",
          cell: (row) => (
            <>
              {judgementLabel(row, data.judgements)}
              <small>
                {row.policy === null ? (
                  SEVERAL[row.slot]
                ) : (
                  <a href={request.at.policy(row.policy.policyId)}>
                    <Name>{row.policy.name}</Name>
                  </a>
                )}
              </small>
            </>
          ),
        },
        { header: "Load", kind: "number", cell: (row) => <b className="big">{percent(row.counts.loads, tally(row.counts).total)}</b> },
        { header: "Share", kind: "bar", cell: (row) => <TallyBar tally={tally(row.counts)} /> },
        {
          header: "Models",
          kind: "number",
          cell: (row) => (
            <>
              {models(row, "loads")} <span className="muted">of {integer(tally(row.counts).total)}</span>
              <WithPolicy row={row} />
            </>
          ),
        },
        { header: "Blocked", kind: "number", cell: (row) => models(row, "blocked") },
        {
          header: "By downloads",
          kind: "number",
          cell: ({ downloads }) => {
            const { loads, total } = tally(downloads);
            return <span title={`of ${integer(total)} downloads a month`}>{percent(loads, total)}</span>;
          },
        },
        { header: "Could not tell", cell: (row) => <Doubts row={row} models={models} /> },
      ]}
    />
  );
}

/** How many policies stand in a slot that has more than one. */
const SEVERAL: Readonly<Record<PolicySlot, string>> = {
  "weights-only": "several releases",
  class: "one a class and release",
  "class+open": "one a class and release",
  "class-range": "one a class",
  observed: "one a model, of the others",
};

/** What could not be told, by why: a kind of verdict, or what there was no verdict for. */
function Doubts({ row, models }: { readonly row: Success; readonly models: (row: Success, verdict: VerdictKind | "none") => ReactNode }) {
  const kinds = (Object.keys(VERDICT_KINDS) as VerdictKind[]).filter((kind) => VERDICT_KINDS[kind].counts === "unknown");
  const found = ([...kinds, "none"] as const).filter((kind) => row.counts[kind] > 0);
  if (found.length === 0) return "0";
  return (
    <ul className="inline">
      {found.map((kind) => (
        <li key={kind}>
          {models(row, kind)} {kind === "none" ? `no verdict: ${without(row)}` : VERDICT_KINDS[kind].label}
        </li>
      ))}
    </ul>
  );
}

function without({ without, slot, counts }: Success): string {
  if (slot === "observed") return `${integer(counts.none)} with no other of their class or library`;
  const why = ({ classState }: Success["without"][number]) =>
    slot === "weights-only" || classState === null || classState === "inferred" ? "not judged" : CLASS_STATES[classState].label;
  return without.map((group) => `${integer(group.models)} ${why(group)}`).join(", ");
}

/** The share among those that have a policy, where that is not the same. */
function WithPolicy({ row: { counts } }: { readonly row: Success }) {
  const { total } = tally(counts);
  if (counts.none === 0 || counts.none === total) return null;
  return (
    <small>
      {percent(counts.loads, total - counts.none)} of {integer(total - counts.none)} with a policy
    </small>
  );
}
