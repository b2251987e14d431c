/** The order of two versions of a library, their numbers as numbers: for sorting, the earlier first. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
