/**
 * A file on the Hub as a `ByteSource`. It is resolved once: the content's id is known before any byte is read, so that
 * what the store already has is not fetched. Ranges then go straight to where the file's bytes are, until that address
 * expires; only the very bytes that were asked for are taken.
 */
import { createHash } from "node:crypto";
import { type ByteSource, SourceError } from "../analyzer/bytes/byte-source.ts";
import { failed, ok, type Result } from "../analyzer/result.ts";
import { type Http, type HttpAnswer, type HttpHead, redirectOf } from "./http.ts";
import { describeFailure, type HttpFailure } from "./http-failure.ts";

/** Where a file is on the Hub. */
export interface FileAddress {
  readonly model: string;
  readonly commit: string;
  readonly path: string;
}

/** What the Hub says of a file before it sends any of it. */
export interface ResolvedFile {
  /** Hex sha256 for files in large storage; `git:` and the git blob's id for small ones. */
  readonly content: string;
  readonly size: number;
  /** Where its bytes are: a signed address that expires, or the Hub itself. */
  readonly location: URL;
}

/** Git takes no file beyond 10 MB on the Hub. */
const MOST_IN_GIT = 16 * 2 ** 20;
/** A host that ignores ranges is put up with for files up to this size: the whole answer costs less than another request. */
const WHOLE_INSTEAD = 2 ** 20;
/** How often in a row an address may turn out to have expired. */
const RENEWALS = 2;

