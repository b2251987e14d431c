/** The parse cache only ever saves time: what is damaged, foreign or in use is not there, and what comes back is what was put. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import BetterSqlite3 from "better-sqlite3";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { SourceFile } from "../../analyzer/python/lower-module.ts";
import { openParseCache, parseCacheFile } from "../../crawler/parse-cache.ts";

const folder = mkdtempSync(path.join(tmpdir(), "parse-cache-"));
const file = path.join(folder, "inside", "parsed.sqlite");
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(path.dirname(file), { recursive: true, force: true }));

const sourceOf = (module: string, text = `# ${module}`): SourceFile => ({ module, path: `${module}.py`, isPackage: false, text });

function put(...entries: readonly (readonly [SourceFile, string])[]): void {
  const cache = openParseCache(file)!;
  for (const [source, kept] of entries) cache.put(source, kept);
  cache.close();
}

function get(source: SourceFile): string | null {
  const cache = openParseCache(file)!;
  const kept = cache.get(source);
  cache.close();
  return kept;
}

test("what was put comes back in the next run, whatever it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (text, kept) => {
      put([sourceOf("m", text), kept]);
      expect(get(sourceOf("m", text))).toBe(kept);
    }),
    { numRuns: 20 },
  );
});

test("it is of this text under this name", () => {
  put([sourceOf("m", "x = 1"), "kept"]);
  const { module, path, isPackage, text } = sourceOf("m", "x = 1");
  expect(get({ module, path, isPackage, text: "x = 2" })).toBeNull();
  expect(get({ module: "n", path, isPackage, text })).toBeNull();
  expect(get({ module, path: "src/m.py", isPackage, text })).toBeNull();
  expect(get({ module, path, isPackage: true, text })).toBeNull();
  expect(get({ module, path, isPackage, text })).toBe("kept");
});

test("it is found by the sha256 that a file has, and not kept where that is of another text", () => {
  const sha256 = createHash("sha256").update("x = 1").digest("hex");
  put([{ ...sourceOf("m", "x = 1"), sha256 }, "kept"], [{ ...sourceOf("changed", "x = 2"), sha256 }, "kept"]);
  expect(get(sourceOf("m", "x = 1"))).toBe("kept");
  const unread = {
    ...sourceOf("m"),
    sha256,
    get text(): string {
      throw new Error("read");
    },
  };
  expect(get(unread)).toBe("kept");
  expect(get({ ...sourceOf("changed"), sha256 })).toBeNull();
  expect(get(sourceOf("changed", "x = 2"))).toBeNull();
});

describe("where it is damaged", () => {
  const kept = "what was read ".repeat(1000);

  test.each([0, 1, 16, 100, 4095, 4096, 5000, 8192])("cut to %i bytes it gives what was put or nothing, and works again", (length) => {
    put([sourceOf("m"), kept]);
    expect(statSync(file).size).toBeGreaterThan(8192);
    truncateSync(file, length);
    expect([null, kept]).toContain(get(sourceOf("m")));
    put([sourceOf("m"), kept]);
    expect(get(sourceOf("m"))).toBe(kept);
  });

  test("with any byte changed it gives what was put or nothing", () => {
    put([sourceOf("m"), kept]);
    const whole = readFileSync(file);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at]! ^= change;
        writeFileSync(file, damaged);
        expect([null, kept]).toContain(get(sourceOf("m")));
        for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
      }),
      { numRuns: 60 },
    );
  });

  test("with a column by another name it is made anew", () => {
    put([sourceOf("m"), kept]);
    const whole = readFileSync(file);
    whole.write("usec integer", whole.indexOf("used integer"));
    writeFileSync(file, whole);
    expect(get(sourceOf("m"))).toBeNull();
    put([sourceOf("m"), kept]);
    expect(get(sourceOf("m"))).toBe(kept);
  });

  test("a checksum of something else is not taken for its own", () => {
    put([sourceOf("m"), kept]);
    const database = new BetterSqlite3(file);
    database.exec("update parsed set kept = replace(kept, 'read', 'said')");
    database.close();
    expect(get(sourceOf("m"))).toBeNull();
  });

  test("what an earlier version kept gives way", () => {
    put([sourceOf("m"), kept]);
    const database = new BetterSqlite3(file);
    database.exec("drop table parsed; create table parsed (key blob primary key, used integer not null, kept blob not null)");
    database.close();
    put([sourceOf("m"), kept]);
    expect(get(sourceOf("m"))).toBe(kept);
  });

  test("something else in its place is replaced", () => {
    put([sourceOf("m"), kept]);
    writeFileSync(file, "no database at all, but long enough to be looked at".repeat(100));
    put([sourceOf("m"), kept]);
    expect(get(sourceOf("m"))).toBe(kept);
  });
});

test.runIf(process.getuid !== undefined)("a file or folder that others may write is not used", () => {
  put([sourceOf("m"), "kept"]);
  chmodSync(file, 0o664);
  expect(openParseCache(file)).toBeNull();
  chmodSync(file, 0o600);
  chmodSync(path.dirname(file), 0o777);
  expect(openParseCache(file)).toBeNull();
  chmodSync(path.dirname(file), 0o755);
  expect(get(sourceOf("m"))).toBe("kept");
});

test("where no folder can be there is no cache", () => {
  const blocked = path.join(folder, "file");
  writeFileSync(blocked, "");
  expect(openParseCache(path.join(blocked, "parsed.sqlite"))).toBeNull();
});

test("it does not grow without bound: what was used least lately goes", () => {
  const noise = (seed: number) => Array.from({ length: 4000 }, (_, index) => Math.imul(index + seed, 0x9e3779b1).toString(36)).join("");
  const largest = 400_000;
  const names = Array.from({ length: 40 }, (_, index) => `m${index}`);
  put([sourceOf("m0"), noise(0)]);
  const yesterday = new BetterSqlite3(file);
  yesterday.exec("update parsed set used = used - 1");
  yesterday.close();
  for (const [index, name] of names.entries()) {
    const cache = openParseCache(file, largest)!;
    if (index === 1) expect(cache.get(sourceOf("m0"))).toBe(noise(0));
    if (index > 0) cache.put(sourceOf(name), noise(index));
    cache.close();
  }
  const database = new BetterSqlite3(file);
  const held = database.prepare("select sum(octet_length(kept)) from parsed").pluck().get() as number;
  database.close();
  expect(held).toBeLessThanOrEqual(largest);
  expect(get(sourceOf("m39"))).toBe(noise(39));
  expect(get(sourceOf("m1"))).toBeNull();
});

test("a run that puts much writes it in pieces, and goes on without where that fails", () => {
  const long = "x".repeat(3 << 20);
  const cache = openParseCache(file)!;
  const names = ["m0", "m1", "m2", "m3"];
  for (const name of names) cache.put(sourceOf(name), long);
  expect(names.map((name) => get(sourceOf(name)) === long)).toEqual([true, true, true, false]);
  const other = new BetterSqlite3(file);
  other.exec("drop table parsed");
  for (const name of names) cache.put(sourceOf(name), long);
  cache.close();
  other.close();
  expect(get(sourceOf("m0"))).toBeNull();
});

test("processes that write at the same time lose nothing and break nothing", async () => {
  const script = path.join(import.meta.dirname, "processes", "parse-cache.ts");
  const write = (name: string) => promisify(execFile)(process.execPath, ["--import", "tsx", script, file, name, "10"]);
  await Promise.all(["a", "b"].map(write));
  const kept = (module: string): SourceFile => sourceOf(module, module);
  for (const name of ["a", "b"]) for (let index = 0; index < 10; index++) expect(get(kept(`${name}${index}`))).toBe(`of ${name}`);
  expect(get(kept("shared"))).toMatch(/^x{100000}[ab]$/);
  expect(readdirSync(path.dirname(file))).toEqual(["parsed.sqlite"]);
});

test("where it lies is the user's to say", () => {
  expect(parseCacheFile({})).toBeNull();
  expect(parseCacheFile({ HOME: "/home/me" })).toBe("/home/me/.cache/picklecensus/parsed.sqlite");
  expect(parseCacheFile({ HOME: "/home/me", XDG_CACHE_HOME: "/caches" })).toBe("/caches/picklecensus/parsed.sqlite");
  expect(parseCacheFile({ HOME: "/home/me", CENSUS_PARSE_CACHE: "/elsewhere" })).toBe("/elsewhere");
  expect(parseCacheFile({ HOME: "/home/me", CENSUS_PARSE_CACHE: "off" })).toBeNull();
});
