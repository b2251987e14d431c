/** Everything a model looks up and calls, and what surveys said of it over time. */
import { POLICY_SLOTS, ROLES } from "../../../db/queries/judgements.ts";
import { CallableTable } from "../../parts/callable-table.tsx";
import { day, integer } from "../../parts/numbers.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { Verdict, VerdictIcon } from "../../parts/verdict.tsx";
import type { ModelProps } from "./data.ts";
import { evidenceId } from "./evidence.tsx";

export function UsedCallables({ data: { callables, evidence }, request }: ModelProps) {
  if (callables.length === 0) return null;
  return (
    <section aria-labelledby="callables">
      <h2 id="callables">Everything it imports and calls</h2>
      <CallableTable
        caption="Callables that its pickles look up and call"
        rows={callables}
        at={request.at}
        columns={[
          { header: "Imports", kind: "number", cell: (row) => integer(row.imports) },
          { header: "Calls", kind: "number", cell: (row) => integer(row.calls) },
          {
            header: "Outside a policy",
            cell: (row) => {
              const found = evidence.find(({ callableId }) => callableId === row.callableId);
              return found === undefined ? (
                ""
              ) : (
                <a href={`#${evidenceId(found)}`}>
                  <VerdictIcon verdict="blocked" /> blocked
                </a>
              );
            },
          },
        ]}
      />
    </section>
  );
}

export function History({ data: { history, survey } }: ModelProps) {
  if (history.every((row) => row.survey === survey.name)) return null;
  return (
    <section aria-labelledby="history">
      <h2 id="history">Over the surveys</h2>
      <Table
        caption="Verdicts of all surveys"
        captionHidden
        rows={history}
        rowKey={(row) => `${row.survey} ${row.slot} ${row.mode} ${row.role}`}
        columns={[
          { header: "Survey", kind: "heading", cell: (row) => <Name>{row.survey}</Name> },
          { header: "Date", cell: (row) => day(row.startedAt) },
          { header: "Commit", cell: (row) => <code>{row.commitSha.slice(0, 8)}</code> },
          { header: "Judged", cell: (row) => `${ROLES[row.role].label}, ${POLICY_SLOTS[row.slot].label}, ${row.mode}` },
          { header: "Verdict", cell: (row) => <Verdict verdict={row.verdict} /> },
        ]}
      />
    </section>
  );
}
