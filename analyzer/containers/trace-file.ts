/** The way into this folder: which pickles a file holds, at which bytes, and what they do. */
import type { ByteSource } from "../bytes/byte-source.ts";
import { heldSource, READ_AHEAD } from "../bytes/held-source.ts";
import { readContent } from "./read-content.ts";
import type { TracedFile } from "./trace.ts";
import { type Reading, Tracing } from "./tracing.ts";

/**
 * Little at first: the machine's tables are as long as what it was given, and a file may hold thousands of small
 * pickles. The source is asked for more at a time.
 */
const PROGRAM_STEP = 2 * 1024;

/**
 * Traces the file behind `source`: what it is, told by its content; every pickle in it, found by ranges and run. Bad
 * input ends in an outcome and findings. A source whose budget is spent, or that answers short, ends the trace as
 * `unfinished`, with what was found until then; one that is unavailable rejects, since nothing was learnt of the file.
 *
 * @param step the least that is worth a request, in bytes; it decides what reading costs, never what is found
 * @param constants whether constants of megabytes are kept whole in the programs, for printing them, or cut to their beginnings
 */
export async function traceFile(source: ByteSource, step = READ_AHEAD, constants: "whole" | "cut" = "cut"): Promise<TracedFile> {
  const tracing = new Tracing(readContent, Math.min(step, PROGRAM_STEP), constants === "whole");
  const content = { source: heldSource(source, step), entry: null, depth: 0, loader: "pickle" } as const;
  const reading = await readContent(content, tracing).catch((error: unknown): Reading => {
    const failure = tracing.cutShort(error, null, 0);
    return { container: tracing.container ?? "unknown", outcome: "unfinished", failure };
  });
  tracing.finish();
  const { findings, pickles, programs } = tracing;
  return { trace: { size: source.size, ...reading, findings, pickles }, programs };
}
