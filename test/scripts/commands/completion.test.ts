import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { EXPORT_NAMES } from "../../../db/exports/tables.ts";
import { createProgram } from "../../../scripts/program.ts";
import { census, temporaryFolder } from "../run-census.ts";

const folder = temporaryFolder();
const program = await createProgram({ effects: { print: async () => undefined, report: () => undefined } as never, end: () => undefined });
const commands = program.commands.map((command) => command.name()).filter((name) => name !== "help");

describe("completion in bash", () => {
  /** What bash offers after `census` and these words, the last of which is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    const script = path.join(folder, "census.bash");
    writeFileSync(script, (await census(["completion", "bash"])).printed);
    const line = ["census", ...words].map((word) => `'${word}'`).join(" ");
    const run = `source '${script}'; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _census; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["--norc", "-c", run], { encoding: "utf8" }).split("\n").filter(Boolean);
  }

  it("offers every command, and those that begin as typed", async () => {
    expect(await offered("")).toEqual(expect.arrayContaining(commands));
    expect(await offered("das")).toEqual(["dashboard"]);
  });

  it("offers a command's options and the values of its argument", async () => {
    expect(await offered("export", "")).toEqual(expect.arrayContaining([...EXPORT_NAMES, "all", "--format", "--survey", "--help"]));
    expect(await offered("export", "load-success", "--out")).toEqual(["--output"]);
    expect(await offered("completion", "f")).toEqual(["fish"]);
  });

  it("offers what belongs to a subcommand, also after an option", async () => {
    expect(await offered("policy", "d")).toEqual(["diff"]);
    expect(await offered("policy", "--x", "union", "--o")).toEqual(["--output"]);
  });
});

describe("completion in other shells", () => {
  it("says the same in fish and through bash's functions in zsh", async () => {
    const fish = (await census(["completion", "fish"])).printed;
    for (const command of commands) expect(fish).toMatch(new RegExp(`^complete -c census -n 'not .*' -f -a ${command} -d '`, "m"));
    expect(fish).toContain("__fish_seen_subcommand_from export' -l format -d '");
    expect((await census(["completion", "zsh"])).printed).toMatch(
      /^autoload -U \+X bashcompinit && bashcompinit\n# Completion of census for bash/,
    );
  });

  it("knows no others", async () => {
    expect(await census(["completion", "tcsh"])).toMatchObject({ ending: "usage", printed: "" });
  });
});
