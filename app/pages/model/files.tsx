/** A model's candidate files: what they hold, what of them was read, and what each policy says. */

import { MODES, POLICY_SLOTS, ROLES } from "../../../db/queries/judgements.ts";
import type { ModelFile } from "../../../db/queries/model.ts";
import { Heading } from "../../parts/heading.tsx";
import { bytes, integer } from "../../parts/numbers.ts";
import { Pages } from "../../parts/pages.tsx";
import { FILE_STATES } from "../../parts/states.ts";
import { Table } from "../../parts/table.tsx";
import { Name } from "../../parts/text.tsx";
import { VerdictIcon } from "../../parts/verdict.tsx";
import { type ModelProps, SHOWN } from "./data.ts";

export function Files({ data: { model, files, shownFiles, judgements }, request }: ModelProps) {
  const lazy = judgements.some(({ mode }) => mode === "lazy");
  return (
    <section aria-labelledby="files">
      <Heading id="files">Files</Heading>
      {files.length === 0 ? (
        <p className="empty">No file of it could hold a pickle, or none could be listed.</p>
      ) : (
        <Table
          caption="Files that could hold a pickle"
          captionHidden
          className="files"
          rows={shownFiles.rows}
          rowKey={(file) => file.fileId}
          columns={[
            { header: "File", kind: "heading", cell: (file) => <FileName file={file} /> },
            { header: "Role", cell: (file) => <span title={ROLES[file.role].meaning}>{ROLES[file.role].label}</span> },
            {
              header: "Container",
              cell: (file) => (file.blob === null ? FILE_STATES[file.state].label : <Name>{file.blob.container}</Name>),
            },
            { header: "Pickles", kind: "number", cell: (file) => (file.blob === null ? "–" : integer(file.blob.pickles)) },
            { header: "Size", kind: "number", cell: (file) => <span title={`${integer(file.size)} bytes`}>{bytes(file.size)}</span> },
            {
              header: "Read",
              kind: "number",
              cell: (file) =>
                file.blob === null ? (
                  "–"
                ) : (
                  <span title={`${integer(file.blob.bytesRead)} bytes in ${integer(file.blob.requests)} requests`}>
                    {bytes(file.blob.bytesRead)}
                  </span>
                ),
            },
            {
              header: "Verdicts",
              cell: (file) => (
                <ul className="inline">
                  {file.verdicts.map(({ slot, mode, verdict }) => (
                    <li key={`${slot} ${mode}`}>
                      <VerdictIcon verdict={verdict} /> {verdict}{" "}
                      <span className="muted">
                        {POLICY_SLOTS[slot].label}
                        {lazy && `, ${MODES[mode].label}`}
                      </span>
                    </li>
                  ))}
                </ul>
              ),
            },
          ]}
        />
      )}
      <Pages
        of="files"
        part={shownFiles}
        size={SHOWN.files}
        address={(from) => request.at.modelPart(model.name, "files", from, "#files")}
      />
    </section>
  );
}

function FileName({ file: { path, failure, blob } }: { readonly file: ModelFile }) {
  return (
    <>
      <Name code>{path}</Name>
      {blob !== null && (
        <small title={blob.sha256}>
          {blob.sha256.startsWith("git:") ? "git" : "sha256"} {blob.sha256.replace("git:", "").slice(0, 12)}…
        </small>
      )}
      {failure !== null && (
        <small className="problem">
          <Name>{failure}</Name>
        </small>
      )}
      {blob !== null && blob.failure !== null && (
        <small className="problem">
          <Name>{blob.failure.message}</Name>, at byte {integer(blob.failure.offset)}
        </small>
      )}
      {blob?.findings.map((finding) => (
        <small key={`${finding.kind} ${finding.entry} ${finding.offset}`} className="problem">
          <Name>{finding.message}</Name>
          {finding.entry !== null && (
            <>
              {" "}
              in <Name code>{finding.entry}</Name>
            </>
          )}
        </small>
      ))}
    </>
  );
}
