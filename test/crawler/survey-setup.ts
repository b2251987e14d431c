/** Surveys of a loopback Hub on a store of their own, for tests. */

import type { SurveyEffects, SurveyEvent, SurveyRequest } from "../../crawler/survey-request.ts";
import { KeptWorkers } from "../../crawler/worker-pool.ts";
import type { Store } from "../../db/connection.ts";
import type { Hub } from "../hub/hub.ts";
import { type VirtualNetwork, virtualNetwork } from "./virtual-network.ts";

export interface TestEffects extends SurveyEffects {
  readonly events: SurveyEvent[];
  readonly interrupt: () => void;
}

export function surveyRequest(hub: Hub, changes: Partial<SurveyRequest> = {}): SurveyRequest {
  return {
    name: "survey",
    hub: hub.url,
    packageIndex: hub.indexUrl,
    token: null,
    population: { kind: "query", top: null, minimumDownloads: 0, filters: [] },
    concurrency: 4,
    threads: 1,
    ...changes,
  };
}

/** Of all surveys of these tests: commands, and surveys in processes of their own, are tested with workers of their own. */
const workers = new KeptWorkers();

/** Effects on a clock that only moves when somebody sleeps. `onEvent` sees each event as it is reported. */
export function surveyEffects(
  store: Store,
  options: { network?: VirtualNetwork; onEvent?: (event: SurveyEvent, interrupt: () => void) => void } = {},
): TestEffects {
  const controller = new AbortController();
  const events: SurveyEvent[] = [];
  const interrupt = () => controller.abort();
  const report = (event: SurveyEvent) => {
    events.push(event);
    options.onEvent?.(event, interrupt);
  };
  return {
    store,
    network: options.network ?? virtualNetwork(),
    date: () => new Date("2026-01-01T00:00:00Z"),
    report,
    signal: controller.signal,
    workers,
    events,
    interrupt,
  };
}
