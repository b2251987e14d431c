/**
 * The dashboard on a store of a million invented models, read by twenty people while a survey writes: milliseconds from a
 * request's sending to the last byte of its answer, page by page, first with a second's pause between a reader's pages,
 * then with none. Then exports of a million rows, with the memory of the process that serves them.
 *
 * `CENSUS_BENCH_STORE`: the file of the store (made if it is not there; default: in the system's temporary folder);
 * `CENSUS_BENCH_MODELS`: how many models it is made of; `CENSUS_BENCH_PARTS`: `pages`, `exports` or both;
 * `CENSUS_BENCH_FORMATS`: the formats of the exports, all if none is named.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { EXPORT_FORMAT_NAMES, EXPORT_FORMATS, type ExportFormatName } from "../../db/exports/formats.ts";
import { buildDashboard } from "../../scripts/serve-dashboard.ts";
import { className, pick, seeded } from "./dashboard-models.ts";

const MODELS = Number(process.env.CENSUS_BENCH_MODELS ?? 1_000_000);
const STORE = process.env.CENSUS_BENCH_STORE ?? path.join(tmpdir(), `census-bench-${MODELS}.sqlite`);
const PARTS = (process.env.CENSUS_BENCH_PARTS ?? "pages,exports").split(",");
const FORMATS = (process.env.CENSUS_BENCH_FORMATS?.split(",") as ExportFormatName[] | undefined) ?? EXPORT_FORMAT_NAMES;
const READERS = 20;

/** Models a second of a survey that has the Hub's limits to keep: 2.5 million in a day and two hours (reference: hub.md 3). */
const PACE = 30;
/** More than any survey was seen to write. */
const HASTE = 400;
const LOADS = [
  { pause: 1_000, seconds: 60, pace: PACE },
  { pause: 1_000, seconds: 60, pace: HASTE },
  { pause: 0, seconds: 20, pace: PACE },
];

/** An address of each page, another one each time. */
const PAGES: Readonly<Record<string, (random: () => number) => string>> = {
  overview: (random) => pick(random, ["/", "/?policy=class", "/?policy=class&mode=lazy", "/?role=side"]),
  models: () => "/models",
  "models, one filter": (random) =>
    `/models?${pick(random, ["library=flair", "verdict=blocked", "task=fill-mask", "year=2024", "library=timm", "container=joblib"])}`,
  "models, three filters": (random) =>
    `/models?library=${pick(random, ["transformers", "flair", "timm", "none"])}&verdict=${pick(random, ["blocked", "loads"])}&year=${2019 + Math.floor(random() * 8)}`,
  "models, search": (random) => `/models?q=${pick(random, ["bert", "roberta-large", "author77/", "tagger-v2", "99999"])}`,
  "models, by name": () => "/models?sort=name",
  model: (random) => `/models/${pick(random, known.models)}`,
  callables: (random) => `/callables${pick(random, ["", "?q=module7", "?q=library12."])}`,
  callable: (random) => `/callables/${pick(random, known.callables)}`,
  libraries: () => "/libraries",
  library: (random) => `/libraries/${pick(random, ["flair", "timm", "sklearn", "transformers"])}`,
  class: (random) => `/classes/${className(2 + Math.floor(40 * random()))}`,
  search: (random) => `/search?q=${pick(random, ["bert", "author77", "Callable19", "timm", "Class12", "roberta-large"])}`,
  policies: (random) => `/policies${pick(random, ["", "?q=flair", "?from=1001"])}`,
  policy: (random) => `/policies/${2 + Math.floor(random() * 2_000)}`,
  surveys: () => "/surveys",
  survey: () => "/surveys/2026-q4",
  methods: () => "/methods",
};

const known = { models: [] as string[], callables: [] as string[] };

interface Asked {
  readonly page: string;
  readonly milliseconds: number;
  readonly bytes: number;
}

export async function run(): Promise<void> {
  await buildDashboard((text) => process.stderr.write(text));
  makeStore();
  if (PARTS.includes("pages")) await pages();
  if (PARTS.includes("exports")) await exports();
}

