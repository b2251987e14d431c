/** `census decompile`: the Python program that a file's pickles amount to. Nothing of it is run. */
import type { PickleTrace } from "../../analyzer/containers/trace.ts";
import { decompile } from "../../analyzer/pickle/decompile.ts";
import { CensusCommand, type Context } from "../context.ts";
import { printPrograms, withPrograms } from "../programs.ts";

interface Options {
  readonly pickle?: number;
  readonly json?: boolean;
}

export function decompileCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "decompile", "Print the Python program that a file's pickles amount to", [
    "census decompile model.pkl",
    "census decompile pytorch_model.bin --pickle 0",
  ]);
  return withPrograms(command).runs((target: string, options: Options) =>
    printPrograms(context, target, options, (bytes, pickle) => ({ text: decompile(bytes), error: brokenOff(pickle) })),
  );
}

/** Why the program goes no further, where it does not get to its end. */
function brokenOff({ outcome, failure }: PickleTrace): string | null {
  if (outcome === "ok") return null;
  return failure === undefined ? outcome : `${outcome}: ${failure.message} (${failure.kind} at byte ${failure.offset})`;
}
