/** Everything the crawler does to the world outside its process but the store: the network, clocks, chance. Injected. */
import { lookup } from "node:dns";
import { lookup as resolve } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Agent } from "undici";

/** Whether a connection to a host may be made at an address that it resolves to. */
export type Permits = (host: string, address: string) => boolean;

/** The code of the error that a connection fails with where no address of the host is permitted. */
export const NOT_PERMITTED = "ERR_ADDRESS_NOT_PERMITTED";

export interface NetworkEffects {
  /** As `fetch`; connects to no address that `permits` does not permit, whatever the host's name resolved to before. */
  readonly fetch: (input: URL, init: RequestInit & { readonly permits?: Permits }) => Promise<Response>;
  /** The IP addresses of a host. Rejects where it has none. */
  readonly addressesOf: (host: string) => Promise<readonly string[]>;
  /** Milliseconds on a clock that never jumps: what waiting is measured by. */
  readonly monotonic: () => number;
  /** Resolves after so many milliseconds, or as soon as `signal` is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
}

/** Loaded by the first request: most commands make none, and it is a fifth of what starting takes. */
const undici = () => import("undici");

/** Connections are kept for those who permit the same. */
const agents = new WeakMap<Permits, Agent>();

async function agentOf(permits: Permits): Promise<Agent> {
  const { Agent } = await undici();
  const known = agents.get(permits) ?? new Agent({ connect: { lookup: permitted(permits) } });
  agents.set(permits, known);
  return known;
}

/** The lookup of a connection: the very addresses that are connected to are the ones that are checked. */
function permitted(permits: Permits): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "");
      const allowed = addresses.filter(({ address }) => permits(host, address));
      const [first] = allowed;
      if (first === undefined) {
        const refusal = Object.assign(new Error(`${host} is at an address that no server may send us to`), { code: NOT_PERMITTED });
        return callback(refusal, "");
      }
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

export const systemNetwork: NetworkEffects = {
  fetch: async (input, { permits, ...init }) => {
    const { fetch } = await undici();
    const guarded = { ...init, ...(permits && { dispatcher: await agentOf(permits) }) };
    return (await fetch(input, guarded as Parameters<typeof fetch>[1])) as unknown as Response;
  },
  addressesOf: async (host) => (await resolve(host, { all: true })).map(({ address }) => address),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) => wait(milliseconds, undefined, { signal }).catch(() => undefined),
  random: Math.random,
};
