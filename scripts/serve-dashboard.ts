/**
 * Builds the dashboard when its sources have changed, and serves it from this process, on one address and read-only.
 * Which store it reads is told by `CENSUS_DATABASE`, as to everything that Next runs.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";

const ROOT = path.join(import.meta.dirname, "..");

/** What goes into a build: a change in any of these makes it stale. */
const SOURCES = ["app", "db", "analyzer", "next.config.ts", "package-lock.json"];
const BUILT_FROM = path.join(ROOT, ".next", "built-from");

export interface DashboardOptions {
  /** Path of the store. It need not exist yet: until it does, pages say so. */
  readonly database: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly host: string;
}

export interface Dashboard {
  readonly url: string;
  /** Ends every connection and gives the port back. */
  close(): Promise<void>;
}

/**
 * Builds the dashboard if the last build is of other sources, and tells `report` so. Rejects with the end of Next's
 * output where the build fails.
 */
export async function buildDashboard(report: (text: string) => void): Promise<void> {
  const sources = await hashOf(SOURCES);
  if (existsSync(BUILT_FROM) && (await readFile(BUILT_FROM, "utf8")) === sources) return;
  report("building the dashboard, which is done once: about half a minute ...\n");
  const started = performance.now();
  await runBuild();
  await writeFile(BUILT_FROM, sources);
  report(`built the dashboard in ${((performance.now() - started) / 1_000).toFixed(1)} s\n`);
}

function runBuild(): Promise<void> {
  const command = createRequire(import.meta.url).resolve("next/dist/bin/next");
  return new Promise((resolve, reject) => {
    const build = spawn(process.execPath, [command, "build"], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said: string[] = [];
    for (const stream of [build.stdout, build.stderr]) stream.setEncoding("utf8").on("data", (text: string) => said.push(text));
    build.on("error", reject);
    build.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`next build ended with ${code}:\n${said.join("").slice(-4_000)}`));
    });
  });
}

/** sha256 over the names and contents of files and folders, in the order of their names. */
async function hashOf(sources: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const source of sources) {
    const folder = await readdir(path.join(ROOT, source), { recursive: true, withFileTypes: true }).catch(() => null);
    const files = folder?.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)) ?? [
      path.join(ROOT, source),
    ];
    for (const file of files.sort())
      hash
        .update(`${path.relative(ROOT, file)}\0`)
        .update(await readFile(file))
        .update("\0");
  }
  return hash.digest("hex");
}

/** Serves the dashboard as it was built, its first pages already made. Rejects where the port is taken, or nothing was built. */
export async function serveDashboard({ database, port, host }: DashboardOptions): Promise<Dashboard> {
  Object.assign(process.env, { CENSUS_DATABASE: path.resolve(database), NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" });
  // As long to load as all else that a command needs, and most commands serve nothing.
  const { default: next } = await import("next");
  const app = next({ dev: false, dir: ROOT, hostname: host, port });
  await quietly(() => app.prepare());
  const handle = app.getRequestHandler();
  const server = createServer((request, response) => {
    if (isPercentEncoded(request.url ?? "/")) void handle(request, response);
    else refuse(request, response);
  });
  // Whoever reads for a minute before the next page finds the connection as it was.
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const { port: given } = server.address() as AddressInfo;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${given}`;
  await visit(url);
  return {
    url,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.close();
    },
  };
}

/** Pages that between them need what most others do. */
const VISITED = ["/", "/models", "/callables"];

/** A store that is being surveyed can be long in counting: the address is given out all the same. */
const VISIT_MILLISECONDS = 10_000;

/** Asks for some pages before anybody does: the first has the index to load, 2 to 3 s of a million models. */
async function visit(url: string): Promise<void> {
  const signal = AbortSignal.timeout(VISIT_MILLISECONDS);
  try {
    for (const page of VISITED) await (await fetch(url + page, { signal })).arrayBuffer();
  } catch {
    // Whoever comes next is told what is wrong, or waits.
  }
}

/** How Next begins what it says of what went well, such as how long it took to read its own configuration. */
const WENT_WELL = "✓";

/** What Next says while it starts goes to standard error, as standard output is for data; what went well goes nowhere. */
async function quietly(start: () => Promise<void>): Promise<void> {
  const { log } = console;
  console.log = (...said: unknown[]) => {
    if (!stripVTControlCharacters(String(said[0])).startsWith(WENT_WELL)) console.error(...said);
  };
  try {
    await start();
  } finally {
    console.log = log;
  }
}

/** Next answers a path that is not with a 500. */
function isPercentEncoded(url: string): boolean {
  try {
    decodeURIComponent(url.split("?", 1)[0]!);
    return true;
  } catch {
    return false;
  }
}

function refuse(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(400, { "content-type": "text/plain; charset=utf-8" }).end("The address is not percent-encoded UTF-8.\n");
}
