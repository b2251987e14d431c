/**
 * What reading a file costs, by format and size: requests, bytes and time over loopback HTTP, with no part of the file
 * held that nobody asked for.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ByteSource } from "../../analyzer/bytes/byte-source.ts";
import { countingSource } from "../../analyzer/bytes/counting-source.ts";
import { traceFile } from "../../analyzer/containers/trace-file.ts";
import type { Content } from "../hub/content.ts";
import { VIRTUAL_FILES } from "./virtual-files.ts";

const SIZES = { "1 MB": 1e6, "100 MB": 1e8, "5 GB": 5e9 };

/** One measurement. */
export interface Cost {
  readonly format: string;
  readonly size: number;
  readonly container: string;
  readonly outcome: string;
  readonly requests: number;
  readonly bytesRead: number;
  readonly milliseconds: number;
}

/** Traces a file over HTTP and counts. */
export async function measure(format: string, content: Content): Promise<Cost> {
  const server = createServer((request, response) => {
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    content.read(Number(start), Number(end) + 1).then((bytes) => response.writeHead(206, { "content-length": bytes.length }).end(bytes));
  });
  // Decompressing holds up the server as well: a connection that was idle meanwhile is still good.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const remote: ByteSource = {
    size: content.size,
    read: async (start, end) => {
      const stop = Math.min(end, content.size);
      if (start >= stop) return new Uint8Array(0);
      const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { range: `bytes=${start}-${stop - 1}` } });
      return new Uint8Array(await answer.arrayBuffer());
    },
  };
  try {
    const counted = countingSource(remote);
    const before = performance.now();
    const { trace } = await traceFile(counted);
    const milliseconds = performance.now() - before;
    const { container, outcome } = trace;
    return { format, size: content.size, container, outcome, requests: counted.requests, bytesRead: counted.bytesRead, milliseconds };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Measures every format at every size and prints a table: that of `docs/benchmarks.md`. Times go to stderr. */
export async function run(): Promise<void> {
  console.log(`| format | ${Object.keys(SIZES).join(" | ")} |\n| --- |${" --- |".repeat(Object.keys(SIZES).length)}`);
  for (const [format, build] of Object.entries(VIRTUAL_FILES)) {
    const cells: string[] = [];
    for (const [label, size] of Object.entries(SIZES)) {
      const cost = await measure(format, await build(size));
      cells.push(cellOf(cost));
      console.error(`${format}, ${label}: ${cost.milliseconds.toFixed(0)} ms`);
    }
    console.log(`| ${format} | ${cells.join(" | ")} |`);
  }
}

/** Requests, bytes, and how it ended where that is not well. */
function cellOf({ requests, bytesRead, outcome }: Cost): string {
  return `${requests}, ${bytesRead.toLocaleString("en")}${outcome === "ok" ? "" : ` (${outcome})`}`;
}
