/** The accounting of requests, and how every answer announces it. */
import { expect, test } from "vitest";
import { startHub } from "./hub.ts";
import { bucketOf } from "./rate-limit.ts";
import { get } from "./raw.ts";
import { makeRepository } from "./repositories.ts";

const repositories = [makeRepository("a/b", { "config.json": "{}", "model.pt": "x" })];

test("every answer announces its bucket, and one too many is 429 until the window ends", async () => {
  let now = 0;
  const hub = await startHub({ repositories, quotas: { api: 2 }, clock: () => now });
  const ask = async () => {
    const answer = await get(`${hub.url}/api/models/a/b`);
    return [answer.status, answer.header("ratelimit"), answer.header("ratelimit-policy")];
  };
  const policy = '"fixed window";"api";q=2;w=300';
  expect(await ask()).toEqual([200, '"api";r=1;t=300', policy]);
  now = 54_001;
  expect(await ask()).toEqual([200, '"api";r=0;t=246', policy]);
  expect(await ask()).toEqual([429, '"api";r=0;t=246', policy]);
  now = 299_999;
  expect(await ask()).toEqual([429, '"api";r=0;t=1', policy]);
  now = 300_000;
  expect(await ask()).toEqual([200, '"api";r=1;t=300', policy]);
  await hub.close();
});

test("buckets and identities are counted apart; errors count, the file host and the index do not", async () => {
  const hub = await startHub({ repositories, quotas: { api: 1, pages: 1 }, accounts: { hf_one: { plan: "pro" }, hf_two: {} } });
  const remaining = async (path: string, token?: string) => {
    const answer = await get(hub.url + path, token === undefined ? {} : { authorization: `Bearer ${token}` });
    return [answer.status, answer.header("ratelimit")?.split(";t=")[0]];
  };
  expect(await remaining("/api/models/a/missing")).toEqual([401, '"api";r=0']);
  expect(await remaining("/api/models")).toEqual([429, '"api";r=0']);
  expect(await remaining("/api/models", "hf_nobody")).toEqual([429, '"api";r=0']);
  expect(await remaining("/api/models", "hf_one")).toEqual([200, '"api";r=0']);
  expect(await remaining("/api/models", "hf_two")).toEqual([200, '"api";r=0']);
  expect(await remaining("/a/b/resolve/main/config.json")).toEqual([200, '"resolvers";r=2999']);
  expect(await remaining("/a/b/resolve/main/absent")).toEqual([404, '"resolvers";r=2998']);
  expect(await remaining("/a/b/resolve/main/config.json", "hf_one")).toEqual([200, '"resolvers";r=11999']);
  expect(await remaining("/a/b/raw/main/config.json")).toEqual([200, '"pages";r=0']);
  expect(await remaining("/a/b/raw/main/config.json")).toEqual([429, '"pages";r=0']);
  expect(await remaining("/simple/numpy/")).toEqual([404, undefined]);
  const file = (await get(`${hub.url}/a/b/resolve/main/model.pt`)).header("location")!;
  expect((await get(file)).header("ratelimit")).toBeNull();
  await hub.close();
});

test.each([
  ["/api/models", "api"],
  ["/api/models/a/b/tree/main", "api"],
  ["/a/b/resolve/main/x", "resolvers"],
  ["/api/resolve-cache/models/a/b/0/x", "resolvers"],
  ["/a/b", "pages"],
  ["/apiary/b", "pages"],
])("%s counts as %s", (path, bucket) => {
  expect(bucketOf(path)).toBe(bucket);
});
