/** What `survey`, `crawl`, `infer-all` and `judge` share: which models, which survey, and how a run is told of. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { isModelName } from "../crawler/hub.ts";
import { parseCacheFile } from "../crawler/parse-cache.ts";
import type { SurveySummary } from "../crawler/summary.ts";
import { queryOf } from "../crawler/survey.ts";
import { type Population, SORTS, type Sort, type SurveyEffects, type SurveyEvent, type SurveyRequest } from "../crawler/survey-request.ts";
import type { Store } from "../db/connection.ts";
import { listSurveys } from "../db/queries/surveys.ts";
import { findSurveyRow, latestFinished, surveysOf } from "../db/writes-listing.ts";
import { type Context, printJson, UsageError } from "./context.ts";
import type { Ending } from "./exit-codes.ts";
import { noSurvey } from "./known-survey.ts";
import { type Progress, startProgress } from "./progress.ts";
import { bytes, duration, grouped, plural } from "./quantities.ts";
import { hubOf, type RemoteOptions, remoteOf, withHub, withIndex } from "./remote.ts";
import { databasePath, openForChanging, openForWriting, withDatabase } from "./store.ts";
import { reportSummary } from "./survey-report.ts";

export interface SurveyOptions extends RemoteOptions {
  readonly top?: number;
  readonly sort?: Sort;
  readonly models?: readonly string[];
  readonly filter: readonly { readonly key: string; readonly value: string }[];
  readonly minDownloads?: number;
  readonly modifiedSince?: string;
  readonly name?: string;
  readonly hubScans?: boolean;
  readonly concurrency?: number;
  readonly database?: string;
  readonly json?: boolean;
}

/** Whether a command begins a survey where there is none of the name, or only goes on with those that the store has. */
type Which = "new" | "known";

const NAMED: Readonly<Record<Which, string>> = {
  new: "the survey (default: after the Hub, the models and today); one that was interrupted is gone on with",
  known: "the survey, of those in the store (default: the last that was begun, of the models where options say which)",
};

/** Gives a command the options that say which models and where. */
export function withSurvey<C extends Command>(command: C, which: Which = "new"): C {
  command
    .addOption(new Option("--top <N>", "the N most downloaded models, or the first N by --sort").argParser(positive).conflicts("models"))
    .addOption(
      new Option("--sort <ORDER>", "the order in which the Hub lists the models").choices(SORTS).conflicts(["models", "modifiedSince"]),
    )
    .addOption(new Option("--models <NAMES>", "these models, by name, separated by commas").argParser(modelNames))
    .addOption(
      new Option("--filter <KEY=VALUE>", `only models with this ${inWords(FILTERS)}; may be repeated`)
        .argParser(filter)
        .default([], "none")
        .conflicts("models"),
    )
    .addOption(new Option("--min-downloads <N>", "only models with so many downloads in 30 days").argParser(positive).conflicts("models"))
    .addOption(
      new Option("--modified-since <DATE>", "only models modified since, the latest first; last: since the last finished survey was begun")
        .argParser(instant)
        .conflicts(["models", "top"]),
    )
    .option("--name <NAME>", NAMED[which])
    .addOption(new Option("--concurrency <N>", "models in hand at once").argParser(positive).default(undefined, "8"));
  return withDatabase(withIndex(withHub(command))).option("--json", "print JSON");
}

/** Gives a command that reads files the option that asks for more than files. */
export function withHubScans<C extends Command>(command: C): C {
  return command.option("--hub-scans", "store what the Hub's own scanners say of the files: one request more for a model that has any");
}

/** What models can be filtered by. */
const FILTERS: readonly string[] = ["author", "search", "task", "library", "tag"];

