/** Every address of the dashboard, and what answers it. */
import { formatOf } from "../db/exports/formats.ts";
import type { Format, Page } from "./answer.tsx";
import { API, API_PATHS } from "./api/openapi.ts";
import { apiPage, openApiPage } from "./pages/api.tsx";
import { callablePage, callablesPage } from "./pages/callables.tsx";
import { cardPage } from "./pages/card.tsx";
import { classPage } from "./pages/class.tsx";
import { comparisonPage } from "./pages/comparison.tsx";
import { exportMetadataPage, exportPage, exportsPage } from "./pages/exports.tsx";
import { figurePage } from "./pages/figure.tsx";
import { robotsPage, sitemapPage } from "./pages/for-crawlers.ts";
import { librariesPage, libraryPage } from "./pages/libraries.tsx";
import { methodsPage } from "./pages/methods.tsx";
import { modelPage } from "./pages/model.tsx";
import { modelsPage } from "./pages/models.tsx";
import { overviewPage } from "./pages/overview.tsx";
import { policiesPage } from "./pages/policies.tsx";
import { policyPage } from "./pages/policy.tsx";
import { policyDifferencePage } from "./pages/policy-difference.tsx";
import { searchPage } from "./pages/search.tsx";
import { sourcePage } from "./pages/source.tsx";
import { surveyPageOf } from "./pages/survey.tsx";
import { surveysPage } from "./pages/surveys.tsx";
import { policyFilePages } from "./pages/take-away.tsx";
import { themePage } from "./theme.ts";

export const PAGES: readonly Page[] = [
  overviewPage,
  figurePage,
  modelsPage,
  modelPage,
  callablesPage,
  callablePage,
  librariesPage,
  libraryPage,
  classPage,
  searchPage,
  policiesPage,
  policyPage,
  ...policyFilePages,
  policyDifferencePage,
  sourcePage,
  surveysPage,
  surveyPageOf,
  comparisonPage,
  methodsPage,
  exportsPage,
  exportPage,
  exportMetadataPage,
  apiPage,
  openApiPage,
  themePage,
  cardPage,
  robotsPage,
  sitemapPage,
];

const PICTURES = ["svg", "png"] as const;

/** A page that answers an address, with what the address names. */
export interface Match {
  readonly page: Page;
  readonly parameters: Readonly<Record<string, string>>;
  readonly format: Format;
}

/**
 * Every reading of a path, the likeliest first. A name may itself end in `.json`: `/models/a/b.json` is first the model
 * `a/b.json`, and the JSON of `a/b` where there is no such model. Throws `URIError` for a path that is not percent-encoded.
 */
export function matchAll(pathname: string): Match[] {
  if (pathname.startsWith(`${API}/`) && pathname !== `${API}/openapi.json`) return matchApi(pathname.slice(API.length));
  const path = pathname === "/" ? "/overview" : pathname;
  const data = formatOf(path) ?? PICTURES.find((picture) => path.endsWith(`.${picture}`));
  return PAGES.flatMap((page) => {
    const readings: [string, Format][] = [[path, "html"]];
    if (data !== undefined) readings.push([path.slice(0, path.lastIndexOf(".")), data]);
    return readings.flatMap(([read, format]) => {
      const parameters = page.formats.includes(format) ? matchPath(page.path, read) : null;
      return parameters === null ? [] : [{ page, parameters, format }];
    });
  });
}

/** The same pages, as JSON whatever a name ends in. */
function matchApi(path: string): Match[] {
  return PAGES.flatMap((page) => {
    const parameters = page.path in API_PATHS ? matchPath(page.path, path) : null;
    return parameters === null ? [] : [{ page, parameters, format: "json" as const }];
  });
}

function matchPath(pattern: string, path: string): Record<string, string> | null {
  const parameters: Record<string, string> = {};
  const wanted = pattern.split("/");
  const given = path.split("/").map(decodeURIComponent);
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith("*")) {
      const rest = given.slice(index).join("/");
      return rest === "" ? null : { ...parameters, [part.slice(1)]: rest };
    }
    const segment = given[index];
    if (part.startsWith(":") ? !segment : segment !== part) return null;
    if (part.startsWith(":")) parameters[part.slice(1)] = segment!;
  }
  return given.length === wanted.length ? parameters : null;
}
