/**
 * A user's settings: what the environment does not say, a file of theirs may. It is in their own folder, never in the one
 * they stand in, since a Hub that it names is sent their token.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { UsageError } from "./context.ts";
import type { Effects } from "./effects.ts";

type Environment = Effects["environment"];

/** The settings, each with those that say the same thing: where the environment has one of them, the file's is not asked. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  CENSUS_HUB: ["CENSUS_HUB"],
  CENSUS_INDEX: ["CENSUS_INDEX"],
  CENSUS_DATABASE: ["CENSUS_DATABASE", "CENSUS_DATABASE_URL"],
  CENSUS_DATABASE_URL: ["CENSUS_DATABASE", "CENSUS_DATABASE_URL"],
};

/** The file, where the environment tells of a place for it (XDG Base Directory Specification); else null. */
export function settingsFile({ XDG_CONFIG_HOME: folder, HOME: home }: Environment): string | null {
  if (folder) return path.join(folder, "picklecensus", "settings.env");
  return home ? path.join(home, ".config", "picklecensus", "settings.env") : null;
}

/**
 * The environment with what the settings file adds to it: lines of NAME=VALUE, as Node's `--env-file` takes them. Throws
 * `UsageError` where one is no setting.
 */
export function withSettings(environment: Environment): Environment {
  const file = settingsFile(environment);
  if (file === null || !existsSync(file)) return environment;
  const settings = parseEnv(readFileSync(file, "utf8"));
  for (const name of Object.keys(settings)) {
    if (name in SETTINGS) continue;
    const why = name === "HF_TOKEN" ? "a token is read from the environment alone" : `settings are ${Object.keys(SETTINGS).join(", ")}`;
    throw new UsageError(`${file}: ${name} is no setting; ${why}`);
  }
  const added = Object.entries(settings).filter(([name]) => SETTINGS[name]!.every((same) => environment[same] === undefined));
  return { ...environment, ...Object.fromEntries(added) };
}
