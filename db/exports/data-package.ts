/**
 * What goes with research tables that are taken away: a data package (datapackage.org, version 1) with each column's
 * meaning, each file's row count, size and sha256, and the survey that it all is of.
 */
import { createHash } from "node:crypto";
import type { Store } from "../connection.ts";
import type { Survey } from "../queries/surveys.ts";
import { EXPORT_FORMATS, type ExportFormatName } from "./formats.ts";
import type { ExportRow, ExportTable } from "./table.ts";

/** A table written in a format. `hash` and `bytes` are of the file as it is downloaded. */
export interface Resource {
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly format: string;
  readonly mediatype: string;
  /** What the format keeps of the values, and how. */
  readonly notes: string;
  readonly rows: number;
  readonly bytes: number;
  readonly hash: string;
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: string; readonly description: string }[] };
}

/** The description of a folder or of a download. */
export interface DataPackage {
  readonly profile: "data-package";
  readonly name: string;
  readonly title: string;
  readonly created: string;
  readonly licenses: readonly { readonly name: string; readonly title: string; readonly path: string }[];
  readonly sources: readonly { readonly title: string; readonly path: string }[];
  readonly resources: readonly Resource[];
}

const FIELD_TYPES = { text: "string", integer: "integer", number: "number", boolean: "boolean" } as const;

/** Writes a table, a chunk at a time to `put`, and says what was written. */
export async function writeResource(
  store: Store,
  { surveyId }: Survey,
  table: ExportTable,
  format: ExportFormatName,
  put: (chunk: Uint8Array) => Promise<void> | void,
): Promise<Resource> {
  const { write, ending, mediaType, meaning } = EXPORT_FORMATS[format];
  const hash = createHash("sha256");
  let [rows, bytes] = [0, 0];
  async function* countedRows(): AsyncGenerator<ExportRow> {
    for await (const row of table.rows(store, surveyId)) {
      rows++;
      yield row;
    }
  }
  for await (const chunk of write(table, countedRows())) {
    hash.update(chunk);
    bytes += chunk.length;
    await put(chunk);
  }
  return {
    name: `${table.name}-${format}`,
    path: `${table.name}.${ending}`,
    description: table.description,
    format: ending,
    mediatype: mediaType.split(";", 1)[0]!,
    notes: meaning,
    rows,
    bytes,
    hash: `sha256:${hash.digest("hex")}`,
    schema: { fields: table.columns.map(({ name, type, meaning: description }) => ({ name, type: FIELD_TYPES[type], description })) },
  };
}

/** The package of `resources`. It is of the survey, so it is dated as the survey is: the same again is the same file. */
export function dataPackage(survey: Survey, resources: readonly Resource[]): DataPackage {
  return {
    profile: "data-package",
    name: `pickle-census-${survey.name.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-")}`,
    title: `Pickle Census, survey ${survey.name}`,
    created: survey.finishedAt ?? survey.startedAt,
    licenses: [{ name: "CC-BY-4.0", title: "Creative Commons Attribution 4.0", path: "https://creativecommons.org/licenses/by/4.0/" }],
    sources: [{ title: "Hub", path: survey.hub }],
    resources,
  };
}
