/**
 * The Hub's API. A model and its tree through `@huggingface/hub` with our fetch injected: the library knows the addresses
 * and the fields, our fetch obeys the limits, retries, and lets nothing through that is not of the expected shape. The
 * listing we page ourselves. Files are `remote-file.ts`'s: the library's blobs hide the headers that we need and accept a
 * 200 for a range.
 */
import { listFiles, modelInfo } from "@huggingface/hub";
import * as z from "zod";
import { failed, ok, type Result } from "../analyzer/result.ts";
import type { Http } from "./http.ts";
import { HttpError, type HttpFailure } from "./http-failure.ts";
import { readJson } from "./json.ts";
import { type Population, sortOf } from "./survey-request.ts";

/** A model as the Hub lists it. */
export interface ListedModel {
  readonly hubId: string;
  readonly name: string;
  /** Its head; null where the Hub does not tell. */
  readonly commit: string | null;
  readonly createdAt: string | null;
  readonly modifiedAt: string | null;
  readonly downloads: number;
  readonly likes: number;
  readonly library: string | null;
  readonly task: string | null;
  readonly gated: boolean;
  readonly disabled: boolean;
  /** Names of all its files; null where the Hub does not tell, or may have told only some. */
  readonly paths: readonly string[] | null;
  /** `architectures` of config.json. */
  readonly architectures: readonly string[];
  /** Classes of its `auto_map`: `module.Class`, in Python files of the repository itself or of another one. */
  readonly autoMap: readonly string[];
}

export interface ListPage {
  readonly models: readonly ListedModel[];
  /** Entries that were not of the shape of a model. */
  readonly unreadable: number;
  /** Where the next page begins; null behind the last. */
  readonly next: string | null;
}

type Query = Extract<Population, { kind: "query" }>;

/** The most that the Hub gives for a page when it is asked for what we ask. */
export const PAGE = 500;
/** From so many on, the list of names may have been cut by the Hub (huggingface_hub #3565). */
const COMPLETE_BELOW = 1_000;
const MOST_JSON = 64 * 2 ** 20;
/** Pages of 1,000 files: beyond, a Hub is leading us in circles. */
const MOST_TREE_PAGES = 1_000;

const NAME = /^(?!\.{1,2}(?:\/|$))[\w.-]+(?:\/(?!\.{1,2}$)[\w.-]+)?$/;

/** Whether this can be the name of a model; others would change the addresses that they are put into. */
export function isModelName(name: string): boolean {
  return NAME.test(name);
}

const instant = z.iso.datetime({ offset: true }).optional().catch(undefined);
const text = z.string().max(200).optional().catch(undefined);
const count = z.number().int().nonnegative().catch(0);

/** What is needed to go on must be there; what only describes a model may be missing or strange. */
const apiModel = z.looseObject({
  _id: z.string().min(1).max(100),
  id: z.string().regex(NAME),
  sha: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional()
    .catch(undefined),
  private: z.boolean().catch(false),
  gated: z.union([z.literal(false), z.enum(["auto", "manual"])]).catch(false),
  disabled: z.boolean().catch(false),
  downloads: count,
  likes: count,
  createdAt: instant,
  lastModified: instant,
  library_name: text,
  pipeline_tag: text,
  siblings: z
    .array(z.object({ rfilename: z.string() }))
    .optional()
    .catch(undefined),
  config: z
    .looseObject({
      architectures: z.array(z.string().max(200)).max(20).optional().catch(undefined),
      auto_map: z.record(z.string(), z.unknown()).optional().catch(undefined),
    })
    .nullish()
    .catch(undefined),
});

const apiFile = z.looseObject({ type: z.string(), path: z.string() });

/** What the library asks for besides what it always does, by its names; and all of it, by the Hub's. */
const FIELDS = ["sha", "createdAt", "disabled", "library_name", "filePaths", "config"] as const;
const ALWAYS = ["pipeline_tag", "private", "gated", "downloads", "likes", "lastModified"] as const;
const LISTED = [...ALWAYS, ...FIELDS.map((field) => (field === "filePaths" ? "siblings" : field))];

export class HubApi {
  constructor(
    readonly http: Http,
    readonly hubUrl: string,
  ) {}

  /**
   * One page of the models that match, at most `limit`, from `cursor` on (null: the first). Not by the library's
   * `listModels`: it neither starts from a cursor nor shows it (huggingface.js #250). Of the `Link` to the next page only
   * the query counts: a Hub cannot send us elsewhere by it.
   */
  async listPage(query: Query, cursor: string | null, limit: number): Promise<Result<ListPage, HttpFailure>> {
    const url = new URL(`${this.hubUrl}/api/models`);
    url.search = cursor ?? listQuery(query, Math.min(PAGE, limit));
    const page = await this.http.send({
      url,
      headers: { accept: "application/json" },
      accept: () => ok(MOST_JSON),
      read: ({ body, headers }) => {
        const entries = readJson(body, z.array(z.unknown()));
        return entries.ok ? ok({ entries: entries.value, next: nextQuery(headers.get("link"), this.hubUrl) }) : entries;
      },
    });
    if (!page.ok) return page;
    const { entries, next } = page.value;
    if (next !== null && next === cursor) return unexpected("the listing does not go on: the next page is the same again");
    const models: ListedModel[] = [];
    for (const entry of entries) {
      const { data } = apiModel.safeParse(entry);
      if (data !== undefined) models.push(listedModel(data));
    }
    return ok({ models, unreadable: entries.length - models.length, next });
  }

