/** A survey in a process of its own, to be killed: `survey.ts HUB INDEX STORE`. Tells each event on standard output, as it happens. */
import { writeSync } from "node:fs";
import { systemNetwork } from "../../../crawler/effects.ts";
import { runSurvey } from "../../../crawler/survey.ts";
import { openStore } from "../../../db/connection.ts";

async function survey(hub: string, packageIndex: string, path: string): Promise<void> {
  const store = await openStore(path);
  const summary = await runSurvey(
    {
      name: "survey",
      hub,
      packageIndex,
      token: null,
      population: { kind: "query", top: null, minimumDownloads: 0, filters: [] },
      concurrency: 4,
      threads: 2,
    },
    {
      store,
      network: systemNetwork,
      date: () => new Date(),
      report: (event) => writeSync(1, `${JSON.stringify(event)}\n`),
      signal: new AbortController().signal,
    },
  );
  writeSync(1, `${JSON.stringify({ kind: "end", summary })}\n`);
  await store.destroy();
}

void survey(...(process.argv.slice(2) as [string, string, string]));
