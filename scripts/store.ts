/** Where the store is, and opening it for a command. */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { openStore, type Store } from "../db/connection.ts";
import { type Context, resolvePath, UsageError } from "./context.ts";

const DEFAULT_DATABASE = ".census/census.sqlite";

/** Gives a command the option by which the store is chosen. */
export function withDatabase<C extends Command>(command: C): C {
  return command.option("--database <FILE>", `the store (or CENSUS_DATABASE; default: ${DEFAULT_DATABASE})`);
}

/** The path of the store: option, environment, default. */
export function databasePath(context: Context, option: string | undefined): string {
  return resolvePath(context, option ?? context.effects.environment.CENSUS_DATABASE ?? DEFAULT_DATABASE);
}

/** The store for writing, made where there is none. */
export function openForWriting(file: string): Promise<Store> {
  mkdirSync(path.dirname(file), { recursive: true });
  return openStore(file);
}

/** The store for reading; one that is not there is the user's mistake. */
export async function openForReading(file: string): Promise<Store> {
  if (!existsSync(file)) throw new UsageError(`no store at ${file}; 'census survey' makes one, --database names another`);
  return openStore(file, { readonly: true });
}

/** The store for reading, or an empty one in memory where there is none yet. */
export function openIfThere(file: string): Promise<Store> {
  return existsSync(file) ? openStore(file, { readonly: true }) : openStore(":memory:");
}
