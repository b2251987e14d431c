/** The classes that a model may load as, with the verdict on its weights as each. */
import { VERDICT_KINDS } from "../../../analyzer/verdict/verdict.ts";
import type { CandidateClass } from "../../../db/queries/candidates.ts";
import { POLICY_SLOTS } from "../../../db/queries/judgements.ts";
import type { SurveyRequest } from "../../answer.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";

interface CandidatesProps {
  readonly candidates: readonly CandidateClass[];
  readonly at: SurveyRequest["at"];
}

export function Candidates({ candidates, at }: CandidatesProps) {
  const columns: Column<CandidateClass>[] = [
    { header: "Class", kind: "heading", cell: (row) => <Name code>{row.class}</Name> },
    { header: "How sure", cell: ({ confidence }) => confidence },
    { header: "Why", cell: ({ evidence }) => <Name>{evidence}</Name> },
    { header: "Its weights, strictly", kind: "block", cell: (row) => <Verdicts of={row} at={at} /> },
  ];
  return (
    <Table caption="It may load as any of these; the first counts" columns={columns} rows={candidates} rowKey={(row) => row.candidate} />
  );
}

function Verdicts({ of: { verdicts, failure }, at }: { readonly of: CandidateClass; readonly at: SurveyRequest["at"] }) {
  const shown = verdicts.filter(({ mode, role }) => mode === "strict" && role === "weights");
  if (shown.length === 0) return <Name>{failure ?? "not judged"}</Name>;
  return (
    <ul>
      {shown.map(({ slot, policyId, verdict }) => (
        <li key={slot}>
          {VERDICT_KINDS[verdict].label} under its <a href={at.policy(policyId)}>{POLICY_SLOTS[slot].label}</a>
        </li>
      ))}
    </ul>
  );
}
