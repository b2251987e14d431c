/** The worker's end of a `ByteSource` whose bytes the main thread fetches: limits, retries and counting stay in one place. */
import type { MessagePort } from "node:worker_threads";
import { type ByteSource, SourceError, type SourceErrorKind } from "../analyzer/bytes/byte-source.ts";

/** What a worker is handed instead of a source. */
export interface RemoteSource {
  readonly size: number;
  readonly port: MessagePort;
}

export interface ReadRequest {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export type ReadAnswer =
  | { readonly id: number; readonly bytes: Uint8Array }
  | {
      readonly id: number;
      readonly failure: {
        readonly kind: SourceErrorKind;
        readonly message: string;
        readonly offset: number | undefined;
        readonly limit: number | undefined;
      };
    };

/** A source that asks the other thread for every read. */
export function workerSource({ size, port }: RemoteSource): ByteSource {
  const waiting = new Map<number, { resolve: (bytes: Uint8Array) => void; reject: (error: SourceError) => void }>();
  let last = 0;
  port.on("message", (answer: ReadAnswer) => {
    const read = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("bytes" in answer) read?.resolve(answer.bytes);
    else read?.reject(new SourceError(answer.failure.kind, answer.failure.message, answer.failure));
  });
  return {
    size,
    read: (start, end) =>
      new Promise((resolve, reject) => {
        const request: ReadRequest = { id: ++last, start, end };
        waiting.set(request.id, { resolve, reject });
        port.postMessage(request);
      }),
  };
}
