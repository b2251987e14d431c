import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { CensusCommand } from "../../scripts/context.ts";
import { EXIT_CODES, worstEnding } from "../../scripts/exit-codes.ts";
import { COMMANDS, createProgram } from "../../scripts/program.ts";
import { census } from "./run-census.ts";

describe("usage", () => {
  it("names the nearest command and option, and ends with 2", async () => {
    const command = await census(["exprt"]);
    expect(command).toMatchObject({ ending: "usage", printed: "" });
    expect(command.reported).toContain("Did you mean export?");
    const option = await census(["export", "models", "--databse", "x"]);
    expect(option).toMatchObject({ ending: "usage", printed: "" });
    expect(option.reported).toContain("Did you mean --database?");
    expect(EXIT_CODES.usage.code).toBe(2);
  });

  it("knows no help of a command that there is not", async () => {
    for (const words of [
      ["nonsense", "--help"],
      ["--quiet", "nonsense", "-h"],
      ["help", "nonsense"],
    ]) {
      const { ending, printed, reported } = await census(words);
      expect({ ending, printed }).toEqual({ ending: "usage", printed: "" });
      expect(reported).toContain("unknown command 'nonsense'");
    }
    for (const words of [["--help"], ["help", "scan"]])
      expect(await census(words), words.join(" ")).toMatchObject({ ending: "done", reported: "" });
  });

  it("shows the help on standard error where nothing is asked for", async () => {
    const { ending, printed, reported } = await census([]);
    expect({ ending, printed }).toEqual({ ending: "usage", printed: "" });
    expect(reported).toMatch(/^Examples:/);
  });
});

describe("help", () => {
  it.each(Object.keys(COMMANDS))("of %s is on standard output and leads with an example that names it", async (name) => {
    const { ending, printed, reported } = await census([name, "--help"]);
    expect({ ending, reported }).toEqual({ ending: "done", reported: "" });
    expect(printed).toMatch(new RegExp(`^Examples:\n  census ${name}\\b`));
  });

  it("of every command and subcommand has examples, and describes every option", async () => {
    const program = await createProgram({
      effects: { print: async () => undefined, report: () => undefined } as never,
      end: () => undefined,
    });
    const commands = program.commands.flatMap((command) => [command, ...command.commands]);
    for (const command of commands.filter((candidate) => candidate instanceof CensusCommand)) {
      expect(command.examples.length, command.name()).toBeGreaterThan(0);
      for (const option of command.options) expect(option.description, `${command.name()} ${option.flags}`).not.toBe("");
    }
  });
});

describe("the program", () => {
  const context = { effects: { print: async () => undefined, report: () => undefined } as never, end: () => undefined };
  const loaded = async (...words: string[]) => (await createProgram(context, words)).commands.map((command) => command.name());

  it("has the command that is asked for, and all where others are told of or none was understood", async () => {
    const all = Object.keys(COMMANDS);
    expect(await loaded("--no-color", "infer", "--help")).toEqual(["infer"]);
    expect(await loaded("--version")).toEqual([]);
    for (const words of [[], ["--help"], ["help", "infer"], ["completion", "bash"], ["inferr"], ["constructor"]])
      expect(await loaded(...words), words.join(" ")).toEqual(all);
  });
});

describe("endings", () => {
  it("is blocked before undecided before done", () => {
    expect(worstEnding(["done", "undecided", "blocked"])).toBe("blocked");
    expect(worstEnding(["undecided", "done"])).toBe("undecided");
    expect(worstEnding([])).toBe("done");
  });

  it("says so when the bug is ours", async () => {
    const { ending, reported } = await census(["--version"], {
      print: () => {
        throw new TypeError("the tube is broken");
      },
    });
    expect(ending).toBe("bug");
    expect(reported).toContain("please report it");
    expect(reported).toContain("the tube is broken");
  });
});

describe("how much is said", () => {
  const traced = ["trace", "no-such-file.pkl"];

  it("prints the versions of the tool, of its store and of its policies", async () => {
    const { printed } = await census(["--version"]);
    expect(printed.split("\n").slice(0, 3)).toEqual([
      `census ${packageJson.version}`,
      expect.stringMatching(/^store \d{3}-/),
      expect.stringMatching(/^weights-only@/),
    ]);
  });

  it("takes --quiet, --verbose and --no-color before and after a command", async () => {
    const [plain, ...others] = await Promise.all(
      [traced, [...traced, "--quiet"], ["--no-color", "--verbose", ...traced]].map(async (words) => (await census(words)).ending),
    );
    expect(others).toEqual([plain, plain]);
  });
});
