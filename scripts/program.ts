/** The command line as a program: every command registered, every way of ending told apart. */
import { Command, CommanderError } from "commander";
import { WEIGHTS_ONLY } from "../analyzer/policy/weights-only.ts";
import { UnreadableSource } from "../crawler/python-file.ts";
import { STORE_SCHEMA, StoreVersionError } from "../db/migrate.ts";
import packageJson from "../package.json" with { type: "json" };
import { assembleCommand } from "./commands/assemble.ts";
import { compareCommand } from "./commands/compare.ts";
import { completionCommand } from "./commands/completion.ts";
import { crawlCommand } from "./commands/crawl.ts";
import { dashboardCommand } from "./commands/dashboard.ts";
import { decompileCommand } from "./commands/decompile.ts";
import { demoCommand } from "./commands/demo.ts";
import { disassembleCommand } from "./commands/disassemble.ts";
import { enforceCommand } from "./commands/enforce.ts";
import { exportCommand } from "./commands/export.ts";
import { importTracesCommand } from "./commands/import-traces.ts";
import { inferCommand } from "./commands/infer.ts";
import { inferAllCommand } from "./commands/infer-all.ts";
import { judgeCommand } from "./commands/judge.ts";
import { policyCommand } from "./commands/policy.ts";
import { scanCommand } from "./commands/scan.ts";
import { statusCommand } from "./commands/status.ts";
import { surveyCommand } from "./commands/survey.ts";
import { traceCommand } from "./commands/trace.ts";
import { workerCommand } from "./commands/worker.ts";
import { type Context, NetworkGaveUp, UsageError } from "./context.ts";
import type { Effects } from "./effects.ts";
import type { Ending } from "./exit-codes.ts";
import { withSettings } from "./settings.ts";

/** Every command, in the order of `census --help`. */
export const COMMANDS: readonly ((context: Context) => Command)[] = [
  surveyCommand,
  crawlCommand,
  inferAllCommand,
  judgeCommand,
  workerCommand,
  statusCommand,
  compareCommand,
  scanCommand,
  traceCommand,
  disassembleCommand,
  decompileCommand,
  assembleCommand,
  inferCommand,
  enforceCommand,
  policyCommand,
  importTracesCommand,
  exportCommand,
  dashboardCommand,
  demoCommand,
  completionCommand,
];

const EXAMPLES = `Examples:
  census scan pytorch_model.bin
  census scan hf://owner/name
  census survey --top 1000 --dry-run
`;

/** The program, for one run. */
export function createProgram(context: Context): Command {
  const { effects } = context;
  const program = new Command("census")
    .description("Which shared machine-learning models can be loaded safely, and what would it take for the rest?")
    .version(versions(), "-V, --version", "print the versions of the tool, of its store and of its policies")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", "\n'census help COMMAND' shows a command's examples and options. Exit codes: docs/command-line.md.")
    .showHelpAfterError("(census --help shows examples and commands)")
    .helpCommand("help [COMMAND]", "print the help of a command")
    .enablePositionalOptions(); // a command's options are its own, also where the command that it is part of has some of that name
  for (const command of COMMANDS) program.addCommand(command(context));
  addSpeech(program, context);
  forAll(program, (command) => {
    command.exitOverride().configureOutput({ writeOut: (text) => void effects.print(text), writeErr: effects.report });
    command.helpOption("-h, --help", "print this help");
  });
  return program;
}

/** How much is said, and how: options of every command, wherever in the line they stand. The user's settings are read with them. */
function addSpeech(program: Command, context: Context): void {
  // A command that has a `--quiet` of its own means something else by it.
  const quieted = new Set<Command>();
  forAll(program, (command) => {
    if (!command.options.some(({ long }) => long === "--quiet")) {
      command.option("--quiet", "say nothing of progress: errors alone");
      quieted.add(command);
    }
    command.option("--verbose", "tell every step, a line for each").option("--no-color", "leave colours out, as NO_COLOR does");
  });
  program.hook("preAction", (_, acting) => {
    const line: Command[] = [];
    for (let command: Command | null = acting; command !== null; command = command.parent) line.push(command);
    const { effects } = context;
    const terminal = {
      ...effects.terminal,
      colour: effects.terminal.colour && line.every((command) => command.opts().color !== false),
      verbose: line.some((command) => command.opts().verbose === true),
    };
    const quiet = line.some((command) => quieted.has(command) && command.opts().quiet === true);
    context.effects = { ...effects, terminal, environment: withSettings(effects.environment), ...(quiet && { report: () => undefined }) };
  });
}

function forAll(command: Command, act: (command: Command) => void): void {
  act(command);
  for (const child of command.commands) forAll(child, act);
}

function versions(): string {
  return [`census ${packageJson.version}`, `store ${STORE_SCHEMA}`, ...WEIGHTS_ONLY.map(({ name }) => name)].join("\n");
}

/** Runs one command; never rejects. */
export async function runCensus(words: readonly string[], effects: Effects): Promise<Ending> {
  let ending: Ending = "done";
  const program = createProgram({
    effects,
    end: (how) => {
      ending = how;
    },
  });
  if (words.length === 0) {
    program.outputHelp({ error: true });
    return "usage";
  }
  try {
    await program.parseAsync([...words], { from: "user" });
    return ending;
  } catch (error) {
    // Commander has said by then what is wrong; help and version are thrown too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? "done" : "usage";
    if (error instanceof UsageError || error instanceof StoreVersionError || error instanceof UnreadableSource) {
      effects.report(`error: ${error.message}\n`);
      return "usage";
    }
    if (error instanceof NetworkGaveUp) {
      effects.report(`error: ${error.message}\n`);
      return "network";
    }
    effects.report(
      `This is a bug of census; please report it with what follows.\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
    return "bug";
  }
}
