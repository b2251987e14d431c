/** The frame of every page: head, header, footer. What is in it is static: pages have no scripts. */
import type { ReactNode } from "react";
import type { Survey } from "../db/queries/surveys.ts";
import type { Addresses } from "./addresses.ts";
import { day } from "./parts/numbers.ts";
import { Name } from "./parts/text.tsx";
import { Shapes } from "./parts/verdict.tsx";

const NAVIGATION = [
  { path: "/", label: "Overview" },
  { path: "/models", label: "Models" },
  { path: "/callables", label: "Callables" },
  { path: "/libraries", label: "Libraries" },
  { path: "/policies", label: "Policies" },
  { path: "/surveys", label: "Surveys" },
  { path: "/methods", label: "Methods" },
] as const;

interface DocumentProps {
  readonly title: string;
  /** The path that is shown, without parameters. */
  readonly path: string;
  /** The same in JSON, where there is such. */
  readonly json: string | null;
  readonly survey: Survey | null;
  readonly at: Addresses;
  /** What has to be said before anything else: that a survey is still running, that numbers are not the latest. */
  readonly notice?: ReactNode;
  readonly children: ReactNode;
}

export function Document({ title, path, json, survey, at, notice, children }: DocumentProps) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <title>{`${title} · Pickle Census`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
        {json !== null && <link rel="alternate" type="application/json" href={json} />}
      </head>
      <body>
        <Shapes />
        <a className="skip" href="#main">
          Skip to the content
        </a>
        <header className="site">
          <a className="wordmark" href={at.at("/")}>
            <Jar />
            <span>
              Pickle <b>Census</b>
            </span>
          </a>
          <nav aria-label="Site">
            <ul>
              {NAVIGATION.map(({ path: target, label }) => (
                <li key={target}>
                  <a href={at.at(target)} aria-current={isCurrent(target, path) ? (target === path ? "page" : "true") : undefined}>
                    {label}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <search>
            <form action="/models" className="find">
              <label className="visually-hidden" htmlFor="find">
                Find models by name
              </label>
              <input id="find" name="q" type="search" placeholder="Find a model" autoComplete="off" spellCheck={false} />
              <button type="submit">Find</button>
            </form>
          </search>
        </header>
        <main id="main" tabIndex={-1}>
          {notice}
          {children}
        </main>
        <footer className="site">
          <p>
            {survey === null ? (
              "No survey yet."
            ) : (
              <>
                Survey <Name>{survey.name}</Name>, {day(survey.startedAt)}. Every pickle was run symbolically; none was ever loaded.
              </>
            )}
          </p>
          <p>
            {json !== null && (
              <>
                <a href={json}>This page as JSON</a>
                {" · "}
              </>
            )}
            <a href={at.at("/exports")}>Research tables</a>
            {" · "}
            <a href="/api">API</a>
            {survey !== null && (
              <>
                {" · "}
                <a href={at.at(`/surveys/${encodeURIComponent(survey.name)}`, undefined, "#cite")}>Cite</a>
              </>
            )}
            {" · "}
            <a href={at.at("/methods")}>How it is computed</a>
          </p>
        </footer>
      </body>
    </html>
  );
}

function isCurrent(target: string, path: string): boolean {
  return target === "/" ? path === "/" : path === target || path.startsWith(`${target}/`);
}

/** A jar with a pickle in it. */
function Jar() {
  return (
    <svg className="jar" viewBox="0 0 32 36" width="32" height="36" aria-hidden="true" focusable="false">
      <rect className="jar-lid" x="6" y="1" width="20" height="6" rx="2" />
      <path className="jar-glass" d="M8 9h16c0 2.5 4 3.5 4 8v12a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5V17c0-4.5 4-5.5 4-8Z" />
      <path className="jar-brine" d="M5.5 18.5c3.5-1.8 7-1.8 10.5 0s7 1.8 10.5 0V29a3.5 3.5 0 0 1-3.5 3.5H9A3.5 3.5 0 0 1 5.5 29Z" />
      <path
        className="jar-pickle"
        d="M12.5 14.5c2.6-1.5 5.6.4 6.7 3.4 1.3 3.6 1.4 8-.6 10.8-1.5 2.1-4.6 2.1-6.2 0-2.2-2.9-2.6-11.9.1-14.2Z"
      />
      <g className="jar-warts">
        <circle cx="14.3" cy="18.2" r=".9" />
        <circle cx="17.2" cy="20.9" r=".9" />
        <circle cx="14" cy="23.7" r=".9" />
        <circle cx="16.7" cy="26.8" r=".9" />
      </g>
    </svg>
  );
}
