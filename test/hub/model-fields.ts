/** How a repository is shown by the Hub's API: the fields that a client may ask for, and those it gets unasked. */
import { largeFilePointer } from "./content.ts";
import { isTrue } from "./http.ts";
import { allTags, authorOf, fileId, type Repository, type RepositoryFile } from "./repositories.ts";

type Field = (repository: Repository) => unknown;

/** A field of which the loopback Hub knows nothing: accepted, and absent from the answer. */
const unknown: Field = () => undefined;

/** The values of `expand=`, as huggingface_hub's `ExpandModelProperty_T` has them. */
const FIELDS: Readonly<Record<string, Field>> = {
  author: ({ id }) => authorOf(id),
  baseModels: unknown,
  cardData: ({ metadata }) => metadata.cardData,
  childrenModelCount: unknown,
  config: ({ metadata }) => metadata.config,
  createdAt: ({ metadata }) => metadata.createdAt,
  disabled: ({ metadata }) => metadata.disabled,
  downloads: ({ metadata }) => metadata.downloads,
  downloadsAllTime: unknown,
  gated: ({ metadata }) => metadata.gated,
  gguf: unknown,
  gitalyUid: unknown,
  inference: unknown,
  inferenceProviderMapping: unknown,
  lastModified: ({ metadata }) => metadata.lastModified,
  library_name: ({ metadata }) => metadata.library_name,
  likes: ({ metadata }) => metadata.likes,
  mask_token: unknown,
  "model-index": unknown,
  pipeline_tag: ({ metadata }) => metadata.pipeline_tag,
  private: ({ metadata }) => metadata.private,
  resourceGroup: unknown,
  safetensors: unknown,
  sha: ({ sha }) => sha,
  siblings: ({ files }) => [...files.keys()].map((rfilename) => ({ rfilename })),
  spaces: unknown,
  tags: ({ metadata }) => allTags(metadata),
  transformersInfo: unknown,
  trendingScore: unknown,
  usedStorage: ({ files }) => [...files.values()].reduce((sum, { content }) => sum + content.size, 0),
  widgetData: unknown,
  xetEnabled: () => true,
};

/** Fields that the Hub has for one model, but refuses in a listing (huggingface_hub #3182). */
const SINGLE = new Set(["usedStorage", "baseModels", "childrenModelCount"]);

const LISTED = ["private", "likes", "downloads", "tags", "pipeline_tag", "library_name", "createdAt"];
const LISTED_FULL = [...LISTED, "author", "gated", "disabled", "lastModified", "sha", "siblings"];
const INFO = [...LISTED_FULL, "cardData", "config", "usedStorage"];

/**
 * The fields that a request asks for, by `expand=` (repeated, or with commas) or, without it, by `full`, `cardData` and
 * `config`. An error for a field that there is not, as the Hub refuses it.
 */
export function askedFields(query: URLSearchParams, of: "list" | "model"): { fields: string[] } | { error: string } {
  const expand = query.getAll("expand").flatMap((value) => value.split(","));
  const bad = expand.find((field) => !Object.hasOwn(FIELDS, field) || (of === "list" && SINGLE.has(field)));
  if (bad !== undefined) return { error: `"expand" must not contain ${bad}` };
  if (expand.length > 0) return { fields: expand };
  if (of === "model") return { fields: ["modelId", ...INFO] };
  const extra = ["cardData", "config"].filter((field) => isTrue(query.get(field)));
  return { fields: ["modelId", ...(isTrue(query.get("full")) ? LISTED_FULL : LISTED), ...extra] };
}

/** `_id`, `id` and the fields asked for. */
export function showModel(repository: Repository, fields: readonly string[]): Record<string, unknown> {
  const shown: Record<string, unknown> = { _id: repository.hubId, id: repository.id };
  for (const field of fields) shown[field] = field === "modelId" ? repository.id : FIELDS[field]?.(repository);
  return shown;
}

/** A file of `blobs=true`: huggingface_hub's `RepoSibling` with `files_metadata`. */
export function showSibling(file: RepositoryFile): Record<string, unknown> {
  const shown = { rfilename: file.path, size: file.content.size, blobId: fileId(file) };
  return file.large ? { ...shown, lfs: { sha256: file.content.sha256, size: file.content.size, pointerSize: pointerSize(file) } } : shown;
}

/** The Hub's `securityRepoStatus` (huggingface_hub #2649). */
export function showSecurity(repository: Repository): Record<string, unknown> {
  const files = [...repository.files.values()];
  const issues = files.filter(({ security }) => ["caution", "suspicious", "unsafe"].includes(security.status));
  return {
    scansDone: files.every(({ security }) => !["unscanned", "queued"].includes(security.status)),
    filesWithIssues: issues.map(({ path, security }) => ({ path, level: security.status })),
  };
}

export function pointerSize(file: RepositoryFile): number {
  return Buffer.byteLength(largeFilePointer(file.content));
}
