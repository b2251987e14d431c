/**
 * The addresses of files on the Hub's origin: /{id}/resolve/{revision}/{path}, which redirects to the file host for files
 * in large storage and answers small ones, and /{id}/raw/..., which gives what git has.
 */
import { lookUp, refuseGated } from "./access.ts";
import { largeFilePointer } from "./content.ts";
import type { HubContext, Route } from "./context.ts";
import { type Answer, encodePath, errorAnswer, fileAnswer, parseRevision, redirectAnswer, textAnswer } from "./http.ts";
import { atRevision, fileId, type Repository, type RepositoryFile } from "./repositories.ts";
import { xetHash } from "./tree.ts";

/** Whether the segments of a path are those of a file's address. */
export function isFileAddress(segments: readonly string[]): boolean {
  return verbAt(segments) > 0;
}

/** `/{id}/{resolve|raw}/{revision}/{path}`. */
export const resolveFile: Route = (hub, request, viewer, segments) => {
  const at = verbAt(segments);
  const { revision, path } = parseRevision(segments.slice(at + 1));
  const found = lookUp(hub.repositories, viewer, segments.slice(0, at).join("/"), request.url.pathname + request.url.search);
  if ("refusal" in found) return found.refusal;
  const gated = refuseGated(viewer, found.repository);
  if (gated !== null) return gated;
  const repository = atRevision(found.repository, revision);
  if (repository === undefined) return errorAnswer(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
  const file = repository.files.get(path);
  if (file === undefined) {
    const message = "Entry not found";
    return textAnswer(404, message, { "x-error-code": "EntryNotFound", "x-error-message": message, "x-repo-commit": repository.sha });
  }
  if (segments[at] === "raw") return rawFile(repository, file);
  if (file.large) return largeFile(hub, repository, file);
  return hub.resolveCache ? redirectAnswer(307, cachePath(repository, file), smallHeaders(repository, file)) : smallFile(repository, file);
};

/** `/api/resolve-cache/models/{id}/{commit}/{path}`, to which the Hub redirects for small files. */
export const resolveFromCache: Route = (hub, request, viewer, segments) => {
  const at = segments.findIndex((segment, index) => index >= 4 && index <= 5 && /^[0-9a-f]{40}$/.test(segment));
  const found = lookUp(hub.repositories, viewer, segments.slice(3, at).join("/"), request.url.pathname + request.url.search);
  if ("refusal" in found) return found.refusal;
  const gated = refuseGated(viewer, found.repository);
  if (gated !== null) return gated;
  const repository = atRevision(found.repository, segments[at] ?? "");
  const file = repository?.files.get(segments.slice(at + 1).join("/"));
  return repository === undefined || file === undefined
    ? errorAnswer(404, "EntryNotFound", "Entry not found")
    : smallFile(repository, file);
};

function verbAt(segments: readonly string[]): number {
  return segments.findIndex((segment, index) => index >= 1 && index <= 2 && ["resolve", "raw"].includes(segment));
}

/**
 * The redirect carries what a reader needs before the first byte. A client that accepts Xet's file information gets it
 * too: the Hub's bridge serves every file by plain ranges (https://huggingface.co/docs/hub/xet/legacy-git-lfs).
 */
function largeFile(hub: HubContext, repository: Repository, file: RepositoryFile): Answer {
  const { sha256, size } = file.content;
  return redirectAnswer(302, hub.links.sign(repository, file), {
    "x-repo-commit": repository.sha,
    "x-linked-size": String(size),
    "x-linked-etag": `"${sha256}"`,
    "x-xet-hash": xetHash(sha256),
    "accept-ranges": "bytes",
    vary: "Origin, Accept",
  });
}

function smallFile(repository: Repository, file: RepositoryFile): Answer {
  return fileAnswer(file.content, { "content-type": "text/plain; charset=utf-8", ...smallHeaders(repository, file) });
}

function smallHeaders(repository: Repository, file: RepositoryFile): Record<string, string> {
  return { etag: `"${file.content.gitId}"`, "x-repo-commit": repository.sha };
}

function rawFile(repository: Repository, file: RepositoryFile): Answer {
  const headers = { etag: `"${fileId(file)}"`, "x-repo-commit": repository.sha };
  return file.large ? textAnswer(200, largeFilePointer(file.content), headers) : smallFile(repository, file);
}

function cachePath(repository: Repository, file: RepositoryFile): string {
  const path = encodePath(`${repository.id}/${repository.sha}/${file.path}`);
  return `/api/resolve-cache/models/${path}?etag=${encodeURIComponent(`"${file.content.gitId}"`)}`;
}
