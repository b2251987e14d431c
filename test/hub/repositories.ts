/**
 * Repositories as data: what a test writes down, or a fixture folder becomes, to have it on the loopback Hub. How they
 * are listed is `catalogue.ts`'s, how they are answered the routes'.
 */
import { createHash } from "node:crypto";
import { type Content, gitBlobId, heldContent, largeFilePointer } from "./content.ts";

/** A model repository at the head of its main branch. */
export interface Repository {
  /** `owner/name`, or `name` alone for the Hub's canonical models. */
  readonly id: string;
  /** The Hub's `_id`, 24 hex digits; stays when the repository is renamed. */
  readonly hubId: string;
  /** The head commit, 40 hex digits. */
  readonly sha: string;
  readonly metadata: RepositoryMetadata;
  /** By path. A getter where they are made on the fly: listings do not touch it. */
  readonly files: ReadonlyMap<string, RepositoryFile>;
  /** The repository as its last commit found it. */
  readonly previous?: Repository;
}

/** What the Hub knows of a repository besides its files, by the Hub's names. */
export interface RepositoryMetadata {
  readonly downloads: number;
  readonly likes: number;
  readonly createdAt: string;
  readonly lastModified: string;
  readonly pipeline_tag?: string;
  readonly library_name?: string;
  readonly tags: readonly string[];
  readonly gated: false | "auto" | "manual";
  readonly private: boolean;
  readonly disabled: boolean;
  readonly cardData?: unknown;
  readonly config?: unknown;
}

export interface RepositoryFile {
  readonly path: string;
  readonly content: Content;
  /** In large storage (LFS, Xet) rather than in git. */
  readonly large: boolean;
  /** What the Hub's scanners say of it: `securityFileStatus` of an expanded tree. */
  readonly security: { readonly status: string; readonly [scan: string]: unknown };
}

/** The Hub's date for everything that is older than its records. */
const OLDEST = "2022-03-02T23:29:04.000Z";

const NO_METADATA: RepositoryMetadata = {
  downloads: 0,
  likes: 0,
  createdAt: OLDEST,
  lastModified: OLDEST,
  tags: [],
  gated: false,
  private: false,
  disabled: false,
};

/** Files by path: the content, or a whole file where its storage or scan is to be other than the Hub's choice. */
export type Files = Readonly<Record<string, Uint8Array | string | Content | RepositoryFile>>;

/** A repository with one commit, whose sha follows from its id and contents. */
export function makeRepository(id: string, files: Files, metadata: Partial<RepositoryMetadata> = {}): Repository {
  const map = fileMap(files);
  const whole = { ...NO_METADATA, ...metadata };
  return { id, hubId: makeHubId(id, whole.createdAt), sha: makeSha(id, map, null), metadata: whole, files: map };
}

/** The repository after a commit that adds and replaces `files`, deletes those that are null, and updates `metadata`. */
export function commit(
  repository: Repository,
  files: Readonly<Record<string, Files[string] | null>>,
  metadata: Partial<RepositoryMetadata> = {},
): Repository {
  const map = new Map(repository.files);
  for (const [path, file] of Object.entries(files)) {
    if (file === null) map.delete(path);
    else map.set(path, makeFile(path, file));
  }
  const sha = makeSha(repository.id, map, repository.sha);
  return { ...repository, sha, files: map, metadata: { ...repository.metadata, ...metadata }, previous: repository };
}

/** A repository from its newest commit to its first. */
export function* history(repository: Repository): Generator<Repository> {
  for (let at: Repository | undefined = repository; at !== undefined; at = at.previous) yield at;
}

/** The repository at a revision: a branch of that head, a commit or the beginning of one. */
export function atRevision(repository: Repository, revision: string): Repository | undefined {
  if (["main", "HEAD", "refs/heads/main"].includes(revision)) return repository;
  if (!/^[0-9a-f]{7,40}$/.test(revision)) return undefined;
  return [...history(repository)].find((at) => at.sha.startsWith(revision));
}

/** The id that git has for a file: of its pointer, for one in large storage. */
export function fileId(file: RepositoryFile): string {
  return file.large ? gitBlobId(largeFilePointer(file.content)) : file.content.gitId;
}

/** The owner of a repository; the Hub's canonical models have none. */
export function authorOf(id: string): string | undefined {
  return id.includes("/") ? id.split("/")[0] : undefined;
}

/** The tags that the Hub filters by: the card's, the library and the task. */
export function allTags(metadata: RepositoryMetadata): string[] {
  return [...new Set([metadata.library_name, ...metadata.tags, metadata.pipeline_tag])].filter((tag) => tag !== undefined);
}

/** A MongoDB object id: the seconds of its creation, then what is particular to it. */
export function makeHubId(id: string, createdAt: string): string {
  const seconds = Math.floor(Date.parse(createdAt) / 1000);
  return seconds.toString(16).padStart(8, "0") + createHash("sha256").update(id).digest("hex").slice(0, 16);
}

export function makeFile(path: string, file: Files[string]): RepositoryFile {
  if (typeof file === "object" && "content" in file) return file;
  const content = typeof file === "string" || file instanceof Uint8Array ? heldContent(file) : file;
  return { path, content, large: LARGE.test(path) || content.size > 10_000_000, security: { status: "unscanned" } };
}

/** The patterns of the `.gitattributes` that the Hub puts into a new repository; beyond 10 MB it takes nothing into git. */
const LARGE =
  /\.(7z|arrow|bin|bz2|ckpt|ftz|gz|h5|joblib|mlmodel|model|msgpack|npy|npz|onnx|ot|parquet|pb|pickle|pkl|pt|pth|rar|safetensors|tar|tflite|tgz|wasm|xz|zip|zst)$|(^|\/)saved_model\/|tfevents/;

function fileMap(files: Files): ReadonlyMap<string, RepositoryFile> {
  return new Map(Object.entries(files).map(([path, file]) => [path, makeFile(path, file)]));
}

function makeSha(id: string, files: ReadonlyMap<string, RepositoryFile>, parent: string | null): string {
  const hash = createHash("sha1").update(`${id}\n${parent}\n`);
  for (const path of [...files.keys()].sort()) hash.update(`${path}\0${fileId(files.get(path) as RepositoryFile)}\n`);
  return hash.digest("hex");
}
