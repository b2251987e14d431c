/** `@huggingface/hub`, unchanged, against the loopback Hub: whatever it asks is answered as the Hub does. */
import { downloadFile, fileDownloadInfo, HubApiError, listCommits, listFiles, listModels, modelInfo, pathsInfo } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { virtualContent } from "./content.ts";
import { type Hub, startHub } from "./hub.ts";
import { commit, makeRepository } from "./repositories.ts";

const SIZE = 5_000_000_000;
/** Byte `i` of the large file is the number of its 4 KiB block, so that any range can be told from any other. */
const bytesAt = (start: number, end: number) =>
  Uint8Array.from({ length: end - start }, (_, index) => Math.floor((start + index) / 4096) % 251);
const weights = virtualContent("weights", SIZE, bytesAt);
const tagger = commit(
  makeRepository(
    "acme/tagger",
    { "README.md": "# Tagger\n", "pytorch_model.bin": weights, "a folder/config #1.json": "{}", "small.pkl": "N." },
    {
      downloads: 900,
      likes: 3,
      pipeline_tag: "token-classification",
      library_name: "flair",
      tags: ["pytorch"],
      lastModified: "2024-05-01T00:00:00.000Z",
    },
  ),
  { "README.md": "# The tagger\n" },
);
const others = Array.from({ length: 1_200 }, (_, index) => makeRepository(`acme/other-${index}`, {}, { downloads: index % 7 }));
const gated = makeRepository("acme/gated", { "model.pt": "N.", "README.md": "ask" }, { gated: "manual" });

let hub: Hub;
beforeAll(async () => {
  hub = await startHub({ repositories: [tagger, gated, ...others], accounts: { hf_let_in: { access: ["acme/gated"] }, hf_stranger: {} } });
});
afterAll(() => hub.close());

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};
const target = () => ({ hubUrl: hub.url, repo: "acme/tagger" });

test("listModels follows the pages to the last model, each once, in order", async () => {
  const models = await all(
    listModels({ hubUrl: hub.url, sort: "downloads", additionalFields: ["sha", "createdAt", "library_name", "tags", "filePaths"] }),
  );
  expect(models).toHaveLength(1_202);
  expect(new Set(models.map(({ id }) => id)).size).toBe(1_202);
  expect(models.map(({ downloads }) => downloads)).toEqual(models.map(({ downloads }) => downloads).sort((a, b) => b - a));
  expect(models[0]).toMatchObject({
    name: "acme/tagger",
    downloads: 900,
    task: "token-classification",
    library_name: "flair",
    sha: tagger.sha,
    tags: ["flair", "pytorch", "token-classification"],
    filePaths: ["README.md", "pytorch_model.bin", "a folder/config #1.json", "small.pkl"],
    gated: false,
  });
  expect(hub.log.filter(({ path }) => path.startsWith("/api/models?"))).toHaveLength(3);
});

test("listModels searches, and filters by owner, task and every tag", async () => {
  const names = async (search: NonNullable<Parameters<typeof listModels>[0]>["search"]) =>
    (await all(listModels({ hubUrl: hub.url, search }))).map(({ name }) => name);
  expect(await names({ query: "TAGG" })).toEqual(["acme/tagger"]);
  expect(await names({ owner: "nobody" })).toEqual([]);
  expect(await names({ task: "token-classification", tags: ["flair", "pytorch"] })).toEqual(["acme/tagger"]);
  expect(await names({ tags: ["flair", "tensorflow"] })).toEqual([]);
});

test("modelInfo at the head, and at the commit before it", async () => {
  expect(await modelInfo({ hubUrl: hub.url, name: "acme/tagger", additionalFields: ["sha", "author"] })).toMatchObject({
    name: "acme/tagger",
    sha: tagger.sha,
    author: "acme",
    updatedAt: new Date("2024-05-01T00:00:00.000Z"),
  });
  const before = tagger.previous!.sha;
  expect(await modelInfo({ hubUrl: hub.url, name: "acme/tagger", revision: before, additionalFields: ["sha"] })).toMatchObject({
    sha: before,
  });
});

test("listFiles, flat and recursive, with what the scanners say", async () => {
  const flat = await all(listFiles(target()));
  expect(flat.map(({ type, path }) => `${type} ${path}`)).toEqual([
    "file README.md",
    "directory a folder",
    "file pytorch_model.bin",
    "file small.pkl",
  ]);
  const deep = await all(listFiles({ ...target(), recursive: true, expand: true, revision: tagger.sha }));
  expect(deep).toHaveLength(5);
  expect(deep.find(({ path }) => path === "pytorch_model.bin")).toMatchObject({
    size: SIZE,
    lfs: { oid: weights.sha256, size: SIZE, pointerSize: 135 },
    xetHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    lastCommit: { id: tagger.sha },
    securityFileStatus: { status: "unscanned" },
  });
  expect((await all(listFiles({ ...target(), path: "a folder" }))).map(({ path }) => path)).toEqual(["a folder/config #1.json"]);
});