function inWords(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** In the place of a date: when the last survey of the Hub that is finished was begun. */
const LAST = "last";

export function positive(given: string): number {
  if (!/^[1-9]\d{0,8}$/.test(given)) throw new InvalidArgumentError("Not a positive number.");
  return Number(given);
}

function instant(given: string): string {
  if (given === LAST) return LAST;
  const date = new Date(given);
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError("Not a date, such as 2026-11-20, and not last.");
  return date.toISOString();
}

function modelNames(given: string): string[] {
  const names = given.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !isModelName(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`${JSON.stringify(wrong)} is no name of a model.`);
  return [...new Set(names)];
}

function filter(given: string, before: SurveyOptions["filter"]): SurveyOptions["filter"] {
  const [, key, value] = /^([\w-]+)=(.+)$/.exec(given) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError("Not of the form KEY=VALUE.");
  // Whatever else is asked of the Hub it takes for a tag, which few models have.
  if (!FILTERS.includes(key)) throw new InvalidArgumentError(`There is no ${key}: the key is ${inWords(FILTERS)}.`);
  return [...before, { key, value }];
}

/** `database` is where the store is. */
type Stage = (request: SurveyRequest, effects: SurveyEffects, database: string) => Promise<SurveySummary>;

/** Runs stages of a survey in the store, with progress, and prints what it came to. */
export async function runStage(context: Context, options: SurveyOptions, stage: Stage, which: Which = "new"): Promise<Ending> {
  const { effects } = context;
  const database = databasePath(context, options.database);
  const store = await (which === "new" ? openForWriting : openForChanging)(database);
  const progress = startProgress(effects, "models");
  const telling = new Telling(progress);
  try {
    const request = await (which === "new" ? surveyRequest : knownRequest)(context, options, store);
    const summary = await stage(request, { ...effectsOf(context, store), report: (event) => telling.hear(event) }, database);
    progress.stop();
    if (options.json) await printJson(context, summary);
    else await effects.print(reportSummary(summary));
    if (summary.outcome === "interrupted") effects.report("Interrupted. The same command goes on from here.\n");
    if (summary.failure !== null) effects.report(`${summary.failure}\n`);
    if (summary.outcome === "stopped")
      effects.report("The network gave up. What was read is stored: the same command goes on from here.\n");
    return ENDINGS[summary.outcome];
  } finally {
    progress.stop();
    await store.destroy();
  }
}

const ENDINGS = { finished: "done", interrupted: "interrupted", stopped: "network", refused: "usage" } as const;

export function effectsOf({ effects }: Context, store: Store): SurveyEffects {
  const parseCache = parseCacheFile(effects.environment);
  return { store, network: effects.network, date: effects.date, signal: effects.signal, report: () => undefined, parseCache };
}

/** What the options ask for; of a survey that is there and named without models, what it was asked for then. */
export async function surveyRequest(context: Context, options: SurveyOptions, store: Store): Promise<SurveyRequest> {
  const known = options.name === undefined || asksForModels(options) ? null : await findSurveyRow(store, options.name);
  if (known !== null) return requestOf(context, options, known.name, known.hub, JSON.parse(known.query));
  const hub = hubOf(context, options);
  const population = await populationOf(options, store, hub);
  return requestOf(context, options, options.name ?? (await nameOf(context, store, hub, population)), hub, population);
}

/**
 * The same of a survey that the store has, since there is nothing in any other to work on: the one that is named, or the last
 * of those models; else the last. Throws `UsageError` where there is none.
 */
async function knownRequest(context: Context, options: SurveyOptions, store: Store): Promise<SurveyRequest> {
  const asked = options.name ?? null;
  const last = asked ?? (await listSurveys(store))[0]?.name;
  const known = last === undefined ? null : await findSurveyRow(store, last);
  if (known === null) return noSurvey(store, asked);
  if (!asksForModels(options)) return requestOf(context, options, known.name, known.hub, JSON.parse(known.query));
  const hub = hubOf(context, options);
  const population = await populationOf(options, store, hub);
  const [latest] = await surveysOf(store, hub, queryOf(population));
  const name = asked ?? latest?.name ?? (await noSurvey(store, describePopulation(hub, population)));
  return requestOf(context, options, name, hub, population);
}

function asksForModels({ top, sort, models, filter, minDownloads, modifiedSince }: SurveyOptions): boolean {
  return [top, sort, models, minDownloads, modifiedSince].some((option) => option !== undefined) || filter.length > 0;
}

function requestOf(context: Context, options: SurveyOptions, name: string, hub: string, population: Population): SurveyRequest {
  const { hubScans, concurrency } = options;
  const remote = remoteOf(context, { ...options, hub: options.hub ?? hub });
  if (hub !== remote.hub) throw new UsageError(`the survey ${name} is of ${hub}, not of ${remote.hub}`);
  return { name, ...remote, population, ...(hubScans && { hubScans }), ...(concurrency !== undefined && { concurrency }) };
}

/** The models that the options name. */
async function populationOf(options: SurveyOptions, store: Store, hub: string): Promise<Population> {
  const { top = null, sort, models, filter: filters, minDownloads: minimumDownloads = 0 } = options;
  if (models !== undefined) return { kind: "models", names: models };
  const modifiedSince = options.modifiedSince === LAST ? await latestFinished(store, hub) : options.modifiedSince;
  if (modifiedSince === null) throw new UsageError(`no survey of ${hub} is finished in the store: give --modified-since a date`);
  return { kind: "query", top, minimumDownloads, filters, ...(sort && { sort }), ...(modifiedSince && { modifiedSince }) };
}

/** The survey that the same command is about: the one of the same models that is under way; else a new one with today's date. */
async function nameOf(context: Context, store: Store, hub: string, population: Population): Promise<string> {
  const known = (await surveysOf(store, hub, queryOf(population))).find(({ finished_at }) => finished_at === null);
  if (known !== undefined) return known.name;
  const dated = `${describePopulation(hub, population)} ${context.effects.date().toISOString().slice(0, 10)}`;
  for (let number = 1; ; number++) {
    const name = number === 1 ? dated : `${dated} (${number})`;
    if ((await findSurveyRow(store, name)) === null) return name;
  }
}

function describePopulation(hub: string, population: Population): string {
  const { host } = new URL(hub);
  if (population.kind === "models") return `${host} ${population.names.join(",")}`;
  const { top, sort, minimumDownloads, filters, modifiedSince } = population;
  const parts = [
    top === null ? "all" : `top ${top}`,
    ...(sort === undefined ? [] : [`by ${sort}`]),
    ...(minimumDownloads > 0 ? [`from ${minimumDownloads} downloads`] : []),
    ...(modifiedSince === undefined ? [] : [`modified since ${modifiedSince}`]),
    ...filters.map(({ key, value }) => `${key}=${value}`).toSorted(),
  ];
  return `${host} ${parts.join(" ")}`;
}

/** Turns what a survey reports into progress. */
export class Telling {
  #total = 0;
  #done = 0;
  #stage = "";
  #spent: Extract<SurveyEvent, { kind: "spent" }> | null = null;
  #held = 0;

  constructor(private readonly progress: Progress) {}

  hear(event: SurveyEvent): void {
    const line = lineOf(event);
    if (line !== null) this.progress.say(line);
    if (event.kind === "stage") {
      this.#stage = event.stage;
      this.#done = 0;
      this.#total = event.stage === "list" ? 0 : event.models;
    }
    if (event.kind === "listed") this.#done += event.models;
    if (event.kind === "model") this.#done++;
    if (event.kind === "spent") this.#spent = event;
    if (event.kind === "file" && event.state === "read" && !event.reused) this.#held += event.size;
    if (event.kind === "listed" || event.kind === "model") this.progress.update(this.#done, this.#total, this.note());
  }

  /** The stage, and what this run has cost: requests, what the limit leaves of them, bytes received, and those that the files hold. */
  private note(): string {
    if (this.#spent === null) return this.#stage;
    const { requests, bytesRead, left } = this.#spent;
    const allowed = left === null || this.#stage === "list" ? "" : ` (${grouped(left)} left)`;
    const held = this.#held === 0 ? "" : ` for files of ${bytes(this.#held)}`;
    return `${this.#stage}, ${plural(requests, "request")}${allowed}, ${bytes(bytesRead)} received${held}`;
  }
}

/** What stays on the screen of an event; null where it only counts. */
function lineOf(event: SurveyEvent): string | null {
  switch (event.kind) {
    case "stage":
      return event.models > 0 ? `${event.stage}: ${plural(event.models, "model")}` : event.stage;
    case "model":
      return event.failure === null ? null : `${event.model}: ${event.state}: ${event.failure}`;
    case "policy":
      return `${event.slot} policy of ${event.class} from ${event.distribution} ${event.version}`;
    case "waiting":
      return `waiting ${duration(event.milliseconds / 1000)} for ${event.for}`;
    case "retrying":
      return `${event.failure}; again in ${duration(event.milliseconds / 1000)}`;
    case "listed":
    case "file":
    case "spent":
      return null;
  }
}
