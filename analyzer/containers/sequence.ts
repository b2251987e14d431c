/**
 * Pickles and numpy arrays one after another, as programs write them into one file: each is read until what follows is
 * neither.
 */
import { LIMITS } from "../limits.ts";
import type { ContainerName } from "./containers.ts";
import { readArray } from "./numpy/array.ts";
import { isNpy } from "./numpy/header.ts";
import { keepRun, type PickleRun, runPickle } from "./run-pickle.ts";
import { isTorchMagic, readTorchLegacy } from "./torch-legacy.ts";
import { type Content, type Reading, readingOf, type Tracing } from "./tracing.ts";

/**
 * Reads what lies at the start of `content`, as `pickle.load`, `joblib.load` and `numpy.load` would; null where that
 * is nothing.
 *
 * @param known the content is something else already: then a pickle must do something to count
 */
export async function readSequence(content: Content, known: boolean, tracing: Tracing): Promise<Reading | null> {
  const { source, entry } = content;
  const parts: Omit<Reading, "container">[] = [];
  let kind: ContainerName | null = null;
  let at = 0;
  let whole = true;
  while (whole && at < source.size) {
    if (tracing.pickles.length >= LIMITS.picklesPerFile.limit) {
      const message = `there are more than ${LIMITS.picklesPerFile.limit} pickles; the rest was not read`;
      parts.push({ outcome: "unfinished", failure: tracing.limit("picklesPerFile", entry, at, message) });
      whole = false;
      break;
    }
    const head = await source.read(at, Math.min(source.size, at + 6));
    if (isNpy(head)) {
      kind ??= "npy";
      tracing.recognise(content, kind);
      const array = await readArray(content, at, tracing);
      parts.push(...array.parts);
      whole = array.parts.every((part) => part.outcome === "ok");
      at = array.end;
      continue;
    }
    const trying = known && kind === null;
    let run = await runPickle(content, at, true, tracing, trying ? TRIED_BYTES : undefined);
    const cut = run.facts.failure?.resource === "programBytes";
    if (!isPickle(run, head, trying)) {
      if (cut) parts.push(notTold(content, run, tracing));
      break;
    }
    if (cut && trying) run = await runPickle(content, at, true, tracing);
    if (kind === null && isTorchMagic(run)) return readTorchLegacy(content, run, tracing);
    kind ??= run.firstArray === null ? "pickle" : "joblib";
    tracing.recognise(content, kind);
    parts.push(...(await keepRun(run, content, tracing)));
    if (run.firstArray !== null) parts.push(...(await readAsPickle(content, at, run, tracing)));
    whole = run.facts.outcome === "ok";
    at = run.end;
  }
  if (kind === null) return parts.length === 0 ? null : readingOf("pickle", parts);
  if (whole && at < source.size) {
    const message = `${source.size - at} bytes after the last ${kind === "npy" ? "array" : "pickle"}`;
    tracing.find({ kind: "trailing-bytes", message, entry, offset: at });
  }
  return readingOf(kind, parts);
}

/** How much of content that is something else is run as a pickle, before it has done anything that a pickle does. */
const TRIED_BYTES = 2 ** 20;

/** That content may be a pickle all the same: one that begins with an argument longer than what was brought. */
function notTold(content: Content, run: PickleRun, tracing: Tracing): Omit<Reading, "container"> {
  const { failure } = run.facts;
  const message = `as a pickle, the content does nothing within ${failure?.limit} bytes; the rest was not run`;
  tracing.find({ kind: "pickle-not-ruled-out", message, entry: content.entry, offset: 0 });
  return { outcome: "unfinished", ...(failure && { failure }) };
}

/** Opcodes that no text or raw data runs by chance. */
const TELLING_OPCODES = 16;
/** Modules and names that a file could have written; Python code and prose begin with GLOBAL's `c` as well. */
const NAME = /^[\p{L}\p{N}_.]+$/u;

/** Whether what was run is a pickle: it got to its STOP, it did something before it failed, or it says that it is one. */
function isPickle(run: PickleRun, head: Uint8Array, known: boolean): boolean {
  const { outcome, facts, opcodes } = run.facts;
  if (outcome === "ok") return true;
  for (const fact of facts) {
    if (fact.kind === "call" || fact.kind === "extension") return true;
    if (fact.kind === "import" && NAME.test(fact.module) && NAME.test(fact.name)) return true;
  }
  if (known) return false;
  const announced = head[0] === 0x80 && head.length > 1 && head[1]! <= 5;
  return announced || opcodes.reduce((sum, use) => sum + use.count, 0) >= TELLING_OPCODES;
}

/**
 * What `pickle.load` makes of a file of joblib's, to which the bytes of arrays are opcodes: in a file made by joblib it
 * fails at the first, in one made to look like it, it may not.
 */
async function readAsPickle(content: Content, start: number, asJoblib: PickleRun, tracing: Tracing): Promise<Omit<Reading, "container">[]> {
  const run = await runPickle(content, start, false, tracing);
  const known = new Set(factsOf(asJoblib));
  if (factsOf(run).every((fact) => known.has(fact))) return [];
  const message = "pickle.load, which reads the bytes of arrays as opcodes, does other things here than joblib.load";
  tracing.find({ kind: "polyglot", message, entry: content.entry, offset: asJoblib.firstArray! });
  return keepRun(run, content, tracing);
}

/** What a run did and where, those inside its arrays included. */
function factsOf(run: PickleRun): string[] {
  const own = run.facts.facts.map((fact) => `${fact.offset} ${fact.kind} ${"callable" in fact ? fact.callable : ""}`);
  return [...own, ...run.inner.flatMap(factsOf)];
}
