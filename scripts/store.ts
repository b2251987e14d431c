/** Where the store is, and opening it for a command. */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { isPostgres, openStore, type Store } from "../db/connection.ts";
import { type Context, resolvePath, UsageError } from "./context.ts";

const DEFAULT_DATABASE = ".census/census.sqlite";

/** Gives a command the option by which the store is chosen; `what` it is to the command. */
export function withDatabase<C extends Command>(command: C, what = "the store"): C {
  return command.option(
    "--database <FILE>",
    `${what}: a file, or postgres://... (or CENSUS_DATABASE_URL, CENSUS_DATABASE; default: ${DEFAULT_DATABASE})`,
  );
}

/** Where the store is: option, environment, default. An absolute path, or the address of a PostgreSQL database. */
export function databasePath(context: Context, option: string | undefined): string {
  const { CENSUS_DATABASE_URL: address, CENSUS_DATABASE: file } = context.effects.environment;
  const given = option ?? address ?? file ?? DEFAULT_DATABASE;
  return isPostgres(given) ? given : resolvePath(context, given);
}

/** The store for writing, made where there is none. */
export function openForWriting(file: string): Promise<Store> {
  if (!isPostgres(file)) mkdirSync(path.dirname(file), { recursive: true });
  return openStore(file);
}

/** The store for changing what it holds; one that is not there is the user's mistake. */
export async function openForChanging(file: string): Promise<Store> {
  requireStore(file);
  return openStore(file);
}

/** The store for reading; one that is not there is the user's mistake. */
export async function openForReading(file: string): Promise<Store> {
  requireStore(file);
  return openStore(file, { readonly: true });
}

function requireStore(file: string): void {
  if (!isThere(file)) throw new UsageError(`no store at ${file}; 'census survey' makes one, --database names another`);
}

/** The store for reading, or an empty one in memory where there is none yet. */
export function openIfThere(file: string): Promise<Store> {
  return isThere(file) ? openStore(file, { readonly: true }) : openStore(":memory:");
}

/** Whether there is a store, or else whether nobody can tell before they ask its server. */
export function isThere(file: string): boolean {
  return isPostgres(file) || existsSync(file);
}
