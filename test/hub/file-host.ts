/**
 * The other origin, where the bytes are: files in large storage under signed addresses that expire, and the package
 * index's distributions under addresses that do not. It knows no tokens and no rate limits.
 */
import { createHmac } from "node:crypto";
import type { HubContext, Route } from "./context.ts";
import { type Answer, encodePath, fileAnswer, textAnswer } from "./http.ts";
import { atRevision, type Repository, type RepositoryFile } from "./repositories.ts";

/** Signed addresses: whoever has one may read the file until it expires. */
export class Links {
  /** `fileHost` is the origin, `seconds` how long an address is good for; `now` gives milliseconds. */
  constructor(
    readonly fileHost: string,
    readonly seconds: number,
    readonly now: () => number,
  ) {}

  /** The address of a file at the commit that `repository` is at. */
  sign(repository: Repository, file: RepositoryFile): string {
    const name = file.path.split("/").at(-1) as string;
    const query = new URLSearchParams({
      "response-content-disposition": `inline; filename="${name}"`,
      commit: repository.sha,
      path: file.path,
      Expires: String(Math.floor(this.now() / 1000) + this.seconds),
    });
    const path = `/repos/${encodePath(repository.id)}/${file.content.sha256}`;
    return `${this.fileHost}${path}?${query}&Signature=${signature(path, query)}`;
  }

  /** Why an address is refused, in the words of the storage behind the Hub; null when it is good. */
  refuse(url: URL): "AccessDenied" | "SignatureDoesNotMatch" | null {
    const query = new URLSearchParams(url.searchParams);
    query.delete("Signature");
    if (url.searchParams.get("Signature") !== signature(url.pathname, query)) return "SignatureDoesNotMatch";
    return this.now() / 1000 >= Number(query.get("Expires")) ? "AccessDenied" : null;
  }
}

/** `/repos/{id}/{sha256}?commit=&path=&Expires=&Signature=`. */
export const sendFile: Route = (hub, request, _viewer, segments) => {
  const refusal = hub.links.refuse(request.url);
  if (refusal !== null) return storageError(403, refusal);
  const query = request.url.searchParams;
  const file = atCommit(hub, segments.slice(1, -1).join("/"), query.get("commit") ?? "")?.files.get(query.get("path") ?? "");
  if (file === undefined) return storageError(404, "NoSuchKey");
  return fileAnswer(file.content, {
    etag: `"${file.content.sha256}"`,
    "cache-control": "public, max-age=604800, immutable, s-maxage=604800",
    "content-disposition": query.get("response-content-disposition") ?? "inline",
  });
};

/** `/packages/{sha256}/{filename}`, and the distribution's metadata at the same address with `.metadata` behind it. */
export const sendDistribution: Route = async (hub, _request, _viewer, segments) => {
  const content = await hub.packages.open(segments[1] ?? "", segments[2] ?? "");
  if (content === undefined) return storageError(404, "NoSuchKey");
  return fileAnswer(content, { etag: `"${content.sha256}"`, "cache-control": "max-age=365000000, immutable, public" });
};

/** An error as S3 words it, which is not JSON. */
export function storageErrorText(code: keyof typeof STORAGE_ERRORS): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${STORAGE_ERRORS[code]}</Message></Error>`;
}

const STORAGE_ERRORS = {
  AccessDenied: "Request has expired",
  SignatureDoesNotMatch: "The request signature we calculated does not match the signature you provided.",
  NoSuchKey: "The specified key does not exist.",
};

function storageError(status: number, code: keyof typeof STORAGE_ERRORS): Answer {
  return textAnswer(status, storageErrorText(code), { "content-type": "application/xml" });
}

function atCommit(hub: HubContext, id: string, commit: string): Repository | undefined {
  const repository = hub.repositories.find(hub.repositories.renamedTo(id) ?? id);
  return repository === undefined ? undefined : atRevision(repository, commit);
}

/** Nothing here is secret: the signature makes an address that was tampered with fail, as the real one does. */
function signature(path: string, query: URLSearchParams): string {
  return createHmac("sha256", "loopback").update(`${path}?${query}`).digest("base64url");
}