async function pages(): Promise<void> {
  const started = performance.now();
  const { child, url } = await serve();
  const ready = performance.now();
  const { milliseconds } = await ask(url, "overview", "/?policy=class&role=side");
  console.log(
    `\nA server is ready ${((ready - started) / 1_000).toFixed(1)} s after its start, and answers first in ${Math.round(milliseconds)} ms.`,
  );
  await learn(url);
  // What a server has after its first minute, whoever comes: the index in memory, code compiled.
  for (const address of Object.values(PAGES)) await (await fetch(url + address(seeded(1)))).arrayBuffer();
  await alone(url, child);
  for (const under of LOADS) await crowded(url, child, under);
  child.disconnect();
}

/** Twenty readers at once, while a survey writes. */
async function crowded(url: string, child: ChildProcess, { pause, seconds, pace }: (typeof LOADS)[number]): Promise<void> {
  const writer = fork(path.join(import.meta.dirname, "dashboard-writer.ts"), [STORE, String(pace)], { execArgv: ["--import", "tsx"] });
  let written = 0;
  writer.on("message", (models) => {
    written = Number(models);
  });
  await once(writer, "message");
  const before = written;
  const [spent, writing, others] = [processorTime(child), processorTime(writer), othersTime([child, writer])];
  const asked = await load(url, pause, seconds);
  console.log(
    `\n${READERS} readers, ${pause === 0 ? "no pause" : "a second's pause"} between pages, ${seconds} s, while ${Math.round((written - before) / seconds)} models a second are written ` +
      `(${((processorTime(writer) - writing) / seconds / 10).toFixed(1)} % of a core); ${((processorTime(child) - spent) / asked.length).toFixed(1)} ms of processor time a page; ` +
      `what is not of the bench took ${((othersTime([child, writer]) - others) / seconds / 10 / cpus().length).toFixed(0)} % of the machine:\n`,
  );
  report(asked, seconds);
  writer.disconnect();
  await once(writer, "exit");
}

