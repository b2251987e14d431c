import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GET } from "../../app/[[...path]]/route.ts";
import { API_ANSWERS, API_ERROR } from "../../app/api/answers.ts";
import { API, API_PATHS, openApiDocument, templateOf } from "../../app/api/openapi.ts";
import { VERSION } from "../../app/citation.ts";
import { PAGES } from "../../app/routes.ts";
import type { Store } from "../../db/connection.ts";
import packageJson from "../../package.json" with { type: "json" };
import { sampleStore } from "../browser/sample-store.ts";

const folder = mkdtempSync(path.join(tmpdir(), "census-api-"));
const kept = globalThis as { censusStore?: Promise<Store> };

const ask = async (address: string) => GET(new Request(new URL(address, "http://127.0.0.1")));
const json = async (address: string) => (await ask(address)).json();

beforeAll(async () => {
  process.env.CENSUS_DATABASE = path.join(folder, "sample.sqlite");
  await (await sampleStore(process.env.CENSUS_DATABASE)).destroy();
});

afterAll(async () => {
  await (await kept.censusStore)?.destroy();
  delete kept.censusStore;
  delete process.env.CENSUS_DATABASE;
  rmSync(folder, { recursive: true, force: true });
});

/** An address of each of those whose answers are promised. */
const EXAMPLES: Readonly<Record<keyof typeof API_ANSWERS, readonly string[]>> = {
  "/overview": ["/overview", "/overview?policy=class&mode=lazy"],
  "/models": ["/models", "/models?verdict=blocked&library=flair&sort=name"],
  "/models/*name": ["/models/mallory/tagger-with-a-surprise", "/models/mallory/%3Cscript%3Ealert(1)%3C/script%3E"],
  "/callables": ["/callables?q=torch"],
  "/callables/*name": ["/callables/posix.system"],
  "/policies": ["/policies?q=flair"],
  "/policies/:id": ["/policies/1"],
  "/surveys": ["/surveys"],
  "/surveys/:name": ["/surveys/2026-q4"],
};

describe("the API", () => {
  it.each(Object.entries(EXAMPLES).flatMap(([pattern, addresses]) => addresses.map((address) => [address, pattern] as const)))(
    "answers %s with what is promised",
    async (address, pattern) => {
      const response = await ask(API + address);
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
      expect(API_ANSWERS[pattern as keyof typeof API_ANSWERS].safeParse(await response.json()).error?.issues).toBeUndefined();
    },
  );

  it("answers as the page's JSON does", async () => {
    const { nextPage, ...api } = await json(`${API}/models?sort=likes`);
    const { nextPage: _, ...page } = await json("/models.json?sort=likes");
    expect(api).toEqual(page);
    const second = await json(nextPage);
    expect(nextPage).toMatch(/^\/api\/v1\/models\?/);
    expect([api.models.length, second.models.length]).toEqual([50, 13]);
  });

  it("takes a name for a name, whatever it ends in", async () => {
    expect((await ask(`${API}/models/mallory/tagger-with-a-surprise.json`)).status).toBe(404);
  });

  it.each([
    ["/nowhere", 404],
    ["/models/nobody/has-this", 404],
    ["/models?sort=x", 400],
    ["/policies/x", 404],
    ["/exports/none", 404],
    ["/overview?survey=none", 404],
    ["/sources/1/a.py", 404],
    ["/%E0%A4%A", 400],
  ])("has one shape of error: %s", async (address, status) => {
    const response = await ask(API + address);
    const body = API_ERROR.parse(await response.json());
    expect([response.status, body.status]).toEqual([status, status]);
  });

  it("is described, address by address and parameter by parameter", async () => {
    const document = (await json(`${API}/openapi.json`)) as {
      openapi: string;
      paths: Record<string, { get: { parameters: { name: string }[] } }>;
    };
    expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument(VERSION))));
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toEqual(Object.keys(API_PATHS).map(templateOf));
    const patterns = PAGES.map((page) => page.path);
    for (const pattern of Object.keys(API_PATHS)) expect(patterns).toContain(pattern);
    const parameters = document.paths["/models"]!.get.parameters.map(({ name }) => name);
    expect(parameters).toEqual(
      expect.arrayContaining(["survey", "policy", "mode", "role", "q", "verdict", "library", "format", "year", "sort", "next"]),
    );
    const references = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name!);
    const { schemas } = (document as unknown as { components: { schemas: object } }).components;
    for (const name of references) expect(schemas).toHaveProperty(name);
  });

  it("tells the version of the package", () => {
    expect(VERSION).toBe(packageJson.version);
  });
});
