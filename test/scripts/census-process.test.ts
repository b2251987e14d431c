/** The command line as a process: real streams, real exit codes. What commands do is tested in process. */

import { isAscii } from "node:buffer";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT_CODES } from "../../scripts/exit-codes.ts";
import { maliciousFiles } from "../fixtures/malicious.ts";
import { ROOT, temporaryFolder } from "./run-census.ts";

const folder = temporaryFolder();
writeFileSync(path.join(folder, "attack.pkl"), maliciousFiles().find(({ name }) => name === "newobj")!.bytes);
writeFileSync(path.join(folder, "plain.pkl"), Buffer.from("]q\0.", "latin1"));

function census(words: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const { cwd = folder, env = {} } = options;
  return spawnSync(process.execPath, [path.join(ROOT, "bin/census.mjs"), ...words], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
}

describe("the process", () => {
  it("ends with 0, data on standard output alone", () => {
    expect(census(["scan", "plain.pkl", "--json"])).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining('"loads"') });
  });

  it("ends with 1 where something is blocked", () => {
    const { status, stdout, stderr } = census(["scan", "attack.pkl"]);
    expect({ status, stderr }).toEqual({ status: EXIT_CODES.blocked.code, stderr: "" });
    expect(stdout).toContain("blocked");
    expect(stdout).not.toContain("\x1b[");
  });

  it("ends with 2 and nothing on standard output where it was not understood", () => {
    expect(census(["scna"])).toMatchObject({
      status: EXIT_CODES.usage.code,
      stdout: "",
      stderr: expect.stringContaining("Did you mean scan?"),
    });
  });

  it("does not mind a reader that has seen enough", () => {
    const pipe = `"${process.execPath}" "${path.join(ROOT, "bin/census.mjs")}" policy show weights-only@torch-2.6 | head -n 1; exit \${PIPESTATUS[0]}`;
    const { status, stdout, stderr } = spawnSync("bash", ["-c", pipe], { cwd: folder, encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^weights-only@torch-2\.6 /);
  });

  it("is run from text that takes a byte a character: it is read in half of the time", () => {
    census(["--version"]);
    expect(isAscii(readFileSync(path.join(ROOT, "node_modules/.cache/picklecensus/scripts-census-ts.cjs")))).toBe(true);
  });

  it("means paths from where the user stands, through `npm run` too", () => {
    const npm = { npm_lifecycle_event: "census", INIT_CWD: folder };
    expect(census(["scan", "attack.pkl"], { cwd: ROOT, env: npm }).status).toBe(EXIT_CODES.blocked.code);
    expect(census(["scan", "attack.pkl"], { cwd: ROOT, env: { ...npm, npm_lifecycle_event: "test" } }).status).toBe(EXIT_CODES.usage.code);
  });
});
