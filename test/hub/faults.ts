/**
 * What can go wrong between the loopback Hub and its clients, and for which requests. A fault is a value; a rule says
 * whom it meets; each is applied to an answer that would have been right.
 */
import { heldContent } from "./content.ts";
import { storageErrorText } from "./file-host.ts";
import { type Answer, applyRange, type Delivery, type HubRequest, type Origin } from "./http.ts";
import { bucketOf } from "./rate-limit.ts";

export type Fault =
  /** Another status, headers and body. A header that is null is taken away. */
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string | null>>; readonly body?: string }
  /** The connection ends, or is never used again, after so many bytes of the body, or before anything was said. */
  | ({ readonly kind: "stop" } & NonNullable<Delivery["stop"]>)
  /** The body comes in small pieces. */
  | ({ readonly kind: "slow" } & NonNullable<Delivery["pace"]>)
  /** The body is so many bytes longer, or shorter when negative, than Content-Range promised; Content-Length is what comes. */
  | { readonly kind: "resize"; readonly by: number }
  /** 200 with the whole file where a range was asked for. */
  | { readonly kind: "ignore-range" }
  /** Another range is named than was asked for; the bytes are those that were. */
  | { readonly kind: "content-range"; readonly value: string }
  /** The right status with another body. */
  | { readonly kind: "body"; readonly body: string | Uint8Array }
  /** A redirect to anywhere, keeping the headers that a right one has. */
  | { readonly kind: "redirect"; readonly to: string | ((request: HubRequest) => string); readonly status?: 301 | 302 | 307 | 308 }
  /** The answer is right, but late. */
  | { readonly kind: "delay"; readonly milliseconds: number };

/** Whom a fault meets. */
export interface FaultRule {
  readonly origin?: Origin;
  readonly method?: string;
  /** Tested against path and query. Every request, when absent. */
  readonly path?: RegExp;
  /** How many matching requests are let pass first; none, when absent. */
  readonly after?: number;
  /** How many requests it meets; all, when absent. */
  readonly times?: number;
  /**
   * The fault, or a function of the request and of how often the rule was met before. A function is called before the
   * request is answered, so it may change what the Hub holds (a sha that moves between two pages); undefined lets the
   * request pass.
   */
  readonly fault: Fault | ((request: HubRequest, met: number) => Fault | undefined);
}

/** The rules in force. Of several that match a request the oldest is met. */
export class Faults {
  readonly #rules = new Set<{ rule: FaultRule; matched: number; met: number }>();

  /** Puts a rule in force; the function that it gives back ends it. */
  add(rule: FaultRule): () => void {
    const state = { rule, matched: 0, met: 0 };
    this.#rules.add(state);
    return () => this.#rules.delete(state);
  }

  clear(): void {
    this.#rules.clear();
  }

  /** The fault that a request meets. */
  meet(request: HubRequest): Fault | undefined {
    for (const state of this.#rules) {
      const { rule } = state;
      if (!matches(rule, request) || state.matched++ < (rule.after ?? 0) || state.met >= (rule.times ?? Infinity)) continue;
      const met = state.met++;
      const fault = typeof rule.fault === "function" ? rule.fault(request, met) : rule.fault;
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}

function matches({ origin, method, path }: FaultRule, request: HubRequest): boolean {
  if (origin !== undefined && origin !== request.origin) return false;
  if (method !== undefined && method !== request.method) return false;
  return path === undefined || path.test(request.url.pathname + request.url.search);
}

/**
 * The answer that goes out in the place of `answer`, to which neither condition nor range was applied yet. `base` are the
 * headers that every answer has.
 */
export function applyFault(fault: Fault, request: HubRequest, answer: Answer, base: Readonly<Record<string, string>>): Answer {
  switch (fault.kind) {
    case "status":
      return {
        status: fault.status,
        headers: merge({ ...base, "content-type": "text/plain; charset=utf-8" }, fault.headers),
        body: heldContent(fault.body ?? ""),
      };
    case "stop":
      return { ...applyRange(request, answer), delivery: { stop: { after: fault.after, how: fault.how } } };
    case "slow":
      return { ...applyRange(request, answer), delivery: { pace: { bytes: fault.bytes, milliseconds: fault.milliseconds } } };
    case "resize":
      return resize(applyRange(request, answer), fault.by);
    case "ignore-range": {
      const { "accept-ranges": _, ...headers } = answer.headers;
      return { ...answer, headers };
    }
    case "content-range": {
      const ranged = applyRange(request, answer);
      return { ...ranged, headers: { ...ranged.headers, "content-range": fault.value } };
    }
    case "body":
      return { ...answer, body: heldContent(fault.body) };
    case "redirect": {
      const location = typeof fault.to === "string" ? fault.to : fault.to(request);
      return { status: fault.status ?? 302, headers: { ...answer.headers, location }, body: heldContent("") };
    }
    case "delay":
      return answer;
  }
}

/** 429 as the Hub says it: `seconds` to wait in `RateLimit`. */
export function tooManyRequests(seconds: number): FaultRule["fault"] {
  return ({ url }) => ({
    kind: "status",
    status: 429,
    headers: { ratelimit: `"${bucketOf(url.pathname)}";r=0;t=${seconds}` },
    body: "We had to rate limit you.",
  });
}

/** 429 that does not say how long to wait, but for a Retry-After where one is given. */
export function tooManyRequestsUnexplained(retryAfter: string | null = null): Fault {
  const headers = { ratelimit: null, "ratelimit-policy": null, "retry-after": retryAfter };
  return { kind: "status", status: 429, headers, body: "Too Many Requests" };
}

/** The page of the firewall before the Hub, where it takes a client for a bot. */
export const challenge: Fault = {
  kind: "status",
  status: 405,
  headers: { "content-type": "text/html; charset=UTF-8", "x-amzn-waf-action": "captcha", ratelimit: null, "ratelimit-policy": null },
  body: "<!DOCTYPE html><html><head><title>Human Verification</title></head><body></body></html>",
};

/** What the API says to a cursor that it does not know any more. */
export const expiredCursor: Fault = {
  kind: "status",
  status: 400,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: '{"error":"Invalid cursor"}',
};

/** What the file host says to a signed address whose time is over. */
export const expiredLink: Fault = {
  kind: "status",
  status: 403,
  headers: { "content-type": "application/xml" },
  body: storageErrorText("AccessDenied"),
};

/** A redirect to itself, for ever. */
export const redirectLoop: Fault = { kind: "redirect", to: ({ url }) => url.href };

function merge(headers: Readonly<Record<string, string>>, changes: Readonly<Record<string, string | null>> = {}): Record<string, string> {
  const all = Object.entries({ ...headers, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

function resize(answer: Answer, by: number): Answer {
  const whole = answer.body;
  const size = Math.max(0, whole.size + by);
  const read = async (start: number, end: number) => {
    const bytes = new Uint8Array(Math.min(end, size) - start);
    if (start < whole.size) bytes.set(await whole.read(start, Math.min(end, whole.size, size)));
    return bytes;
  };
  return { ...answer, body: { size, read } };
}
