/** The files of a repository as the Hub's API shows them: the tree, page by page, and the entries of chosen paths. */
import { createHash } from "node:crypto";
import * as z from "zod";
import type { HubContext } from "./context.ts";
import { type Answer, errorAnswer, type HubRequest, isTrue, jsonAnswer, nextLink } from "./http.ts";
import { pointerSize } from "./model-fields.ts";
import { fileId, type Repository, type RepositoryFile } from "./repositories.ts";

/** Entries on a page of the tree, and on one with `expand` (docstring of huggingface_hub's `list_repo_tree`). */
const PAGE = { plain: 1000, expanded: 50 };
/** Paths that one paths-info request may name (huggingface_hub #1504). */
const MOST_PATHS = 1000;

/** `/api/models/{id}/tree/{revision}[/path]`. */
export function showTree(hub: HubContext, request: HubRequest, repository: Repository, folder: string): Answer {
  const query = request.url.searchParams;
  const expand = isTrue(query.get("expand"));
  const all = entriesUnder(repository, folder, isTrue(query.get("recursive")));
  if (all.length === 0 && folder !== "") return errorAnswer(404, "EntryNotFound", `${folder} does not exist on this revision`);
  const after = Buffer.from(query.get("cursor") ?? "", "base64").toString();
  const left = after === "" ? all : all.filter((entry) => entry.path > after);
  const page = left.slice(0, Math.min(Number(query.get("limit") ?? Infinity), expand ? PAGE.expanded : PAGE.plain));
  const last = page.at(-1);
  return jsonAnswer(
    page.map((entry) => showEntry(repository, entry, expand)),
    last === undefined || page.length === left.length ? {} : nextLink(hub.url, request, Buffer.from(last.path).toString("base64")),
  );
}

const PathsInfo = z.object({ paths: z.array(z.string()), expand: z.boolean().optional() });

/** `POST /api/models/{id}/paths-info/{revision}`: the entries of those paths that exist. */
export async function showPaths(request: HubRequest, repository: Repository): Promise<Answer> {
  const asked = PathsInfo.safeParse(parseJson(await request.text()));
  if (!asked.success) return errorAnswer(400, null, z.prettifyError(asked.error));
  const { paths, expand = false } = asked.data;
  if (paths.length > MOST_PATHS) return errorAnswer(413, null, `"paths" must contain less than or equal to ${MOST_PATHS} items`);
  const byPath = new Map(entriesUnder(repository, "", true).map((entry) => [entry.path, entry]));
  return jsonAnswer(paths.flatMap((path) => byPath.get(path) ?? []).map((entry) => showEntry(repository, entry, expand)));
}

/** A file, or a folder that some file is in. */
type Entry = RepositoryFile | { readonly path: string; readonly content?: undefined };

/** What a folder holds, sorted by path: its files and folders, with `recursive` also those of its folders. */
function entriesUnder(repository: Repository, folder: string, recursive: boolean): Entry[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  const entries = new Map<string, Entry>();
  for (const file of repository.files.values()) {
    if (!file.path.startsWith(prefix)) continue;
    const names = file.path.slice(prefix.length).split("/");
    for (let depth = 1; depth < names.length && (recursive || depth === 1); depth++) {
      const path = prefix + names.slice(0, depth).join("/");
      entries.set(path, { path });
    }
    if (recursive || names.length === 1) entries.set(file.path, file);
  }
  return [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function showEntry(repository: Repository, entry: Entry, expand: boolean): Record<string, unknown> {
  const lastCommit = { id: repository.sha, title: `Commit to ${repository.id}`, date: repository.metadata.lastModified };
  if (entry.content === undefined) {
    const oid = createHash("sha1").update(`${repository.sha} ${entry.path}`).digest("hex");
    return { type: "directory", oid, size: 0, path: entry.path, ...(expand ? { lastCommit } : {}) };
  }
  const { sha256, size } = entry.content;
  return {
    type: "file",
    oid: fileId(entry),
    size,
    path: entry.path,
    ...(entry.large ? { lfs: { oid: sha256, size, pointerSize: pointerSize(entry) }, xetHash: xetHash(sha256) } : {}),
    ...(expand ? { lastCommit, securityFileStatus: entry.security } : {}),
  };
}

/** Stands for the file's hash in Xet, which is over its chunks: another 64 hex digits than its sha256. */
export function xetHash(sha256: string): string {
  return createHash("sha256").update(`xet ${sha256}`).digest("hex");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