/** Whether this can be the path of a file in a repository; others would change the address that they are put into. */
export function isFilePath(path: string): boolean {
  return !/\p{Surrogate}/u.test(path) && path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

/** The address by which the Hub resolves a file. */
export function resolveAddress(hubUrl: string, { model, commit, path }: FileAddress): URL {
  return new URL(`${hubUrl}/${model}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`);
}

/**
 * Asks the Hub for a file's content id, size and whereabouts: one request of its `resolvers` bucket. HEAD, because a file
 * that is kept in git would come at once, wanted or not; without Xet's media type in `Accept`, so that the address
 * serves plain ranges.
 */
export function resolveFile(http: Http, hubUrl: string, address: FileAddress): Promise<Result<ResolvedFile, HttpFailure>> {
  const url = resolveAddress(hubUrl, address);
  return http.send({
    url,
    method: "HEAD",
    // The Hub redirects within itself for renamed repositories and its cache; the redirect that names the content is the answer.
    follow: (redirect) => !redirect.headers.has("x-linked-etag") && redirectOf(redirect)?.origin === url.origin,
    accept: () => ok(0),
    read: (answer) => readResolved(answer, address),
  });
}

function readResolved(answer: HttpAnswer, { commit, path }: FileAddress): Result<ResolvedFile, HttpFailure> {
  const { headers, url } = answer;
  const linked = headers.get("x-linked-etag");
  const tag = unquoted(linked ?? headers.get("etag") ?? "");
  const size = linked === null ? headers.get("content-length") : headers.get("x-linked-size");
  if (headers.get("x-repo-commit") !== commit) return unexpected(`${path}: the Hub answered for commit ${headers.get("x-repo-commit")}`);
  if (!(linked === null ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/).test(tag)) return unexpected(`${path}: the Hub gave no content id`);
  if (size === null || !/^\d{1,15}$/.test(size)) return unexpected(`${path}: the Hub gave no size`);
  const location = redirectOf(answer) ?? url;
  if (linked === null && location !== url) return unexpected(`${path}: the Hub redirected without a content id`);
  return ok({ content: linked === null ? `git:${tag}` : tag, size: Number(size), location });
}

/** A file whose bytes can be read, and what reading it has cost. */
export interface RemoteFile extends ByteSource {
  /** The resolving that led here included; a request that had to be repeated counts once. */
  readonly requests: number;
  readonly bytesRead: number;
}

/** The bytes of a resolved file. Rejects with `SourceError` where they cannot be had, or are not what was promised. */
export function remoteFile(http: Http, hubUrl: string, address: FileAddress, resolved: ResolvedFile): RemoteFile {
  return resolved.content.startsWith("git:") ? new GitFile(http, address, resolved) : new LargeFile(http, hubUrl, address, resolved);
}

/** A small file: it comes whole, and is checked against git's own hash of it. */
class GitFile implements RemoteFile {
  requests = 1;
  bytesRead = 0;
  #whole: Promise<Uint8Array> | undefined;

  constructor(
    readonly http: Http,
    readonly address: FileAddress,
    readonly resolved: ResolvedFile,
  ) {}

  get size(): number {
    return this.resolved.size;
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    this.#whole ??= this.fetch();
    return (await this.#whole).subarray(start, end);
  }

  private async fetch(): Promise<Uint8Array> {
    const { location, size, content } = this.resolved;
    if (size > MOST_IN_GIT)
      throw new SourceError("unavailable", `${this.address.path}: ${size} bytes in git, more than the Hub keeps there`);
    this.requests++;
    const answer = await this.http.send({
      url: location,
      accept: () => ok(size),
      read: ({ body }) =>
        `git:${gitBlobId(body)}` === content ? ok(body) : unexpected(`${this.address.path}: other content than announced`),
    });
    if (!answer.ok) throw new SourceError("unavailable", describeFailure(answer.error));
    this.bytesRead += answer.value.length;
    return answer.value;
  }
}

/** A file in large storage: it comes in ranges. */
class LargeFile implements RemoteFile {
  requests = 1;
  bytesRead = 0;
  #location: Promise<URL>;

  constructor(
    readonly http: Http,
    readonly hubUrl: string,
    readonly address: FileAddress,
    readonly resolved: ResolvedFile,
  ) {
    this.#location = Promise.resolve(resolved.location);
  }

  get size(): number {
    return this.resolved.size;
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    const stop = Math.min(end, this.size);
    if (start >= stop) return new Uint8Array(0);
    for (let renewals = 0; ; renewals++) {
      const location = this.#location;
      const answer = await this.range(await location, start, stop);
      if (answer.ok) {
        this.bytesRead += answer.value.length;
        return answer.value;
      }
      if (!isExpiry(answer.error) || renewals >= RENEWALS)
        throw new SourceError("unavailable", describeFailure(answer.error), { offset: start });
      // Reads at the same time meet the same expiry: the first asks for the new address, the others wait for it.
      if (this.#location === location) this.#location = this.renew();
    }
  }

  private range(location: URL, start: number, end: number): Promise<Result<Uint8Array, HttpFailure>> {
    this.requests++;
    const { size } = this;
    return this.http.send({
      url: location,
      headers: { range: `bytes=${start}-${end - 1}`, "accept-encoding": "identity" },
      accept: (head) => acceptRange(head, start, end, size),
      read: ({ status, body }) => {
        const part = status === 206 ? body : body.subarray(start, end);
        return part.length === end - start
          ? ok(part)
          : unexpected(`${this.address.path}: ${part.length} of ${end - start} bytes at ${start}`);
      },
    });
  }

  private async renew(): Promise<URL> {
    this.requests++;
    const again = await resolveFile(this.http, this.hubUrl, this.address);
    if (!again.ok) throw new SourceError("unavailable", describeFailure(again.error));
    if (again.value.content !== this.resolved.content) {
      throw new SourceError(
        "unavailable",
        `${this.address.path}: the content changed from ${this.resolved.content} to ${again.value.content}`,
      );
    }
    return again.value.location;
  }
}

/** A file of a known size at an address that does not expire, by ranges. Rejects as `remoteFile`'s does. */
export function rangedFile(http: Http, url: URL, size: number): ByteSource {
  return {
    size,
    async read(start, end) {
      const stop = Math.min(end, size);
      if (start >= stop) return new Uint8Array(0);
      const answer = await http.send({
        url,
        headers: { range: `bytes=${start}-${stop - 1}`, "accept-encoding": "identity" },
        accept: (head) => acceptRange(head, start, stop, size),
        read: ({ status, body }) => ok(status === 206 ? body : body.subarray(start, stop)),
      });
      if (!answer.ok) throw new SourceError("unavailable", describeFailure(answer.error), { offset: start });
      return answer.value;
    },
  };
}

/** The length of a 206 for exactly this range; or of a 200, if the file is small enough to be taken whole. */
function acceptRange(head: HttpHead, start: number, end: number, size: number): Result<number, HttpFailure> {
  const length = head.headers.get("content-length");
  if (head.status === 206) {
    const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(head.headers.get("content-range") ?? "");
    const [, first, last, whole] = range ?? [];
    const right = Number(first) === start && Number(last) === end - 1 && (whole === "*" || Number(whole) === size);
    if (length !== null && Number(length) !== end - start) return unexpected(`${end - start} bytes were asked for, ${length} came`);
    return right
      ? ok(end - start)
      : unexpected(`bytes ${start}-${end - 1}/${size} were asked for, ${head.headers.get("content-range")} came`);
  }
  if (head.status === 200 && size <= WHOLE_INSTEAD && length === String(size)) return ok(size);
  return unexpected(`the host answered ${head.status} to a range of a file of ${size} bytes`);
}

/** Signed addresses answer 403 once they have expired (S3, CloudFront); some stores 401 or 410. */
function isExpiry(failure: HttpFailure): boolean {
  return failure.kind === "status" && [401, 403, 410].includes(failure.status);
}

/** The id that git gives to a file with these bytes. */
function gitBlobId(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function unquoted(tag: string): string {
  return tag.replace(/^W\//, "").replace(/^"(.*)"$/, "$1");
}

function unexpected(message: string): Result<never, HttpFailure> {
  return failed({ kind: "unexpected", message });
}
