/** `census disassemble`: the opcodes of a file's pickles, as CPython's pickletools prints them. */
import { disassemble } from "../../analyzer/pickle/disassemble.ts";
import { CensusCommand, type Context } from "../context.ts";
import { printPrograms, withPrograms } from "../programs.ts";

interface Options {
  readonly pickle?: number;
  readonly json?: boolean;
  readonly lenient?: boolean;
}

export function disassembleCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "disassemble", "Print the opcodes of a file's pickles, as pickletools does", [
    "census disassemble model.pkl",
    "census disassemble pytorch_model.bin --pickle 0",
  ]);
  return withPrograms(command)
    .option("--lenient", "go on where pickletools gives up, as far as an unpickler would run")
    .runs((target: string, options: Options) =>
      printPrograms(context, target, options, (bytes) => {
        const { text, error } = disassemble(bytes, { asC: options.lenient ?? false });
        return { text, error: error && `${error.type}: ${error.message}` };
      }),
    );
}
