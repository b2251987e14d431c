/** Names in policy files that somebody wrote: what reads like a wider name, or like another one, lets nothing more in. */
import { describe, expect, it } from "vitest";
import { assemble } from "../../../analyzer/pickle/assembler.ts";
import { readPolicy, writePickleball } from "../../../analyzer/policy/format.ts";
import { joinReleases } from "../../../analyzer/policy/inference/releases.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { traceBytes } from "../containers/trace.ts";

function pickleball(names: readonly string[]): Policy {
  const read = readPolicy(JSON.stringify({ "a.B": { globals: names, reduces: names } }));
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

async function verdictOn(listing: string, policy: Policy): Promise<string> {
  const program = assemble(`PROTO 4\n${listing}\nEMPTY_TUPLE\nREDUCE\nSTOP`);
  if (!program.ok) throw new Error(program.error.message);
  const trace = await traceBytes(program.value);
  return judgeTrace(trace, policy, "strict").verdict;
}

const looked = (module: string, name: string): string =>
  `SHORT_BINUNICODE ${JSON.stringify(module)}\nSHORT_BINUNICODE ${JSON.stringify(name)}\nSTACK_GLOBAL`;

describe("names of a policy in PickleBall's format", () => {
  const ODD = [
    "os.*",
    "*",
    "",
    ".",
    "os",
    "os.",
    ".os.system",
    "os..system",
    "osx",
    "os system",
    "os.system ",
    "OS.system",
    "__proto__",
    "os\n.system",
  ];

  it.each([...ODD.map((name) => [[name]]), [ODD]])("%j let no other in", async (names) => {
    for (const policy of [pickleball(names), readAgain(pickleball(names))]) {
      expect(await verdictOn(looked("os", "system"), policy)).toBe("blocked");
      expect(await verdictOn(looked("o", ""), policy)).not.toBe("loads");
    }
  });

  it("mean what is in their module, not an attribute of what is allowed, nor a module of that name", async () => {
    const policy = pickleball(["a.B", "a.b.C", "os.path.join"]);
    expect(await verdictOn(looked("a", "B"), policy)).toBe("loads");
    for (const [module, name] of [
      ["a", "B.evil"],
      ["a", "b.C"],
      ["a.B", "evil"],
      ["os", "path.os.system"],
      ["a.b", "C.__init__"],
    ] as const)
      expect(await verdictOn(looked(module, name), policy), `${module} ${name}`).toBe("blocked");
  });

  function readAgain(policy: Policy): Policy {
    const read = readPolicy(writePickleball(policy));
    if (!read.ok) throw new Error(read.error.message);
    return read.value;
  }
});

describe("the union of releases", () => {
  const entry = (callable: string, more: object = {}) => ({ callable, reasons: [], ...more });
  const release = (name: string, ...entries: Policy["imports"]) => ({
    name,
    policy: { name, class: "a.B", library: null, imports: entries, calls: entries } satisfies Policy,
  });

  it("lets an alias in under its own name alone, whatever it stands for in some release", async () => {
    const union = joinReleases("a", [release("1", entry("a.B"), entry("a.old.B", { sameAs: "a.B" })), release("2", entry("a.new.B"))]);
    for (const name of ["a.B", "a.old.B", "a.new.B"]) expect(await verdictOn(looked(name.slice(0, -2), "B"), union)).toBe("loads");
    for (const [module, name] of [
      ["a", "old.B"],
      ["a.old", "B.loads"],
      ["a.old.B", "loads"],
      ["a.new", "b"],
      ["a", "B.B"],
    ] as const)
      expect(await verdictOn(looked(module, name), union), `${module} ${name}`).toBe("blocked");
  });

  it("takes what a call returns for shared where it is in any release", async () => {
    const union = joinReleases("a", [release("1", entry("a.get", { returns: "shared" })), release("2", entry("a.get"))]);
    expect(await verdictOn(`${looked("a", "get")}\nEMPTY_TUPLE\nREDUCE\nEMPTY_DICT\nBUILD\nPOP\n${looked("a", "get")}`, union)).toBe(
      "blocked",
    );
  });
});
