/** A survey as a data set, for search engines of data sets: schema.org's words, in JSON-LD. */
import { EXPORT_FORMATS, type ExportFormatName } from "../db/exports/formats.ts";
import { EXPORTS } from "../db/exports/tables.ts";
import type { Survey } from "../db/queries/surveys.ts";
import { citationOf, VERSION } from "./citation.ts";
import { plainName } from "./parts/text.tsx";

const FORMATS: readonly ExportFormatName[] = ["csv", "parquet"];

/** The description of a survey; `url` is where it was asked for, which its addresses are absolute by. */
export function datasetOf(survey: Survey, url: URL): object {
  const address = (path: string) => new URL(`${path}?${new URLSearchParams({ survey: survey.name })}`, url).href;
  return {
    "@context": "https://schema.org",
    "@type": "Dataset",
    name: `Pickle Census, survey ${plainName(survey.name)}`,
    description: `Which pickle models of ${plainName(survey.hub)} load under which policy, what blocks the others, and the evidence.`,
    url: address("/"),
    version: VERSION,
    license: "https://creativecommons.org/licenses/by/4.0/",
    creator: { "@type": "Organization", name: "The Pickle Census authors" },
    temporalCoverage: `${survey.startedAt}/${survey.finishedAt ?? ".."}`,
    ...(survey.finishedAt !== null && { datePublished: survey.finishedAt }),
    ...(survey.manifest !== null && { identifier: `sha256:${survey.manifest}` }),
    citation: citationOf(survey).text,
    isAccessibleForFree: true,
    distribution: Object.values(EXPORTS).flatMap(({ name, description }) =>
      FORMATS.map((format) => ({
        "@type": "DataDownload",
        name,
        description,
        encodingFormat: EXPORT_FORMATS[format].mediaType,
        contentUrl: address(`/exports/${name}.${EXPORT_FORMATS[format].ending}`),
      })),
    ),
  };
}
