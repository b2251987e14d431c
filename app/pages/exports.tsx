/** The research tables: what each column means, and the rows to take away. */
import { ok } from "../../analyzer/result.ts";
import { EXPORT_FORMATS, type ExportFormatName } from "../../db/queries/export-formats.ts";
import { EXPORTS, type ExportTable } from "../../db/queries/exports.ts";
import { download, failure, type Page, surveyPage } from "../answer.tsx";
import { Table } from "../parts/table.tsx";

const FORMATS = Object.keys(EXPORT_FORMATS) as ExportFormatName[];

interface ExportsData {
  readonly formats: Readonly<Record<string, { readonly mediaType: string; readonly meaning: string }>>;
  readonly tables: readonly Omit<ExportTable, "rows">[];
}

export const exportsPage = surveyPage<ExportsData>({
  path: "/exports",
  load: async () => ok({ formats: EXPORT_FORMATS, tables: Object.values(EXPORTS) }),
  title: () => "Research tables",
  view: ({ formats, tables }, { at }) => (
    <>
      <header className="lead">
        <h1>Research tables</h1>
        <p className="muted">
          The numbers of these pages, to take away. The command line gives the same: <code>census export TABLE</code>.
        </p>
      </header>
      <ul className="prose">
        {Object.entries(formats).map(([name, { meaning }]) => (
          <li key={name}>
            <b>{name.toUpperCase()}</b>: {meaning}
          </li>
        ))}
      </ul>
      {tables.map(({ name, description, columns }) => (
        <section key={name} aria-labelledby={name}>
          <h2 id={name}>
            <a className="anchor" href={`#${name}`}>
              {name}
            </a>
          </h2>
          <p>{description}</p>
          <p className="downloads">
            {FORMATS.map((format) => (
              <a key={format} className="button" href={at.at(`/exports/${name}.${format}`)} download={`${name}.${format}`}>
                {format.toUpperCase()}
              </a>
            ))}
          </p>
          <details>
            <summary>{columns.length} columns</summary>
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
  formats: FORMATS,
  answer: async (request) => {
    const name = request.parameters.table!;
    if (!Object.hasOwn(EXPORTS, name)) return failure(request, { kind: "not-found", message: "There is no table of this name." });
    if (request.survey === null) return failure(request, { kind: "no-survey", message: "This store holds no survey yet." });
    const table = EXPORTS[name as keyof typeof EXPORTS];
    return download(request.format as ExportFormatName, table.columns, table.rows(request.store, request.survey.surveyId));
  },
};
