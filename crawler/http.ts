/**
 * Sends requests and reads answers whole: user agent, token, limits, retries, timeouts, redirects and the counting of
 * what it cost. What an answer means is its caller's: `accept` judges the head before any of the body is read, `read`
 * turns the answer into a value, and what either finds wrong is retried like a fault of the network.
 */
import { failed, ok, type Result } from "../analyzer/result.ts";
import type { AddressGuard } from "./addresses.ts";
import { type NetworkEffects, NOT_PERMITTED } from "./effects.ts";
import type { HttpFailure } from "./http-failure.ts";
import { type Bucket, bucketOf, type Limiter, readAnnouncement } from "./rate-limit.ts";
import { retryDelay } from "./retry.ts";

export interface HttpHead {
  readonly status: number;
  readonly headers: Headers;
  /** Where the answer came from, after redirects that were followed. */
  readonly url: URL;
}

export interface HttpAnswer extends HttpHead {
  readonly body: Uint8Array;
}

export interface HttpRequest<T> {
  readonly url: URL;
  /** `POST` only for a question that does not fit into an address: it is repeated as the others are. */
  readonly method?: "GET" | "HEAD" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether a redirect is followed; where it is not, it is itself the answer. Absent: every one is followed. */
  readonly follow?: (redirect: HttpHead) => boolean;
  /** The most bytes of body that are taken, or why the body is not wanted. */
  readonly accept: (head: HttpHead) => Result<number, HttpFailure>;
  readonly read: (answer: HttpAnswer) => Result<T, HttpFailure>;
}

export interface HttpSettings {
  readonly userAgent: string;
  /** The Hub's address: the only origin that the token is sent to, and that has the Hub's limits. */
  readonly hub: URL;
  readonly token: string | null;
  readonly network: NetworkEffects;
  readonly guard: AddressGuard;
  readonly limiter: Limiter;
  readonly signal: AbortSignal;
  readonly onRetry: (url: URL, failure: HttpFailure, milliseconds: number) => void;
  /** Milliseconds of silence, before the head or within the body, after which a server is given up. */
  readonly silence?: number;
}

/** What requests have cost so far. */
export interface Spent {
  readonly requests: number;
  /** Bytes of bodies, after any content coding was undone. */
  readonly bytesRead: number;
}

const SILENCE = 30_000;
/** Bytes in a millisecond: a server that is slower than this for a whole body is given up. */
const SLOWEST = 16;
/** Chrome's and curl's limits lie between 20 and 50; the Hub needs two. */
const REDIRECTS = 5;

export class Http {
  #requests = 0;
  #bytesRead = 0;

  constructor(readonly settings: HttpSettings) {}

  get spent(): Spent {
    return { requests: this.#requests, bytesRead: this.#bytesRead };
  }

  /** Sends a request until it is answered as it should be, or is to be given up. */
  async send<T>(request: HttpRequest<T>): Promise<Result<T, HttpFailure>> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.attempt(request);
      if (answer.ok) return answer;
      const delay = retryDelay(answer.error, attempt, this.settings.network.random);
      if (delay === null || this.settings.signal.aborted) return answer;
      this.settings.onRetry(request.url, answer.error, delay);
      await this.settings.network.sleep(delay, this.settings.signal);
    }
  }

  /** The request once, with the redirects it is answered by. */
  private async attempt<T>(request: HttpRequest<T>): Promise<Result<T, HttpFailure>> {
    let url = request.url;
    for (let redirects = 0; ; redirects++) {
      const allowed = await this.settings.guard.check(url);
      if (!allowed.ok) return allowed;
      const answer = await this.exchange({ ...request, url });
      if (!answer.ok) return answer;
      const location = redirectOf(answer.value);
      if (location === null || request.follow?.(answer.value) === false) return request.read(answer.value);
      if (redirects >= REDIRECTS)
        return failed({ kind: "refused", message: `more than ${REDIRECTS} redirects from ${shown(request.url)}` });
      url = location;
    }
  }

  /** One request and its answer, in its turn. */
  private async exchange<T>(request: HttpRequest<T>): Promise<Result<HttpAnswer, HttpFailure>> {
    const { hub, limiter, signal } = this.settings;
    const bucket: Bucket | null = request.url.origin === hub.origin ? bucketOf(request.url.pathname) : null;
    if (bucket !== null && !(await limiter.admit(bucket, signal))) return failed({ kind: "interrupted", message: "interrupted" });
    this.#requests++;
    const timer = new Timer(this.settings.silence ?? SILENCE);
    let response: Response | null = null;
    try {
      response = await this.settings.network.fetch(request.url, {
        method: request.method ?? "GET",
        headers: this.headers(request),
        ...(request.body !== undefined && { body: request.body }),
        redirect: "manual",
        signal: timer.signal,
        permits: this.settings.guard.permits,
      });
    } catch (error) {
      if (codeOf(error) === NOT_PERMITTED) return failed({ kind: "refused", message: `${shown(request.url)}: ${causeOf(error)}` });
      return failed(timer.expired ? silent(request.url) : { kind: "connection", message: `${shown(request.url)}: ${causeOf(error)}` });
    } finally {
      if (response === null) timer.stop();
      if (bucket !== null) await limiter.answered(bucket, response?.headers ?? null);
    }
    try {
      return await this.receive(request, response, timer);
    } finally {
      timer.stop();
    }
  }

  private headers<T>(request: HttpRequest<T>): Record<string, string> {
    const { userAgent, hub, token } = this.settings;
    const headers: Record<string, string> = { ...request.headers, "user-agent": userAgent };
    if (token !== null && request.url.origin === hub.origin) headers.authorization = `Bearer ${token}`;
    return headers;
  }

  private async receive<T>(request: HttpRequest<T>, response: Response, timer: Timer): Promise<Result<HttpAnswer, HttpFailure>> {
    const head: HttpHead = { status: response.status, headers: response.headers, url: request.url };
    const redirected = redirectOf(head) !== null;
    const accepted = isRefusal(head) || redirected ? ok(ERROR_BODY) : request.accept(head);
    if (!accepted.ok) {
      await response.body?.cancel().catch(() => undefined);
      return accepted;
    }
    const body = await this.body(request.url, response, accepted.value, timer);
    // Of a refusal and a redirect only the head counts; its body may be missing, long or cut.
    if (isRefusal(head)) return failed(refusal(head, body.ok ? body.value : new Uint8Array(0)));
    if (redirected) return ok({ ...head, body: new Uint8Array(0) });
    if (!body.ok) return body;
    const length = lengthOf(response);
    if (request.method !== "HEAD" && length !== null && length !== body.value.length) {
      const message = `${shown(request.url)} answered ${body.value.length} of ${length} bytes`;
      return failed({ kind: "truncated", message });
    }
    return ok({ ...head, body: body.value });
  }

  /** The body, if it is no longer than `most`. */
  private async body(url: URL, response: Response, most: number, timer: Timer): Promise<Result<Uint8Array, HttpFailure>> {
    if (response.body === null) return ok(new Uint8Array(0));
    timer.limit(most / SLOWEST);
    const chunks: Uint8Array[] = [];
    let length = 0;
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        timer.heard();
        this.#bytesRead += value.length;
        length += value.length;
        if (length > most) {
          await reader.cancel().catch(() => undefined);
          return failed({ kind: "refused", message: `${shown(url)} is longer than ${most} bytes` });
        }
        chunks.push(value);
      }
    } catch (error) {
      if (timer.expired) return failed(silent(url));
      return failed({ kind: "truncated", message: `${shown(url)} broke off after ${length} bytes: ${causeOf(error)}` });
    }
    return ok(joined(chunks, length));
  }
}

