/** Links to a list or a figure in the formats that it can be taken away in. */
import { EXPORT_FORMATS, type ExportFormatName } from "../../db/exports/formats.ts";

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
