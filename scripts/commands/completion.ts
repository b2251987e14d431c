/** `census completion`: a script for bash, zsh or fish that completes commands, options and their values. */
import { Argument, type Command, type Option } from "commander";
import { CensusCommand, type Context } from "../context.ts";

/** A place in the command line after some words: what may follow there. */
interface Place {
  /** The words before, after `census`. */
  readonly path: string;
  readonly words: readonly Word[];
}

interface Word {
  readonly text: string;
  readonly meaning: string;
}

const SHELLS = { bash, zsh, fish } as const;
type Shell = keyof typeof SHELLS;

const HOW: Readonly<Record<Shell, string>> = {
  bash: 'eval "$(census completion bash)" in ~/.bashrc',
  zsh: 'eval "$(census completion zsh)" in ~/.zshrc, after compinit',
  fish: "census completion fish > ~/.config/fish/completions/census.fish",
};

export function completionCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "completion", "Print a script by which a shell completes commands and options", [
    "census completion bash >> ~/.bashrc",
    "census completion fish > ~/.config/fish/completions/census.fish",
  ]);
  const shells = Object.keys(SHELLS) as Shell[];
  return command
    .addArgument(new Argument("<SHELL>", `which shell\n${shells.map((shell) => `${shell}: ${HOW[shell]}`).join("\n")}`).choices(shells))
    .runs(async (shell: Shell) => {
      await context.effects.print(SHELLS[shell](placesOf(command.parent ?? command)));
      return "done";
    });
}

/** Every place, from the commands themselves: whatever they take is completed. */
function placesOf(program: Command, path = ""): Place[] {
  const commands = program.commands.filter((command) => command.name() !== "help");
  const words = [
    ...commands.map((command) => ({ text: command.name(), meaning: command.summary() || command.description() })),
    ...program.registeredArguments.flatMap((argument) => (argument.argChoices ?? []).map((text) => ({ text, meaning: argument.name() }))),
    ...[...program.options, ...helpOf(program)].flatMap((option) =>
      option.long === undefined ? [] : [{ text: option.long!, meaning: option.description }],
    ),
  ];
  return [{ path, words }, ...commands.flatMap((command) => placesOf(command, `${path} ${command.name()}`.trim()))];
}

function helpOf(program: Command): Option[] {
  return program
    .createHelp()
    .visibleOptions(program)
    .filter(({ long }) => long === "--help" || long === "--version");
}

/** `census COMMAND [COMMAND]` as the words of the path, whatever options stand between. */
function bash(places: readonly Place[]): string {
  const cases = places.map(({ path, words }) => `    "${path}") words="${words.map(({ text }) => text).join(" ")}" ;;`);
  return `# Completion of census for bash.
_census() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place="" next="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) continue ;; esac
    next="\${place:+$place }$word"
    case "$next" in ${places
      .filter(({ path }) => path !== "")
      .map(({ path }) => `"${path}"`)
      .join("|")}) place="$next" ;; esac
  done
  case "$place" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _census census
`;
}

function zsh(places: readonly Place[]): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bash(places)}`;
}

function fish(places: readonly Place[]): string {
  const quoted = (text: string) => `'${text.replaceAll(/['\\]/g, "\\$&").replaceAll("\n", " ")}'`;
  const commands = places.map(({ path }) => path.split(" ")[0]!).filter(Boolean);
  const lines = places.flatMap(({ path, words }) => {
    const seen =
      path === ""
        ? `not __fish_seen_subcommand_from ${[...new Set(commands)].join(" ")}`
        : path
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    return words.map(({ text, meaning }) => {
      const word = text.startsWith("--") ? `-l ${text.slice(2)}` : `-f -a ${text}`;
      return `complete -c census -n ${quoted(seen)} ${word} -d ${quoted(meaning.split("\n", 1)[0]!)}`;
    });
  });
  return `# Completion of census for fish.\n${lines.join("\n")}\n`;
}
