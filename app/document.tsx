/** The frame of every page: head, header, footer. What is in it is static; `public/keys.js` adds what only a script can. */
import type { ReactNode } from "react";
import type { VerdictKind } from "../analyzer/verdict/verdict.ts";
import type { Survey } from "../db/queries/surveys.ts";
import type { Asked } from "./answer.tsx";
import { cardAddress } from "./pages/card.tsx";
import { FindForm } from "./parts/find-form.tsx";
import { SurveyNotice } from "./parts/notices.tsx";
import { day } from "./parts/numbers.ts";
import { Name } from "./parts/text.tsx";
import { Shapes } from "./parts/verdict.tsx";
import { THEMES, type Theme } from "./theme.ts";

/** The pages that every page leads to. */
export const NAVIGATION = [
  { path: "/", label: "Overview" },
  { path: "/models", label: "Models" },
  { path: "/callables", label: "Callables" },
  { path: "/libraries", label: "Libraries" },
  { path: "/policies", label: "Policies" },
  { path: "/surveys", label: "Surveys" },
  { path: "/methods", label: "Methods" },
] as const;

interface DocumentProps {
  readonly asked: Asked;
  readonly title: string;
  /** In a sentence or two, for whoever links here. */
  readonly description: string;
  /** The verdict that the page is about, for the picture of a link to it. */
  readonly verdict: VerdictKind | null;
  /** The same in JSON, where there is such. */
  readonly json: string | null;
  /** What the page describes, for those who look for data sets (schema.org, in JSON-LD). */
  readonly dataset: object | null;
  readonly children: ReactNode;
}

export function Document({ asked, title, description, verdict, json, dataset, children }: DocumentProps) {
  const { url, survey, at, theme } = asked;
  return (
    <html lang="en" data-theme={theme === "auto" ? undefined : theme}>
      <head>
        <meta charSet="utf-8" />
        <title>{`${title} · Pickle Census`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === "auto" ? "light dark" : theme} />
        <meta name="description" content={description} />
        <meta property="og:site_name" content="Pickle Census" />
        <meta property="og:type" content="website" />
        <meta property="og:title" content={title} />
        <meta property="og:description" content={description} />
        <meta property="og:image" content={new URL(cardAddress(verdict), url).href} />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
        {json !== null && <link rel="alternate" type="application/json" href={json} />}
        <script src="/keys.js" defer />
        {dataset !== null && <Dataset of={dataset} />}
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
                  <a href={at.at(target)} aria-current={isCurrent(target, url.pathname)}>
                    {label}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <FindForm id="find" url={url} />
        </header>
        <main id="main" tabIndex={-1}>
          <SurveyNotice {...asked} />
          {children}
        </main>
        <footer className="site">
          <p>
            {survey === null ? (
              "No survey is shown here."
            ) : (
              <>
                Survey <Name>{survey.name}</Name>, {day(survey.startedAt)}. Every pickle was run symbolically; none was ever loaded.
              </>
            )}
          </p>
          <ThemeSwitch asked={asked} />
          <Links asked={asked} json={json} />
        </footer>
      </body>
    </html>
  );
}

/** JSON in a page: `<` would end the element that holds it. */
function Dataset({ of }: { readonly of: object }) {
  const json = JSON.stringify(of).replaceAll("<", "\\u003c");
  // biome-ignore lint/security/noDangerouslySetInnerHtml: React would escape quotes as entities, which JSON-LD does not know.
  return <script type="application/ld+json" dangerouslySetInnerHTML={{ __html: json }} />;
}

/** Links, one for each theme: the server does the rest. */
function ThemeSwitch({ asked: { url, theme } }: { readonly asked: Asked }) {
  const back = url.pathname + url.search;
  return (
    <nav className="switch" aria-label="Colours">
      <span>Colours</span>
      <ul>
        {(Object.keys(THEMES) as Theme[]).map((name) => (
          <li key={name}>
            <a href={`/theme/${name}?${new URLSearchParams({ back })}`} rel="nofollow" aria-current={name === theme ? "true" : undefined}>
              {THEMES[name].label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Links({ asked: { url, survey, at }, json }: { readonly asked: Asked; readonly json: string | null }) {
  return (
    <ul className="links">
      {json !== null && (
        <li>
          <a href={json}>This page as JSON</a>
        </li>
      )}
      {json !== null && survey !== null && !url.searchParams.has("survey") && (
        <li>
          <a href={permanent(url, survey)}>Permanent link</a>
        </li>
      )}
      <li>
        <a href={at.at("/exports")}>Research tables</a>
      </li>
      <li>
        <a href="/api">API</a>
      </li>
      {survey !== null && (
        <li>
          <a href={at.at(`/surveys/${encodeURIComponent(survey.name)}`, undefined, "#cite")}>Cite</a>
        </li>
      )}
      <li>
        <a href={at.at("/methods")}>How it is computed</a>
      </li>
    </ul>
  );
}

/** The same view of the same survey, whichever surveys come after it. */
function permanent({ pathname, searchParams }: URL, { name }: Survey): string {
  const parameters = new URLSearchParams(searchParams);
  parameters.set("survey", name);
  return `${pathname}?${parameters}`;
}

function isCurrent(target: string, path: string): "page" | "true" | undefined {
  if (target === path) return "page";
  return target !== "/" && path.startsWith(`${target}/`) ? "true" : undefined;
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
