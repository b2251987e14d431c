/** The way into this folder: which pickles a file holds, at which bytes, and what they do. */
import { type ByteSource, SourceError } from "../bytes/byte-source.ts";
import { heldSource } from "../bytes/held-source.ts";
import { readContent } from "./read-content.ts";
import type { TracedFile } from "./trace.ts";
import { type Reading, Tracing } from "./tracing.ts";

/**
 * Traces the file behind `source`: what it is, told by its content; every pickle in it, found by ranges and run. Bad
 * input ends in an outcome and findings. A source whose budget is spent, or that answers short, ends the trace as
 * `unfinished`, with what was found until then; one that is unavailable rejects, since nothing was learnt of the file.
 */
export async function traceFile(source: ByteSource): Promise<TracedFile> {
  const tracing = new Tracing(readContent);
  const reading = await readContent({ source: heldSource(source), entry: null, depth: 0, loader: "pickle" }, tracing).catch(
    (error: unknown) => cutShort(error, tracing),
  );
  tracing.finish();
  const { findings, pickles, programs } = tracing;
  return { trace: { size: source.size, ...reading, findings, pickles }, programs };
}

function cutShort(error: unknown, tracing: Tracing): Reading {
  if (!(error instanceof SourceError) || error.kind === "unavailable") throw error;
  const { message, offset = 0, limit } = error;
  const kind = error.kind === "budget" ? "limit" : "short-read";
  tracing.find({ kind, message, entry: null, offset, ...(limit !== undefined && { resource: "budget", limit }) });
  return { container: tracing.container ?? "unknown", outcome: "unfinished", failure: { kind, message, offset } };
}
