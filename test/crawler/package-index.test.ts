import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { strToU8, type Zippable, zipSync } from "fflate";
import { pack } from "tar-stream";
import { afterEach, describe, expect, test } from "vitest";
import { requirementsOf } from "../../crawler/library-source.ts";
import { isPrerelease, PackageIndex, type Wheel, wheelAt, wheelsUpTo } from "../../crawler/package-index.ts";
import { readSdist } from "../../crawler/sdist.ts";
import { readWheel } from "../../crawler/wheel.ts";
import { heldContent } from "../hub/content.ts";
import { type Hub, startHub } from "../hub/hub.ts";
import type { Distribution } from "../hub/package-index.ts";
import { testHttp } from "./virtual-network.ts";

let hub: Hub | undefined;
afterEach(() => hub?.close());

/** A `.tar.gz` as build tools make it: everything below `NAME-VERSION/`. */
async function sdistOf(files: Record<string, string>): Promise<Uint8Array> {
  const archive = pack();
  for (const [path, text] of Object.entries(files)) archive.entry({ name: `pickled-1.0/${path}` }, text);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

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
  test("are the wheels and source distributions that a resolver would take", async () => {
    const { index } = await start([
      release("1.0"),
      release("1.1rc1"),
      release("1.1", { yanked: "broken" }),
      release("1.2", { filename: "pickled-1.2.tar.gz" }),
      release("1.3", { filename: "other-1.3-py3-none-any.whl" }),
    ]);
    expect((await wheels(index)).map(({ version }) => version)).toEqual(["1.0", "1.2"]);
  });

  test("of a project that the index does not have, or that has none, are none", async () => {
    const { index } = await start([release("1.0", { project: "sources-only", filename: "sources_only-1.0.exe" })]);
    expect(await index.wheels("nothing")).toEqual({ ok: false, error: { kind: "none", message: "the package index has no nothing" } });
    expect(await index.wheels("sources.only")).toEqual({
      ok: false,
      error: { kind: "none", message: "sources-only has no released wheel and no source distribution" },
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
    const sdist = { ...wheel!, filename: "pickled-1.0.tar.gz", size: 10 ** 9 };
    expect(await index.source(sdist)).toMatchObject({ ok: false, error: { kind: "none" } });
    expect(started.log.length).toBe(before);
  });

  test("of a wheel of more than 20 MB is read by ranges: its directory, and where source and metadata lie", async () => {
    const code = (megabytes: number) => [new Uint8Array(megabytes * 2 ** 20), { level: 0 }] as const;
    const members: Zippable = {
      "pickled/__init__.py": strToU8("first = 1\n"),
      "pickled/a.so": [...code(12)],
      "pickled/deep/module.py": strToU8("second = 2\n".repeat(10_000)),
      "pickled/core.pyx": strToU8("cdef class Core: pass\n"),
      "pickled/b.so": [...code(12)],
      "pickled-1.0.dist-info/METADATA": strToU8("Name: pickled\nRequires-Dist: numpy\n"),
    };
    const bytes = zipSync(members);
    expect(bytes.length).toBeGreaterThan(24 * 2 ** 20);
    const { index, hub: started } = await start([release("1.0", { open: async () => heldContent(bytes) })]);
    const [wheel] = await wheels(index);
    const before = started.log.length;
    const source = await index.source(wheel!);
    if (!source.ok) throw new Error(JSON.stringify(source.error));
    expect(source.value.files.map(({ path, text }) => [path, text.length])).toEqual([
      ["pickled-1.0.dist-info/METADATA", 35],
      ["pickled/__init__.py", 10],
      ["pickled/core.pyx", 22],
      ["pickled/deep/module.py", 110_000],
    ]);
    const sent = started.log.slice(before);
    expect(sent.every(({ range }) => range !== undefined)).toBe(true);
    expect(sent.reduce((sum, { bytes: read }) => sum + read, 0)).toBeLessThan(400_000);
    expect(sent.length).toBeLessThan(6);
    // A host that does not give ranges is unavailable, not trusted with the whole.
    started.faults.add({ origin: "files", fault: { kind: "ignore-range" } });
    expect(await index.source(wheel!)).toMatchObject({ ok: false, error: { kind: "unavailable" } });
  });

  test.each([
    ["a flat one", "", ["pickled/__init__.py", "pickled/sub/m.py", "single.py"]],
    ["one with src/", "src/", ["pickled/__init__.py", "pickled/sub/m.py", "single.py"]],
  ])("of a source distribution is what would be installed: %s", async (_, inside, expected) => {
    const bytes = await sdistOf({
      "PKG-INFO": "Name: pickled\nRequires-Dist: numpy\n",
      "setup.py": "raise SystemExit('never run')",
      [`${inside}pickled/__init__.py`]: "v = 1",
      [`${inside}pickled/sub/m.py`]: "",
      [`${inside}single.py`]: "",
      "tests/__init__.py": "",
      "docs/conf.py": "",
      [`${inside}pickled/data.bin`]: "x",
    });
    const { index } = await start([release("1.0", { filename: "pickled-1.0.tar.gz", open: async () => heldContent(bytes) })]);
    const [sdist] = await wheels(index);
    const source = await index.source(sdist!);
    if (!source.ok) throw new Error(JSON.stringify(source.error));
    expect(source.value.files.map(({ path }) => path)).toEqual(["pickled-1.0.dist-info/METADATA", ...expected]);
    expect(requirementsOf(source.value)).toEqual(["numpy"]);
  });

  test("of a source distribution that is none, or cut, is none", async () => {
    const whole = await sdistOf({ "pickled/__init__.py": "v = 1".repeat(1_000) });
    for (const bytes of [
      strToU8("no gzip"),
      whole.subarray(0, whole.length / 2),
      gzipSync(strToU8("no tar")),
      gzipSync(new Uint8Array(0)),
    ]) {
      expect(await readSdist(bytes, "pickled-1.0")).toMatchObject({ ok: false });
    }
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

  test("and those before it: the last of each minor version, the newest of them last", () => {
    const released = ["1.0", "1.1", "1.1.1", "2.0", "1.1.2", "2.1", "3.0"];
    const all = released.map((version, index) => wheel(version, `2022-01-0${index + 1}T00:00:00Z`));
    const upTo = (date: string | null, most: number) => wheelsUpTo(all, date, most).map(({ version }) => version);
    expect(upTo("2022-01-06T12:00:00Z", 9)).toEqual(["1.0", "2.0", "1.1.2", "2.1"]);
    expect(upTo("2022-01-06T12:00:00Z", 2)).toEqual(["1.1.2", "2.1"]);
    expect(upTo("2022-01-03T12:00:00Z", 9)).toEqual(["1.0", "1.1.1"]);
    expect(upTo("2021-01-01T00:00:00Z", 9)).toEqual(["1.0"]);
    expect(upTo(null, 1)).toEqual(["3.0"]);
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
