/** The real network over loopback, on a clock that only moves when somebody sleeps: no test waits, none depends on timing. */
import { lookup } from "node:dns/promises";
import { AddressGuard } from "../../crawler/addresses.ts";
import type { NetworkEffects } from "../../crawler/effects.ts";
import { Http, type HttpSettings } from "../../crawler/http.ts";
import type { HttpFailure } from "../../crawler/http-failure.ts";
import { RateLimiter } from "../../crawler/rate-limit.ts";

export interface VirtualNetwork extends NetworkEffects {
  /** Milliseconds of every sleep, in order. */
  readonly slept: number[];
}

export function virtualNetwork(): VirtualNetwork {
  let now = 1_000_000;
  const slept: number[] = [];
  return {
    slept,
    fetch: (input, { permits: _, ...init }) => fetch(input, init),
    addressesOf: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    monotonic: () => now,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      const until = now + milliseconds;
      await new Promise(setImmediate);
      now = Math.max(now, until);
    },
    random: () => 0.5,
  };
}

export interface TestHttp {
  readonly http: Http;
  readonly network: VirtualNetwork;
  readonly retries: HttpFailure[];
  readonly limiter: RateLimiter;
}

/** A client of the Hub at `hubUrl`. */
export function testHttp(hubUrl: string, changes: Partial<HttpSettings> & { network?: VirtualNetwork } = {}): TestHttp {
  const network = changes.network ?? virtualNetwork();
  const hub = new URL(hubUrl);
  const retries: HttpFailure[] = [];
  const limiter = new RateLimiter(network, () => undefined);
  const http = new Http({
    userAgent: "picklecensus-test",
    hub,
    token: null,
    guard: new AddressGuard(network, [hub]),
    limiter,
    signal: new AbortController().signal,
    onRetry: (_url, failure) => retries.push(failure),
    ...changes,
    network,
  });
  return { http, network, retries, limiter };
}
