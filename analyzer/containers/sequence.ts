/**
 * Pickles and numpy arrays one after another, as programs write them into one file: each is read until what follows is
 * neither.
 */
import { LIMITS } from "../limits.ts";
import type { Fact } from "../pickle/facts.ts";
import { ACTING } from "../pickle/indirect-callables.ts";
import type { ContainerName } from "./containers.ts";
import { INLINE_WRAPPERS } from "./joblib.ts";
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
    let run = await runPickle(content, at, "arrays", tracing, trying ? TRIED_BYTES : undefined);
    const cut = run.facts.failure?.resource === "programBytes";
    if (!isPickle(run, head, trying)) {
      if (cut) parts.push(notTold(content, run, tracing));
      break;
    }
    if (cut && trying) run = await runPickle(content, at, "arrays", tracing);
    if ((kind === null || kind === "torch-legacy") && isTorchMagic(run)) {
      // Who saves twice into one file loads twice: what lies behind the storages is read as well.
      const { reading, end } = await readTorchLegacy(content, run, tracing);
      kind = "torch-legacy";
      parts.push(reading);
      whole = reading.outcome === "ok" && end !== null;
      at = end ?? source.size;
      continue;
    }
    kind ??= run.firstArray === null ? "pickle" : "joblib";
    tracing.recognise(content, kind);
    parts.push(...(await keepRun(run, content, tracing)));
    if (run.firstArray !== null) parts.push(...(await readOtherwise(content, at, run, "opcodes", tracing)));
    if (run.firstAligned !== null) parts.push(...(await readOtherwise(content, at, run, "unaligned arrays", tracing)));
    whole = run.facts.outcome === "ok";
    at = run.end;
  }
  if (kind === null) return parts.length === 0 ? null : readingOf("pickle", parts);
  // Of what lies behind storages it was said where they end.
  if (whole && at < source.size && kind !== "torch-legacy") {
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
 * What others make of a file of joblib's: `pickle.load`, to which the bytes of arrays are opcodes, and joblib before 1.2, which takes those
 * that align an array for its first, and its last for opcodes. In a file made by joblib they fail at the first, in one made to look
 * like it, they may not.
 */
async function readOtherwise(
  content: Content,
  start: number,
  asJoblib: PickleRun,
  arrays: "opcodes" | "unaligned arrays",
  tracing: Tracing,
): Promise<Omit<Reading, "container">[]> {
  const run = await runPickle(content, start, arrays, tracing);
  const known = new Set(factsOf(asJoblib).map(placeOf));
  if (!factsOf(run).some((fact) => isTelling(fact) && !known.has(placeOf(fact)))) return [];
  const message =
    arrays === "opcodes"
      ? "pickle.load, which reads the bytes of arrays as opcodes, does other things here than joblib.load"
      : "joblib before 1.2, which does not know that arrays are aligned, does other things here than later ones";
  tracing.find({
    kind: "polyglot",
    message,
    entry: content.entry,
    offset: (arrays === "opcodes" ? asJoblib.firstArray : asJoblib.firstAligned)!,
  });
  return keepRun(run, content, tracing);
}

/** What a run did, those inside its arrays included. */
function factsOf(run: PickleRun): readonly Fact[] {
  return [...run.facts.facts, ...run.inner.flatMap(factsOf)];
}

function placeOf(fact: Fact): string {
  return `${fact.offset} ${fact.kind} ${"callable" in fact ? fact.callable : ""}`;
}

/**
 * Whether the bytes of an array would not do it by chance. One in twenty is an opcode that does something to what lies on the stack, such
 * as giving the array to what lies below it: without a name, without what acts for the pickle, and without an effect that no list of names
 * covers, that is nothing which the rest of the pickle could not do as well, or nothing at all.
 */
function isTelling(fact: Fact): boolean {
  if (fact.kind === "kept") return true;
  if (fact.kind === "import") return NAME.test(fact.module) && NAME.test(fact.name);
  if (fact.kind !== "call" || INLINE_WRAPPERS.includes(fact.callable)) return false;
  if (fact.effectUnknown || fact.planted || fact.onCallable) return true;
  if (fact.method !== undefined) return fact.overrides?.some((name) => name !== "*") ?? false;
  return fact.via !== undefined || fact.origin === "computed" || ACTING.has(fact.callable);
}
