/** What is outside the policies: each blocked callable with its places, the opcodes around the first, and what would allow it. */
import type { Evidence } from "../../../db/queries/evidence.ts";
import type { JudgedModel } from "../../../db/queries/model.ts";
import type { SurveyRequest } from "../../answer.tsx";
import { CallableLink } from "../../parts/callable-table.tsx";
import { Disassembly } from "../../parts/disassembly.tsx";
import { Heading } from "../../parts/heading.tsx";
import { counted, integer } from "../../parts/numbers.ts";
import { Pages } from "../../parts/pages.tsx";
import { Table } from "../../parts/table.tsx";
import { Name, visibleLine } from "../../parts/text.tsx";
import { CAPABILITIES, CapabilityTag, isTold, VerdictIcon } from "../../parts/verdict.tsx";
import { type ModelProps, SHOWN, type ShownEvidence } from "./data.ts";
import { FileEntry, Places } from "./places.tsx";

/** The permanent fragment of a piece of evidence. */
export function evidenceId({ places }: Evidence): string {
  return `at-${places[0]!.pickleId}-${places[0]!.offset}`;
}

export function EvidenceList({ data, request }: ModelProps) {
  const { evidence, shownEvidence, model } = data;
  if (evidence.length === 0) return null;
  const callables = evidence.filter(({ callableId }) => callableId !== null).length;
  const cards = shownEvidence.rows.filter(({ lines }) => lines !== null);
  const listed = shownEvidence.rows.filter(({ lines }) => lines === null);
  return (
    <section aria-labelledby="blocked">
      <Heading id="blocked">What is blocked</Heading>
      <p className="muted">
        {counted(callables, "callable")} outside one policy or another; what is known to do harm comes first, opcodes that a loader does not
        take last.
      </p>
      {cards.map((found) => (
        <EvidenceCard key={evidenceId(found)} found={found} data={data} request={request} />
      ))}
      <ListedEvidence caption="Without opcodes to show" found={listed} data={data} request={request} />
      <Pages
        of="what is blocked"
        part={shownEvidence}
        size={SHOWN.evidence}
        address={(from) => request.at.modelPart(model.name, "evidence", from, "#blocked")}
      />
    </section>
  );
}

function EvidenceCard({ found, data, request }: ModelProps & { readonly found: ShownEvidence }) {
  const id = evidenceId(found);
  const first = found.places[0]!;
  const around = `Opcodes around byte ${integer(first.offset)}`;
  return (
    <article className="evidence" id={id} aria-labelledby={`${id}-title`}>
      <header>
        <h3 id={`${id}-title`}>
          <VerdictIcon verdict="blocked" /> <EvidenceName found={found} request={request} />{" "}
          {isTold(found.capability) && <CapabilityTag capability={found.capability} />}
        </h3>
      </header>
      <Places found={found} id={id} data={data} request={request} />
      <div className="context">
        <Disassembly
          title={around}
          id={id}
          lines={found.lines!}
          marked={found.places.filter(({ pickleId }) => pickleId === first.pickleId).map(({ offset }) => offset)}
        />
        <Statements statements={found.statements} title={`${around}, as Python`} />
      </div>
      <p className="remedy">
        <b>What would allow it:</b> <Remedy found={found} data={data} request={request} />
      </p>
      <WhyNot found={found} data={data} request={request} />
    </article>
  );
}

