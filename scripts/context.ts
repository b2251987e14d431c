/** What every command is given: the effects, the way to end, and the words of the command line in one place. */
import path from "node:path";
import { Command, Option } from "commander";
import type { Effects } from "./effects.ts";
import type { Ending } from "./exit-codes.ts";

/** Something is wrong with what the user asked for: said on standard error, ends with `usage`. Thrown, as commander throws its own. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The network gave up before a command could do anything: ends with `network`. */
export class NetworkGaveUp extends Error {
  override readonly name = "NetworkGaveUp";
}

export interface Context {
  /** Those of the run, as its options change them before the command's own work begins. */
  effects: Effects;
  /** Notes how the run ends; the last word counts. */
  readonly end: (ending: Ending) => void;
}

/** A command whose help begins with examples, and whose action says how the run ends. */
export class CensusCommand extends Command {
  constructor(
    readonly context: Context,
    name: string,
    summary: string,
    readonly examples: readonly string[],
    /** The command that this is a part of. */
    parent = "",
  ) {
    super(name);
    this.summary(summary).description(`${summary}.`);
    this.addHelpText("before", `${["Examples:", ...examples.map((example) => `  ${example}`)].join("\n")}\n`);
    this.showHelpAfterError(`(census ${[parent, name].filter(Boolean).join(" ")} --help shows examples and options)`);
  }

  /** `run` gets the arguments and then the options, and says how the run ends. */
  runs<Arguments extends unknown[]>(run: (...given: Arguments) => Promise<Ending>): this {
    return this.action(async (...given) => this.context.end(await run(...(given.slice(0, -1) as Arguments))));
  }
}

/** An option that may be given more than once: its values are gathered, in order. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description}; may be repeated`)
    .argParser((value: string, before: readonly string[]) => [...before, value])
    .default([], "none");
}

/** An absolute path, from where the user stands. */
export function resolvePath({ effects }: Context, given: string): string {
  return path.resolve(effects.directory, given);
}

/** One JSON document on standard output. */
export function printJson({ effects }: Context, value: unknown): Promise<void> {
  return effects.print(`${JSON.stringify(value, null, 2)}\n`);
}
