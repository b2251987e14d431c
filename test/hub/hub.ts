/**
 * The loopback Hub: the Hub's protocol, its file host on another origin, and a package index, on 127.0.0.1. For tests,
 * benchmarks and the demonstration; `@huggingface/hub` cannot tell it from the Hub. Every request goes the same way:
 * log, latency, who asks, rate limit, fault, route, condition and range, delivery.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type Accounts, type Identity, identify, tokenOf } from "./access.ts";
import { Catalogue, type Population } from "./catalogue.ts";
import type { HubContext, Route } from "./context.ts";
import { deliver } from "./deliver.ts";
import { applyFault, Faults } from "./faults.ts";
import { Links, sendDistribution, sendFile } from "./file-host.ts";
import { type Answer, applyCondition, applyRange, errorAnswer, type HubRequest, type Origin, pathSegments, textAnswer } from "./http.ts";
import { listModels, oneModel } from "./models.ts";
import { type Distribution, PackageIndex, showProject } from "./package-index.ts";
import { type Allowance, bucketOf, FixedWindows, PLANS, type Quotas } from "./rate-limit.ts";
import type { Repository } from "./repositories.ts";
import { isFileAddress, resolveFile, resolveFromCache } from "./resolve.ts";

export interface HubOptions {
  readonly repositories?: Iterable<Repository>;
  /** Repositories that are made when asked for, besides those. */
  readonly population?: Population;
  readonly distributions?: Iterable<Distribution>;
  /** Of the Hub and the package index, and of the file host; free ones when absent. */
  readonly port?: number;
  readonly filePort?: number;
  /** Tokens that are somebody's; any other is refused. */
  readonly accounts?: Accounts;
  /** Requests in a window, instead of what the plan of whoever asks allows. */
  readonly quotas?: Partial<Quotas>;
  /** Length of a rate limit's window in seconds; the Hub's 300 when absent. */
  readonly window?: number;
  /** How long the address of a file is good for, in seconds; an hour when absent. */
  readonly linkSeconds?: number;
  /** Redirect to the Hub's cache for small files, as the Hub does since 2025 (huggingface/swift-transformers #209). */
  readonly resolveCache?: boolean;
  /** Milliseconds before each answer. */
  readonly latency?: number;
  /** The time in milliseconds, for windows and addresses that end. */
  readonly clock?: () => number;
}

export interface Hub {
  /** Address of the Hub, without a slash at its end. */
  readonly url: string;
  /** Origin of the files. */
  readonly fileHost: string;
  /** Address of the package index, without a slash at its end: a project is at `${indexUrl}/${name}/`. */
  readonly indexUrl: string;
  /** Every request, in the order of their coming. */
  readonly log: readonly LoggedRequest[];
  readonly faults: Faults;
  /** To look into, and to change while it is served. */
  readonly repositories: Catalogue;
  readonly packages: PackageIndex;
  /** Ends both listeners and every connection. */
  close(): Promise<void>;
}

export interface LoggedRequest {
  readonly origin: Origin;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly range?: string;
  readonly authorization?: string;
  readonly userAgent?: string;
  /** The kind of the fault that it met. */
  fault?: string;
  /** Null until it is answered, and where the connection ended instead. */
  status: number | null;
  /** Bytes of the body that were sent. */
  bytes: number;
}

