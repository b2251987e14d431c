/** What the Hub's own scanners say of a model's files, beside what we say: where both agree, and what only one of them found. */
import type { HubScanOfFile, ImportOfFile } from "../../../db/queries/hub-scans.ts";
import type { ModelFile } from "../../../db/queries/model.ts";
import { CallableLink } from "../../parts/callable-table.tsx";
import { Heading } from "../../parts/heading.tsx";
import { judgementLabel } from "../../parts/lens.tsx";
import { counted, day, integer } from "../../parts/numbers.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { VerdictIcon } from "../../parts/verdict.tsx";
import type { ModelProps } from "./data.ts";

/** Files on the page; the JSON has all, and so has the research table. */
const FILES = 12;
/** Names of a file that are listed of each kind. */
const NAMES = 5;

export function HubScans({ data, request }: ModelProps) {
  const { hubScans, files, judgements } = data;
  if (hubScans.length === 0) return null;
  return (
    <section aria-labelledby="hub">
      <Heading id="hub">{findingOf(hubScans)}</Heading>
      <p className="muted">
        What the Hub’s scanners said on {day(hubScans[0]!.askedAt)}, beside ours. No verdict of ours depends on it.
        {hubScans.length > FILES && ` The first ${FILES} of ${counted(hubScans.length, "file")}.`}
      </p>
      <Table
        caption="The Hub’s scans beside our verdicts"
        captionHidden
        className="files"
        rows={hubScans.slice(0, FILES)}
        rowKey={(scan) => scan.fileId}
        columns={[
          { header: "File", kind: "heading", cell: ({ path }) => <Name code>{path}</Name> },
          { header: "The Hub says", cell: (scan) => <HubWord scan={scan} /> },
          {
            header: "We say",
            cell: ({ fileId }) => <OurWord file={files.find((file) => file.fileId === fileId)} judgements={judgements} />,
          },
          { header: "It rates", cell: ({ imports }) => <Rated imports={imports} at={request.at} /> },
          { header: "Names found", cell: (scan) => <Found scan={scan} at={request.at} /> },
        ]}
      />
    </section>
  );
}

/** Words of the Hub that warn, the strongest first. */
const WARNINGS = ["unsafe", "suspicious", "caution"];

function findingOf(scans: readonly HubScanOfFile[]): string {
  const warning = WARNINGS.find((word) => scans.some(({ status }) => status === word));
  if (warning !== undefined)
    return `The Hub’s scanners call ${integer(scans.filter(({ status }) => status === warning).length)} of ${counted(scans.length, "file")} ${warning}`;
  if (scans.every(({ status }) => status === "safe"))
    return scans.length === 1
      ? "The Hub’s scanners call its file safe"
      : `The Hub’s scanners call all ${counted(scans.length, "file")} safe`;
  return "The Hub’s scanners have not said anything of some files";
}

/** The scanners that say something else than the Hub's word for the file. */
function HubWord({ scan: { status, scanners } }: { readonly scan: HubScanOfFile }) {
  const others = Object.entries(scanners).filter(([, said]) => said !== status);
  return (
    <>
      {status === null ? <span className="muted">nothing</span> : <Name>{status}</Name>}
      {others.map(([scanner, said]) => (
        <small key={scanner}>
          <Name>{scanner}</Name>: <Name>{said}</Name>
        </small>
      ))}
    </>
  );
}

function OurWord({ file, judgements }: { readonly file: ModelFile | undefined } & Pick<ModelProps["data"], "judgements">) {
  if (file === undefined || file.verdicts.length === 0) return <span className="muted">not judged</span>;
  return (
    <ul>
      {file.verdicts.map((verdict) => (
        <li key={`${verdict.slot} ${verdict.mode}`}>
          <VerdictIcon verdict={verdict.verdict} /> {verdict.verdict} <span className="muted">{judgementLabel(verdict, judgements)}</span>
        </li>
      ))}
    </ul>
  );
}

interface NamesProps extends Pick<ModelProps["request"], "at"> {
  readonly imports: readonly ImportOfFile[];
}

/** What its import scan warns of. */
function Rated({ imports, at }: NamesProps) {
  const rated = ["dangerous", "suspicious"].map((safety) => ({ safety, names: imports.filter((name) => name.safety === safety) }));
  if (rated.every(({ names }) => names.length === 0)) return <span className="muted">nothing dangerous or suspicious</span>;
  return rated.map(({ safety, names }) => names.length > 0 && <Names key={safety} label={safety} imports={names} at={at} />);
}

/** What both found, and what only one of them did. */
function Found({ scan: { imports, read }, at }: Pick<NamesProps, "at"> & { readonly scan: HubScanOfFile }) {
  const both = imports.filter(({ safety, found }) => safety !== null && found).length;
  const hubOnly = imports.filter(({ found }) => !found);
  const oursOnly = imports.filter(({ safety }) => safety === null);
  return (
    <>
      {counted(both, "name")} by both
      {!read && <small>Its content was not read by us.</small>}
      {read && hubOnly.length > 0 && <Names label="by the Hub alone" imports={hubOnly} at={at} />}
      {oursOnly.length > 0 && <Names label="by us alone" imports={oursOnly} at={at} />}
    </>
  );
}

function Names({ label, imports, at }: NamesProps & { readonly label: string }) {
  return (
    <div>
      <span className="muted">{label}:</span>
      <ul>
        {imports.slice(0, NAMES).map((name) => (
          <li key={name.callableId}>
            <CallableLink callable={name} at={at} />
          </li>
        ))}
        {imports.length > NAMES && <li className="muted">and {integer(imports.length - NAMES)} more</li>}
      </ul>
    </div>
  );
}
