/**
 * Runs a compiled file with the code that V8 made of it before: neither the file nor what an earlier run used of it is parsed
 * and compiled anew, which was half of what starting took. Nothing depends on it: code that is missing, stale or damaged is
 * made again.
 */
import { isAscii } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import vm from "node:vm";

/** The scripts that run in this thread without code that was kept, each with what makes its code known again. */
const running = [];

/**
 * The exports of a file of CommonJS that `compiled.mjs` wrote. Runs of different occasions use different functions, so the code
 * of each is kept apart, and by `keepCode`.
 *
 * @param {string} file path of the compiled file
 * @param {string} occasion part of a file's name
 */
export function runCompiled(file, occasion) {
  const place = `${file.slice(0, -path.extname(file).length)}.${occasion}.code`;
  // Asked before the file is read: should it be replaced in between, its code is kept under a stamp that nobody asks for.
  const origin = `${process.version} ${stampOf(file)}`;
  const bytes = readFileSync(file);
  const script = new vm.Script(bytes.toString(isAscii(bytes) ? "latin1" : "utf8"), {
    filename: file,
    cachedData: readCode(place, origin),
  });
  if (script.cachedDataRejected !== false) running.push({ script, place, origin });
  const module = { exports: {} };
  script.runInThisContext()(module, module.exports, createRequire(file));
  return module.exports;
}

/** Keeps the code of what runs in this thread, as far as it was used by now, for the next run: at its end, or in a thread that is ended. */
export function keepCode() {
  for (const { script, place, origin } of running.splice(0)) {
    try {
      replace(place, () => {
        const code = script.createCachedData();
        return Buffer.concat([digestOf(origin, code), code]);
      });
    } catch {
      // The folder is read-only, or the disk full: the next run starts as this one did.
    }
  }
}

process.on("exit", (status) => {
  // Whoever was not understood, or interrupted, has not used what the next one will.
  if (status < 2) keepCode();
});

/**
 * The code that is kept of a file, where it is of this very file. V8 itself asks of code only whether it is of its own version
 * and flags and of a source as long as this one: that of another source would be run, and a damaged byte end the process.
 */
function readCode(place, origin) {
  try {
    const bytes = readFileSync(place);
    const code = bytes.subarray(DIGEST_BYTES);
    return digestOf(origin, code).equals(bytes.subarray(0, DIGEST_BYTES)) ? code : undefined;
  } catch {
    return undefined;
  }
}

const DIGEST_BYTES = 32;

function digestOf(origin, code) {
  return createHash("sha256").update(origin).update(code).digest();
}

/** By what is told whether a file is still the same. */
export function stampOf(file) {
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs} ${size}`;
}

/** Writes a file that another process may read, or write, at the same moment; `contents` is asked for once there is a place for them. */
export function replace(file, contents) {
  const unfinished = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  const descriptor = openSync(unfinished, "wx");
  try {
    writeFileSync(descriptor, contents());
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
