import { afterEach, describe, expect, test } from "vitest";
import { SourceError } from "../../analyzer/bytes/byte-source.ts";
import { isFilePath, remoteFile, resolveFile } from "../../crawler/remote-file.ts";
import { expiredLink, redirectLoop } from "../hub/faults.ts";
import { type Hub, type HubOptions, startHub } from "../hub/hub.ts";
import { makeRepository } from "../hub/repositories.ts";
import { testHttp, virtualNetwork } from "./virtual-network.ts";

let hub: Hub;
afterEach(() => hub.close());

const LARGE = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 255);
const HUGE = new Uint8Array(3 * 2 ** 20).fill(7);
const repository = makeRepository("acme/one", { "model.bin": LARGE, "huge.bin": HUGE, "dir/a b#c?d%.txt": "small one", "empty.bin": "" });

async function start(options: HubOptions = {}, silence = 30_000) {
  const network = virtualNetwork();
  hub = await startHub({ repositories: [repository], clock: network.monotonic, ...options });
  const client = testHttp(hub.url, { network, silence });
  const address = (path: string) => ({ model: "acme/one", commit: repository.sha, path });
  const resolve = (path: string) => resolveFile(client.http, hub.url, address(path));
  const open = async (path: string) => {
    const resolved = await resolve(path);
    if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
    return remoteFile(client.http, hub.url, address(path), resolved.value);
  };
  return { ...client, network, resolve, open };
}

const ranges = () => hub.log.filter(({ range }) => range !== undefined);

describe("resolving", () => {
  test("tells size and sha256 of a large file in one request, before any byte", async () => {
    const { resolve } = await start();
    expect(await resolve("model.bin")).toMatchObject({
      ok: true,
      value: { size: LARGE.length, content: repository.files.get("model.bin")?.content.sha256 },
    });
    expect(hub.log.map(({ method, bytes }) => [method, bytes])).toEqual([["HEAD", 0]]);
  });

  test.each([false, true])("tells git's id of a small file (by the Hub's cache: %s)", async (resolveCache) => {
    const { resolve, http } = await start({ resolveCache });
    const path = "dir/a b#c?d%.txt";
    expect(await resolve(path)).toMatchObject({
      ok: true,
      value: { size: 9, content: `git:${repository.files.get(path)?.content.gitId}` },
    });
    expect(http.spent.bytesRead).toBe(0);
  });

  test.each([
    ["another commit", { "x-repo-commit": "f".repeat(40) }],
    ["no commit", { "x-repo-commit": null }],
    ["no sha256", { "x-linked-etag": '"abc"' }],
    ["no size", { "x-linked-size": null }],
    ["a size that is no number", { "x-linked-size": "-1" }],
  ])("does not believe an answer with %s", async (_, headers) => {
    const { resolve } = await start();
    const right = {
      location: `${hub.fileHost}/x`,
      "x-repo-commit": repository.sha,
      "x-linked-size": "5",
      "x-linked-etag": `"${"a".repeat(64)}"`,
    };
    hub.faults.add({ fault: { kind: "status", status: 302, headers: { ...right, ...headers } } });
    expect(await resolve("model.bin")).toMatchObject({ ok: false, error: { kind: "unexpected" } });
  });

  test("says what the Hub says of files that are not there, gated or disabled", async () => {
    const { resolve } = await start({ repositories: [repository] });
    expect(await resolve("none.bin")).toMatchObject({ ok: false, error: { status: 404, code: "EntryNotFound" } });
    hub.repositories.put({ ...repository, metadata: { ...repository.metadata, gated: "manual" } });
    expect(await resolve("model.bin")).toMatchObject({ ok: false, error: { status: 401, code: "GatedRepo" } });
    hub.repositories.put({ ...repository, metadata: { ...repository.metadata, disabled: true } });
    expect(await resolve("model.bin")).toMatchObject({ ok: false, error: { status: 403 } });
  });

  test("ends in a loop of redirects", async () => {
    const { resolve } = await start();
    hub.faults.add({ fault: redirectLoop });
    expect((await resolve("dir/a b#c?d%.txt")).ok).toBe(false);
  });
});

