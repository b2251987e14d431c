/** What blocks most: callables, and opcodes that a loader does not take. */
import { sameLens } from "../../../db/queries/judgements.ts";
import { ChartFigure } from "../../figures/chart-figure.tsx";
import { callablesChart } from "../../figures/charts.ts";
import { CallableTable } from "../../parts/callable-table.tsx";
import { compact, counted, integer } from "../../parts/numbers.ts";
import { CountBar } from "../../parts/verdict.tsx";
import type { FigureProps } from "./data.ts";

export function Blockers({ data, request }: FigureProps) {
  const { blockers, opcodes, lens, judgements, success } = data;
  const chart = callablesChart({ data, request });
  const blockedModels = success.find((row) => sameLens(row, lens))?.counts.blocked ?? 0;
  if (blockers.length === 0 && opcodes.length === 0)
    return (
      <ChartFigure chart={chart} lens={lens} judgements={judgements} at={request.at} empty="No model has anything outside this policy." />
    );
  return (
    <ChartFigure chart={chart} lens={lens} judgements={judgements} at={request.at}>
      <CallableTable
        caption="What blocks most"
        className="bars blockers"
        rows={blockers}
        at={request.at}
        columns={[
          {
            header: "Share of blocked models",
            kind: "bar",
            cell: (row) => <CountBar value={row.models} of={blockedModels} name="blocked" />,
          },
          { header: "Models", kind: "number", cell: (row) => integer(row.models) },
          { header: "Their downloads", kind: "number", cell: (row) => compact(row.downloads) },
        ]}
      />
      {opcodes.length > 0 && (
        <>
          <h3>Opcodes that the loader does not take, whatever they do</h3>
          <ul className="inline">
            {opcodes.map(({ opcode, models }) => (
              <li key={opcode}>
                <code>{opcode}</code> <span className="muted">{counted(models, "model")}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </ChartFigure>
  );
}