/** What the opcodes amount to, as Python. */
function Statements({ statements, title }: Pick<ShownEvidence, "statements"> & { readonly title: string }) {
  if (statements.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do.
    <section className="statements" aria-label={title} tabIndex={0}>
      <h4>As Python</h4>
      <ol>
        {statements.map(({ text, marked }) => (
          <li key={text} className={marked === null ? undefined : "marked"}>
            <code>{shortLine(text)}</code>
            {marked !== null && <span className="mark">{marked === "does" ? "blocked" : "next statement"}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Characters of a statement that are shown: arguments can be as long as the pickle. */
const LONGEST_STATEMENT = 300;

function shortLine(text: string) {
  return text.length <= LONGEST_STATEMENT ? visibleLine(text) : visibleLine(`${text.slice(0, LONGEST_STATEMENT)} …`);
}

function ListedEvidence({ caption, found, request }: ModelProps & { readonly caption: string; readonly found: readonly ShownEvidence[] }) {
  if (found.length === 0) return null;
  return (
    <>
      <h3>{caption}</h3>
      <Table
        caption={caption}
        captionHidden
        rows={found}
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
    </>
  );
}

function EvidenceName({ found: { callableId, callable, places }, request }: { readonly found: Evidence; readonly request: SurveyRequest }) {
  if (callableId === null || callable === null)
    return (
      <>
        opcode <code>{places[0]!.opcode}</code>
      </>
    );
  return <CallableLink callable={{ callableId, callable }} at={request.at} />;
}

/** What would take an opcode: no list of names, but a loader that has it. */
function OpcodeRemedy({ found: { places }, data, request }: ModelProps & { readonly found: Evidence }) {
  const refusing = new Set(places.flatMap(({ blockedBy }) => blockedBy.map(({ policyId }) => policyId)));
  const own = data.judged.find(({ policyId, slot }) => slot.startsWith("class") && !refusing.has(policyId));
  return (
    <>
      no list of names, as it is the loader that does not take it.{" "}
      {own === undefined ? (
        "A loader that takes every opcode, and looks at what each of them does, would."
      ) : (
        <>
          Its class policy, <PolicyLink judged={own} request={request} />, is enforced by one that takes every opcode.
        </>
      )}
    </>
  );
}

/** What would allow it: the model's own class policy, others of this census, or nothing that is known. */
function Remedy({ found, data, request }: ModelProps & { readonly found: Evidence }) {
  const { callableId, callable, capability, allowedBy } = found;
  if (callableId === null) return <OpcodeRemedy found={found} data={data} request={request} />;
  const own = data.judged.find(({ policyId, slot }) => slot !== "weights-only" && allowedBy.judged.includes(policyId));
  if (own !== undefined)
    return (
      <>
        {own.slot === "observed" ? "what other models were seen to do" : "its class policy"}, <PolicyLink judged={own} request={request} />,
        allows it.
      </>
    );
  if (allowedBy.policies > 0)
    return (
      <>
        <a href={request.at.callable({ callableId, callable: callable! })}>{counted(allowedBy.policies, "policy", "policies")}</a> of this
        census {allowedBy.policies === 1 ? "does" : "do"}, for classes whose source leads to it. It is safe to allow where this model’s own
        class does too.
      </>
    );
  if (isTold(capability)) return <>no policy of this census does, and none should by its name alone. {CAPABILITIES[capability].meaning}</>;
  return <>source in which the model’s class leads to it; none that was read does.</>;
}

/** Why the model's own class policy does not have it, and what it has that is most like it. */
function WhyNot({ found, data: { own, model }, request }: ModelProps & { readonly found: ShownEvidence }) {
  const { callableId, allowedBy, nearest } = found;
  if (own === null || callableId === null || allowedBy.judged.includes(own.policyId)) return null;
  return (
    <p className="remedy">
      <b>Why it is not in the class policy:</b> nothing in the source that{" "}
      <a href={request.at.policy(own.policyId)}>
        <Name>{own.policy}</Name>
      </a>{" "}
      was inferred from leads from <Name code>{model.class ?? "the class"}</Name> to it.
      {nearest !== null && nearest.callableId !== callableId && (
        <>
          {" "}
          The most like it that is allowed is{" "}
          <a href={request.at.policyEntry(own.policyId, nearest.callableId)}>
            <Name code>{nearest.callable}</Name>
          </a>
          .
        </>
      )}
    </p>
  );
}

function PolicyLink({ judged, request }: { readonly judged: JudgedModel; readonly request: SurveyRequest }) {
  return (
    <a href={request.at.policy(judged.policyId)}>
      <Name>{judged.policy}</Name>
    </a>
  );
}
