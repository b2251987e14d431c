/** How a survey is cited: in BibTeX, in CFF, in a sentence, with its date and the hash by which two people can tell that they mean the same. */
import type { Survey } from "../db/queries/surveys.ts";
import { day } from "./parts/numbers.ts";
import { plainName } from "./parts/text.tsx";

/** The version of the tool; kept equal to package.json by a test. */
export const VERSION = "0.1.0";

export interface Citation {
  readonly text: string;
  readonly bibtex: string;
  readonly cff: string;
}

/** What to cite numbers of a survey by. */
export function citationOf(survey: Survey): Citation {
  const date = (survey.finishedAt ?? survey.startedAt).slice(0, 10);
  const name = plainName(survey.name);
  const hash = survey.manifest === null ? null : `manifest sha256:${survey.manifest}`;
  const unfinished = survey.finishedAt === null ? " (not finished)" : "";
  return {
    text: `The Pickle Census authors. Pickle Census ${VERSION}, survey “${name}” of ${plainName(survey.hub)}, ${day(date)}${unfinished}${hash === null ? "" : `, ${hash}`}.`,
    bibtex: [
      `@misc{picklecensus-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")},`,
      "  author = {{The Pickle Census authors}},",
      `  title  = {{Pickle Census, survey ${name.replaceAll(/[\\{}$&#%_^~]/g, " ")}}},`,
      `  year   = {${date.slice(0, 4)}},`,
      `  month  = {${Number(date.slice(5, 7))}},`,
      `  note   = {Version ${VERSION}, surveyed ${date}${hash === null ? "" : `, ${hash}`}}`,
      "}",
      "",
    ].join("\n"),
    cff: [
      "cff-version: 1.2.0",
      "message: If you use these numbers, please cite the survey that they are of.",
      `title: ${JSON.stringify(`Pickle Census, survey ${name}`)}`,
      "type: dataset",
      "authors:",
      "  - name: The Pickle Census authors",
      `version: ${VERSION}`,
      `date-released: ${date}`,
      "license: CC-BY-4.0",
      ...(survey.manifest === null
        ? []
        : ["identifiers:", "  - type: other", `    value: sha256:${survey.manifest}`, "    description: Manifest of the survey"]),
      "",
    ].join("\n"),
  };
}
