/** What is shown where there is nothing to show: each kind says what happened and where to go on. */
import type { ReactNode } from "react";
import type { Asked, PageError } from "../answer.tsx";
import { FindForm } from "../parts/find-form.tsx";

/** The kinds of errors, as headings. */
export const ERRORS = {
  "not-found": { title: "Not in this census" },
  "bad-query": { title: "This address cannot be read" },
  "no-survey": { title: "No survey yet" },
  "other-version": { title: "The store cannot be read as it is" },
  unanswered: { title: "The dashboard could not answer" },
} as const satisfies Record<PageError["kind"], { title: string }>;

export function ErrorView({ error, asked }: { readonly error: PageError; readonly asked: Asked }) {
  return (
    <article className="state">
      <EmptyJar />
      <h1>{ERRORS[error.kind].title}</h1>
      <p>{error.message}</p>
      {ways(error.kind, asked)}
    </article>
  );
}

function ways(kind: PageError["kind"], asked: Asked): ReactNode {
  const { at } = asked;
  switch (kind) {
    case "not-found":
      return (
        <>
          <p>A model is listed here once a survey has seen it; other surveys may have.</p>
          <FindForm id="find-again" url={asked.url} />
          <p>
            <a href={at.at("/models")}>All models</a> · <a href={at.at("/surveys")}>All surveys</a>
          </p>
        </>
      );
    case "bad-query":
      return (
        <p>
          <a href={at.at("/models")}>All models, without filters</a>
        </p>
      );
    case "no-survey":
      return (
        <>
          <p>A survey lists models on a Hub, reads the pickles in their files, and judges them. Begin with a small one:</p>
          <pre className="command">npm run --silent census -- survey --top 100</pre>
          <p>This page fills while it runs.</p>
        </>
      );
    case "other-version":
      return <p>Nothing was changed. This page answers as soon as the store does; the dashboard need not be started again.</p>;
    case "unanswered":
      return (
        <p>
          <a href={at.at("/")}>Overview</a>
        </p>
      );
  }
}

/** A jar without a pickle. */
function EmptyJar() {
  return (
    <svg className="jar jar-empty" viewBox="0 0 32 36" width="64" height="72" aria-hidden="true" focusable="false">
      <rect className="jar-lid" x="6" y="1" width="20" height="6" rx="2" />
      <path className="jar-glass" d="M8 9h16c0 2.5 4 3.5 4 8v12a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5V17c0-4.5 4-5.5 4-8Z" />
    </svg>
  );
}
