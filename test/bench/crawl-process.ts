/**
 * One side of the crawl benchmark, in a process of its own so that its memory is its own: `hub MODELS`, `survey HUB STORE`,
 * `worker STORE`, or `list STORE MODELS`. Tells one line of JSON.
 */
import { systemNetwork } from "../../crawler/effects.ts";
import { listPopulation } from "../../crawler/list.ts";
import { runSurvey, runSurveyTogether } from "../../crawler/survey.ts";
import type { SurveyEffects } from "../../crawler/survey-request.ts";
import { SurveyRun } from "../../crawler/survey-run.ts";
import { work } from "../../crawler/workers.ts";
import { isPostgres, openStore, type Store } from "../../db/connection.ts";
import { openSurvey } from "../../db/writes-listing.ts";
import { startHub } from "../hub/hub.ts";
import { syntheticPopulation } from "../hub/synthetic.ts";

const LATENCY = 50;
const UNLIMITED = 1_000_000_000;
const CONCURRENCY = 32;
/** Of a tensor: checkpoints of 3 MB. The Hub has to hash each whole, which no range of it depends on. */
const ELEMENTS = 8_192;
const POPULATION = { kind: "query", top: null, minimumDownloads: 0, filters: [] } as const;

const interrupted = new AbortController();
process.on("SIGTERM", () => interrupted.abort());

function effectsOn(store: Store): SurveyEffects {
  return { store, network: systemNetwork, date: () => new Date(), report: () => undefined, signal: interrupted.signal };
}

function requestTo(hub: string, concurrency: number) {
  return { name: "bench", hub, packageIndex: null, token: null, population: POPULATION, concurrency, threads: 2 };
}

function tell(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Seconds of all threads: on a machine that others use too, what the work takes. */
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const peak = () => process.resourceUsage().maxRSS * 1024;

const SIDES: Record<string, (...words: string[]) => Promise<void>> = {
  async hub(models) {
    const quotas = { api: UNLIMITED, resolvers: UNLIMITED, pages: UNLIMITED };
    const hub = await startHub({ population: syntheticPopulation(Number(models), ELEMENTS), latency: LATENCY, quotas });
    tell({ url: hub.url });
    interrupted.signal.addEventListener("abort", () => process.exit());
  },
  async survey(hub, address, concurrency = String(CONCURRENCY)) {
    const store = await openStore(address!);
    const began = performance.now();
    const request = requestTo(hub!, Number(concurrency));
    const run = isPostgres(address!) ? runSurveyTogether(request, effectsOn(store), address!) : runSurvey(request, effectsOn(store));
    const summary = await run;
    await store.destroy();
    tell({ seconds: (performance.now() - began) / 1000, cpu: cpu(), peak: peak(), ...summary });
  },
  async worker(address, concurrency) {
    const store = await openStore(address!);
    tell({ begun: true });
    await work({ database: address!, token: null, concurrency: Number(concurrency), threads: 1 }, effectsOn(store));
    await store.destroy();
  },
  /** Pages that cost no server anything: what is measured is reading and writing them. */
  async list(path, models) {
    const population = syntheticPopulation(Number(models));
    const store = await openStore(path!);
    const effects = { ...effectsOn(store), network: { ...systemNetwork, fetch: pagesOf(population) } };
    const survey = { name: "bench", hub: "http://127.0.0.1:9", query: JSON.stringify(POPULATION), startedAt: new Date().toISOString() };
    const row = await openSurvey(store, survey);
    const began = performance.now();
    const listed = await listPopulation(new SurveyRun(row.survey_id, requestTo(survey.hub, 1), effects), row);
    if (!listed.ok) throw new Error(JSON.stringify(listed.error));
    const { count } = await store
      .selectFrom("survey_model")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    await store.destroy();
    tell({ seconds: (performance.now() - began) / 1000, cpu: cpu(), peak: peak(), models: count });
  },
};

function pagesOf(population: ReturnType<typeof syntheticPopulation>): typeof systemNetwork.fetch {
  return async (url) => {
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const limit = Number(url.searchParams.get("limit"));
    const page = Array.from({ length: Math.min(limit, population.length - from) }, (_, index) => {
      const { id, hubId, sha, metadata, files } = population.at(from + index);
      return { _id: hubId, id, sha, ...metadata, siblings: [...files.keys()].map((rfilename) => ({ rfilename })) };
    });
    const next = new URL(url);
    next.searchParams.set("cursor", String(from + limit));
    const link: Record<string, string> = from + limit < population.length ? { link: `<${next}>; rel="next"` } : {};
    return new Response(JSON.stringify(page), { headers: { "content-type": "application/json", ...link } });
  };
}

const [side, ...words] = process.argv.slice(2);
await SIDES[side!]!(...words);
