/** The one connection of this process to the store: read-only, opened at the first request, kept across reloads of modules. */
import { openStore, type Store } from "../db/connection.ts";

const kept = globalThis as { censusStore?: Promise<Store> };

/**
 * The store at `CENSUS_DATABASE`. Rejects with what SQLite says where it cannot be opened, and tries again at the next
 * request: a survey may just be about to create it.
 */
export function dashboardStore(): Promise<Store> {
  kept.censusStore ??= open().catch((error: unknown) => {
    delete kept.censusStore;
    throw error;
  });
  return kept.censusStore;
}

async function open(): Promise<Store> {
  const path = process.env.CENSUS_DATABASE;
  if (path === undefined || path === "") throw new Error("CENSUS_DATABASE names no store");
  return openStore(path, { readonly: true });
}
