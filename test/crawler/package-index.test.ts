import { strToU8, zipSync } from "fflate";
import { afterEach, describe, expect, test } from "vitest";
import { isPrerelease, PackageIndex, type Wheel, wheelAt } from "../../crawler/package-index.ts";
import { readWheel } from "../../crawler/wheel.ts";
import { heldContent } from "../hub/content.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import type { Distribution } from "../hub/package-index.ts";
import { testHttp } from "./virtual-network.ts";

let hub: Hub | undefined;
afterEach(() => hub?.close());

const wheelOf = (files: Record<string, string>) =>
  zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])));

function release(version: string, changes: Partial<Distribution> = {}): Distribution {
  const bytes = wheelOf({
    "pickled/__init__.py": `v = "${version}"`,
    [`pickled-${version}.dist-info/METADATA`]: "Name: pickled\n",
    "pickled/core.so": "binary",
  });
  return {
    project: "Pickled",
    version,
    filename: `pickled-${version}-py3-none-any.whl`,
    uploadTime: "2024-01-01T00:00:00Z",
    open: async () => heldContent(bytes),
    ...changes,
  };
}

async function start(distributions: Distribution[]) {
  hub = await startHub({ distributions });
  const { http, retries } = testHttp(hub.url);
  return { index: new PackageIndex(http, hub.indexUrl), retries, hub };
}

async function wheels(index: PackageIndex): Promise<readonly Wheel[]> {
  const found = await index.wheels("pickled");
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  return found.value;
}

describe("releases", () => {
  test("are the wheels that a resolver would take", async () => {
    const { index } = await start([
      release("1.0"),
      release("1.1rc1"),
      release("1.1", { yanked: "broken" }),
      release("1.2", { filename: "pickled-1.2.tar.gz" }),
      release("1.3", { filename: "other-1.3-py3-none-any.whl" }),
    ]);
    expect((await wheels(index)).map(({ version }) => version)).toEqual(["1.0"]);
  });

  test("of a project that the index does not have, or that has none, are none", async () => {
    const { index } = await start([release("1.0", { project: "sources-only", filename: "sources_only-1.0.tar.gz" })]);
    expect(await index.wheels("nothing")).toEqual({ ok: false, error: { kind: "none", message: "the package index has no nothing" } });
    expect(await index.wheels("sources.only")).toEqual({
      ok: false,
      error: { kind: "none", message: "sources-only has no released wheel" },
    });
  });

  test.each(["<html>", '{"files": 5}', '{"files": [null]}', ""])("an index that answers %j is unavailable", async (body) => {
    const { index } = await start([release("1.0")]);
    hub?.faults.add({ path: /^\/simple\//, fault: { kind: "body", body } });
    expect(await index.wheels("pickled")).toMatchObject({ ok: false, error: { kind: "unavailable" } });
  });
});

describe("the source", () => {
  test("is the Python and the metadata of the wheel", async () => {
    const { index } = await start([release("1.0")]);
    const [wheel] = await wheels(index);
    expect(await index.source(wheel!)).toMatchObject({
      ok: true,
      value: {
        distribution: "pickled",
        version: "1.0",
        releasedAt: "2024-01-01T00:00:00Z",
        files: [
          { path: "pickled-1.0.dist-info/METADATA", text: "Name: pickled\n" },
          { path: "pickled/__init__.py", text: 'v = "1.0"' },
        ],
      },
    });
  });

  test("is not believed where it is another file than was announced", async () => {
    const { index } = await start([release("1.0")]);
    const [wheel] = await wheels(index);
    hub?.faults.add({ origin: "files", fault: { kind: "body", body: Buffer.from(wheelOf({ "evil/__init__.py": "" })) } });
    expect(await index.source(wheel!)).toMatchObject({ ok: false, error: { kind: "unavailable" } });
  });

  test("of a wheel that is none, or too large, is none", async () => {
    const { index, hub: started } = await start([release("1.0", { open: async () => heldContent("not a zip at all, not a zip at all") })]);
    const [wheel] = await wheels(index);
    expect(await index.source(wheel!)).toMatchObject({ ok: false, error: { kind: "none" } });
    const before = started.log.length;
    expect(await index.source({ ...wheel!, size: 10 ** 9 })).toMatchObject({ ok: false, error: { kind: "none" } });
    expect(started.log.length).toBe(before);
  });

  test("of a bomb is none", () => {
    const bomb = wheelOf({ "a/__init__.py": "" });
    const directory = Buffer.from(bomb.buffer).indexOf("PK\x01\x02", 0, "latin1");
    new DataView(bomb.buffer).setUint32(directory + 24, 300 * 2 ** 20, true);
    expect(readWheel(bomb)).toEqual({ ok: false, error: expect.stringContaining("more than") });
    expect(readWheel(wheelOf({ "a/data.bin": "x" }))).toEqual({ ok: false, error: "no source in it" });
  });
});

describe("the wheel of a date", () => {
  const wheel = (version: string, releasedAt: string | null, changes: Partial<Wheel> = {}): Wheel => ({
    distribution: "x",
    version,
    filename: `x-${version}-py3-none-any.whl`,
    url: new URL("http://x/"),
    sha256: version,
    size: 1,
    releasedAt,
    ...changes,
  });
  const all = [wheel("2.0", "2024-06-01T00:00:00Z"), wheel("1.0", "2022-01-01T00:00:00Z"), wheel("1.5", "2023-01-01T00:00:00Z")];

  test.each([
    ["2021-01-01T00:00:00Z", "1.0"],
    ["2022-06-01T00:00:00Z", "1.0"],
    ["2023-01-01T00:00:00Z", "1.5"],
    ["2030-01-01T00:00:00Z", "2.0"],
    [null, "2.0"],
  ])("%s: %s", (date, version) => {
    expect(wheelAt(all, date)?.version).toBe(version);
  });

  test("is of a release by its first file, and the one that runs anywhere, or else the smallest", () => {
    const linux = wheel("1.0", "2022-01-01T00:00:00Z", { filename: "x-1.0-cp39-linux.whl", size: 5 });
    const windows = wheel("1.0", "2022-01-02T00:00:00Z", { filename: "x-1.0-cp39-win.whl", size: 3 });
    expect(wheelAt([linux, windows], "2022-01-01T12:00:00Z")?.filename).toBe("x-1.0-cp39-win.whl");
    expect(wheelAt([linux, wheel("1.0", "2024-01-01T00:00:00Z", { size: 100 })], null)?.filename).toBe("x-1.0-py3-none-any.whl");
  });

  test("where dates are not told is the newest version", () => {
    expect(wheelAt([wheel("1.10", null), wheel("1.9", null)], "2022-01-01T00:00:00Z")?.version).toBe("1.10");
    expect(wheelAt([], null)).toBeNull();
  });
});

test.each([
  ["1.0", false],
  ["1.0.post1", false],
  ["2021.4", false],
  ["1.0+cpu", false],
  ["1.0+dev1", false],
  ["1.0a1", true],
  ["1.0b2", true],
  ["1.0rc1", true],
  ["1.0c1", true],
  ["1.0-alpha", true],
  ["1.0.dev20240101", true],
  ["1.0.post1.dev2", true],
])("%s is a pre-release: %s", (version, prerelease) => {
  expect(isPrerelease(version)).toBe(prerelease);
});