function makeStore(): void {
  const script = path.join(import.meta.dirname, "dashboard-store.ts");
  execFileSync(process.execPath, ["--max-old-space-size=6000", "--import", "tsx", script, STORE, String(MODELS)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  console.log(`${MODELS.toLocaleString("en")} models, ${(statSync(STORE).size / 1e9).toFixed(2)} GB`);
}

async function serve(): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(path.join(import.meta.dirname, "..", "browser", "serve-store.ts"), [STORE], {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [url] = (await once(child, "message")) as [string];
  return { child, url };
}

/** Names of models and callables to ask for: rare and common ones. */
async function learn(url: string): Promise<void> {
  for (const query of ["", "?sort=name", "?q=author7", "?verdict=blocked"]) {
    const { models } = (await (await fetch(`${url}/models.json${query}`)).json()) as { models: { name: string }[] };
    known.models.push(...models.map(({ name }) => name));
  }
  for (const query of ["", "?q=Callable19", "?q=Callable7"]) {
    const { callables } = (await (await fetch(`${url}/callables.json${query}`)).json()) as { callables: { callable: string }[] };
    known.callables.push(...callables.slice(0, 40).map(({ callable }) => callable));
  }
}

/** How often the memory of an export is told of, in equal parts of what is sent. */
const PARTS_OF_EXPORT = 4;

/** How often each page is asked for by one reader. */
const ALONE = 5;

/**
 * What each page costs, asked for by one reader: its time, and the processor time of the server, which does not hang on
 * what else the machine is doing. Each address is made new by a parameter that means nothing, so that no page that was
 * kept answers.
 */
async function alone(url: string, child: ChildProcess): Promise<void> {
  console.log(`\nOne reader, ${ALONE} requests each:\n\n| page | median ms | processor ms | HTML kB, most |\n| --- | ---: | ---: | ---: |`);
  for (const [page, address] of Object.entries(PAGES)) {
    const random = seeded(page.length);
    const before = processorTime(child);
    const asked: Asked[] = [];
    for (let request = 0; request < ALONE; request++) asked.push(await ask(url, page, anew(address(random), request)));
    const spent = (processorTime(child) - before) / ALONE;
    const sorted = asked.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    const most = Math.ceil(Math.max(...asked.map(({ bytes }) => bytes)) / 1_000);
    console.log(`| ${page} | ${Math.round(sorted[Math.floor(ALONE / 2)]!)} | ${spent.toFixed(1)} | ${most} |`);
  }
}

function anew(address: string, request: number): string {
  return `${address}${address.includes("?") ? "&" : "?"}request=${request}`;
}

/** Milliseconds of processor time, in user and system mode (proc(5): fields 14 and 15, in hundredths of a second). */
function processorTime({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** The same of everything but this bench, since the machine started. */
function othersTime(ours: readonly ChildProcess[]): number {
  const [user, nice, system, , , interrupts, softInterrupts] = /^cpu +(.*)/
    .exec(readFileSync("/proc/stat", "utf8"))![1]!
    .split(" ")
    .map(Number);
  const own = process.cpuUsage();
  return (
    10 * (user! + nice! + system! + interrupts! + softInterrupts!) -
    (own.user + own.system) / 1_000 -
    ours.reduce((sum, child) => sum + processorTime(child), 0)
  );
}

async function ask(url: string, page: string, address: string): Promise<Asked> {
  const started = performance.now();
  const response = await fetch(url + address);
  const bytes = (await response.arrayBuffer()).byteLength;
  if (response.status !== 200) throw new Error(`${address}: ${response.status}`);
  return { page, milliseconds: performance.now() - started, bytes };
}

async function load(url: string, pause: number, seconds: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  const end = performance.now() + 1_000 * seconds;
  const reader = async (_: unknown, index: number) => {
    const random = seeded(index + pause);
    while (performance.now() < end) {
      // Readers do not walk in step.
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + random())));
      const page = Object.keys(PAGES)[Math.floor(random() * Object.keys(PAGES).length)]!;
      asked.push(await ask(url, page, PAGES[page]!(random)));
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return asked;
}

function report(asked: readonly Asked[], seconds: number): void {
  console.log("| page | requests | median ms | 99th ms | HTML kB, most |\n| --- | ---: | ---: | ---: | ---: |");
  for (const page of [...Object.keys(PAGES), "all"]) {
    const of = asked.filter((one) => page === "all" || one.page === page);
    const sorted = of.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
    console.log(
      `| ${page} | ${of.length} | ${at(0.5)} | ${at(0.99)} | ${Math.ceil(Math.max(0, ...of.map(({ bytes }) => bytes)) / 1_000)} |`,
    );
  }
  console.log(`\n${(asked.length / seconds).toFixed(1)} pages a second`);
}

/** Every model as a research table, in each format, from a server of its own: its memory before, while the table is sent, and at its most. */
async function exports(): Promise<void> {
  const parts = Array.from({ length: PARTS_OF_EXPORT }, (_, part) => `after ${part + 1}/${PARTS_OF_EXPORT}`);
  console.log(
    `\nMegabytes resident in the server:\n\n| export | MB | seconds | of the processor | before | ${parts.join(" | ")} | at most |`,
  );
  console.log(`| --- |${" ---: |".repeat(5 + PARTS_OF_EXPORT)}`);
  for (const format of FORMATS) {
    const { child, url } = await serve();
    await (await fetch(url)).arrayBuffer();
    const [spent, started, before] = [processorTime(child), performance.now(), resident(child)];
    const seen: number[] = [];
    let bytes = 0;
    const response = await fetch(`${url}/exports/models.${EXPORT_FORMATS[format].ending}`);
    for await (const chunk of response.body! as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      seen.push(resident(child));
    }
    const seconds = (performance.now() - started) / 1_000;
    const after = parts.map((_, part) => seen[Math.ceil(((part + 1) * seen.length) / PARTS_OF_EXPORT) - 1]);
    console.log(
      `| ${EXPORT_FORMATS[format].label} | ${Math.round(bytes / 1e6)} | ${seconds.toFixed(0)} | ${((processorTime(child) - spent) / 1_000).toFixed(0)} | ${before} | ${after.join(" | ")} | ${seen.reduce((most, one) => Math.max(most, one), 0)} |`,
    );
    child.disconnect();
  }
}

function resident({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1_000);
}
