/** A worker for the tests of the pool: it does as it is told. */
import { threadId } from "node:worker_threads";
import { SourceError } from "../../../analyzer/bytes/byte-source.ts";
import { type RemoteSource, workerSource } from "../../../crawler/worker-source.ts";

export interface Behaviour {
  readonly does: "echo" | "read" | "hang" | "fill-memory" | "throw" | "exit" | "read-slowly-answered" | "tell-thread";
  readonly value?: string;
}

export default async function behave({ does, value, ...remote }: Behaviour & RemoteSource): Promise<unknown> {
  switch (does) {
    case "echo":
      return value;
    case "read":
      try {
        const bytes = await workerSource(remote).read(1, 4);
        return [...bytes];
      } catch (error) {
        return error instanceof SourceError ? [error.kind, error.message, error.offset] : "another error";
      }
    case "read-slowly-answered": {
      const file = workerSource(remote);
      for (let read = 0; read < 5; read++) await Promise.all([file.read(0, 1), file.read(1, 2)]);
      return "done";
    }
    case "tell-thread":
      return threadId;
    case "hang":
      for (;;);
    case "fill-memory": {
      const held: unknown[] = [];
      for (;;) held.push(Array.from({ length: 1_000 }, (_, index) => ({ index })));
    }
    case "throw":
      throw new RangeError("a bug");
    case "exit":
      process.exit(3);
  }
}
