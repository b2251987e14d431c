/** The last line of `npm test`, which CI goes by. */
import { describe, expect, it } from "vitest";
import { closingLine } from "../../bin/test-report.mjs";

const file = (status: string, ...results: string[]) => ({ status, assertionResults: results.map((result) => ({ status: result })) });

describe("the closing line", () => {
  it("adds up the tests of every report", () => {
    const reports = [{ testResults: [file("passed", "passed", "passed")] }, { testResults: [file("failed", "failed", "passed")] }];
    expect(closingLine(reports)).toBe("3 passed, 1 failed, 0 skipped");
  });

  it("counts what was left out, whatever vitest calls it", () => {
    expect(closingLine([{ testResults: [file("passed", "skipped", "pending", "todo", "disabled")] }])).toBe(
      "0 passed, 0 failed, 4 skipped",
    );
  });

  it("counts a file that could not be imported as a failure", () => {
    expect(closingLine([{ testResults: [file("failed"), file("passed", "passed")] }])).toBe("1 passed, 1 failed, 0 skipped");
  });

  it("counts a report that was never written as a failure", () => {
    expect(closingLine([null])).toBe("0 passed, 1 failed, 0 skipped");
  });
});
