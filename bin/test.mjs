/**
 * `npm test`: sets up what is missing, then runs the linter, the types, every test, and the tests in a browser. Its last
 * line is `N passed, N failed, N skipped`. Plain JavaScript, because it runs on a fresh clone.
 *
 * Arguments go to vitest (`npm test -- test/analyzer`); then the browser is left out.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { ROOT, setUp } from "./set-up.mjs";
import { closingLine } from "./test-report.mjs";

setUp();

const REPORTS = path.join(ROOT, "node_modules", ".cache", "test-reports");
const chosen = process.argv.slice(2);
const suites = [
  { title: "Every test", config: "vitest.config.ts" },
  { title: "The dashboard in a browser", config: "vitest.browser.config.ts" },
].slice(0, chosen.length > 0 ? 1 : 2);

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

const checked = step("Lint and types", "npm", ["run", "--silent", "check"]);
const tested = suites.map(({ title, config }) => {
  const report = path.join(REPORTS, `${config}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const passed = step(title, process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--config", config, ...reporters, ...chosen]);
  return { passed, report: readReport(report) };
});

if (!checked) console.log("\nLint or types failed: see the top.");
console.log(`\n${closingLine(tested.map(({ report }) => report))}`);
process.exitCode = checked && tested.every(({ passed }) => passed) ? 0 : 1;

/** Says what comes, and runs it in this terminal. An interruption ends everything. */
function step(title, command, args) {
  console.log(`\n== ${title}`);
  const { status, signal, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit" });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  if (signal === "SIGINT" || status === 130) process.exit(130);
  return status === 0;
}

/** The report, or null where vitest did not live to write one. */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}
