/** The real road: a survey of the loopback Hub into a store, as `npm start` makes one. */
import { systemNetwork } from "../../crawler/effects.ts";
import { runSurvey } from "../../crawler/survey.ts";
import { openStore, type Store } from "../../db/connection.ts";
import { startHub } from "../hub/hub.ts";
import { samples } from "../hub/samples.ts";

/** A new store at `path` with a finished survey of the samples. Rejects where the survey does not finish. */
export async function surveyLoopbackHub(path: string): Promise<Store> {
  const hub = await startHub(await samples());
  const store = await openStore(path);
  const request = {
    name: "loopback",
    hub: hub.url,
    packageIndex: hub.indexUrl,
    token: null,
    population: { kind: "query", top: null, minimumDownloads: 0, filters: [] },
  } as const;
  const { outcome, failure } = await runSurvey(request, {
    store,
    network: systemNetwork,
    date: () => new Date(),
    report: () => undefined,
    signal: new AbortController().signal,
  });
  await hub.close();
  if (outcome !== "finished") throw new Error(`the survey of the loopback Hub: ${outcome}, ${failure}`);
  return store;
}