/** Starts a Hub that holds what the options name; rejects when a port is taken. */
export async function startHub(options: HubOptions = {}): Promise<Hub> {
  const { clock = Date.now, latency = 0 } = options;
  const log: LoggedRequest[] = [];
  const faults = new Faults();
  const windows = new FixedWindows(options.window ?? 300, clock);

  const serve = async (origin: Origin, incoming: IncomingMessage, response: ServerResponse) => {
    const request = readRequest(origin, origin === "api" ? hub.url : fileHost, incoming);
    const entry = logRequest(request);
    log.push(entry);
    if (latency > 0) await sleep(latency);
    const fault = faults.meet(request);
    entry.fault = fault?.kind;
    if (fault?.kind === "delay") await sleep(fault.milliseconds);
    const identity = isHubs(request) ? identify(hub.accounts, request) : { viewer: null };
    const allowance = isHubs(request) ? limitRate(request, identity) : undefined;
    const base = { ...allowance?.headers, "x-request-id": `Root=1-${String(log.length).padStart(8, "0")}` };
    const right = allowance?.allowed === false ? tooMany(allowance) : await route(hub, request, identity);
    const whole = { ...right, headers: { ...base, ...right.headers } };
    const answer = applyRange(request, applyCondition(request, fault === undefined ? whole : applyFault(fault, request, whole, base)));
    if (answer.delivery?.stop?.after !== "nothing") entry.status = answer.status;
    await deliver(response, request, answer, (bytes) => {
      entry.bytes += bytes;
    });
  };

  const limitRate = (request: HubRequest, identity: Identity): Allowance => {
    const bucket = bucketOf(request.url.pathname);
    const account = "viewer" in identity ? identity.viewer : null;
    const plan = PLANS[account === null ? "anonymous" : (account.plan ?? "free")];
    const key = account === null ? "anonymous" : String(tokenOf(request));
    return windows.take(key, bucket, options.quotas?.[bucket] ?? plan[bucket]);
  };

  const api = await listen(options.port ?? 0, (incoming, response) => serve("api", incoming, response));
  const files = await listen(options.filePort ?? 0, (incoming, response) => serve("files", incoming, response));
  const fileHost = addressOf(files);
  const hub: HubContext = {
    url: addressOf(api),
    repositories: new Catalogue(options.repositories ?? [], options.population),
    accounts: options.accounts ?? {},
    links: new Links(fileHost, options.linkSeconds ?? 3600, clock),
    packages: new PackageIndex(fileHost, options.distributions ?? []),
    resolveCache: options.resolveCache ?? false,
  };
  const { url, repositories, packages } = hub;
  const close = async () => {
    await Promise.all([api, files].map(stop));
  };
  return { url, fileHost, indexUrl: `${url}/simple`, log, faults, repositories, packages, close };
}

async function route(hub: HubContext, request: HubRequest, identity: Identity): Promise<Answer> {
  const segments = pathSegments(request.url);
  if (segments === undefined) return errorAnswer(400, null, "Malformed address");
  const found = findRoute(request, segments);
  if (found === undefined) return textAnswer(404, "Sorry, we can't find the page you are looking for.");
  return "refusal" in identity ? identity.refusal : found(hub, request, identity.viewer, segments);
}

function findRoute(request: HubRequest, segments: readonly string[]): Route | undefined {
  const path = request.url.pathname;
  if (request.origin === "files")
    return path.startsWith("/repos/") ? sendFile : path.startsWith("/packages/") ? sendDistribution : undefined;
  if (!isHubs(request)) return showProject;
  if (path === "/api/models") return listModels;
  if (path.startsWith("/api/models/")) return oneModel;
  if (path.startsWith("/api/resolve-cache/models/")) return resolveFromCache;
  return isFileAddress(segments) ? resolveFile : undefined;
}

/** Whether the Hub itself is asked, which has tokens and rate limits; the package index and the file host have neither. */
function isHubs({ origin, url }: HubRequest): boolean {
  return origin === "api" && !url.pathname.startsWith("/simple/");
}

function tooMany({ seconds }: Allowance): Answer {
  return errorAnswer(429, null, `We had to rate limit you. Retry after ${seconds} seconds, or use a token with a higher limit.`);
}

function readRequest(origin: Origin, address: string, incoming: IncomingMessage): HubRequest {
  const { method = "GET", url = "/", headers } = incoming;
  return { origin, method, url: new URL(address + url), headers, text: () => text(incoming) };
}

function logRequest({ origin, method, url, headers }: HubRequest): LoggedRequest {
  const { range, authorization, "user-agent": userAgent } = headers;
  return { origin, method, path: url.pathname + url.search, range, authorization, userAgent, status: null, bytes: 0 };
}

/** A server whose handler's rejections, which are bugs of the Hub, are answered by 500 and told on stderr. */
async function listen(port: number, serve: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<Server> {
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: unknown) => {
      console.error(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
