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
import type { RunNested } from "./read-facts.ts";
import type { Depth, Rerun } from "./tell.ts";

/** How protocols before 3 spell bytes: `_codecs.encode(text, "latin1")`. */
const ENCODE = "_codecs.encode";

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
  return (loader, call, given, pickles) => {
    if (depth.nesting >= LIMITS.nestedPickles.limit || depth.nestedBytes.left < 0) {
      diverge("nested-unfinished", call);
      return [];
    }
    const content = given < 0 ? null : contentOf(recording, callables, given);
    const offset = depth.nesting === 0 ? (content?.offset ?? null) : null;
    if (content !== null && depth.take?.({ bytes: content.bytes, offset, loader, call })) {
      depth.nestedBytes.left -= content.bytes.length;
      return [];
    }
    if (content === null || !looksLikePickle(content.bytes)) {
      diverge("nested-unknown", call);
      return [];
    }
    const inside: Depth = { ...depth, nesting: depth.nesting + 1, reading: null };
    const facts: Fact[] = [];
    let start = 0;
    for (let pickle = 0; pickle < pickles && start < content.bytes.length; pickle++) {
      depth.nestedBytes.left -= content.bytes.length;
      const run = rerun(content.bytes, start, recording.state.encoding, inside);
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
    return facts;
  };
}

/** Constant bytes, and where they lie in the program as they are; `offset` null where they were decoded from text. */
function contentOf(recording: Recording, callables: Callables, value: number): { bytes: Uint8Array; offset: number | null } | null {
  const { data } = recording;
  const kind = kinds.KIND[data[value]!];
  if (kind === kinds.BYTES || kind === kinds.BYTEARRAY) {
    const [from, to] = countedRange(data, value);
    return { bytes: data.subarray(from, to), offset: from };
  }
  if (kind !== kinds.FOREIGN || data[value] !== BYTE_OF_OPCODE.REDUCE) return null;
  const source = callables.of(value);
  const given = argumentsOf(recording, value);
  if (!source.made || source.origin === "computed" || given === null || given.length === 0) return null;
  if (BYTES_FILES.has(source.callable)) return contentOf(recording, callables, given[0]!);
  if (source.callable !== ENCODE || kinds.KIND[data[given[0]!]!] !== kinds.STR) return null;
  return { bytes: Buffer.from(textOf(data, given[0]!, data.length).text, "latin1"), offset: null };
}

/** Whether a program could begin like this: not with the magic of a zip or of numpy, which are containers. */
function looksLikePickle(bytes: Uint8Array): boolean {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
  return !isZip && bytes[0] !== 0x93;
}
