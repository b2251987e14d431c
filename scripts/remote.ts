/** Which Hub and package index a command talks to, and as whom: options, environment, defaults. */
import type { Command } from "commander";
import type { Remote } from "../crawler/session.ts";
import { type Context, UsageError } from "./context.ts";
import type { Effects } from "./effects.ts";

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
  return given(effects.environment, "--hub", options.hub, ["CENSUS_HUB"]) ?? DEFAULT_HUB;
}

/** Hub, package index and token. There is no default index: which one is asked is for whoever runs the survey to say. */
export function remoteOf(context: Context, options: RemoteOptions): Remote {
  const { environment } = context.effects;
  const hub = hubOf(context, options);
  const packageIndex = given(environment, "--index", options.index, ["CENSUS_INDEX", "PIP_INDEX_URL"]);
  return { hub, packageIndex, token: environment.HF_TOKEN || null };
}

/** The address that an option says, or else the first of some variables that is not empty; null where none does. */
function given(
  environment: Effects["environment"],
  option: string,
  value: string | undefined,
  variables: readonly string[],
): string | null {
  if (value !== undefined) return address(option, value);
  const variable = variables.find((name) => environment[name]);
  return variable === undefined ? null : address(variable, environment[variable]!);
}

/** An address without a slash at its end; `from` says where a user finds what they wrote. */
function address(from: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UsageError(`${from}: ${text} is no http or https address`);
  return text.replace(/\/+$/, "");
}
