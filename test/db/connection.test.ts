/** Opening a store of another version to read it. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { openStore } from "../../db/connection.ts";
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

it("says of what no census made that it is empty", async () => {
  const file = temporaryPath();
  writeFileSync(file, "");
  await expect(openStore(file, { readonly: true })).rejects.toThrow(/empty, or no census made it/);
});
