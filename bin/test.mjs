/**
 * `npm test`: sets up what is missing, then runs every test, those in a browser among them, and beside them the linter and
 * the types. Its last line is `N passed, N failed, N skipped`. Plain JavaScript, because it runs on a fresh clone.
 *
 * Arguments go to vitest (`npm test -- test/analyzer`); then the browser is left out.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { ROOT, setUp } from "./set-up.mjs";
import { closingLine } from "./test-report.mjs";

setUp();

const REPORT = path.join(ROOT, "node_modules", ".cache", "test-reports", "vitest.json");
const chosen = process.argv.slice(2);

rmSync(path.dirname(REPORT), { recursive: true, force: true });
mkdirSync(path.dirname(REPORT), { recursive: true });

// The checks use one core for half a minute, in which the tests wait for this and that: they are told of when both are through.
const checking = start("npm", ["run", "--silent", "check"], ["ignore", "pipe", "pipe"]);
const said = Promise.all([text(checking.process.stdout), text(checking.process.stderr)]);

console.log("\n== Every test");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
const tests = [...(chosen.length > 0 ? ["--project=!browser"] : []), ...reporters, ...chosen];
const tested = await start(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...tests], "inherit").ended;

console.log("\n== Lint and types");
const checked = await checking.ended;
console.log((await said).join("").trimEnd());

console.log(`\n${closingLine([readReport()])}`);
process.exitCode = checked && tested ? 0 : 1;

/** Starts a command, and tells in the end whether it went well. An interruption ends everything. */
function start(command, args, stdio) {
  const child = spawn(command, args, { cwd: ROOT, stdio });
  const ended = new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(false);
    });
    child.on("close", (status, signal) => {
      if (signal === "SIGINT" || status === 130) process.exit(130);
      resolve(status === 0);
    });
  });
  return { process: child, ended };
}

/** The report, or null where vitest did not live to write one. */
function readReport() {
  try {
    return JSON.parse(readFileSync(REPORT, "utf8"));
  } catch {
    return null;
  }
}
