/** The command line as a program: every command registered, every way of ending told apart. */
import { Command, CommanderError } from "commander";
import { type Context, NetworkGaveUp } from "./context.ts";
import type { Effects } from "./effects.ts";
import type { Ending } from "./exit-codes.ts";
import { mistakeOf } from "./mistakes.ts";
import { withSettings } from "./settings.ts";

/** Every command, in the order of `census --help`; loaded when it is needed. */
export const COMMANDS: Readonly<Record<string, () => Promise<(context: Context) => Command>>> = {
  survey: async () => (await import("./commands/survey.ts")).surveyCommand,
  crawl: async () => (await import("./commands/crawl.ts")).crawlCommand,
  "infer-all": async () => (await import("./commands/infer-all.ts")).inferAllCommand,
  judge: async () => (await import("./commands/judge.ts")).judgeCommand,
  worker: async () => (await import("./commands/worker.ts")).workerCommand,
  status: async () => (await import("./commands/status.ts")).statusCommand,
  compare: async () => (await import("./commands/compare.ts")).compareCommand,
  scan: async () => (await import("./commands/scan.ts")).scanCommand,
  trace: async () => (await import("./commands/trace.ts")).traceCommand,
  disassemble: async () => (await import("./commands/disassemble.ts")).disassembleCommand,
  decompile: async () => (await import("./commands/decompile.ts")).decompileCommand,
  assemble: async () => (await import("./commands/assemble.ts")).assembleCommand,
  infer: async () => (await import("./commands/infer.ts")).inferCommand,
  enforce: async () => (await import("./commands/enforce.ts")).enforceCommand,
  policy: async () => (await import("./commands/policy.ts")).policyCommand,
  "import-traces": async () => (await import("./commands/import-traces.ts")).importTracesCommand,
  export: async () => (await import("./commands/export.ts")).exportCommand,
  dashboard: async () => (await import("./commands/dashboard.ts")).dashboardCommand,
  demo: async () => (await import("./commands/demo.ts")).demoCommand,
  completion: async () => (await import("./commands/completion.ts")).completionCommand,
};

const EXAMPLES = `Examples:
  census scan pytorch_model.bin
  census scan hf://owner/name
  census survey --top 1000 --dry-run
`;

/** The program, for one run: with the commands that its words need, or else with every command. */
export async function createProgram(context: Context, words: readonly string[] = []): Promise<Command> {
  const { effects } = context;
  const commands = await Promise.all(commandsFor(words).map((name) => COMMANDS[name]!()));
  const program = new Command("census")
    .description("Which shared machine-learning models can be loaded safely, and what would it take for the rest?")
    .option("-V, --version", "print the versions of the tool, of its store and of its policies")
    .on("option:version", () => {
      throw new VersionsAsked();
    })
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", "\n'census help COMMAND' shows a command's examples and options. Exit codes: docs/command-line.md.")
    .showHelpAfterError("(census --help shows examples and commands)")
    .helpCommand("help [COMMAND]", "print the help of a command")
    .enablePositionalOptions(); // a command's options are its own, also where the command that it is part of has some of that name
  for (const command of commands) program.addCommand(command(context));
  addSpeech(program, context);
  forAll(program, (command) => {
    command.exitOverride().configureOutput({ writeOut: (text) => void effects.print(text), writeErr: effects.report });
    command.helpOption("-h, --help", "print this help");
  });
  return program;
}

const VERSION = new Set(["-V", "--version"]);

/** The one that is asked for. Help, completion and whoever was not understood are told of all; nobody who asks for the versions. */
function commandsFor(words: readonly string[]): readonly string[] {
  if (VERSION.has(words[0]!)) return [];
  const asked = words.find((word) => !word.startsWith("-"));
  return asked !== undefined && asked !== "completion" && Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
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

/** Runs one command; never rejects. */
export async function runCensus(words: readonly string[], effects: Effects): Promise<Ending> {
  try {
    return await run(words, effects);
  } catch (error) {
    // Commander has said by then what is wrong; help is thrown too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? "done" : "usage";
    if (error instanceof NetworkGaveUp) {
      effects.report(`error: ${error.message}\n`);
      return "network";
    }
    const mistake = mistakeOf(error);
    if (mistake !== null) {
      effects.report(`error: ${mistake}\n`);
      return "usage";
    }
    effects.report(
      `This is a bug of census; please report it with what follows.\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
    return "bug";
  }
}

async function run(words: readonly string[], effects: Effects): Promise<Ending> {
  let ending: Ending = "done";
  const end = (how: Ending) => {
    ending = how;
  };
  const program = await createProgram({ effects, end }, words);
  if (words.length === 0) {
    program.outputHelp({ error: true });
    return "usage";
  }
  try {
    await program.parseAsync([...understood(words)], { from: "user" });
  } catch (error) {
    if (!(error instanceof VersionsAsked)) throw error;
    await effects.print((await import("./versions.ts")).versions());
  }
  return ending;
}

/** The words; only the command, where there is none of the name: asked for its help, commander would print that of all. */
function understood(words: readonly string[]): readonly string[] {
  const [asked, of] = words.filter((word) => !word.startsWith("-"));
  const name = asked === "help" ? of : asked;
  return name === undefined || name === "help" || Object.hasOwn(COMMANDS, name) ? words : [name];
}

/** Thrown while words are read, as commander throws where its own option of versions is among them: nothing more is to be done. */
class VersionsAsked extends Error {}
