/** The listing and the info of models, beyond what `@huggingface/hub` asks for. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Hub, startHub } from "./hub.ts";
import { get } from "./raw.ts";
import { makeRepository } from "./repositories.ts";

const numbered = Array.from({ length: 5 }, (_, index) =>
  makeRepository(
    `acme/m${index}`,
    { "model.pt": `${index}`, "README.md": "#" },
    { downloads: 10 - index, createdAt: `2024-01-0${index + 1}T00:00:00.000Z` },
  ),
);
const special = [
  makeRepository("acme/hidden", {}, { private: true }),
  makeRepository("acme/disabled", { "model.pt": "x" }, { disabled: true }),
  makeRepository("canonical", { "config.json": "{}" }),
];

let hub: Hub;
beforeAll(async () => {
  hub = await startHub({ repositories: [...numbered, ...special], accounts: { hf_owner: { access: ["acme/hidden"] } } });
});
afterAll(() => hub.close());

const next = (link: string | null) => /^<(http:[^>]+)>;\s+rel="next"$/.exec(link ?? "")?.[1];
const ids = (page: { json: () => { id: string }[] }) => page.json().map(({ id }) => id);

test("a page names the next by an absolute address on the Hub, with the Hub's keyset cursor", async () => {
  const first = await get(`${hub.url}/api/models?sort=downloads&limit=2&author=acme&expand=downloads`);
  expect(first.json()).toEqual([
    { _id: numbered[0]!.hubId, id: "acme/m0", downloads: 10 },
    { _id: numbered[1]!.hubId, id: "acme/m1", downloads: 9 },
  ]);
  const address = new URL(next(first.header("link"))!);
  expect(address.origin).toBe(hub.url);
  const cursor = JSON.parse(Buffer.from(address.searchParams.get("cursor")!, "base64").toString());
  expect(cursor).toEqual({ $or: [{ downloads: 9, _id: { $gt: numbered[1]!.hubId } }, { downloads: { $lt: 9 } }, { downloads: null }] });
  const second = await get(address.href);
  expect(ids(second)).toEqual(["acme/m2", "acme/m3"]);
  const last = await get(next(second.header("link"))!);
  expect(ids(last)).toEqual(["acme/m4", "acme/disabled"]);
  expect(last.header("link")).toBeNull();
});

test("a cursor goes on where it stood, whatever was added, changed or deleted since", async () => {
  const busy = await startHub({ repositories: numbered });
  const first = await get(`${busy.url}/api/models?sort=createdAt&limit=2`);
  expect(ids(first)).toEqual(["acme/m4", "acme/m3"]);
  busy.repositories.remove("acme/m3");
  busy.repositories.put(makeRepository("acme/new", {}, { createdAt: "2024-02-01T00:00:00.000Z" }));
  expect(ids(await get(next(first.header("link"))!))).toEqual(["acme/m2", "acme/m1"]);
  await busy.close();
});

test("sorted by id, a cursor is of ids alone, and another order does not take it", async () => {
  const first = await get(`${hub.url}/api/models?sort=id&limit=3`);
  const cursor = new URL(next(first.header("link"))!).searchParams.get("cursor")!;
  expect(JSON.parse(Buffer.from(cursor, "base64").toString())).toEqual({ _id: { $gt: first.json()[2]._id } });
  expect((await get(`${hub.url}/api/models?sort=id&limit=3&cursor=${cursor}`)).status).toBe(200);
  for (const wrong of [`sort=likes&cursor=${cursor}`, "cursor=%7B%7D", "cursor=bm90IGpzb24", "sort=nothing", "limit=0", "limit=x"]) {
    expect((await get(`${hub.url}/api/models?${wrong}`)).status, wrong).toBe(400);
  }
});

test("fields: unasked, full, expanded, and refused as the Hub refuses them", async () => {
  const plain = (await get(`${hub.url}/api/models?search=m0`)).json()[0];
  expect(Object.keys(plain)).toEqual(["_id", "id", "modelId", "private", "likes", "downloads", "tags", "createdAt"]);
  const full = (await get(`${hub.url}/api/models?search=m0&full=true`)).json()[0];
  expect(full).toMatchObject({ sha: numbered[0]!.sha, siblings: [{ rfilename: "model.pt" }, { rfilename: "README.md" }], gated: false });
  expect((await get(`${hub.url}/api/models?expand=usedStorage`)).status).toBe(400);
  expect((await get(`${hub.url}/api/models?expand=nonsense`)).json()).toEqual({ error: '"expand" must not contain nonsense' });
  expect((await get(`${hub.url}/api/models/acme/m0?expand=usedStorage`)).json()).toMatchObject({ usedStorage: 2 });
});

test("blobs=true gives size, git id and sha256 of every file in one answer", async () => {
  const { siblings } = (await get(`${hub.url}/api/models/acme/m0?blobs=true`)).json();
  const model = numbered[0]!.files.get("model.pt")!.content;
  const pointer = expect.stringMatching(/^[0-9a-f]{40}$/);
  expect(siblings).toEqual([
    { rfilename: "model.pt", size: 1, blobId: pointer, lfs: { sha256: model.sha256, size: 1, pointerSize: 126 } },
    // What `printf '#' | git hash-object --stdin` says.
    { rfilename: "README.md", size: 1, blobId: "4287ca8617970fa8fc025b75cb319c7032706910" },
  ]);
});

test("securityStatus=true says whether the scanners are done, and what they found", async () => {
  const scan = (status: string) => ({
    path: "m.pt",
    content: numbered[0]!.files.get("model.pt")!.content,
    large: true,
    security: { status },
  });
  const scanned = await startHub({
    repositories: [makeRepository("a/b", { "m.pt": scan("unsafe") }), makeRepository("a/c", { "m.pt": scan("queued") })],
  });
  const status = async (id: string) => (await get(`${scanned.url}/api/models/${id}?securityStatus=true`)).json().securityRepoStatus;
  expect(await status("a/b")).toEqual({ scansDone: true, filesWithIssues: [{ path: "m.pt", level: "unsafe" }] });
  expect(await status("a/c")).toEqual({ scansDone: false, filesWithIssues: [] });
  await scanned.close();
});

test("private: neither listed nor there, but for those with access", async () => {
  const owner = { authorization: "Bearer hf_owner" };
  expect(ids(await get(`${hub.url}/api/models`))).not.toContain("acme/hidden");
  expect(ids(await get(`${hub.url}/api/models`, owner))).toContain("acme/hidden");
  const hidden = await get(`${hub.url}/api/models/acme/hidden`);
  expect([hidden.status, hidden.header("x-error-code")]).toEqual([401, "RepoNotFound"]);
  expect((await get(`${hub.url}/api/models/acme/hidden`, owner)).status).toBe(200);
});

test("disabled: listed, and refused by name with the Hub's words", async () => {
  for (const path of ["api/models/acme/disabled", "api/models/acme/disabled/tree/main", "acme/disabled/resolve/main/model.pt"]) {
    const answer = await get(`${hub.url}/${path}`);
    expect([answer.status, answer.header("x-error-message")]).toEqual([403, "Access to this resource is disabled."]);
  }
});

test("renamed: the old name leads to the new one by 307, on every address", async () => {
  const moved = await startHub({ repositories: [makeRepository("old/name", { "a.pt": "x" })] });
  const { hubId } = moved.repositories.find("old/name")!;
  moved.repositories.rename("old/name", "new/name");
  moved.repositories.rename("new/name", "new/er");
  for (const path of ["/api/models/old/name?expand=sha", "/api/models/old/name/tree/main?recursive=true", "/old/name/resolve/main/a.pt"]) {
    const answer = await get(moved.url + path);
    expect([answer.status, answer.header("location")]).toEqual([307, path.replace("old/name", "new/er")]);
  }
  expect((await get(`${moved.url}/api/models/new/er`)).json()._id).toBe(hubId);
  await moved.close();
});

test("a canonical model has a name of one part", async () => {
  expect((await get(`${hub.url}/api/models/canonical`)).json()).not.toHaveProperty("author");
  expect((await get(`${hub.url}/api/models/canonical/tree/main`)).json()).toHaveLength(1);
  expect((await get(`${hub.url}/canonical/resolve/main/config.json`)).text()).toBe("{}");
});

test("an answer that the client has is 304, with a request id and without a body", async () => {
  const url = `${hub.url}/api/models/acme/m0`;
  const first = await get(url);
  const again = await get(url, { "if-none-match": first.header("etag")! });
  expect([again.status, again.bytes.length]).toEqual([304, 0]);
  expect(first.header("x-request-id")).not.toBe(again.header("x-request-id"));
  expect((await get(url, { "if-none-match": 'W/"other"' })).status).toBe(200);
});

test("a tree of more than a page, and of more than a page of expanded entries", async () => {
  const files = Object.fromEntries(Array.from({ length: 1_010 }, (_, index) => [`f/${String(index).padStart(4, "0")}.txt`, "x"]));
  const wide = await startHub({ repositories: [makeRepository("a/wide", files)] });
  const pages = async (query: string) => {
    const sizes: number[] = [];
    const paths = new Set<string>();
    for (let url: string | undefined = `${wide.url}/api/models/a/wide/tree/main?recursive=true&${query}`; url !== undefined; ) {
      const page = await get(url);
      sizes.push(page.json().length);
      for (const { path } of page.json()) paths.add(path);
      url = next(page.header("link"));
    }
    return { sizes, paths: paths.size };
  };
  expect(await pages("expand=false")).toEqual({ sizes: [1000, 11], paths: 1011 });
  expect(await pages("expand=true")).toEqual({ sizes: [...Array(20).fill(50), 11], paths: 1011 });
  const tooMany = await fetch(`${wide.url}/api/models/a/wide/paths-info/main`, {
    method: "POST",
    body: JSON.stringify({ paths: Array(1001).fill("x") }),
  });
  expect(tooMany.status).toBe(413);
  await wide.close();
});

test("a population is listed and found without being held", async () => {
  let made = 0;
  const at = (index: number) => {
    made++;
    return makeRepository(`crowd/m${index}`, { "model.pt": `${index}` }, { downloads: index % 100 });
  };
  const population = { length: 20_000, at, indexOf: (id: string) => (/^crowd\/m\d+$/.test(id) ? Number(id.slice(7)) : undefined) };
  const crowd = await startHub({ population, repositories: [makeRepository("acme/held", {}, { downloads: 1_000 })] });
  crowd.repositories.remove("crowd/m99");
  const first = await get(`${crowd.url}/api/models?sort=downloads&limit=3`);
  expect(ids(first)[0]).toBe("acme/held");
  expect(first.json()[1].downloads).toBe(99);
  const seen = new Set<string>();
  const before = made;
  for (let url: string | undefined = `${crowd.url}/api/models?sort=downloads`; url !== undefined; ) {
    const page = await get(url);
    for (const id of ids(page)) seen.add(id);
    url = next(page.header("link"));
  }
  expect(seen.size).toBe(20_000);
  expect(seen.has("crowd/m99")).toBe(false);
  // Each model once more for its page: the order was kept from the first request.
  expect(made - before).toBeLessThan(20_100);
  expect((await get(`${crowd.url}/api/models/crowd/m7/tree/main`)).json()).toHaveLength(1);
  await crowd.close();
});
