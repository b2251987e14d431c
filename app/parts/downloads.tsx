/** Links to a list or a figure in the formats that it can be taken away in. */
import { EXPORT_FORMAT_NAMES, EXPORT_FORMATS, type ExportFormatName } from "../../db/exports/formats.ts";
import type { Addresses } from "../addresses.ts";

interface DownloadsProps {
  /** What is downloaded, for the name of the link. */
  readonly of: string;
  readonly formats: readonly ExportFormatName[];
  address(ending: string): string;
}

export function Downloads({ of, formats, address }: DownloadsProps) {
  return (
    <ul className="downloads" aria-label={`Download ${of}`}>
      {formats.map((format) => (
        <li key={format}>
          <a href={address(`.${EXPORT_FORMATS[format].ending}`)}>{EXPORT_FORMATS[format].label}</a>
        </li>
      ))}
    </ul>
  );
}

/** A research table that a page shows the beginning of. */
export function TableDownloads({ table, at }: { readonly table: string; readonly at: Addresses }) {
  return (
    <div className="take-away">
      The whole table:
      <Downloads of={table} formats={EXPORT_FORMAT_NAMES} address={(ending) => at.at(`/exports/${table}${ending}`)} />
    </div>
  );
}