describe("a large file", () => {
  test("gives the ranges that were asked for, and costs one resolving for all of them", async () => {
    const { open, http } = await start();
    const file = await open("model.bin");
    expect(await file.read(0, 10)).toEqual(LARGE.slice(0, 10));
    expect(await file.read(299_990, 400_000)).toEqual(LARGE.slice(299_990));
    expect(await file.read(300_000, 300_010)).toEqual(new Uint8Array(0));
    expect(hub.log.map(({ origin, method, range, status }) => [origin, method, range, status])).toEqual([
      ["api", "HEAD", undefined, 302],
      ["files", "GET", "bytes=0-9", 206],
      ["files", "GET", "bytes=299990-299999", 206],
    ]);
    expect(file).toMatchObject({ size: 300_000, requests: 3, bytesRead: 20 });
    expect(http.spent).toEqual({ requests: 3, bytesRead: 20 });
  });

  test("is resolved again when its address has expired, once for reads at the same time", async () => {
    const { open, network } = await start({ linkSeconds: 60 });
    const file = await open("model.bin");
    await file.read(0, 5);
    await network.sleep(120_000, new AbortController().signal);
    const parts = await Promise.all([0, 100, 200].map((at) => file.read(at, at + 3)));
    expect(parts).toEqual([0, 100, 200].map((at) => LARGE.slice(at, at + 3)));
    expect(hub.log.filter(({ method }) => method === "HEAD").length).toBe(2);
  });

  test("that is another one when it is resolved again is not read on", async () => {
    const { open } = await start();
    const file = await open("model.bin");
    hub.faults.add({ origin: "files", times: 1, fault: expiredLink });
    const headers = {
      location: `${hub.fileHost}/x`,
      "x-repo-commit": repository.sha,
      "x-linked-size": "300000",
      "x-linked-etag": `"${"a".repeat(64)}"`,
    };
    hub.faults.add({ origin: "api", fault: { kind: "status", status: 302, headers } });
    await expect(file.read(0, 5)).rejects.toThrow(/changed/);
  });

  test("whose addresses expire at once is given up", async () => {
    const { open } = await start();
    const file = await open("model.bin");
    hub.faults.add({ origin: "files", fault: expiredLink });
    await expect(file.read(0, 5)).rejects.toThrow(SourceError);
    expect(ranges().length).toBe(3);
  });

  test.each([
    ["a reset within the body", { kind: "stop", after: 50, how: "reset" }],
    ["a body that ends early", { kind: "stop", after: 50, how: "close" }],
    ["a body that stalls", { kind: "stop", after: 50, how: "stall" }],
    ["a body shorter than its range", { kind: "resize", by: -1 }],
    ["a body longer than its range", { kind: "resize", by: 1 }],
    ["another range", { kind: "content-range", value: "bytes 1-100/300000" }],
    ["another size", { kind: "content-range", value: "bytes 0-99/5" }],
    ["no range at all", { kind: "content-range", value: "chunks" }],
    ["503", { kind: "status", status: 503 }],
    ["an empty 200", { kind: "status", status: 200 }],
  ] as const)("%s is no answer: it is asked for again, and given up in the end", async (_, fault) => {
    const { open } = await start({}, 500);
    const file = await open("model.bin");
    const end = hub.faults.add({ origin: "files", times: 1, fault });
    expect(await file.read(0, 100)).toEqual(LARGE.slice(0, 100));
    end();
    hub.faults.add({ origin: "files", fault });
    await expect(file.read(0, 100)).rejects.toThrow(SourceError);
  });

  test("from a host that ignores ranges is taken whole where it is small", async () => {
    const { open } = await start();
    hub.faults.add({ origin: "files", fault: { kind: "ignore-range" } });
    const file = await open("model.bin");
    expect(await file.read(1_000, 1_010)).toEqual(LARGE.slice(1_000, 1_010));
  });

  test("from a host that ignores ranges is refused where it is not, without being read", async () => {
    const { open, http } = await start();
    hub.faults.add({ origin: "files", fault: { kind: "ignore-range" } });
    const file = await open("huge.bin");
    await expect(file.read(1_000, 1_010)).rejects.toThrow(/200 to a range/);
    expect(http.spent.bytesRead).toBe(0);
  });

  test("redirected to an address that is not public is not read", async () => {
    const { open } = await start();
    const file = await open("model.bin");
    hub.faults.add({ origin: "files", fault: { kind: "redirect", to: "http://10.0.0.1/secret" } });
    await expect(file.read(0, 5)).rejects.toThrow(/private/);
  });

  test("that is empty costs nothing more", async () => {
    const { open } = await start();
    const file = await open("empty.bin");
    expect(await file.read(0, 10)).toEqual(new Uint8Array(0));
    expect(ranges()).toEqual([]);
  });
});

describe("a small file", () => {
  const path = "dir/a b#c?d%.txt";

  test.each([false, true])("comes whole, in one request however it is read (by the Hub's cache: %s)", async (resolveCache) => {
    const { open } = await start({ resolveCache });
    const file = await open(path);
    expect(new TextDecoder().decode(await file.read(0, 5))).toBe("small");
    expect(new TextDecoder().decode(await file.read(6, 100))).toBe("one");
    expect(file).toMatchObject({ requests: 2, bytesRead: 9 });
  });

  test("with other bytes than announced is not believed", async () => {
    const { open } = await start();
    const file = await open(path);
    hub.faults.add({ fault: { kind: "body", body: "small two" } });
    await expect(file.read(0, 5)).rejects.toThrow(/other content/);
  });
});

test.each([
  ["a/b.bin", true],
  ["a b#?%", true],
  ["ä/日本.pkl", true],
  ["../a", false],
  ["a/./b", false],
  ["/a", false],
  ["a//b", false],
  ["", false],
  ["a\ud800", false],
])("%j as a path: %s", (path, right) => {
  expect(isFilePath(path)).toBe(right);
});
