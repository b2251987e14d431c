/**
 * docs/command-line.md, from the commands' own help and the table of exit codes. A test keeps the file as this says;
 * `npx vitest run test/scripts/command-line-document.test.ts -u` writes it.
 */
import type { Command } from "commander";
import { VERDICT_KINDS } from "../analyzer/verdict/verdict.ts";
import { CensusCommand } from "./context.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { createProgram } from "./program.ts";

const WIDTH = 110;

const HEAD = `# The command line

<!-- Written by scripts/command-line-document.ts from the commands' own help: change it there. -->

From a clone: \`npm run --silent census -- COMMAND\`. Installed as a package: \`census COMMAND\`.

Data goes to standard output, progress and what a person should know to standard error. Relative paths are meant from where
you stand, also through \`npm run\`. Colours are left out where standard output is no terminal or \`NO_COLOR\` is set. Ctrl-C
finishes what is in hand; a second one does not wait.

Only \`survey\`, \`crawl\`, \`infer-all\`, \`worker\` and targets like \`hf://owner/name\` ask anything of a network; \`judge\` judges
again from the store alone, and all the rest reads files and the store.

What no option says, \`CENSUS_HUB\`, \`CENSUS_INDEX\`, \`CENSUS_DATABASE\` and \`CENSUS_DATABASE_URL\` do: in the environment, or
else as lines of \`~/.config/picklecensus/settings.env\` (under \`XDG_CONFIG_HOME\`, where that is set), each \`NAME=VALUE\`:

    # of a mirror of the Hub, and of a package index
    CENSUS_HUB=https://hub.example.org
    CENSUS_INDEX=https://packages.example.org/simple
    CENSUS_DATABASE=/home/me/census.sqlite

A token is read from \`HF_TOKEN\` in the environment alone, and sent to the Hub alone.

\`infer\` and surveys keep what they parsed in \`~/.cache/picklecensus/parsed.sqlite\` (under \`XDG_CACHE_HOME\`, where that is set), up to 512 MB.
\`CENSUS_PARSE_CACHE\` in the environment names another file, or is \`off\`. It may be deleted at any time, and is not used where
others may write it.
`;

const SHAPES = `## JSON

Keys may be added; none of these changes its meaning.

    trace    {file, sha256, size, container, outcome, findings,
              pickles: [{entry, offset, length, protocol, outcome, imports: [F], calls: [F], kept: [F], persistentIds, extensions}]}
             F = {callable: "module.qualified.name", opcode, offset, origin, ...}
    enforce  {file, policy, mode, verdict, message?, blocked: [{callable, opcode, entry, offset, capability, reason, count}], pickles}
    scan     {files: [{file, role, container, pickles, verdicts: [as enforce prints it, by: "store" where a store's policy judged unasked]}]}
    survey   {survey, outcome, models, files, pickles, verdicts: {POLICY: {loads, blocked, ...}}, refused: [{model, state, failure}],
              requests, bytesRead, bytesHeld}
    infer    census: {class, library, imports: [{callable, reasons}], calls: [...]}     pickleball: {class: {globals, reduces}}

\`verdict\` is ${Object.entries(VERDICT_KINDS)
  .map(([kind, { meaning }]) => `\`${kind}\` (${meaning[0]!.toLowerCase()}${meaning.slice(1).replace(/\.$/, "")})`)
  .join(", ")}. Only \`loads\` is success,
and a file with 0 \`pickles\` does not count: there is nothing in it to judge, \`verdicts\` is empty and enforce's \`verdict\` null.
`;

/** The whole document. */
export async function commandLineDocument(): Promise<string> {
  const program = await createProgram({
    effects: { print: async () => undefined, report: () => undefined } as never,
    end: () => undefined,
  });
  const commands = program.commands.filter((command): command is CensusCommand => command instanceof CensusCommand);
  return [HEAD, exitCodes(), SHAPES, ...commands.map((command) => section(command, `census ${command.name()}`, 2))].join("\n");
}

function exitCodes(): string {
  const rows = Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${meaning} |`);
  return ["## Exit codes", "", "| code | meaning |", "| --- | --- |", ...rows, ""].join("\n");
}

function section(command: CensusCommand, name: string, level: number): string {
  const parts = command.commands.filter((child): child is CensusCommand => child instanceof CensusCommand);
  // A command that only gathers others has nothing to say that they do not.
  const gathers = parts.length > 0 && command.registeredArguments.length === 0;
  const help = gathers ? [] : ["```", usage(command), "```", ""];
  return [
    `${"#".repeat(level)} ${name}`,
    "",
    command.description(),
    "",
    ...command.examples.map((example) => `    ${example}`),
    "",
    ...help,
    ...parts.map((part) => section(part, `${name} ${part.name()}`, level + 1)),
  ].join("\n");
}

/** The help without its examples and description, which stand above it. */
function usage(command: Command): string {
  command.configureOutput({ getOutHelpWidth: () => WIDTH });
  const description = `${command.description()}\n\n`;
  return command.helpInformation().replace(description, "").trimEnd();
}
