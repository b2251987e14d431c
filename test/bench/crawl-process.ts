/**
 * One side of the crawl benchmark, in a process of its own so that its memory is its own: `hub MODELS LATENCY`, `survey HUB STORE`,
 * `worker STORE`, `pages MODELS`, or `list HUB STORE`. Tells one line of JSON.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
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
const THREADS = 2;
/** Of a tensor: checkpoints of 3 MB. The Hub has to hash each whole, which no range of it depends on. */
const ELEMENTS = 8_192;
const POPULATION = { kind: "query", top: null, minimumDownloads: 0, filters: [] } as const;

const interrupted = new AbortController();
process.on("SIGTERM", () => interrupted.abort());

function effectsOn(store: Store): SurveyEffects {
  return { store, network: systemNetwork, date: () => new Date(), report: () => undefined, signal: interrupted.signal };
}

function requestTo(hub: string, concurrency: number) {
  return { name: "bench", hub, packageIndex: null, token: null, population: POPULATION, concurrency, threads: THREADS };
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
  async hub(models, latency = String(LATENCY)) {
    const quotas = { api: UNLIMITED, resolvers: UNLIMITED, pages: UNLIMITED };
    const hub = await startHub({ population: syntheticPopulation(Number(models), ELEMENTS), latency: Number(latency), quotas });
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
    await work({ database: address!, token: null, concurrency: Number(concurrency), threads: THREADS }, effectsOn(store));
    await store.destroy();
  },
  /** Serves a listing and nothing else, so that what it takes to make one is not counted among what it takes to read it. */
  async pages(models) {
    const population = syntheticPopulation(Number(models));
    const server = createServer((request, response) => sendPage(population, request, response)).listen(0, "127.0.0.1");
    await once(server, "listening");
    tell({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    interrupted.signal.addEventListener("abort", () => process.exit());
  },
  async list(hub, path) {
    const store = await openStore(path!);
    const effects = effectsOn(store);
    const survey = { name: "bench", hub: hub!, query: JSON.stringify(POPULATION), startedAt: new Date().toISOString() };
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

/** Files that most repositories have beside their weights: a model takes about a kilobyte of a page, as on the Hub. */
const BESIDE = [
  ".gitattributes",
  "config.json",
  "generation_config.json",
  "special_tokens_map.json",
  "tokenizer.json",
  "tokenizer_config.json",
];

function sendPage(population: ReturnType<typeof syntheticPopulation>, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, `http://${request.headers.host}`);
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const limit = Number(url.searchParams.get("limit"));
  const page = Array.from({ length: Math.min(limit, population.length - from) }, (_, index) => {
    const { id, hubId, sha, metadata, files } = population.at(from + index);
    const siblings = [...files.keys(), ...BESIDE].map((rfilename) => ({ rfilename }));
    return { _id: hubId, id, sha, ...metadata, siblings, config: { architectures: ["BertModel"], model_type: "bert" } };
  });
  url.searchParams.set("cursor", String(from + limit));
  const link: Record<string, string> = from + limit < population.length ? { link: `<${url}>; rel="next"` } : {};
  response.writeHead(200, { "content-type": "application/json", ...link }).end(JSON.stringify(page));
}

const [side, ...words] = process.argv.slice(2);
void SIDES[side!]!(...words);
