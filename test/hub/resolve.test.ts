/** The addresses of files, the redirect to the file host, and what the file host gives. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { heldContent, sparseContent } from "./content.ts";
import { type Hub, startHub } from "./hub.ts";
import { get } from "./raw.ts";
import { makeRepository } from "./repositories.ts";

const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 251);
const content = heldContent(bytes);
const repository = makeRepository("acme/model", { "dir/a b.bin": content, "config.json": '{"a": 1}', "empty.bin": "" });

let now = Date.parse("2025-01-01T00:00:00Z");
let hub: Hub;
beforeAll(async () => {
  hub = await startHub({ repositories: [repository], clock: () => now, linkSeconds: 60, quotas: { resolvers: 100_000 } });
});
afterAll(() => hub.close());

const large = () => `${hub.url}/acme/model/resolve/main/dir/a%20b.bin`;
const location = async () => (await get(large())).header("location")!;

test("a file in large storage is a redirect to another origin, with its size and sha256 before any byte", async () => {
  for (const headers of [{}, { accept: "application/vnd.xet-fileinfo+json, */*", range: "bytes=0-0" }]) {
    const answer = await get(large(), headers as Record<string, string>);
    expect(answer.status).toBe(302);
    expect(answer.header("x-linked-size")).toBe("1000");
    expect(answer.header("x-linked-etag")).toBe(`"${content.sha256}"`);
    expect(answer.header("x-repo-commit")).toBe(repository.sha);
    expect(answer.header("x-xet-hash")).toMatch(/^[0-9a-f]{64}$/);
    const target = new URL(answer.header("location")!);
    expect(target.origin).toBe(hub.fileHost);
    expect(target.origin).not.toBe(hub.url);
    expect(target.searchParams.get("Expires")).toBe(String(now / 1000 + 60));
  }
  const head = await get(large(), {}, "HEAD");
  expect([head.status, head.header("x-linked-size"), head.bytes.length]).toEqual([302, "1000", 0]);
});

test("a small file is answered directly, with its git id", async () => {
  const answer = await get(`${hub.url}/acme/model/resolve/${repository.sha}/config.json`);
  expect([answer.status, answer.text()]).toEqual([200, '{"a": 1}']);
  expect(answer.header("etag")).toBe(`"${repository.files.get("config.json")!.content.gitId}"`);
  expect(answer.header("x-repo-commit")).toBe(repository.sha);
  expect(answer.header("accept-ranges")).toBe("bytes");
  const part = await get(`${hub.url}/acme/model/resolve/main/config.json`, { range: "bytes=1-3" });
  expect([part.status, part.header("content-range"), part.text()]).toEqual([206, "bytes 1-3/8", '"a"']);
});

test("with resolveCache, a small file is a relative redirect on the same origin", async () => {
  const cached = await startHub({ repositories: [repository], resolveCache: true });
  const answer = await get(`${cached.url}/acme/model/resolve/main/config.json`);
  expect(answer.status).toBe(307);
  expect(answer.header("location")).toMatch(`/api/resolve-cache/models/acme/model/${repository.sha}/config.json?etag=`);
  const followed = await get(new URL(answer.header("location")!, cached.url).href);
  expect([followed.status, followed.text(), followed.header("x-repo-commit")]).toEqual([200, '{"a": 1}', repository.sha]);
  await cached.close();
});

test("raw gives the pointer of a large file, as git has it", async () => {
  const pointer = (await get(large().replace("/resolve/", "/raw/"))).text();
  expect(pointer).toBe(`version https://git-lfs.github.com/spec/v1\noid sha256:${content.sha256}\nsize 1000\n`);
  expect((await get(`${hub.url}/acme/model/raw/main/config.json`)).text()).toBe('{"a": 1}');
});

