/** What blocks most, and what it could do. */
import type { ReactNode } from "react";
import type { Blocker } from "../../../db/queries/blockers.ts";
import { lensPhrase } from "../../../db/queries/judgements.ts";
import { Figure } from "../../parts/figure.tsx";
import { compact, counted, day, integer, percent } from "../../parts/numbers.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { CAPABILITIES, CapabilityTag, CountBar } from "../../parts/verdict.tsx";
import type { FigureProps } from "./data.ts";

export function Blockers({ data, request, blockedModels }: FigureProps & { readonly blockedModels: number }) {
  const { blockers, capabilities, opcodes, lens, survey } = data;
  const about = `What is outside the policy, by how many models have it ${lensPhrase(lens)}; n = ${counted(blockedModels, "blocked model")}; ${day(survey.startedAt)}.`;
  if (blockers.length === 0 && opcodes.length === 0)
    return (
      <Figure id="blockers" finding="Nothing is blocked" about={about}>
        <p className="empty">No model has anything outside this policy.</p>
      </Figure>
    );
  return (
    <Figure
      id="blockers"
      finding={blockers.length === 0 ? "No callable is blocked, only opcodes" : finding(blockers[0]!, blockedModels)}
      about={about}
    >
      <Table
        caption="What blocks most"
        captionHidden
        className="bars blockers"
        rows={blockers}
        rowKey={(row) => row.callableId}
        columns={[
          {
            header: "Callable",
            kind: "heading",
            cell: (row) => (
              <a href={request.at.callable(row)}>
                <Name code>{row.callable}</Name>
              </a>
            ),
          },
          { header: "Capability", cell: (row) => <CapabilityTag capability={row.capability} /> },
          {
            header: "Share of blocked models",
            kind: "bar",
            cell: (row) => <CountBar value={row.models} of={blockedModels} name="blocked" />,
          },
          { header: "Models", kind: "number", cell: (row) => integer(row.models) },
          { header: "Their downloads", kind: "number", cell: (row) => compact(row.downloads) },
        ]}
      />
      {capabilities.length > 0 && (
        <>
          <h3>What the blocked callables could do</h3>
          <ul className="capabilities">
            {capabilities.map(({ capability, models }) => (
              <li key={capability}>
                <CapabilityTag capability={capability} /> <b>{counted(models, "model")}</b>{" "}
                <span className="muted">{CAPABILITIES[capability].meaning}</span>
              </li>
            ))}
          </ul>
        </>
      )}
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
    </Figure>
  );
}

function finding(first: Blocker, blockedModels: number): ReactNode {
  return (
    <>
      <Name code>{first.callable}</Name> blocks most: {percent(first.models, blockedModels)} of the blocked models have it
    </>
  );
}
