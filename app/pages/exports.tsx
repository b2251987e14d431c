/** The research tables: what each column means, the rows to take away, and their counts and checksums. */
import { ok } from "../../analyzer/result.ts";
import type { Store } from "../../db/connection.ts";
import { dataPackage, writeResource } from "../../db/exports/data-package.ts";
import { EXPORT_FORMAT_NAMES, EXPORT_FORMATS, type ExportFormatName } from "../../db/exports/formats.ts";
import type { ExportTable } from "../../db/exports/table.ts";
import { EXPORTS, findExport } from "../../db/exports/tables.ts";
import { download, failure, json, type Page, surveyPage } from "../answer.tsx";
import { Downloads } from "../parts/downloads.tsx";
import { Heading } from "../parts/heading.tsx";
import { Table } from "../parts/table.tsx";
import { unhurried } from "../turns.ts";

interface ExportsData {
  readonly formats: Readonly<Record<string, { readonly mediaType: string; readonly meaning: string }>>;
  readonly tables: readonly Omit<ExportTable, "rows">[];
}

export const exportsPage = surveyPage<ExportsData>({
  path: "/exports",
  load: async () => ok({ formats: EXPORT_FORMATS, tables: Object.values(EXPORTS) }),
  title: () => "Research tables",
  view: ({ tables }, { at }) => (
    <>
      <header className="lead">
        <h1>Research tables</h1>
        <p className="muted">
          The numbers of these pages, to take away. The command line gives the same: <code>census export TABLE</code>, and{" "}
          <code>census export all</code> for everything with its description.
        </p>
      </header>
      <dl className="prose">
        {EXPORT_FORMAT_NAMES.map((name) => (
          <div key={name}>
            <dt>
              <b>{EXPORT_FORMATS[name].label}</b>
            </dt>
            <dd>{EXPORT_FORMATS[name].meaning}</dd>
          </div>
        ))}
      </dl>
      {tables.map(({ name, description, columns }) => (
        <section key={name} aria-labelledby={name} className="export">
          <Heading id={name}>{name}</Heading>
          <p>{description}</p>
          <Downloads of={name} formats={EXPORT_FORMAT_NAMES} address={(ending) => at.at(`/exports/${name}${ending}`)} />
          <details>
            <summary>{columns.length} columns</summary>
            <p>
              <a href={at.at(`/exports/${name}/metadata.json`)}>Row count and checksums of each format</a>, computed when asked for
            </p>
            <Table
              caption={`Columns of ${name}`}
              captionHidden
              className="definitions"
              rows={columns}
              rowKey={(column) => column.name}
              columns={[
                { header: "Column", kind: "heading", cell: (column) => <code>{column.name}</code> },
                { header: "Type", cell: (column) => column.type },
                { header: "Meaning", cell: (column) => column.meaning },
              ]}
            />
          </details>
        </section>
      ))}
    </>
  ),
});

/** A table itself, streamed. */
export const exportPage: Page = {
  path: "/exports/:table",
  formats: EXPORT_FORMAT_NAMES,
  answer: async (request) => {
    const table = findExport(request.parameters.table!);
    if (table === null) return failure(request, { kind: "not-found", message: "There is no table of this name." });
    if (request.survey === null) return failure(request, { kind: "no-survey", message: "This store holds no survey yet." });
    return download(request.format as ExportFormatName, { ...table, rows: table.rows(request.store, request.survey.surveyId) });
  },
};

/** A table's description as a data package: its columns, and for each format the row count, size and sha256 of the download. */
export const exportMetadataPage: Page = {
  path: "/exports/:table/metadata",
  formats: ["json"],
  answer: async (request) => {
    const { survey, store } = request;
    const table = findExport(request.parameters.table!);
    if (table === null) return failure(request, { kind: "not-found", message: "There is no table of this name." });
    if (survey === null) return failure(request, { kind: "no-survey", message: "This store holds no survey yet." });
    const slowly = { ...table, rows: (from: Store, surveyId: number) => unhurried(table.rows(from, surveyId)) };
    const resources = [];
    for (const format of EXPORT_FORMAT_NAMES) resources.push(await writeResource(store, survey, slowly, format, () => undefined));
    return json(dataPackage(survey, resources), 200);
  },
};
