/** What is outside the policies: each blocked callable with its places, the opcodes around the first, and what would allow it. */
import type { Mode } from "../../../analyzer/verdict/verdict.ts";
import type { Evidence, Place } from "../../../db/queries/evidence.ts";
import type { SurveyRequest } from "../../answer.tsx";
import { Disassembly } from "../../parts/disassembly.tsx";
import { counted, integer } from "../../parts/numbers.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { CAPABILITIES, CapabilityTag, VerdictIcon } from "../../parts/verdict.tsx";
import type { ModelProps, ShownEvidence } from "./data.ts";

/** Places of one callable that are listed; the table of the survey has them all. */
const PLACES = 8;

/** Cards whose opcodes are shown from the start; the others open, by hand or by a link into them. */
const OPEN = 3;

/** The permanent fragment of a piece of evidence. */
export function evidenceId({ pickleId, places }: Evidence): string {
  return `at-${pickleId}-${places[0]!.offset}`;
}

export function EvidenceList({ data, request }: ModelProps) {
  const { evidence } = data;
  if (evidence.length === 0) return null;
  const shown = evidence.filter(({ lines }) => lines !== null);
  const listed = evidence.filter(({ lines }) => lines === null);
  return (
    <section aria-labelledby="blocked">
      <h2 id="blocked">What is blocked</h2>
      <p className="muted">{counted(evidence.length, "callable")} outside one policy or another, what could do most first.</p>
      {shown.map((found, index) => (
        <EvidenceCard key={evidenceId(found)} found={found} open={index < OPEN} data={data} request={request} />
      ))}
      {listed.length > 0 && (
        <Table
          caption="Blocked, without the opcodes around"
          rows={listed}
          rowKey={evidenceId}
          columns={[
            { header: "Callable", kind: "heading", cell: (found) => <EvidenceName found={found} request={request} /> },
            { header: "Capability", cell: (found) => <CapabilityTag capability={found.capability} /> },
            { header: "File", cell: (found) => <Location found={found} /> },
            { header: "Offset", kind: "number", cell: (found) => <span id={evidenceId(found)}>{integer(found.places[0]!.offset)}</span> },
          ]}
        />
      )}
    </section>
  );
}

function EvidenceCard({ found, open, data, request }: ModelProps & { readonly found: ShownEvidence; readonly open: boolean }) {
  const id = evidenceId(found);
  const { places, capability } = found;
  return (
    <article className="evidence" id={id} aria-labelledby={`${id}-title`}>
      <header>
        <h3 id={`${id}-title`}>
          <VerdictIcon verdict="blocked" /> <EvidenceName found={found} request={request} /> <CapabilityTag capability={capability} />
        </h3>
        <p>
          <Location found={found} />
        </p>
      </header>
      <ul className="places">
        {places.slice(0, PLACES).map((place) => (
          <li key={`${place.offset} ${place.opcode}`}>
            <a href={`#${id}-${place.offset}`}>
              <code>{place.opcode}</code> at byte {integer(place.offset)}
            </a>
            {againstOf(place).map((against) => (
              <Against key={`${against.policyId} ${against.reason}`} against={against} data={data} request={request} />
            ))}
          </li>
        ))}
        {places.length > PLACES && <li>and {counted(places.length - PLACES, "more place")}</li>}
      </ul>
      <details open={open}>
        <summary>Opcodes around byte {integer(places[0]!.offset)}</summary>
        <Disassembly
          title={`Opcodes around byte ${integer(places[0]!.offset)}`}
          id={id}
          lines={found.lines!}
          marked={places.map((place) => place.offset)}
        />
      </details>
      <p className="remedy">
        <Remedy found={found} request={request} />
      </p>
    </article>
  );
}

interface PolicyAgainst {
  readonly policyId: number;
  readonly reason: string;
  readonly count: number;
  readonly modes: readonly Mode[];
}

/** Who blocks it and why, with the modes of a policy together: mostly both say the same. */
function againstOf({ blockedBy }: Place): PolicyAgainst[] {
  const against = new Map<string, PolicyAgainst>();
  for (const { policyId, mode, reason, count } of blockedBy) {
    const key = `${policyId} ${reason}`;
    against.set(key, { policyId, reason, count, modes: [...(against.get(key)?.modes ?? []), mode] });
  }
  return [...against.values()];
}

function Against({ against: { policyId, reason, count, modes }, data, request }: ModelProps & { readonly against: PolicyAgainst }) {
  const { policy } = data.judged.find((judgement) => judgement.policyId === policyId)!;
  return (
    <span className="against">
      <Name>{reason}</Name>
      {count > 1 && `, ${counted(count, "time")}`}{" "}
      <span className="muted">
        (
        <a href={request.at.policy(policyId)}>
          <Name>{policy}</Name>
        </a>
        {modes.length === 1 && modes[0] === "lazy" && ", lazy"})
      </span>
    </span>
  );
}

function EvidenceName({ found: { callableId, callable, places }, request }: { readonly found: Evidence; readonly request: SurveyRequest }) {
  if (callableId === null || callable === null) return <>opcode {places[0]!.opcode}</>;
  return (
    <a href={request.at.callable({ callableId, callable })}>
      <Name code>{callable}</Name>
    </a>
  );
}

function Location({ found: { path, entry } }: { readonly found: Evidence }) {
  return (
    <>
      in <Name code>{path}</Name>
      {entry !== null && (
        <>
          , entry <Name code>{entry}</Name>
        </>
      )}
    </>
  );
}

/** What would allow it: policies that do, or what has to be known first. */
function Remedy({
  found: { callableId, callable, capability, allowedBy },
  request,
}: {
  readonly found: Evidence;
  readonly request: SurveyRequest;
}) {
  if (callableId === null || callable === null) return <>No list of names allows this: the loader itself lacks it.</>;
  const policies = (
    <a href={request.at.callable({ callableId, callable })}>
      {counted(Math.max(allowedBy.imports, allowedBy.calls), "policy", "policies")}
    </a>
  );
  if (allowedBy.imports > 0 || allowedBy.calls > 0)
    return (
      <>
        <b>What would allow it:</b> {policies} of this census {allowedBy.imports + allowedBy.calls === 1 ? "allows" : "allow"} it, for other
        classes or versions. A model is safe to load with it only if its own class leads there.
      </>
    );
  if (capability !== null && capability !== "unknown")
    return (
      <>
        <b>What would allow it:</b> no policy of this census does, and none should on its name alone. {CAPABILITIES[capability].meaning}
      </>
    );
  return (
    <>
      <b>What would allow it:</b> no policy of this census does. Source in which the model’s class leads to it would; the source that was
      read has none.
    </>
  );
}
