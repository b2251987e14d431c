/** Everything a model looks up and calls, and what surveys said of it over time. */
import type { Evidence } from "../../../db/queries/evidence.ts";
import { POLICY_SLOTS, ROLES } from "../../../db/queries/judgements.ts";
import { CallableTable } from "../../parts/callable-table.tsx";
import { Heading } from "../../parts/heading.tsx";
import { day, integer } from "../../parts/numbers.ts";
import { Pages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { Verdict, VerdictIcon } from "../../parts/verdict.tsx";
import { type ModelProps, SHOWN } from "./data.ts";
import { evidenceId } from "./evidence.tsx";

export function UsedCallables({ data: { model, callables, evidence, shownEvidence }, request }: ModelProps) {
  if (callables.total === 0) return null;
  const linked = (found: Evidence) => shownEvidence.rows.some((row) => row.callableId === found.callableId);
  return (
    <section aria-labelledby="callables">
      <Heading id="callables">Everything it imports and calls</Heading>
      <CallableTable
        caption="Callables that its pickles look up and call"
        rows={callables.rows}
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
                <a
                  href={
                    linked(found)
                      ? `#${evidenceId(found)}`
                      : request.at.modelPart(model.name, "evidence", evidence.indexOf(found) + 1, `#${evidenceId(found)}`)
                  }
                >
                  <VerdictIcon verdict="blocked" /> blocked
                </a>
              );
            },
          },
        ]}
      />
      <Pages
        of="callables"
        part={callables}
        size={SHOWN.callables}
        address={(from) => request.at.modelPart(model.name, "callables", from, "#callables")}
      />
    </section>
  );
}

export function History({ data: { history, survey } }: ModelProps) {
  if (history.every((row) => row.survey === survey.name)) return null;
  return (
    <section aria-labelledby="history">
      <Heading id="history">Over the surveys</Heading>
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
