/** The API's own pages: its description, for programs and for people. */
import { ok } from "../../analyzer/result.ts";
import { json, type Page, page } from "../answer.tsx";
import { API, API_PATHS, openApiDocument, templateOf } from "../api/openapi.ts";
import { VERSION } from "../citation.ts";
import { Heading } from "../parts/heading.tsx";
import { Table } from "../parts/table.tsx";

/** The OpenAPI document. */
export const openApiPage: Page = {
  path: "/api/v1/openapi",
  formats: ["json"],
  answer: async () => json(openApiDocument(VERSION), 200),
};

export const apiPage = page<object>({
  path: "/api",
  load: async () => ok(openApiDocument(VERSION)),
  title: () => "API",
  view: (_, { at }) => (
    <>
      <header className="lead">
        <h1>The same, for programs</h1>
        <p className="muted">
          Every list and item as JSON under <code>{API}</code>, read-only, with the filters of the pages.{" "}
          <a href={`${API}/openapi.json`}>OpenAPI document</a>
        </p>
      </header>
      <section aria-labelledby="promise">
        <Heading id="promise">What is promised</Heading>
        <p className="prose">
          Addresses and parameters of v1 stay; keys stay, and keep their type and meaning. Keys, parameters and values of enumerations may
          be added. What cannot keep this promise becomes v2. Errors have one shape:{" "}
          <code>{'{"ok": false, "error", "message", "status"}'}</code>.
        </p>
      </section>
      <section aria-labelledby="addresses">
        <Heading id="addresses">Addresses</Heading>
        <Table
          caption="Addresses of the API"
          captionHidden
          className="definitions"
          rows={Object.entries(API_PATHS)}
          rowKey={([path]) => path}
          columns={[
            { header: "Address", kind: "heading", cell: ([path]) => <code>{`${API}${templateOf(path)}`}</code> },
            { header: "Answer", cell: ([, { summary }]) => summary },
            { header: "Parameters", cell: ([, { parameters }]) => <code>{parameters.map(({ name }) => name).join(", ")}</code> },
          ]}
        />
        <p>
          Research tables are streamed in other formats at <a href={at.at("/exports")}>their own addresses</a>.
        </p>
      </section>
    </>
  ),
});
