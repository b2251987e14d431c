/**
 * What `npm start` and `npm test` need before TypeScript can run: a Node that is new enough, and the packages of
 * package-lock.json. Plain JavaScript without dependencies, because it runs on a fresh clone.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the checkout. */
export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Ends the process with a clear word where Node is too old; installs the packages where they are missing or stale. */
export function setUp() {
  const { engines } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  const [major, minor] = engines.node.match(/\d+/g).map(Number);
  const [haveMajor, haveMinor] = process.versions.node.split(".").map(Number);
  if (haveMajor < major || (haveMajor === major && haveMinor < minor)) {
    console.error(`Pickle Census needs Node ${major}.${minor} or newer; this is ${process.version}.`);
    process.exit(2);
  }
  if (packagesAreCurrent()) return;
  console.error("Installing the packages of package-lock.json (once, and after it changes) ...");
  // Not `npm ci`: it refuses a lock file that lacks the optional binaries of other platforms. This installs what is locked, too.
  run("npm", ["install", "--no-save", "--no-audit", "--no-fund"]);
}

/** npm writes `node_modules/.package-lock.json` at the end of an install: older than the lock file means stale. */
function packagesAreCurrent() {
  const installed = path.join(ROOT, "node_modules", ".package-lock.json");
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(path.join(ROOT, "package-lock.json")).mtimeMs;
}

/** Runs a command in the checkout with this terminal's streams; a failure or a signal ends this process the same way. */
export function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: ROOT, stdio: ["inherit", "inherit", "inherit"] });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  if (signal === "SIGINT") process.exit(130);
  if (status !== 0) process.exit(status ?? 70);
}
