/** One array as numpy writes it: its header, and behind it the items, or the pickle of an array of objects. */

import { keepRun, runPickle } from "../run-pickle.ts";
import type { Content, Reading, Tracing } from "../tracing.ts";
import { failure } from "../tracing.ts";
import { NPY_PREFIX_BYTES, npyHeaderEnd, parseNpyHeader } from "./header.ts";

/** What reading an array came to, and where it ends in the content. */
export interface ArrayReading {
  readonly parts: readonly Omit<Reading, "container">[];
  readonly end: number;
}

/** Reads the array whose header begins at `start`. Items that are no objects are skipped by their length. */
export async function readArray(content: Content, start: number, tracing: Tracing): Promise<ArrayReading> {
  const { source, entry } = content;
  const broken = (kind: string, message: string, offset: number, outcome: Reading["outcome"] = "malformed"): ArrayReading => {
    tracing.find({ kind, message, entry, offset });
    return { parts: [{ outcome, failure: failure(kind, message, offset) }], end: source.size };
  };

  const headerEnd = npyHeaderEnd(await source.read(start, start + NPY_PREFIX_BYTES));
  if (!headerEnd.ok) return broken("npy-header", headerEnd.error, start);
  const dataStart = start + headerEnd.value;
  if (dataStart > source.size) return broken("npy-header", "the file ends inside the header", start);
  const header = parseNpyHeader(await source.read(start, dataStart));
  // numpy may know a dtype or a way of writing it that is not known here, and go on to a pickle.
  if (!header.ok) return broken("npy-header", header.error, start, "unsupported");

  if (header.value.hasObject) {
    if (dataStart === source.size) return broken("npy-truncated", "the file ends where the pickle of the array begins", dataStart);
    const run = await runPickle({ ...content, loader: "numpy" }, dataStart, "opcodes", tracing);
    return { parts: await keepRun(run, content, tracing), end: run.end };
  }
  const end = dataStart + header.value.count * header.value.itemSize;
  if (end > source.size) {
    return broken("npy-truncated", `the array takes ${end - dataStart} bytes, and ${source.size - dataStart} are there`, dataStart);
  }
  return { parts: [], end };
}
