/** `census assemble`: a pickle from a listing, for whoever builds test files. It writes what it is told, and runs nothing. */
import { readFile } from "node:fs/promises";
import { Argument } from "commander";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { CensusCommand, type Context, resolvePath, UsageError } from "../context.ts";
import { openOutput } from "../output-file.ts";

const SYNTAX = `
The listing has one opcode a line, by CPython's name, with its argument; '#' begins a comment:

  PROTO 4
  FRAME auto                     # up to the next FRAME, or the end of the listing
  GLOBAL "collections Counter"   # where a name holds a space: GLOBAL "a module" "a name"
  SHORT_BINUNICODE "caf\\u00e9\\n" # also \\xNN for one byte
  BININT1 5                      # integers in decimal or 0x...
  TUPLE2
  BINBYTES {                     # counted arguments may be a program of their own
    NONE
    STOP
  }
  RAW 80 05 "text" ff            # bytes as they are, for programs that are broken
  STOP

'census disassemble FILE --listing' prints one.`;

export function assembleCommand(context: Context): CensusCommand {
  return new CensusCommand(context, "assemble", "Write a pickle from a listing of its opcodes", [
    "census assemble attack.txt -o attack.pkl",
    "census disassemble model.pkl --listing > model.txt",
  ])
    .addArgument(new Argument("<LISTING>", "the listing"))
    .option("-o, --output <FILE>", "write to a file")
    .addHelpText("after", SYNTAX)
    .runs(async (target: string, { output }: { readonly output?: string }) => {
      const write = await openOutput(context, output);
      const listing = await readFile(resolvePath(context, target), "utf8").catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`${target}: ${error.code === "ENOENT" ? "no such file" : error.message}`);
      });
      const program = assemble(listing);
      if (!program.ok) throw new UsageError(`${target}:${program.error.line}: ${program.error.message}`);
      await write(program.value);
      return "done";
    });
}
