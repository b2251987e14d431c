/** `census disassemble`: the opcodes of a file's pickles, as CPython's pickletools prints them, or as `assemble` takes them. */
import { Option } from "commander";
import { disassemble } from "../../analyzer/pickle/disassemble.ts";
import { listProgram } from "../../analyzer/pickle/listing.ts";
import { CensusCommand, type Context } from "../context.ts";
import { printPrograms, type Rendered, withPrograms } from "../programs.ts";

interface Options {
  readonly pickle?: number;
  readonly json?: boolean;
  readonly asC?: boolean;
  readonly listing?: boolean;
}

export function disassembleCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "disassemble", "Print the opcodes of a file's pickles, as pickletools does", [
    "census disassemble model.pkl",
    "census disassemble pytorch_model.bin --pickle 0",
    "census disassemble model.pkl --listing > model.txt",
  ]);
  return withPrograms(command)
    .option("--as-c", "go on where pickletools gives up, as far as an unpickler would run")
    .addOption(new Option("--listing", "print what 'census assemble' takes").conflicts("asC"))
    .runs((target: string, options: Options) => printPrograms(context, target, options, (bytes) => render(bytes, options)));
}

function render(bytes: Uint8Array, { asC = false, listing = false }: Options): Rendered {
  if (listing) return { text: listProgram(bytes), error: null };
  const { text, error } = disassemble(bytes, { asC });
  return { text, error: error && `${error.type}: ${error.message}` };
}
