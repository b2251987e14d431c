/** The package index, as a client of the simple repository API sees it. */
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { heldContent } from "./content.ts";
import { type Hub, startHub } from "./hub.ts";
import { type Distribution, normalizeName } from "./package-index.ts";
import { get } from "./raw.ts";

const METADATA = "Metadata-Version: 2.1\nName: Brine.Pickles\nVersion: 1.0\nRequires-Dist: numpy>=1.20\n";
const wheel = zipSync({ "brine/__init__.py": strToU8("x = 1\n"), "brine_pickles-1.0.dist-info/METADATA": strToU8(METADATA) });

let opened = 0;
const release = (version: string, filename: string, bytes: Uint8Array, more: Partial<Distribution> = {}): Distribution => ({
  project: "Brine.Pickles",
  version,
  filename,
  uploadTime: "2024-03-01T12:00:00.000000Z",
  open: async () => {
    opened++;
    return heldContent(bytes);
  },
  ...more,
});

let hub: Hub;
beforeAll(async () => {
  hub = await startHub({
    distributions: [
      release("1.0", "brine_pickles-1.0-py3-none-any.whl", wheel, { requiresPython: ">=3.8" }),
      release("1.0", "brine_pickles-1.0.tar.gz", new Uint8Array([0x1f, 0x8b, 1])),
      release("1.1", "brine_pickles-1.1.tar.gz", new Uint8Array([0x1f, 0x8b, 2]), { yanked: "broken" }),
    ],
  });
});
afterAll(() => hub.close());

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
const page = async (name = "brine-pickles") => get(`${hub.indexUrl}/${name}/`, { accept: JSON_TYPE });

test("a project's page has its versions and files, with hashes, sizes and times", async () => {
  expect(opened).toBe(0);
  const answer = await page();
  expect([answer.status, answer.header("content-type")]).toEqual([200, JSON_TYPE]);
  const { files, ...rest } = answer.json();
  expect(rest).toEqual({ meta: { "api-version": "1.1" }, name: "brine-pickles", versions: ["1.0", "1.1"] });
  const { sha256 } = heldContent(wheel);
  expect(files[0]).toEqual({
    filename: "brine_pickles-1.0-py3-none-any.whl",
    url: `${hub.fileHost}/packages/${sha256}/brine_pickles-1.0-py3-none-any.whl`,
    hashes: { sha256 },
    size: wheel.length,
    "upload-time": "2024-03-01T12:00:00.000000Z",
    "requires-python": ">=3.8",
    yanked: false,
    "core-metadata": { sha256: heldContent(METADATA).sha256 },
  });
  expect(files[2]).toMatchObject({ filename: "brine_pickles-1.1.tar.gz", yanked: "broken", "core-metadata": false });
  await page();
  expect(opened).toBe(3);
  const known = await get(`${hub.indexUrl}/brine-pickles/`, { accept: JSON_TYPE, "if-none-match": answer.header("etag")! });
  expect(known.status).toBe(304);
});

test("a wheel is read by ranges, and its metadata without it", async () => {
  const { url } = (await page()).json().files[0];
  expect((await get(url)).bytes).toEqual(wheel);
  const tail = await get(url, { range: "bytes=-22" });
  expect([tail.status, tail.bytes]).toEqual([206, wheel.slice(-22)]);
  expect((await get(`${url}.metadata`)).text()).toBe(METADATA);
  const sdist = (await page()).json().files[1].url;
  expect((await get(`${sdist}.metadata`)).status).toBe(404);
  expect((await get(url.replace(/packages\/./, "packages/x"))).status).toBe(404);
});

test("another spelling of the name leads to the one that PEP 503 makes of it", async () => {
  for (const name of ["Brine.Pickles/", "brine_-_pickles/", "brine-pickles"]) {
    const answer = await get(`${hub.indexUrl}/${name}`, { accept: JSON_TYPE });
    expect([answer.status, answer.header("location")]).toEqual([301, "/simple/brine-pickles/"]);
  }
  expect(normalizeName("A__b.-C")).toBe("a-b-c");
});

test("an unknown project is 404, and HTML is not served", async () => {
  expect((await page("unknown")).status).toBe(404);
  expect((await get(`${hub.indexUrl}/brine-pickles/`, { accept: "text/html" })).status).toBe(406);
  expect((await get(`${hub.indexUrl}/brine-pickles/`)).status).toBe(200);
});

test("a project can be added while the index is served", async () => {
  hub.packages.add({ ...release("2", "late-2-py3-none-any.whl", wheel), project: "late" });
  expect((await page("late")).json().versions).toEqual(["2"]);
});
