/** What is outside the policies: each blocked callable with its places, the opcodes around the first, and what would allow it. */
import type { Evidence } from "../../../db/queries/evidence.ts";
import type { JudgedModel } from "../../../db/queries/model.ts";
import type { SurveyRequest } from "../../answer.tsx";
import { CallableLink } from "../../parts/callable-table.tsx";
import { Disassembly } from "../../parts/disassembly.tsx";
import { counted, integer } from "../../parts/numbers.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { CAPABILITIES, CapabilityTag, VerdictIcon } from "../../parts/verdict.tsx";
import type { ModelProps, ShownEvidence } from "./data.ts";
import { FileEntry, Places } from "./places.tsx";

/** Cards whose opcodes are shown from the start; the others open, by hand or by a link into them. */
const OPEN = 3;

/** Rows listed without their opcodes; the research table has all. */
const LISTED = 100;

/** The permanent fragment of a piece of evidence. */
export function evidenceId({ places }: Evidence): string {
  return `at-${places[0]!.pickleId}-${places[0]!.offset}`;
}

export function EvidenceList({ data, request }: ModelProps) {
  const { evidence } = data;
  if (evidence.length === 0) return null;
  const callables = evidence.filter(({ callableId }) => callableId !== null);
  const shown = callables.filter(({ lines }) => lines !== null);
  const listed = callables.filter(({ lines }) => lines === null);
  const opcodes = evidence.filter(({ callableId }) => callableId === null);
  return (
    <section aria-labelledby="blocked">
      <h2 id="blocked">What is blocked</h2>
      <p className="muted">{counted(callables.length, "callable")} outside one policy or another; what is known to do harm comes first.</p>
      {shown.map((found, index) => (
        <EvidenceCard key={evidenceId(found)} found={found} open={index < OPEN} data={data} request={request} />
      ))}
      <ListedEvidence caption="Further callables" found={listed} data={data} request={request} />
      <ListedEvidence caption="Opcodes and persistent ids that a loader does not take" found={opcodes} data={data} request={request} />
    </section>
  );
}

function EvidenceCard({ found, open, data, request }: ModelProps & { readonly found: ShownEvidence; readonly open: boolean }) {
  const id = evidenceId(found);
  const first = found.places[0]!;
  const around = `Opcodes around byte ${integer(first.offset)}`;
  return (
    <article className="evidence" id={id} aria-labelledby={`${id}-title`}>
      <header>
        <h3 id={`${id}-title`}>
          <VerdictIcon verdict="blocked" /> <EvidenceName found={found} request={request} /> <CapabilityTag capability={found.capability} />
        </h3>
      </header>
      <Places found={found} id={id} data={data} request={request} />
      <details open={open}>
        <summary>{around}</summary>
        <Disassembly
          title={around}
          id={id}
          lines={found.lines!}
          marked={found.places.filter(({ pickleId }) => pickleId === first.pickleId).map(({ offset }) => offset)}
        />
      </details>
      <p className="remedy">
        <b>What would allow it:</b> <Remedy found={found} data={data} request={request} />
      </p>
    </article>
  );
}

function ListedEvidence({ caption, found, request }: ModelProps & { readonly caption: string; readonly found: readonly ShownEvidence[] }) {
  if (found.length === 0) return null;
  return (
    <>
      <h3>{caption}</h3>
      <Table
        caption={caption}
        captionHidden
        rows={found.slice(0, LISTED)}
        rowKey={evidenceId}
        columns={[
          {
            header: "What",
            kind: "heading",
            cell: (row) => (
              <span id={evidenceId(row)}>
                <EvidenceName found={row} request={request} />
              </span>
            ),
          },
          { header: "Why", cell: (row) => <Name>{row.places[0]!.blockedBy[0]!.reason}</Name> },
          { header: "File", cell: (row) => <FileEntry place={row.places[0]!} /> },
          { header: "Byte", kind: "number", cell: (row) => integer(row.places[0]!.offset) },
          { header: "Places", kind: "number", cell: (row) => integer(row.places.length) },
        ]}
      />
      {found.length > LISTED && (
        <p className="muted">
          and {counted(found.length - LISTED, "more")}, in the <a href={request.at.at("/exports")}>table of everything blocked</a>
        </p>
      )}
    </>
  );
}

function EvidenceName({ found: { callableId, callable, places }, request }: { readonly found: Evidence; readonly request: SurveyRequest }) {
  if (callableId === null || callable === null) return <code>{places[0]!.opcode}</code>;
  return <CallableLink callable={{ callableId, callable }} at={request.at} />;
}

/** What would allow it: the model's own class policy, others of this census, or nothing that is known. */
function Remedy({ found, data, request }: ModelProps & { readonly found: Evidence }) {
  const { callableId, callable, capability, allowedBy } = found;
  const own = data.judged.find(({ policyId, slot }) => slot !== "weights-only" && allowedBy.judged.includes(policyId));
  if (own !== undefined)
    return (
      <>
        its class policy, <PolicyLink judged={own} request={request} />, allows it.
      </>
    );
  if (allowedBy.policies > 0)
    return (
      <>
        <a href={request.at.callable({ callableId: callableId!, callable: callable! })}>
          {counted(allowedBy.policies, "policy", "policies")}
        </a>{" "}
        of this census {allowedBy.policies === 1 ? "does" : "do"}, for classes whose source leads to it. It is safe to allow where this
        model’s own class does too.
      </>
    );
  if (capability !== "unknown" && capability !== null)
    return <>no policy of this census does, and none should by its name alone. {CAPABILITIES[capability].meaning}</>;
  return <>source in which the model’s class leads to it; none that was read does.</>;
}

function PolicyLink({ judged, request }: { readonly judged: JudgedModel; readonly request: SurveyRequest }) {
  return (
    <a href={request.at.policy(judged.policyId)}>
      <Name>{judged.policy}</Name>
    </a>
  );
}