test("pathsInfo gives the paths that exist", async () => {
  const paths = await pathsInfo({ ...target(), paths: ["small.pkl", "absent", "a folder"], expand: true });
  expect(paths.map(({ path, type, size }) => ({ path, type, size }))).toEqual([
    { path: "small.pkl", type: "file", size: 2 },
    { path: "a folder", type: "directory", size: 0 },
  ]);
});

test("listCommits, a page each", async () => {
  const commits = await all(listCommits({ ...target(), batchSize: 1 }));
  expect(commits.map(({ oid }) => oid)).toEqual([tagger.sha, tagger.previous?.sha]);
});

test("fileDownloadInfo of a large and of a small file, and null for none", async () => {
  expect(await fileDownloadInfo({ ...target(), path: "pytorch_model.bin" })).toMatchObject({ size: SIZE, etag: `"${weights.sha256}"` });
  const readme = tagger.files.get("README.md")!.content;
  expect(await fileDownloadInfo({ ...target(), path: "README.md" })).toMatchObject({ size: readme.size, etag: `"${readme.gitId}"` });
  expect(await fileDownloadInfo({ ...target(), path: "absent.bin" })).toBeNull();
});

test("downloadFile reads slices of a 5 GB file, and nothing else of it", async () => {
  const blob = (await downloadFile({ ...target(), path: "pytorch_model.bin" }))!;
  expect(blob.size).toBe(SIZE);
  const before = hub.log.length;
  for (const [start, end] of [
    [0, 200_000],
    [3_000_000_001, 3_000_000_011],
    [SIZE - 65_557, SIZE],
  ] as const) {
    const slice = new Uint8Array(await blob.slice(start, end).arrayBuffer());
    expect(Buffer.compare(slice, bytesAt(start, end))).toBe(0);
  }
  const fromFiles = hub.log.slice(before).filter(({ origin }) => origin === "files");
  expect(fromFiles.map(({ status, bytes }) => ({ status, bytes }))).toEqual([
    { status: 206, bytes: 200_000 },
    { status: 206, bytes: 10 },
    { status: 206, bytes: 65_557 },
  ]);
});

test("a file whose name has to be encoded, and one read whole", async () => {
  const encoded = await downloadFile({ ...target(), path: encodeURI("a folder/config #1.json").replace("#", "%23") });
  expect(await encoded!.text()).toBe("{}");
  expect(await (await downloadFile({ ...target(), path: "README.md" }))!.text()).toBe("# The tagger\n");
  expect(await (await downloadFile({ ...target(), path: "README.md", revision: tagger.previous!.sha }))!.text()).toBe("# Tagger\n");
});

describe("errors", () => {
  const failure = async (attempt: Promise<unknown>): Promise<HubApiError> => {
    const error = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(HubApiError);
    return error as HubApiError;
  };

  test("a missing repository is 401 for the anonymous, and 404 with a token", async () => {
    const missing = { hubUrl: hub.url, name: "acme/missing" };
    expect(await failure(modelInfo(missing))).toMatchObject({ statusCode: 401, requestId: expect.stringMatching(/^Root=1-/) });
    const known = await failure(modelInfo({ ...missing, accessToken: "hf_stranger" }));
    expect(known).toMatchObject({ statusCode: 404, data: { error: "Repository not found" } });
    expect(await failure(modelInfo({ ...missing, accessToken: "hf_nobody" }))).toMatchObject({ statusCode: 401 });
  });

  test("a missing revision", async () => {
    expect(await failure(modelInfo({ hubUrl: hub.url, name: "acme/tagger", revision: "refs/pr/1" }))).toMatchObject({ statusCode: 404 });
    expect(await failure(all(listFiles({ ...target(), revision: "refs/pr/1" })))).toMatchObject({
      data: { error: "Invalid rev id: refs/pr/1" },
    });
  });

  test("a gated repository is listed to everybody, and read by those who were let in", async () => {
    const locked = { hubUrl: hub.url, repo: "acme/gated" };
    expect((await all(listFiles(locked))).map(({ path }) => path)).toEqual(["README.md", "model.pt"]);
    for (const path of ["README.md", "model.pt"]) {
      expect(await failure(downloadFile({ ...locked, path }))).toMatchObject({ statusCode: 401 });
      expect(await failure(downloadFile({ ...locked, path, accessToken: "hf_stranger" }))).toMatchObject({ statusCode: 403 });
    }
    expect(await (await downloadFile({ ...locked, path: "README.md", accessToken: "hf_let_in" }))!.text()).toBe("ask");
    const large = await downloadFile({ ...locked, path: "model.pt", accessToken: "hf_let_in" });
    expect(large!.size).toBe(2);
    // The token is the Hub's, and does not follow the redirect to another origin.
    expect(hub.log.filter(({ origin, authorization }) => origin === "files" && authorization !== undefined)).toEqual([]);
  });
});
