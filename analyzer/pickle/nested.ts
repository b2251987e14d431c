/** Pickles inside the pickle: constant bytes that it hands to a loader are run as programs of their own. */
import { LIMITS } from "../limits.ts";
import type { Callables } from "./callables.ts";
import { argumentsOf, type Recording } from "./contents.ts";
import type { Divergence, Fact } from "./facts.ts";
import type { DivergenceKind } from "./failures.ts";
import { BYTES_FILES } from "./indirect-callables.ts";
import * as kinds from "./kinds.ts";
import { BYTE_OF_OPCODE } from "./opcodes.ts";
import { countedRange, textOf } from "./operand-values.ts";
import type { NestedFacts, RunNested } from "./read-facts.ts";
import type { Depth, Rerun } from "./tell.ts";
import { NAMES } from "./write-order.ts";

/** How protocols before 3 spell bytes: `_codecs.encode(text, "latin1")`, and no other way (Lib/pickle.py, save_bytes). */
const ENCODE = "_codecs.encode";
/** Of what is not run here, what it brings is not known; and what it names does not matter, as it is unsupported. */
const UNKNOWN: NestedFacts = { facts: [], brings: true, named: new Set() };
/** Pickles of torch's legacy format, which are all that there are in what torch writes of a storage, and how long they are at most. */
const LEGACY_PICKLES = 5;
const LEGACY_BYTES = 2 ** 16;
const LATIN_1: ReadonlySet<string> = new Set(["latin1", "latin-1"]);

/** Runs what loaders are handed; what cannot be run is added to `divergences`. */
export function runNestedPickles(
  recording: Recording,
  callables: Callables,
  divergences: Map<DivergenceKind, Pick<Divergence, "offset" | "count">>,
  depth: Depth,
  rerun: Rerun,
): RunNested {
  const diverge = (kind: DivergenceKind, offset: number) => {
    const known = divergences.get(kind);
    divergences.set(kind, known === undefined ? { offset, count: 1 } : { offset: known.offset, count: known.count + 1 });
  };
  return (loader, call, given, { pickles, takes }, around) => {
    if (depth.nesting >= LIMITS.nestedPickles.limit || depth.nestedBytes.left < 0) {
      diverge("nested-unfinished", call);
      return UNKNOWN;
    }
    const handed = takes === "file" ? contentOfFile : contentOf;
    const content = given < 0 ? null : handed(recording, callables, given);
    if (content?.mayDiffer) diverge("nested-unknown", call);
    const offset = depth.nesting === 0 ? (content?.offset ?? null) : null;
    if (content !== null && depth.take?.({ bytes: content.bytes, offset, loader, call })) {
      depth.nestedBytes.left -= content.bytes.length;
      return lookIntoTaken(content.bytes, call, around);
    }
    if (content === null || !looksLikePickle(content.bytes)) {
      diverge("nested-unknown", call);
      return UNKNOWN;
    }
    const brings = { found: false };
    const named = { around, found: new Set(around) };
    const inside: Depth = { ...depth, nesting: depth.nesting + 1, reading: null, brings, brought: undefined, named };
    let brought = false;
    const facts: Fact[] = [];
    let start = 0;
    for (let pickle = 0; pickle < pickles && start < content.bytes.length; pickle++) {
      depth.nestedBytes.left -= content.bytes.length;
      const run = rerun(content.bytes, start, recording.state.encoding, inside);
      brought ||= brings.found;
      named.around = new Set(named.found);
      for (const fact of run.facts) facts.push({ ...fact, offset: content.offset === null ? call : content.offset + fact.offset });
      if (run.outcome !== "ok") {
        diverge(
          run.outcome === "malformed" ? "nested-broken" : run.outcome === "unsupported" ? "nested-unknown" : "nested-unfinished",
          call,
        );
        break;
      }
      start = run.offset + run.length;
    }
    return { facts, brings: brought, named: named.found };
  };

  /** What is read as a file of its own, for what it has of the names around it, and those around it of its own. */
  function lookIntoTaken(bytes: Uint8Array, call: number, around: ReadonlySet<string>): NestedFacts {
    const named = { around, found: new Set(around) };
    const inside: Depth = {
      ...depth,
      nesting: depth.nesting + 1,
      reading: null,
      brings: undefined,
      brought: undefined,
      take: undefined,
      named,
    };
    const start = bytes.subarray(0, LEGACY_BYTES);
    const facts: Fact[] = [];
    let isUnderstood = looksLikePickle(bytes);
    for (let pickle = 0, at = 0; isUnderstood && pickle < LEGACY_PICKLES && at < bytes.length; pickle++) {
      const run = rerun(start, at, recording.state.encoding, inside);
      for (const fact of run.facts) if (fact.kind === "call" && fact.planted) facts.push({ ...fact, offset: call });
      isUnderstood = run.outcome === "ok";
      named.around = new Set(named.found);
      at = run.offset + run.length;
    }
    return { facts, brings: true, named: isUnderstood ? named.found : NAMES };
  }
}

/** Bytes that a loader is handed. */
interface Content {
  readonly bytes: Uint8Array;
  /** Where they lie in the program as they are; null where they were decoded from text. */
  readonly offset: number | null;
  /** Whether the loader may be given others: it is run for what it shows, and does not count as known. */
  readonly mayDiffer: boolean;
}

/**
 * What a loader of files is handed: a file in memory, of which it is not followed where in it the loader begins, and whether a state
 * or another call has changed it by then; or bytes, which are the name of a file.
 */
function contentOfFile(recording: Recording, callables: Callables, value: number): Content | null {
  const call = calledWith(recording, callables, value);
  const bytes = call !== null && BYTES_FILES.has(call.callable) ? call.given[0]! : value;
  const content = contentOf(recording, callables, bytes);
  return content === null ? null : { ...content, mayDiffer: true };
}

function contentOf(recording: Recording, callables: Callables, value: number): Content | null {
  const { data } = recording;
  const kind = kinds.KIND[data[value]!];
  if (kind === kinds.BYTES || kind === kinds.BYTEARRAY) {
    const [from, to] = countedRange(data, value);
    // A bytearray takes items, and its bytes can be set one by one.
    return { bytes: data.subarray(from, to), offset: from, mayDiffer: kind === kinds.BYTEARRAY };
  }
  const call = calledWith(recording, callables, value);
  if (call?.callable !== ENCODE || call.given.length !== 2 || kinds.KIND[data[call.given[0]!]!] !== kinds.STR) return null;
  if (!LATIN_1.has(callables.constantText(call.given[1]!) ?? "")) return null;
  const { text } = textOf(data, call.given[0]!, data.length);
  // Other texts than of latin-1 are an error.
  return /[^\0-\xff]/.test(text) ? null : { bytes: Buffer.from(text, "latin1"), offset: null, mayDiffer: false };
}

/** The callable that REDUCE called to make a value, and with what; null where that is not known, or nothing. */
function calledWith(recording: Recording, callables: Callables, value: number): { callable: string; given: ArrayLike<number> } | null {
  const { data } = recording;
  if (kinds.KIND[data[value]!] !== kinds.FOREIGN || data[value] !== BYTE_OF_OPCODE.REDUCE) return null;
  const source = callables.of(value);
  const given = argumentsOf(recording, value);
  const isKnown = source.made && source.origin !== "computed" && given !== null && given.length > 0;
  return isKnown ? { callable: source.callable, given } : null;
}

/** Whether a program could begin like this: not with the magic of a zip or of numpy, which are containers. */
function looksLikePickle(bytes: Uint8Array): boolean {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
  return !isZip && bytes[0] !== 0x93;
}
