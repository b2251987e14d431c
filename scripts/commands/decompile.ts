/** `census decompile`: the Python program that a file's pickles amount to. Nothing of it is run. */
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
    printPrograms(context, target, options, (bytes) => ({ text: decompile(bytes), error: null })),
  );
}
