/** A worker that traces files, but for those whose first bytes say what becomes of it: as an analyzer with bugs would. */
import traceRemote, { type TraceAnswer } from "../../../crawler/trace-worker.ts";
import { type RemoteSource, workerSource } from "../../../crawler/worker-source.ts";

export default async function traceOrDie(remote: RemoteSource): Promise<TraceAnswer> {
  const source = workerSource(remote);
  switch (Buffer.from(await source.read(0, 4)).toString()) {
    case "HANG":
      for (;;);
    case "FILL": {
      const held: unknown[] = [];
      for (;;) held.push(Array.from({ length: 1_000 }, (_, index) => ({ index })));
    }
    case "BUG!":
      throw new RangeError("a bug");
    default:
      return traceRemote(remote);
  }
}
