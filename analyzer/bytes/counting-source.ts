/** What reading costs: requests and bytes, counted where they reach the source. */
import type { ByteSource } from "./byte-source.ts";

/** A source that counts. `requests` and `bytesRead` rise as reads are answered. */
export interface CountingSource extends ByteSource {
  readonly requests: number;
  readonly bytesRead: number;
}

/** Counts the reads that `source` answers, and the bytes of its answers. Reads of nothing cost nothing. */
export function countingSource(source: ByteSource): CountingSource {
  let requests = 0;
  let bytesRead = 0;
  return {
    size: source.size,
    get requests() {
      return requests;
    },
    get bytesRead() {
      return bytesRead;
    },
    read: async (start, end) => {
      if (Math.min(end, source.size) > start) requests++;
      const bytes = await source.read(start, end);
      bytesRead += bytes.length;
      return bytes;
    },
  };
}
