/** Everything the crawler does to the world outside its process but the store: the network, clocks, chance. Injected. */
import { lookup } from "node:dns/promises";
import { setTimeout as wait } from "node:timers/promises";

export interface NetworkEffects {
  readonly fetch: typeof fetch;
  /** The IP addresses of a host. Rejects where it has none. */
  readonly addressesOf: (host: string) => Promise<readonly string[]>;
  /** Milliseconds on a clock that never jumps: what waiting is measured by. */
  readonly monotonic: () => number;
  /** Resolves after so many milliseconds, or as soon as `signal` is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
}

export const systemNetwork: NetworkEffects = {
  fetch: (input, init) => fetch(input, init),
  addressesOf: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, { signal }).catch(() => undefined),
  random: Math.random,
};