test("ranges of any file are those that RFC 9110 says", async () => {
  const url = await location();
  const cases = [
    ["bytes=0-0", 0, 1],
    ["bytes=990-", 990, 1000],
    ["bytes=-10", 990, 1000],
    ["bytes=990-5000", 990, 1000],
    ["bytes=-5000", 0, 1000],
  ] as const;
  for (const [range, start, end] of cases) {
    const answer = await get(url, { range });
    expect([range, answer.status, answer.header("content-range")]).toEqual([range, 206, `bytes ${start}-${end - 1}/1000`]);
    expect(answer.bytes).toEqual(bytes.slice(start, end));
    expect(answer.header("etag")).toBe(`"${content.sha256}"`);
  }
  for (const range of ["bytes=1000-", "bytes=5000-6000", "bytes=-0", "bytes=7-3"]) {
    const answer = await get(url, { range });
    expect([range, answer.status, answer.header("content-range")]).toEqual([range, 416, "bytes */1000"]);
  }
  for (const range of ["bytes=0-1,5-6", "lines=0-1", "bytes=-"]) expect((await get(url, { range })).status, range).toBe(200);
});

test("any range is the bytes of that range", async () => {
  const url = await location();
  const range = fc.tuple(fc.nat(999), fc.nat(1_500)).map(([start, length]) => ({ start, last: start + length }));
  await fc.assert(
    fc.asyncProperty(range, async ({ start, last }) => {
      const answer = await get(url, { range: `bytes=${start}-${last}` });
      expect(answer.bytes).toEqual(bytes.slice(start, last + 1));
    }),
    { numRuns: 100 },
  );
});

test("an empty file has no range", async () => {
  const url = (await get(`${hub.url}/acme/model/resolve/main/empty.bin`)).header("location")!;
  expect((await get(url)).bytes).toHaveLength(0);
  expect((await get(url, { range: "bytes=0-0" })).status).toBe(416);
});

test("a signed address ends, and does not bear tampering", async () => {
  const url = await location();
  expect((await get(url)).status).toBe(200);
  expect((await get(url.replace("Expires=", "Expires=9"))).text()).toContain("SignatureDoesNotMatch");
  expect((await get(url.replace(content.sha256, "0".repeat(64)))).status).toBe(403);
  now += 59_999;
  expect((await get(url)).status).toBe(200);
  now += 1;
  const late = await get(url);
  expect([late.status, late.header("content-type")]).toEqual([403, "application/xml"]);
  expect(late.text()).toContain("Request has expired");
  expect((await get(await location())).status).toBe(200);
});

test("an address stays good over a commit and a rename, and ends with the repository", async () => {
  const moving = await startHub({ repositories: [repository] });
  const url = (await get(large().replace(hub.url, moving.url))).header("location")!;
  moving.repositories.commit("acme/model", { "dir/a b.bin": "other" });
  moving.repositories.rename("acme/model", "acme/renamed");
  expect((await get(url)).bytes).toEqual(bytes);
  moving.repositories.remove("acme/renamed");
  expect((await get(url)).status).toBe(404);
  await moving.close();
});

test("what is missing says what is missing", async () => {
  const code = async (path: string) => {
    const answer = await get(`${hub.url}${path}`);
    return [answer.status, answer.header("x-error-code")];
  };
  expect(await code("/acme/model/resolve/main/absent.bin")).toEqual([404, "EntryNotFound"]);
  expect(await code("/acme/model/resolve/refs%2Fpr%2F1/config.json")).toEqual([404, "RevisionNotFound"]);
  expect(await code("/acme/absent/resolve/main/config.json")).toEqual([401, "RepoNotFound"]);
  expect(await code("/api/models/acme/model/tree/main/absent")).toEqual([404, "EntryNotFound"]);
  expect(await code("/acme/model/resolve/main/%zz")).toEqual([400, null]);
  expect(await code("/nowhere")).toEqual([404, null]);
});

test("a sparse file of any size is its pieces, and zeros", async () => {
  const piece = (text: string, offset: number) => ({ offset, bytes: new TextEncoder().encode(text) });
  const sparse = sparseContent("checkpoint", 6_000_000_000, [piece("head", 0), piece("tail", 5_999_999_996)]);
  const vast = await startHub({ repositories: [makeRepository("acme/vast", { "model.pt": sparse })] });
  const url = (await get(`${vast.url}/acme/vast/resolve/main/model.pt`)).header("location")!;
  expect((await get(url, { range: "bytes=2-5" })).text()).toBe("ad\0\0");
  expect((await get(url, { range: "bytes=-6" })).text()).toBe("\0\0tail");
  expect((await get(url, {}, "HEAD")).header("content-length")).toBe("6000000000");
  await vast.close();
});
