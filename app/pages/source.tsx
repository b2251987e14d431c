/** A file of a library's source, as it was read, with addresses for its lines. */
import { failed, ok } from "../../analyzer/result.ts";
import { findSourceFile, type SourceFile } from "../../db/queries/sources.ts";
import { SOURCE_LINES } from "../addresses.ts";
import { page } from "../answer.tsx";
import { integer } from "../parts/numbers.ts";
import { Name, plainName, visibleLine } from "../parts/text.tsx";

interface SourceData {
  readonly source: Omit<SourceFile, "text">;
  /** Lines of the whole file. */
  readonly total: number;
  /** Those that are shown, numbered from 1. */
  readonly lines: readonly { readonly number: number; readonly text: string }[];
}

export const sourcePage = page<SourceData>({
  path: "/sources/:id/*path",
  load: async ({ store, parameters, url }) => {
    const found = /^\d{1,15}$/.test(parameters.id!) ? await findSourceFile(store, Number(parameters.id), parameters.path!) : null;
    if (found === null) return failed({ kind: "not-found", message: "No source is stored under this path." });
    const { text, ...source } = found;
    const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
    const wanted = Math.min(Math.max(1, Math.trunc(Number(url.searchParams.get("line") ?? 1)) || 1), lines.length);
    const first = wanted - ((wanted - 1) % SOURCE_LINES);
    const shown = lines.slice(first - 1, first - 1 + SOURCE_LINES).map((line, index) => ({ number: first + index, text: line }));
    return ok({ source, total: lines.length, lines: shown });
  },
  title: ({ source }) => plainName(source.path),
  view: ({ source, total, lines }, { at }) => {
    const [first, last] = [lines[0]!.number, lines.at(-1)!.number];
    const parts = lines.length < total && (
      <nav className="pages" aria-label="Parts of the file">
        {first > 1 && <a href={at.source(source.sourceId, source.path, first - 1)}>Lines before</a>}
        {last < total && <a href={at.source(source.sourceId, source.path, last + 1)}>Lines after</a>}
      </nav>
    );
    return (
      <>
        <header className="lead">
          <p className="breadcrumb">
            <Name>{source.distribution}</Name> <Name>{source.version}</Name>
          </p>
          <h1>
            <Name code>{source.path}</Name>
          </h1>
          <p className="muted">
            Lines {integer(first)} to {integer(last)} of {integer(total)}, as read from the package index. It was parsed, never run.
          </p>
        </header>
        {parts}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do. */}
        <section className="source-text" aria-label="Source" tabIndex={0}>
          <ol start={first}>
            {lines.map(({ number, text }) => (
              <li key={number} id={`L${number}`}>
                <a href={`#L${number}`} aria-label={`Line ${number}`}>
                  {number}
                </a>
                <code>{visibleLine(text)}</code>
              </li>
            ))}
          </ol>
        </section>
        {parts}
      </>
    );
  },
});