/** What is read of the body of an answer that is an error: its message. */
const ERROR_BODY = 4_096;

/** Gives a server up that is silent, or slow over a whole body. */
class Timer {
  readonly #controller = new AbortController();
  #silence: NodeJS.Timeout;
  #whole: NodeJS.Timeout | undefined;

  constructor(readonly milliseconds: number) {
    this.#silence = setTimeout(() => this.#controller.abort(), milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get expired(): boolean {
    return this.#controller.signal.aborted;
  }

  heard(): void {
    this.#silence.refresh();
  }

  /** From now on, all of it must be over within so many milliseconds more than a silence may last. */
  limit(milliseconds: number): void {
    this.#whole = setTimeout(() => this.#controller.abort(), this.milliseconds + milliseconds);
  }

  stop(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#whole);
  }
}

/** Where an answer redirects to; null if it does not, or names no address. */
export function redirectOf(head: HttpHead): URL | null {
  const location = head.headers.get("location");
  if (![301, 302, 303, 307, 308].includes(head.status) || location === null) return null;
  return URL.canParse(location, head.url) ? new URL(location, head.url) : null;
}

function isRefusal(head: HttpHead): boolean {
  return head.status < 200 || head.status >= 400 || (head.status >= 300 && redirectOf(head) === null);
}

function refusal(head: HttpHead, body: Uint8Array): HttpFailure {
  const page = head.headers.get("content-type")?.startsWith("text/html") ?? false;
  if (head.status === 405 || (head.status === 403 && page)) {
    return { kind: "challenge", message: `${shown(head.url)} answered ${head.status}, as a firewall does` };
  }
  const said = head.headers.get("x-error-message") ?? (page ? "" : new TextDecoder().decode(body).trim());
  return {
    kind: "status",
    status: head.status,
    code: head.headers.get("x-error-code")?.slice(0, 100) ?? null,
    message: said === "" ? shown(head.url) : said.slice(0, 300),
    retryAfter: retryAfter(head.headers),
  };
}

/** Milliseconds (RFC 9110, 10.2.3): seconds, or a date against the server's own clock; else until the rate limit's window ends. */
function retryAfter(headers: Headers): number | null {
  const value = headers.get("retry-after");
  if (value === null) {
    const told = readAnnouncement(headers);
    return told?.remaining === 0 ? told.resetsIn : null;
  }
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const milliseconds = Date.parse(value) - Date.parse(headers.get("date") ?? "");
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : null;
}

function lengthOf(response: Response): number | null {
  const length = response.headers.get("content-length");
  // A length is of the coded body; fetch hands out the decoded one.
  return length === null || response.headers.has("content-encoding") ? null : Number(length);
}

/** An address for messages: without its query, which may hold a signature. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function silent(url: URL): HttpFailure {
  return { kind: "timeout", message: `${shown(url)} was silent for too long, or too slow` };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? (error.cause as NodeJS.ErrnoException).code : null;
}

/** undici says `fetch failed` and keeps why in the cause. */
function causeOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
