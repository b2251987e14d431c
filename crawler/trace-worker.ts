/** A worker thread that runs the pickles of one file. */
import { deflateRawSync } from "node:zlib";
import { SourceError, type SourceErrorKind } from "../analyzer/bytes/byte-source.ts";
import type { Trace } from "../analyzer/containers/trace.ts";
import { traceFile } from "../analyzer/containers/trace-file.ts";
import type { StoredProgram } from "../db/stored-trace.ts";
import { type RemoteSource, workerSource } from "./worker-source.ts";

/** The facts of a file, or why its bytes could not be had. */
export type TraceAnswer =
  | { readonly trace: Trace; readonly programs: readonly StoredProgram[] }
  | {
      readonly sourceFailure: {
        readonly kind: SourceErrorKind;
        readonly message: string;
        readonly offset: number | undefined;
        readonly limit: number | undefined;
      };
    };

export default async function traceRemote(remote: RemoteSource): Promise<TraceAnswer> {
  try {
    const { trace, programs } = await traceFile(workerSource(remote));
    // Deflated here, where the time counts against this file; and of the buffers behind the bytes only these go along.
    return { trace, programs: programs.map(({ bytes, segments }) => ({ deflated: new Uint8Array(deflateRawSync(bytes)), segments })) };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const { kind, message, offset, limit } = error;
    return { sourceFailure: { kind, message, offset, limit } };
  }
}
