/** Counts what vitest's JSON reports say. */

/**
 * `N passed, N failed, N skipped` over several reports. A file that could not be run at all, and a report that was never
 * written (null), count as one failure each: neither may look like success. Tests marked todo count as skipped.
 */
export function closingLine(reports) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const report of reports) {
    if (report === null) total.failed += 1;
    for (const file of report?.testResults ?? []) {
      const results = file.assertionResults.map(({ status }) => (status === "passed" || status === "failed" ? status : "skipped"));
      for (const result of results) total[result] += 1;
      if (file.status === "failed" && !results.includes("failed")) total.failed += 1;
    }
  }
  return `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`;
}
