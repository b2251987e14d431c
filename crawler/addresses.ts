/**
 * Which addresses a server's word may send us to: public ones, and those of the kind that the user named. Without this
 * a redirect could make the crawler read a cloud's metadata service or a neighbour's database.
 */
import { BlockList, isIP, isIPv4 } from "node:net";
import { failed, ok, type Result } from "../analyzer/result.ts";
import type { NetworkEffects, Permits } from "./effects.ts";
import type { HttpFailure } from "./http-failure.ts";

export type Scope = "public" | "private" | "loopback";

/** IANA's special-purpose address registries (RFC 6890 and its successors), as far as they are not globally reachable. */
const PRIVATE_RANGES = [
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16",
  "198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4",
  "::/128 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8",
];
const LOOPBACK_RANGES = ["127.0.0.0/8 ::1/128"];

const PRIVATE = blockList(PRIVATE_RANGES);
const LOOPBACK = blockList(LOOPBACK_RANGES);

function blockList(lines: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of lines.flatMap((line) => line.split(" "))) {
    const [address, bits] = range.split("/") as [string, string];
    list.addSubnet(address, Number(bits), isIPv4(address) ? "ipv4" : "ipv6");
  }
  return list;
}

/** The scope of an IP address in text. An IPv4 address mapped into IPv6 (`::ffff:10.0.0.1`) is what it maps to. */
export function scopeOf(address: string): Scope {
  const family = isIPv4(address) ? "ipv4" : "ipv6";
  if (LOOPBACK.check(address, family)) return "loopback";
  return PRIVATE.check(address, family) ? "private" : "public";
}

/** Decides whether to go where a server points. One for each survey: it keeps what hosts resolve to. */
export class AddressGuard {
  readonly #scopes = new Map<string, Promise<readonly Scope[]>>();
  readonly #allowed = new Set<Scope>(["public"]);

  /** `named` are the addresses that the user gave: the Hub's and the package index's. */
  constructor(
    readonly network: Pick<NetworkEffects, "addressesOf">,
    readonly named: readonly URL[],
  ) {}

  /**
   * Ok where a request may be sent to `target` because a server said so; `refused` otherwise. A name is resolved here, and
   * again by whoever connects: `permits` is for that moment.
   */
  async check(target: URL): Promise<Result<void, HttpFailure>> {
    if (this.named.some(({ origin }) => origin === target.origin)) return ok(undefined);
    const protocols = this.named.some(({ protocol }) => protocol === "http:") ? ["http:", "https:"] : ["https:"];
    if (!protocols.includes(target.protocol)) return refused(`${target.protocol} addresses are not followed`);
    const allowed = this.#allowed;
    let scopes: readonly Scope[];
    try {
      for (const url of this.named) for (const scope of await this.scopes(url.hostname)) allowed.add(scope);
      scopes = await this.scopes(target.hostname);
    } catch (error) {
      return failed({ kind: "connection", message: `${target.hostname} was not found: ${error instanceof Error ? error.message : error}` });
    }
    const outside = scopes.find((scope) => !allowed.has(scope));
    return outside === undefined ? ok(undefined) : refused(`${target.host} is a ${outside} address, which no server may send us to`);
  }

  /**
   * Whether a connection to a host may be made at this address: asked with the very address that is connected to, so that
   * a name server that answers differently each time (DNS rebinding) gets nowhere.
   */
  readonly permits: Permits = (host, address) =>
    this.named.some(({ hostname }) => hostname === host) || this.#allowed.has(scopeOf(address));

  private scopes(hostname: string): Promise<readonly Scope[]> {
    const host = hostname.replace(/^\[|\]$/g, "");
    if (isIP(host)) return Promise.resolve([scopeOf(host)]);
    const known = this.#scopes.get(host);
    if (known !== undefined) return known;
    const resolved = this.network.addressesOf(host).then((addresses) => addresses.map(scopeOf));
    this.#scopes.set(host, resolved);
    resolved.catch(() => this.#scopes.delete(host));
    return resolved;
  }
}

function refused(message: string): Result<void, HttpFailure> {
  return failed({ kind: "refused", message });
}
