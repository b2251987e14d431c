/** What every route of the loopback Hub works with. */
import type { Accounts, Viewer } from "./access.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Links } from "./file-host.ts";
import type { Answer, HubRequest } from "./http.ts";
import type { PackageIndex } from "./package-index.ts";

export interface HubContext {
  /** The Hub's own address, without a slash at its end. */
  readonly url: string;
  readonly repositories: Catalogue;
  readonly accounts: Accounts;
  readonly links: Links;
  readonly packages: PackageIndex;
  /** Whether small files are answered by a redirect to the Hub's cache, as the Hub has done since 2025, or directly. */
  readonly resolveCache: boolean;
}

/** An answer to a request of `viewer` whose path has these segments, decoded. */
export type Route = (hub: HubContext, request: HubRequest, viewer: Viewer, segments: readonly string[]) => Answer | Promise<Answer>;
