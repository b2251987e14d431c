import { afterEach, describe, expect, test } from "vitest";
import { HubApi, isModelName, type ListedModel } from "../../crawler/hub.ts";
import { expiredCursor } from "../hub/faults.ts";
import { type Hub, type HubOptions, startHub } from "../hub/hub.ts";
import { makeRepository, type Repository } from "../hub/repositories.ts";
import { testHttp } from "./virtual-network.ts";

let hub: Hub;
afterEach(() => hub.close());

async function start(options: HubOptions, token: string | null = null) {
  hub = await startHub(options);
  const client = testHttp(hub.url, { token });
  return { ...client, api: new HubApi(client.http, hub.url) };
}

const EVERYTHING = { kind: "query", top: null, minimumDownloads: 0, filters: [] } as const;

function models(count: number): Repository[] {
  return Array.from({ length: count }, (_, index) =>
    makeRepository(
      `acme/m${index}`,
      { "pytorch_model.bin": `${index}` },
      { downloads: count - index, createdAt: new Date(1.7e12 - index * 1e6).toISOString() },
    ),
  );
}

async function listAll(api: HubApi, limit: number, query: Parameters<HubApi["listPage"]>[0] = EVERYTHING) {
  const names: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.listPage(query, cursor, limit);
    if (!page.ok) throw new Error(JSON.stringify(page.error));
    names.push(...page.value.models.map(({ name }) => name));
    cursor = page.value.next;
  } while (cursor !== null);
  return names;
}

describe("listing", () => {
  test("reads what the class is chosen by, with the names of all files, in one request", async () => {
    const { api } = await start({
      repositories: [
        makeRepository(
          "acme/tagger",
          { "pytorch_model.bin": "x", "config.json": "{}" },
          {
            downloads: 7,
            likes: 2,
            library_name: "brine",
            pipeline_tag: "token-classification",
            gated: "auto",
            config: { architectures: ["Tagger"], auto_map: { AutoModel: "modeling.Tagger", AutoTokenizer: ["tokenizing.Words", null] } },
          },
        ),
      ],
    });
    const page = await api.listPage(EVERYTHING, null, 500);
    expect(page).toMatchObject({
      ok: true,
      value: {
        unreadable: 0,
        next: null,
        models: [
          {
            name: "acme/tagger",
            downloads: 7,
            likes: 2,
            library: "brine",
            task: "token-classification",
            gated: true,
            disabled: false,
            paths: ["pytorch_model.bin", "config.json"],
            architectures: ["Tagger"],
            autoMap: ["modeling.Tagger"],
            modifiedAt: "2022-03-02T23:29:04.000Z",
          } satisfies Partial<ListedModel>,
        ],
      },
    });
    expect(hub.log.length).toBe(1);
  });

  test("goes on from a cursor that another process stored", async () => {
    const { api } = await start({ repositories: models(25) });
    const first = await api.listPage(EVERYTHING, null, 10);
    const cursor = first.ok ? first.value.next : null;
    expect(cursor).toMatch(/^\?.*cursor=/);
    const second = await new HubApi(testHttp(hub.url).http, hub.url).listPage(EVERYTHING, cursor, 10);
    expect(second.ok && second.value.models.map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, (_, index) => `acme/m${index + 10}`),
    );
    expect(await listAll(api, 10)).toEqual(models(25).map(({ id }) => id));
    expect(hub.log.length).toBe(5);
  });

  test("filters and sorts as the Hub does", async () => {
    const { api } = await start({
      repositories: [
        makeRepository("a/1", {}, { library_name: "brine", downloads: 1 }),
        makeRepository("a/2", {}, { library_name: "brine", downloads: 2, pipeline_tag: "ner" }),
        makeRepository("b/3", {}, { library_name: "brine", downloads: 3, pipeline_tag: "ner" }),
        makeRepository("b/4", {}, { downloads: 4, pipeline_tag: "ner" }),
      ],
    });
    const names = (filters: { key: string; value: string }[]) => listAll(api, 10, { kind: "query", top: 10, minimumDownloads: 0, filters });
    expect(await names([{ key: "library", value: "brine" }])).toEqual(["b/3", "a/2", "a/1"]);
    expect(
      await names([
        { key: "library", value: "brine" },
        { key: "task", value: "ner" },
      ]),
    ).toEqual(["b/3", "a/2"]);
    expect(await names([{ key: "author", value: "b" }])).toEqual(["b/4", "b/3"]);
  });

  test("keeps the models of a page beside which something else is listed", async () => {
    const { api } = await start({ repositories: models(1) });
    const right = { _id: "1", id: "a/right", sha: "0".repeat(40), downloads: 1, likes: 0, lastModified: "2024-01-01T00:00:00.000Z" };
    const strange = [null, 5, "x", [], {}, { _id: "2" }, { _id: "3", id: "a/../b" }, { _id: "4", id: "a/b?c" }, { _id: "5", id: "a/.." }];
    hub.faults.add({ fault: { kind: "body", body: JSON.stringify([...strange, right]) } });
    const page = await api.listPage(EVERYTHING, null, 10);
    expect(page).toMatchObject({ ok: true, value: { unreadable: strange.length, models: [{ name: "a/right", paths: null }] } });
  });

  test("takes strange descriptions of a model as not told", async () => {
    const { api } = await start({ repositories: [] });
    const entry = {
      _id: "1",
      id: "a/b",
      sha: 5,
      gated: "perhaps",
      downloads: -3,
      likes: "many",
      siblings: [{}],
      config: [],
      lastModified: "yesterday",
      library_name: {},
    };
    hub.faults.add({ fault: { kind: "body", body: JSON.stringify([entry]) } });
    const page = await api.listPage(EVERYTHING, null, 10);
    expect(page).toMatchObject({
      ok: true,
      value: {
        models: [{ name: "a/b", commit: null, modifiedAt: null, downloads: 0, likes: 0, paths: null, library: null, architectures: [] }],
      },
    });
  });

  test.each(["<html>", "", "{}", "5", '"x"', "[{", "\u0000"])("an answer that is %j ends it, after tries", async (body) => {
    const { api, retries } = await start({ repositories: models(1) });
    hub.faults.add({ fault: { kind: "body", body } });
    expect(await api.listPage(EVERYTHING, null, 10)).toMatchObject({ ok: false, error: { kind: "unexpected" } });
    expect(retries.length).toBe(2);
  });

  test("a cursor that the Hub does not know any more is an answer, not a crash", async () => {
    const { api } = await start({ repositories: models(1) });
    hub.faults.add({ fault: expiredCursor });
    expect(await api.listPage(EVERYTHING, "?cursor=old", 10)).toMatchObject({ ok: false, error: { kind: "status", status: 400 } });
  });

  test("a link to the same page again does not list for ever", async () => {
    const { api } = await start({ repositories: models(25) });
    const first = await api.listPage(EVERYTHING, null, 10);
    const cursor = first.ok ? first.value.next : null;
    hub.faults.add({
      fault: { kind: "status", status: 200, headers: { link: `<${hub.url}/api/models${cursor}>; rel="next"` }, body: "[]" },
    });
    expect(await api.listPage(EVERYTHING, cursor, 10)).toMatchObject({ ok: false, error: { kind: "unexpected" } });
  });

  test("a link to another place is followed on the Hub that the user named", async () => {
    const { api } = await start({ repositories: models(25) }, null);
    hub.faults.add({
      times: 1,
      fault: { kind: "status", status: 200, headers: { link: '<http://169.254.169.254/?cursor=x>; rel="next"' }, body: "[]" },
    });
    expect(await api.listPage(EVERYTHING, null, 10)).toMatchObject({ ok: true, value: { next: "?cursor=x" } });
  });
});