  /** One model by its name, under its new name if it was renamed; at its head, or at a branch, tag or commit. */
  async model(name: string, revision = "HEAD"): Promise<Result<ListedModel, HttpFailure>> {
    let told: z.infer<typeof apiModel> | undefined;
    const fetchModel = this.fetching(apiModel, {
      heard: (model) => {
        told = model;
      },
    });
    const info = await settled(modelInfo({ hubUrl: this.hubUrl, fetch: fetchModel, name, revision, additionalFields: [...FIELDS] }));
    return info.ok ? ok(listedModel(told!)) : info;
  }

  /** The names of all files of a model at a commit. */
  async paths(name: string, commit: string): Promise<Result<readonly string[], HttpFailure>> {
    let pages = 0;
    const fetchTree = this.fetching(z.array(apiFile), {
      address: (url) => {
        if (++pages > MOST_TREE_PAGES) throw new HttpError({ kind: "refused", message: `more than ${MOST_TREE_PAGES} pages of files` });
        return url;
      },
    });
    const files = await collected(
      listFiles({ hubUrl: this.hubUrl, fetch: fetchTree, repo: { type: "model", name }, revision: commit, recursive: true }),
    );
    return files.ok ? ok(files.value.filter(({ type }) => type === "file").map(({ path }) => path)) : files;
  }

  /** A fetch for the library: it gets JSON of this shape, or our failure as an exception that passes through it. */
  private fetching<T>(schema: z.ZodType<T>, hooks: { address?: (url: URL) => URL; heard?: (value: T) => void } = {}): typeof fetch {
    return async (input) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const answer = await this.http.send({
        url: hooks.address?.(url) ?? url,
        headers: { accept: "application/json" },
        accept: () => ok(MOST_JSON),
        read: ({ body, headers }) => {
          const value = readJson(body, schema);
          return value.ok ? ok({ value: value.value, headers: new Headers(headers) }) : value;
        },
      });
      if (!answer.ok) throw new HttpError(answer.error);
      const { value, headers } = answer.value;
      hooks.heard?.(value);
      for (const coded of ["content-encoding", "content-length"]) headers.delete(coded);
      return new Response(JSON.stringify(value), { headers });
    };
  }
}

function listedModel(model: z.infer<typeof apiModel>): ListedModel {
  const { siblings, config, lastModified } = model;
  return {
    hubId: model._id,
    name: model.id,
    commit: model.sha ?? null,
    createdAt: model.createdAt ?? null,
    modifiedAt: lastModified === undefined ? null : new Date(lastModified).toISOString(),
    downloads: model.downloads,
    likes: model.likes,
    library: model.library_name ?? null,
    task: model.pipeline_tag ?? null,
    gated: model.gated !== false,
    disabled: model.disabled,
    paths: siblings === undefined || siblings.length >= COMPLETE_BELOW ? null : siblings.map(({ rfilename }) => rfilename),
    architectures: config?.architectures ?? [],
    autoMap: autoMapOf(config?.auto_map),
  };
}

/** The classes of models: what `auto_map` says of tokenizers is a list. */
function autoMapOf(autoMap: Readonly<Record<string, unknown>> = {}): string[] {
  const names = Object.values(autoMap).filter((name): name is string => typeof name === "string" && name.length <= 200);
  return [...new Set(names)].slice(0, 20);
}

/** The query of a listing's first page. */
function listQuery(query: Query, limit: number): string {
  const search = new URLSearchParams({ limit: String(limit), sort: sortOf(query) });
  for (const { key, value } of query.filters) search.append(PARAMETERS[key] ?? "filter", value);
  for (const field of LISTED) search.append("expand", field);
  return search.toString();
}

/** The parameters of filters that are none of tags. */
const PARAMETERS: Readonly<Record<string, string>> = { author: "author", search: "search", task: "pipeline_tag" };

/** The query of the address with `rel="next"`. */
function nextQuery(link: string | null, base: string): string | null {
  const address = link && /<([^>]*)>\s*;\s*rel="?next"?/.exec(link)?.[1];
  return address && URL.canParse(address, base) ? new URL(address, base).search : null;
}

async function collected<T>(items: AsyncIterable<T>): Promise<Result<T[], HttpFailure>> {
  const all: T[] = [];
  return settled(
    (async () => {
      for await (const item of items) all.push(item);
      return all;
    })(),
  );
}

async function settled<T>(promise: Promise<T>): Promise<Result<T, HttpFailure>> {
  try {
    return ok(await promise);
  } catch (error) {
    if (error instanceof HttpError) return failed(error.failure);
    throw error;
  }
}

function unexpected(message: string): Result<never, HttpFailure> {
  return failed({ kind: "unexpected", message });
}
