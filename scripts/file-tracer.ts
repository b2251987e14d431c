/**
 * Traces the files that commands are pointed at as a survey does: each in a worker with limits of time and memory. A
 * file that hangs it, fills it or makes it crash costs its own verdict, and the command goes on.
 */
import { inflateRawSync } from "node:zlib";
import { type ByteSource, SourceError } from "../analyzer/bytes/byte-source.ts";
import type { TracedFile } from "../analyzer/containers/trace.ts";
import { Tracing } from "../crawler/tracing.ts";

export class FileTracer {
  constructor(private readonly tracing: Tracing) {}

  /** The facts of a file and its programs. Rejects with `SourceError` where its bytes cannot be had. */
  readonly trace = async (source: ByteSource): Promise<TracedFile> => {
    const traced = await this.tracing.trace(source);
    if (!traced.ok) throw new SourceError("unavailable", traced.error);
    const { trace, programs } = traced.value;
    return { trace, programs: programs.map(({ deflated, segments }) => ({ bytes: inflateRawSync(deflated), segments })) };
  };
}

/** Does something with a tracer, whose worker is there for as long. */
export async function withTracer<T>(use: (tracer: FileTracer) => Promise<T>): Promise<T> {
  const tracing = new Tracing(1);
  try {
    return await use(new FileTracer(tracing));
  } finally {
    await tracing.close();
  }
}
