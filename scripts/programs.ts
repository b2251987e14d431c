/** The pickle programs of a file, for the commands that print them: `disassemble` and `decompile`. */
import { Argument, type Command, Option } from "commander";
import type { PickleTrace } from "../analyzer/containers/trace.ts";
import { traceFile } from "../analyzer/containers/trace-file.ts";
import { type CensusCommand, type Context, printJson, UsageError } from "./context.ts";
import type { Ending } from "./exit-codes.ts";
import { fileOnDisk, unavailable } from "./targets.ts";

/** A program as text, and why the text ends before the program does. */
export interface Rendered {
  readonly text: string;
  readonly error: string | null;
}

interface Options {
  readonly pickle?: number;
  readonly json?: boolean;
}

/** Gives a command the file it reads, and which of its pickles. */
export function withPrograms(command: CensusCommand): CensusCommand {
  return command
    .addArgument(new Argument("<FILE>", "the file"))
    .addOption(new Option("--pickle <N>", "only the Nth pickle of the file, counted from 0").argParser(Number))
    .option("--json", "print JSON") as CensusCommand & Command;
}

/** Prints every program of a file; above each of several, where it lies. */
export async function printPrograms(
  context: Context,
  target: string,
  options: Options,
  render: (bytes: Uint8Array, pickle: PickleTrace) => Rendered,
): Promise<Ending> {
  const { trace, programs } = await (await fileOnDisk(context, target))
    .read((source) => traceFile(source, undefined, "whole"))
    .catch((error: unknown) => {
      throw new UsageError(`${target}: ${unavailable(error)}`);
    });
  if (programs.length === 0) throw new UsageError(`${target} holds no pickle: ${trace.container}, ${trace.outcome}`);
  const chosen = [...trace.pickles.keys()].filter((index) => options.pickle === undefined || index === options.pickle);
  if (chosen.length === 0) throw new UsageError(`${target} has ${programs.length} pickles, counted from 0`);
  const rendered = chosen.map((index) => ({
    index,
    pickle: trace.pickles[index]!,
    ...render(programs[index]!.bytes, trace.pickles[index]!),
  }));
  if (options.json) {
    const pickles = rendered.map(({ index, pickle: { entry, offset, length }, text, error }) => ({
      index,
      entry,
      offset,
      length,
      text,
      error,
    }));
    await printJson(context, { file: target, container: trace.container, pickles });
  } else {
    for (const { index, pickle, text, error } of rendered) {
      if (programs.length > 1) await context.effects.print(`# ${place(index, pickle)}\n`);
      await context.effects.print(text);
      if (error !== null) context.effects.report(`${place(index, pickle)}: ${error}\n`);
    }
  }
  return rendered.some(({ error }) => error !== null) ? "undecided" : "done";
}

function place(index: number, { entry, offset }: PickleTrace): string {
  return `pickle ${index}, at byte ${offset}${entry === null ? "" : ` of ${entry}`}`;
}
