/** The clients of one run: they share the identity, its rate limits, and the count of what was spent. */

import type { Store } from "../db/connection.ts";
import { isShared } from "../db/dialect.ts";
import packageJson from "../package.json" with { type: "json" };
import { AddressGuard } from "./addresses.ts";
import type { NetworkEffects } from "./effects.ts";
import { Http, shown } from "./http.ts";
import { describeFailure } from "./http-failure.ts";
import { HubApi } from "./hub.ts";
import { PackageIndex } from "./package-index.ts";
import { type Limiter, RateLimiter } from "./rate-limit.ts";
import { SharedRateLimiter } from "./shared-rate-limit.ts";
import type { SurveyEvent } from "./survey-request.ts";

/** Whom to talk to, and as whom. */
export interface Remote {
  readonly hub: string;
  /** Null for none: then no class has a policy. */
  readonly packageIndex: string | null;
  readonly token: string | null;
}

export interface Session {
  readonly http: Http;
  readonly hubUrl: string;
  readonly hub: HubApi;
  readonly packages: PackageIndex;
  readonly limiter: Limiter;
}

const USER_AGENT = `${packageJson.name}/${packageJson.version} (survey of pickles; reads ranges, obeys RateLimit)`;

/** Clients of a Hub and a package index. Throws `TypeError` where an address is none. */
export function openSession(
  { hub, packageIndex, token }: Remote,
  effects: {
    /** Which other processes may share, and the limits with it. */
    readonly store?: Store;
    readonly network: NetworkEffects;
    readonly report: (event: SurveyEvent) => void;
    readonly signal: AbortSignal;
  },
): Session {
  const { store, network, report, signal } = effects;
  const onWait = (bucket: string, milliseconds: number) => report({ kind: "waiting", for: `the Hub's limit on ${bucket}`, milliseconds });
  const limiter =
    store !== undefined && isShared(store) ? new SharedRateLimiter(store, token, network, onWait) : new RateLimiter(network, onWait);
  const http = new Http({
    userAgent: USER_AGENT,
    hub: new URL(hub),
    token,
    network,
    guard: new AddressGuard(
      network,
      [hub, packageIndex].filter((address) => address !== null).map((address) => new URL(address)),
    ),
    limiter,
    signal,
    onRetry: (url, failure, milliseconds) =>
      report({ kind: "retrying", address: shown(url), failure: describeFailure(failure), milliseconds }),
  });
  return { http, hubUrl: hub, hub: new HubApi(http, hub), packages: new PackageIndex(http, packageIndex), limiter };
}
