/** What blocks most, and what it could do. */
import type { ReactNode } from "react";
import type { Blocker } from "../../../db/queries/blockers.ts";
import { lensPhrase } from "../../../db/queries/judgements.ts";
import type { SurveyRequest } from "../../answer.tsx";
import { Figure } from "../../parts/figure.tsx";
import { compact, counted, day, integer, percent } from "../../parts/numbers.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { CAPABILITIES, CapabilityTag, CountBar } from "../../parts/verdict.tsx";
import type { FigureProps } from "./data.ts";

export function Blockers({ data, request, blockedModels }: FigureProps & { readonly blockedModels: number }) {
  const { blockers, capabilities, lens, survey } = data;
  const about = `What is outside the policy, by how many models have it ${lensPhrase(lens)}; n = ${counted(blockedModels, "blocked model")}; ${day(survey.startedAt)}.`;
  if (blockers.length === 0)
    return (
      <Figure id="blockers" finding="Nothing is blocked" about={about}>
        <p className="empty">No model has anything outside this policy.</p>
      </Figure>
    );
  return (
    <Figure id="blockers" finding={finding(blockers[0]!, blockedModels)} about={about}>
      <Table
        caption="What blocks most"
        captionHidden
        className="bars blockers"
        rows={blockers}
        rowKey={(row) => row.callableId ?? `opcode ${row.opcode}`}
        columns={[
          { header: "Callable", kind: "heading", cell: (row) => <BlockerName blocker={row} request={request} /> },
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
    </Figure>
  );
}

function BlockerName({ blocker, request }: { readonly blocker: Blocker; readonly request: SurveyRequest }) {
  const { callableId, callable, opcode } = blocker;
  if (callableId === null || callable === null) return <>opcode {opcode}</>;
  return (
    <a href={request.at.callable({ callableId, callable })}>
      <Name code>{callable}</Name>
    </a>
  );
}

function finding(first: Blocker, blockedModels: number): ReactNode {
  return (
    <>
      {first.callable === null ? `opcode ${first.opcode}` : <Name code>{first.callable}</Name>} blocks most:{" "}
      {percent(first.models, blockedModels)} of the blocked models have it
    </>
  );
}
