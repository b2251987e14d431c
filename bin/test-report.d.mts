/** Of vitest's JSON report, the part that is counted. */
interface Report {
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

export function closingLine(reports: readonly (Report | null)[]): string;