describe("one model", () => {
  test("is found by its name, and under its new one", async () => {
    const { api } = await start({ repositories: models(2) });
    hub.repositories.rename("acme/m1", "acme/renamed");
    expect(await api.model("acme/m0")).toMatchObject({ ok: true, value: { name: "acme/m0", paths: ["pytorch_model.bin"] } });
    expect(await api.model("acme/m1")).toMatchObject({ ok: true, value: { name: "acme/renamed" } });
  });

  test("is found at a commit", async () => {
    const { api } = await start({ repositories: models(1) });
    const before = hub.repositories.find("acme/m0")!.sha;
    hub.repositories.commit("acme/m0", { "more.bin": "x" });
    expect(await api.model("acme/m0", before)).toMatchObject({ ok: true, value: { commit: before, paths: ["pytorch_model.bin"] } });
  });

  test("that is missing, or disabled, is an answer with the Hub's word for it", async () => {
    const { api } = await start({ repositories: [makeRepository("a/disabled", {}, { disabled: true })] });
    expect(await api.model("a/none")).toMatchObject({ ok: false, error: { status: 401, code: "RepoNotFound" } });
    expect(await api.model("a/disabled")).toMatchObject({
      ok: false,
      error: { status: 403, message: expect.stringContaining("disabled") },
    });
  });
});

test("the files of a large repository come from its tree, over several pages", async () => {
  const files = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`shards/${index}.bin`, "x"]));
  const { api } = await start({ repositories: [makeRepository("a/large", files)] });
  const page = await api.listPage(EVERYTHING, null, 10);
  expect(page).toMatchObject({ ok: true, value: { models: [{ paths: null }] } });
  const paths = await api.paths("a/large", (page.ok && page.value.models[0]?.commit) || "");
  expect(paths.ok && [...paths.value].sort()).toEqual(Object.keys(files).sort());
});

test.each([
  ["gpt2", true],
  ["a/b", true],
  ["a-b_c.d/e.f-g", true],
  ["", false],
  ["..", false],
  ["a/..", false],
  ["../a", false],
  ["a/b/c", false],
  ["a b", false],
  ["a?b", false],
  ["a%2fb", false],
  ["a/", false],
])("%j as a name: %s", (name, right) => {
  expect(isModelName(name)).toBe(right);
});
