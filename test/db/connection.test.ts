/** Opening a store of another version to read it. */
import { createHash } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { openStore } from "../../db/connection.ts";
import { StoreError } from "../../db/store-error.ts";
import { StoreVersionError } from "../../db/store-version-error.ts";
import { makeOlder, temporaryPath } from "./temporary-store.ts";

const digest = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

/** A store as another census left it. */
async function storeAfter(change: (store: Awaited<ReturnType<typeof openStore>>) => Promise<unknown>): Promise<string> {
  const file = temporaryPath();
  const store = await openStore(file);
  await change(store);
  await store.destroy();
  return file;
}

it("says of an older store what brings it up to date, and leaves it as it is", async () => {
  const file = await storeAfter(makeOlder);
  const before = digest(file);
  const opened = openStore(file, { readonly: true });
  await expect(opened).rejects.toThrow(StoreVersionError);
  await expect(opened).rejects.toThrow(/^The store is of version 006-shared-results, this census reads 007-bound\. 'census judge' brings/);
  expect(digest(file)).toBe(before);
  await (await openStore(file)).destroy();
  await (await openStore(file, { readonly: true })).destroy();
});

it("says of a store of a later census that this one is too old", async () => {
  const file = await storeAfter((store) => sql`insert into kysely_migration (name, timestamp) values ('900-later', 'then')`.execute(store));
  await expect(openStore(file, { readonly: true })).rejects.toThrow(/version 900-later, which a later census/);
});

it("says so of a store of a later census to who would change it, too, and leaves it as it is", async () => {
  const file = await storeAfter((store) => sql`insert into kysely_migration (name, timestamp) values ('900-later', 'then')`.execute(store));
  await expect(openStore(file)).rejects.toThrow(/version 900-later, which a later census/);
});

it("opens a store in a folder that may not be written, to read it", async () => {
  const file = await storeAfter(async () => undefined);
  const folder = path.dirname(file);
  chmodSync(file, 0o444);
  chmodSync(folder, 0o555);
  await unprivileged(async () => {
    const store = await openStore(file, { readonly: true });
    expect(await store.selectFrom("survey").selectAll().execute()).toEqual([]);
    await store.destroy();
    await expect(openStore(file)).rejects.toThrow(`${file} may not be written`);
  });
  chmodSync(folder, 0o755);
  writeFileSync(`${file}-wal`, "what somebody wrote last");
  chmodSync(folder, 0o555);
  await unprivileged(async () => {
    await expect(openStore(file, { readonly: true })).rejects.toThrow(`${file} cannot be read: there is a log beside it (census.db-wal)`);
  });
  chmodSync(folder, 0o755);
});

it("says of what is no store, and where none can be, what it is", async () => {
  const file = temporaryPath();
  writeFileSync(file, "This is a text, and it is a little longer than the head of a database, which is a hundred bytes.".repeat(9));
  for (const readonly of [true, false]) {
    await expect(openStore(file, { readonly })).rejects.toThrow(StoreError);
    await expect(openStore(file, { readonly })).rejects.toThrow(`${file} is no store: it is no SQLite database`);
    await expect(openStore(path.dirname(file), { readonly })).rejects.toThrow(`${path.dirname(file)} is a folder, not a store`);
  }
  await expect(openStore(path.join(file, "census.sqlite"))).rejects.toThrow(StoreError);
  await expect(openStore("postgres://census:secret@127.0.0.1:9/census")).rejects.toThrow(/^the store at 127\.0\.0\.1:9 cannot be used: /);
});

/** Runs work as somebody who may not write everything; root may. */
async function unprivileged(work: () => Promise<void>): Promise<void> {
  const own = process.geteuid!();
  if (own === 0) process.seteuid!(65_534);
  try {
    await work();
  } finally {
    process.seteuid!(own);
  }
}

it("says of what no census made that it is empty", async () => {
  const file = temporaryPath();
  writeFileSync(file, "");
  await expect(openStore(file, { readonly: true })).rejects.toThrow(/empty, or no census made it/);
});
