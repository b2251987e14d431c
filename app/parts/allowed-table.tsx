/** What a policy allows: each callable with the chain of reasons from the class to it, down to the line of source. */
import type { Reason } from "../../analyzer/policy/policy.ts";
import type { AllowedCallable } from "../../db/queries/policies.ts";
import type { Addresses } from "../addresses.ts";
import { Table } from "./table.tsx";
import { Name } from "./text.tsx";
import { CapabilityTag, isTold } from "./verdict.tsx";

/** Where the source that reasons name can be read. */
interface Sources {
  /** Source ids, by the path that a reason names. */
  readonly sources: Readonly<Record<string, number>>;
  readonly at: Addresses;
}

export function AllowedTable({ entries, sources, at }: Sources & { readonly entries: readonly AllowedCallable[] }) {
  return (
    <Table
      caption="Allowed callables with their reasons"
      captionHidden
      className="policy"
      rows={entries}
      rowKey={(entry) => entry.callableId}
      columns={[
        { header: "Callable", kind: "heading", cell: (entry) => <EntryName entry={entry} at={at} /> },
        { header: "Allowed", cell: (entry) => <Uses entry={entry} /> },
        {
          header: "Reasons, from the class to the name",
          kind: "block",
          cell: (entry) => <Chains entry={entry} sources={sources} at={at} />,
        },
      ]}
    />
  );
}

function EntryName({ entry, at }: { readonly entry: AllowedCallable; readonly at: Addresses }) {
  return (
    <span id={`callable-${entry.callableId}`}>
      <a href={at.callable(entry)}>
        <Name code>{entry.callable}</Name>
      </a>{" "}
      {isTold(entry.capability) && <CapabilityTag capability={entry.capability} />}
    </span>
  );
}

function Uses({ entry }: { readonly entry: AllowedCallable }) {
  return (
    <>
      {[entry.import && "import", entry.isBound && "in a partial", entry.call && "call"].filter(Boolean).join(", ")}
      {entry.returns === "shared" && <p className="muted">what it returns may not be changed</p>}
    </>
  );
}

/** One chain where the import and the call have the same reasons, as they mostly do; else both, each named. */
function Chains({ entry, sources, at }: Sources & { readonly entry: AllowedCallable }) {
  const same = entry.import === null || entry.call === null || JSON.stringify(entry.import) === JSON.stringify(entry.call);
  if (same) return <Chain reasons={entry.import ?? entry.call ?? []} sources={sources} at={at} />;
  return (
    <>
      <p className="muted">To import it:</p>
      <Chain reasons={entry.import!} sources={sources} at={at} />
      <p className="muted">To call it:</p>
      <Chain reasons={entry.call!} sources={sources} at={at} />
    </>
  );
}

function Chain({ reasons, sources, at }: Sources & { readonly reasons: readonly Reason[] }) {
  if (reasons.length === 0) return <span className="muted">no reason is recorded</span>;
  return (
    <ol className="chain">
      {reasons.map((reason) => (
        <li key={`${reason.kind} ${reason.text} ${reason.name} ${reason.file}:${reason.line}`}>
          <span className="step">{reason.kind}</span>
          <span>
            <Name>{reason.text}</Name>
          </span>
          {reason.file !== undefined && <SourceLink reason={reason} sources={sources} at={at} />}
        </li>
      ))}
    </ol>
  );
}

/** `file:line`, as a link where the source is stored. */
export function SourceLink({ reason: { file, line }, sources, at }: Sources & { readonly reason: Pick<Reason, "file" | "line"> }) {
  const sourceId = sources[file!];
  const text = <Name code>{line === undefined ? file! : `${file}:${line}`}</Name>;
  return sourceId === undefined ? (
    <span className="source">{text}</span>
  ) : (
    <a className="source" href={at.source(sourceId, file!, line)}>
      {text}
    </a>
  );
}
