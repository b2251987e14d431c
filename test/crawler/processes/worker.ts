/** A worker in a process of its own, to be killed: `worker.ts DATABASE`. Tells each event on standard output, as it happens. */
import { writeSync } from "node:fs";
import { systemNetwork } from "../../../crawler/effects.ts";
import { work } from "../../../crawler/workers.ts";
import { openStore } from "../../../db/connection.ts";

async function run(database: string): Promise<void> {
  const store = await openStore(database);
  const controller = new AbortController();
  process.on("SIGTERM", () => controller.abort());
  writeSync(1, `${JSON.stringify({ kind: "begin" })}\n`);
  await work(
    { database, token: null, concurrency: 2, threads: 1 },
    {
      store,
      network: systemNetwork,
      date: () => new Date(),
      report: (event) => writeSync(1, `${JSON.stringify(event)}\n`),
      signal: controller.signal,
    },
  );
  await store.destroy();
}

void run(process.argv[2]!);
