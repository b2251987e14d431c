/** Tracing bytes, and what of a trace tests compare. */
import { memorySource } from "../../../analyzer/bytes/memory-source.ts";
import type { Trace } from "../../../analyzer/containers/trace.ts";
import { traceFile } from "../../../analyzer/containers/trace-file.ts";

/** The trace of a file in memory. */
export async function traceBytes(bytes: Uint8Array): Promise<Trace> {
  return (await traceFile(memorySource(bytes))).trace;
}

/** Callables that are called, each with the entry it is called in. */
export function callsOf(trace: Trace): string[] {
  return trace.pickles.flatMap((pickle) =>
    pickle.facts.flatMap((fact) => (fact.kind === "call" ? [`${pickle.entry ?? "-"}: ${fact.callable}`] : [])),
  );
}

/** Kinds of the findings, each once, sorted. */
export function findingsOf(trace: Trace): string[] {
  return [...new Set(trace.findings.map((finding) => finding.kind))].sort();
}
