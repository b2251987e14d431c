/** Which Hub and package index a command talks to, and as whom: options, environment, defaults. */
import type { Command } from "commander";
import type { Remote } from "../crawler/session.ts";
import { type Context, UsageError } from "./context.ts";

const DEFAULT_HUB = "https://huggingface.co";

export interface RemoteOptions {
  readonly hub?: string;
  readonly index?: string;
}

export function withHub<C extends Command>(command: C): C {
  return command.option("--hub <URL>", `the Hub (or CENSUS_HUB; default: ${DEFAULT_HUB}); HF_TOKEN is sent to it`);
}

export function withIndex<C extends Command>(command: C): C {
  return command.option(
    "--index <URL>",
    "the package index whose wheels class policies are inferred from, its simple API (or CENSUS_INDEX, or pip's PIP_INDEX_URL; without one, no model has a class policy)",
  );
}

export function hubOf({ effects }: Context, options: RemoteOptions): string {
  return address("--hub", options.hub ?? effects.environment.CENSUS_HUB ?? DEFAULT_HUB);
}

/** Hub, package index and token. There is no default index: which one is asked is for whoever runs the survey to say. */
export function remoteOf(context: Context, options: RemoteOptions): Remote {
  const { environment } = context.effects;
  const hub = hubOf(context, options);
  const index = options.index ?? environment.CENSUS_INDEX ?? environment.PIP_INDEX_URL;
  return { hub, packageIndex: index === undefined ? null : address("--index", index), token: environment.HF_TOKEN || null };
}

/** An address without a slash at its end. */
function address(option: string, given: string): string {
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw new UsageError(`${option}: ${given} is no http or https address`);
  return given.replace(/\/+$/, "");
}
