/** The routes under /api/models: the listing, and what is asked of one model. Its files are in `tree.ts`. */
import { lookUp, sees } from "./access.ts";
import { type Cursor, type ListQuery, SORTS, type Sort } from "./catalogue.ts";
import type { HubContext, Route } from "./context.ts";
import { type Answer, errorAnswer, type HubRequest, isTrue, jsonAnswer, nextLink, parseRevision } from "./http.ts";
import { askedFields, showModel, showSecurity, showSibling } from "./model-fields.ts";
import { atRevision, history, type Repository } from "./repositories.ts";
import { showPaths, showTree } from "./tree.ts";

/** The most models that the Hub puts on a page. */
const PAGE = 1000;

/** `/api/models`: a page of models, and in `Link` the address of the next. */
export const listModels: Route = (hub, request, viewer) => {
  const query = request.url.searchParams;
  const fields = askedFields(query, "list");
  if ("error" in fields) return errorAnswer(400, null, fields.error);
  const sort = query.get("sort") ?? "id";
  if (!Object.hasOwn(SORTS, sort)) return errorAnswer(400, null, `"sort" must be one of [${Object.keys(SORTS).join(", ")}]`);
  const cursor = parseCursor(query.get("cursor"), sort as Sort);
  if (cursor === null) return errorAnswer(400, null, "Invalid cursor");
  const limit = Math.min(Number(query.get("limit") ?? PAGE), PAGE);
  if (!Number.isInteger(limit) || limit < 1) return errorAnswer(400, null, '"limit" must be a positive integer');
  const { page, next } = hub.repositories.list(
    { ...parseFilters(query), sort: sort as Sort, ascending: query.get("direction") === "1", limit, cursor },
    (repository) => sees(viewer, repository),
  );
  const models = page.map((repository) => showModel(repository, fields.fields));
  return jsonAnswer(models, next === null ? {} : nextLink(hub.url, request, formatCursor(next, sort as Sort)));
};

/** `/api/models/{id}` and `/api/models/{id}/{revision|tree|paths-info|commits}/...`. */
export const oneModel: Route = async (hub, request, viewer, segments) => {
  const at = segments.findLastIndex((segment, index) => index > 2 && index < 5 && VERBS.includes(segment));
  const id = segments.slice(2, at < 0 ? undefined : at).join("/");
  const found = lookUp(hub.repositories, viewer, id, request.url.pathname + request.url.search);
  if ("refusal" in found) return found.refusal;
  const { repository } = found;
  if (at < 0) return showInfo(request, repository);
  const { revision, path } = parseRevision(segments.slice(at + 1));
  const then = atRevision(repository, revision);
  if (then === undefined) return errorAnswer(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
  if (segments[at] === "revision") return showInfo(request, then);
  if (segments[at] === "commits") return showCommits(hub, request, then);
  if (segments[at] === "tree") return showTree(hub, request, then, path);
  return showPaths(request, then);
};

const VERBS = ["revision", "tree", "paths-info", "commits"];

function showInfo(request: HubRequest, repository: Repository): Answer {
  const query = request.url.searchParams;
  const fields = askedFields(query, "model");
  if ("error" in fields) return errorAnswer(400, null, fields.error);
  const shown = showModel(repository, fields.fields);
  if (isTrue(query.get("blobs"))) shown.siblings = [...repository.files.values()].map(showSibling);
  if (isTrue(query.get("securityStatus"))) shown.securityRepoStatus = showSecurity(repository);
  return jsonAnswer(shown);
}

function showCommits(hub: HubContext, request: HubRequest, repository: Repository): Answer {
  const query = request.url.searchParams;
  const limit = Math.min(Number(query.get("limit") ?? 50), PAGE);
  const start = Number(query.get("cursor") ?? 0);
  const commits = [...history(repository)];
  const page = commits.slice(start, start + limit).map(({ sha, id, metadata }) => ({
    id: sha,
    title: `Commit to ${id}`,
    message: "",
    authors: [{ user: id.split("/")[0], avatar: "" }],
    date: metadata.lastModified,
  }));
  const headers: Record<string, string> = { "x-total-count": String(commits.length) };
  return jsonAnswer(page, start + limit < commits.length ? { ...headers, ...nextLink(hub.url, request, String(start + limit)) } : headers);
}

function parseFilters(query: URLSearchParams): Pick<ListQuery, "author" | "search" | "pipelineTag" | "filters"> {
  return {
    author: query.get("author") ?? undefined,
    search: query.get("search") ?? undefined,
    pipelineTag: query.get("pipeline_tag") ?? undefined,
    filters: query.getAll("filter").flatMap((value) => value.split(",")),
  };
}

/** A cursor as the Hub writes it: base64 of the condition that the models behind the page fulfil. */
function formatCursor({ value, hubId }: Cursor, sort: Sort): string {
  const behind = { _id: { $gt: hubId } };
  const condition = value === null ? behind : { $or: [{ [sort]: value, ...behind }, { [sort]: { $lt: value } }, { [sort]: null }] };
  return Buffer.from(JSON.stringify(condition)).toString("base64");
}

/** Undefined without a cursor, null for one that does not belong to this order. */
function parseCursor(text: string | null, sort: Sort): Cursor | undefined | null {
  if (text === null) return undefined;
  try {
    const condition = JSON.parse(Buffer.from(text, "base64").toString());
    const { [sort]: value = null, _id } = condition.$or?.[0] ?? condition;
    const complete = typeof _id?.$gt === "string" && (sort === "id" ? value === null : typeof value === "number");
    return complete ? { value, hubId: _id.$gt } : null;
  } catch {
    return null;
  }
}
