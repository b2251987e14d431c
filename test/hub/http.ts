/**
 * What a route is given and what it gives back: requests and answers as values, so that conditions, ranges and faults
 * are functions from answer to answer, and only `deliver.ts` touches a socket.
 */
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ByteSource } from "../../analyzer/bytes/byte-source.ts";
import { heldContent } from "./content.ts";

/** `api` is the Hub itself with the package index; `files` is the other origin, which holds the bytes. */
export type Origin = "api" | "files";

export interface HubRequest {
  readonly origin: Origin;
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** The whole body. */
  text(): Promise<string>;
}

export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ByteSource;
  /** How its delivery goes wrong; it goes well when absent. */
  readonly delivery?: Delivery;
}

export interface Delivery {
  /** The connection ends after so many bytes of the body, or before the head of the answer. */
  readonly stop?: { readonly after: number | "nothing"; readonly how: "reset" | "close" | "stall" };
  /** The body comes so many bytes at a time, with a pause before each. */
  readonly pace?: { readonly bytes: number; readonly milliseconds: number };
}

export function textAnswer(status: number, text: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body: heldContent(text) };
}

/** JSON with the weak ETag that the Hub's API gives its answers. */
export function jsonAnswer(value: unknown, headers: Record<string, string> = {}, status = 200): Answer {
  const text = JSON.stringify(value);
  const tag = createHash("sha1").update(text).digest("base64url");
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", etag: `W/"${tag}"`, ...headers },
    body: heldContent(text),
  };
}

/** An error as the Hub's API words it: for programs in `X-Error-Code`, for people in `X-Error-Message` and the body. */
export function errorAnswer(status: number, code: string | null, message: string): Answer {
  const headers: Record<string, string> = { "content-type": "application/json; charset=utf-8", "x-error-message": message };
  if (code !== null) headers["x-error-code"] = code;
  return { status, headers, body: heldContent(JSON.stringify({ error: message })) };
}

export function redirectAnswer(status: 301 | 302 | 307, location: string, headers: Record<string, string> = {}): Answer {
  return textAnswer(status, `Redirecting to ${location}`, { location, ...headers });
}

/** A file's bytes, of which ranges may be asked. */
export function fileAnswer(content: ByteSource, headers: Record<string, string>): Answer {
  return { status: 200, headers: { "content-type": "application/octet-stream", "accept-ranges": "bytes", ...headers }, body: content };
}

/** 304 where the client says that it has this very answer (RFC 9110, section 13.1.2: a weak comparison). */
export function applyCondition(request: HubRequest, answer: Answer): Answer {
  const known = request.headers["if-none-match"];
  const tag = answer.headers.etag;
  if (known === undefined || tag === undefined || answer.status !== 200) return answer;
  const strong = (each: string) => each.trim().replace(/^W\//, "");
  if (known.trim() !== "*" && !known.split(",").some((each) => strong(each) === strong(tag))) return answer;
  const { "content-type": _, ...headers } = answer.headers;
  return { status: 304, headers, body: heldContent("") };
}

/** 206 or 416 where one range of a file was asked for; several at once are answered whole, as RFC 9110, section 14.2 permits. */
export function applyRange(request: HubRequest, answer: Answer): Answer {
  const header = request.headers.range;
  if (header === undefined || answer.status !== 200 || answer.headers["accept-ranges"] !== "bytes") return answer;
  const match = /^bytes=(\d*)-(\d*)$/.exec(header);
  if (match === null || (match[1] === "" && match[2] === "")) return answer;
  const size = answer.body.size;
  const start = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === "" || match[2] === "" ? size : Math.min(Number(match[2]) + 1, size);
  if (start >= end) return textAnswer(416, "Requested range not satisfiable", { "content-range": `bytes */${size}` });
  return {
    status: 206,
    headers: { ...answer.headers, "content-range": `bytes ${start}-${end - 1}/${size}` },
    body: { size: end - start, read: (from, to) => answer.body.read(start + from, Math.min(start + to, end)) },
  };
}

/** The segments of a path, percent-decoded; undefined where the encoding is broken. */
export function pathSegments(url: URL): string[] | undefined {
  try {
    return url.pathname.split("/").slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** A path percent-encoded, segment by segment. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** A revision and the path behind it. Refs come with their slashes, encoded or not (`refs/pr/1`). */
export function parseRevision(segments: readonly string[]): { revision: string; path: string } {
  const length = segments[0] === "refs" ? 3 : 1;
  return { revision: segments.slice(0, length).join("/"), path: segments.slice(length).join("/") };
}

/** The `Link` to the next page: the same address with another cursor. */
export function nextLink(origin: string, request: HubRequest, cursor: string): Record<string, string> {
  const query = new URLSearchParams(request.url.searchParams);
  query.set("cursor", cursor);
  return { link: `<${origin}${request.url.pathname}?${query}>; rel="next"` };
}

/** Whether a parameter of an address says yes. */
export function isTrue(value: string | null): boolean {
  return value !== null && ["true", "True", "1"].includes(value);
}
