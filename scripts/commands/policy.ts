/** `census policy`: shows, compares, joins and checks policies. */
import { Argument, type Command, Option } from "commander";
import { type Comparison, comparePolicies, diffPolicies, unionPolicies } from "../../analyzer/policy/compare.ts";
import { explainPolicy } from "../../analyzer/policy/explain.ts";
import { writePolicy } from "../../analyzer/policy/format.ts";
import { lintPolicy } from "../../analyzer/policy/lint.ts";
import { SLOTS_CLOSED, writeLoader } from "../../analyzer/policy/loader.ts";
import type { Policy, PolicyEntry } from "../../analyzer/policy/policy.ts";
import { hasSafeGlobals, safeGlobals } from "../../analyzer/policy/safe-globals.ts";
import { filledPolicy, judgeTracedFile } from "../../analyzer/verdict/judge.ts";
import type { Mode } from "../../analyzer/verdict/verdict.ts";
import { CensusCommand, type Context, printJson, resolvePath, UsageError } from "../context.ts";
import { sha256 } from "../disk-source.ts";
import type { Ending } from "../exit-codes.ts";
import { withTracer } from "../file-tracer.ts";
import { endingOf } from "../judging.ts";
import { openOutput } from "../output-file.ts";
import { loadPolicy, RELEASES, weightsOnlyOf } from "../policy-files.ts";
import { fileOnDisk } from "../targets.ts";

const POLICY = "a policy file, ours or PickleBall's, the name of a built-in one, or what 'census trace' printed of a model";

export function policyCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "policy", "Show, compare, join and check policies, and write loaders that enforce them", [
    "census policy show weights-only@torch-2.6",
    "census policy compare observed.json inferred.json",
  ]);
  for (const subcommand of [show, diff, union, compare, lint, loader]) command.addCommand(subcommand(context));
  return command;
}

function show(context: Context): Command {
  return new CensusCommand(context, "show", "Print a policy with the reason for each name", ["census policy show tagger.json"], "policy")
    .addArgument(new Argument("<POLICY>", POLICY))
    .option("--json", "print JSON")
    .runs(async (given: string, { json }: { json?: boolean }) => {
      const policy = await loadPolicy(context, given);
      await context.effects.print(json ? writePolicy(policy) : explainPolicy(policy));
      return "done";
    });
}

function diff(context: Context): Command {
  return new CensusCommand(
    context,
    "diff",
    "Print what a policy allows that another does not",
    ["census policy diff weights-only@torch-2.6 weights-only@torch-2.8"],
    "policy",
  )
    .addArgument(new Argument("<BEFORE>", POLICY))
    .addArgument(new Argument("<AFTER>", POLICY))
    .option("--json", "print JSON")
    .runs(async (before: string, after: string, { json }: { json?: boolean }) => {
      const difference = diffPolicies(await loadPolicy(context, before), await loadPolicy(context, after));
      if (json) await printJson(context, difference);
      else {
        const lines = (["imports", "calls"] as const).flatMap((list) => [
          ...listed("-", list, difference[list].removed),
          ...listed("+", list, difference[list].added),
        ]);
        await context.effects.print(lines.join(""));
      }
      return "done";
    });
}

function listed(sign: string, list: "imports" | "calls", entries: readonly PolicyEntry[]): string[] {
  return entries.map(({ callable }) => `${sign} ${list.slice(0, -1).padEnd(6)} ${callable}\n`);
}

function union(context: Context): Command {
  return new CensusCommand(
    context,
    "union",
    "Write the policy that allows what any of several does",
    ["census policy union a.json b.json --name ours -o ours.json", "census policy union trace-1.json trace-2.json --name observed"],
    "policy",
  )
    .addArgument(new Argument("<POLICY...>", POLICY))
    .option("--name <NAME>", "what the union is called", "union")
    .option("-o, --output <FILE>", "write to a file")
    .option("--json", "print JSON, as it does anyway")
    .runs(async (given: readonly string[], { name, output }: { name: string; output?: string }) => {
      const write = await openOutput(context, output);
      const text = writePolicy(unionPolicies(name, await Promise.all(given.map((each) => loadPolicy(context, each)))));
      await write(text);
      return "done";
    });
}

function compare(context: Context): Command {
  return new CensusCommand(
    context,
    "compare",
    "Measure a policy by what was expected or observed",
    ["census policy compare observed.json inferred.json"],
    "policy",
  )
    .addArgument(new Argument("<EXPECTED>", POLICY))
    .addArgument(new Argument("<ACTUAL>", POLICY))
    .option("--json", "print JSON")
    .runs(async (expected: string, actual: string, { json }: { json?: boolean }) => {
      const comparison = comparePolicies(await loadPolicy(context, expected), await loadPolicy(context, actual));
      if (json) await printJson(context, comparison);
      else await context.effects.print(compared("imports", comparison.imports) + compared("calls", comparison.calls));
      return "done";
    });
}

function compared(list: string, { expected, actual, missing, extra, precision, recall, f1 }: Comparison): string {
  const share = (value: number) => value.toFixed(3);
  const head = `${list}: ${expected} expected, ${actual} there, precision ${share(precision)}, recall ${share(recall)}, F1 ${share(f1)}\n`;
  const lines = [...missing.map((name) => `  missing  ${name}\n`), ...extra.map((name) => `  extra    ${name}\n`)];
  return head + lines.join("");
}

function lint(context: Context): Command {
  return new CensusCommand(
    context,
    "lint",
    "Print what is dangerous or unexplained in a policy; ends with 1 where something is dangerous",
    ["census policy lint tagger.json"],
    "policy",
  )
    .addArgument(new Argument("<POLICY>", POLICY))
    .option("--json", "print JSON")
    .runs(async (given: string, { json }: { json?: boolean }): Promise<Ending> => {
      const findings = lintPolicy(await loadPolicy(context, given));
      if (json) await printJson(context, { findings });
      else {
        const lines = findings.map(
          ({ callable, list, kind, message }) => `${kind.padEnd(11)} ${list.slice(0, -1).padEnd(6)} ${callable}: ${message}\n`,
        );
        await context.effects.print(lines.join(""));
      }
      return findings.some(({ kind }) => kind === "dangerous") ? "blocked" : "done";
    });
}

function loader(context: Context): Command {
  return new CensusCommand(
    context,
    "loader",
    "Write a Python module that loads pickles under a policy, and nothing outside of it",
    [
      "census policy loader tagger.json -o safe_load.py",
      "census policy loader pipeline.json --model pipeline.joblib -o safe_load.py",
      "census policy loader tagger.json --for-torch 2.6",
    ],
    "policy",
  )
    .addArgument(new Argument("<POLICY>", POLICY))
    .addOption(new Option("--mode <MODE>", "as of enforce").choices(["strict", "lazy"]).default("strict"))
    .addOption(
      new Option("--for-torch <VERSION>", "write the two lines of add_safe_globals for this release's own unpickler, where they are enough")
        .choices(RELEASES.filter((release) => hasSafeGlobals(weightsOnlyOf(release))))
        .conflicts("mode"),
    )
    .addOption(
      new Option(
        "--model <FILE>",
        "write it for this file alone, told by its sha256, with the open slots filled as they are there",
      ).conflicts("forTorch"),
    )
    .option("-o, --output <FILE>", "write to a file")
    .runs(async (given: string, { mode, forTorch, model, output }: LoaderOptions) => {
      const write = await openOutput(context, output);
      const policy = await loadPolicy(context, given);
      const of = model === undefined ? null : await modelUnder(context, model, policy, mode);
      if (of !== null && of.verdict !== "loads") {
        context.effects.report(
          `${model} does not load under ${policy.name} (${of.verdict}), so no loader is written for it: 'census enforce' says why.\n`,
        );
        return endingOf(of.verdict);
      }
      const text =
        forTorch === undefined ? loaderModule(of?.filled ?? policy, mode, of?.sha256 ?? null) : safeGlobalLines(policy, forTorch);
      if (policy.fillers !== undefined && forTorch === undefined && of === null)
        context.effects.report(`${policy.name}: ${SLOTS_CLOSED}. With --model it is written for one file, as they are filled there.\n`);
      await write(text);
      return "done";
    });
}

interface LoaderOptions {
  readonly mode: Mode;
  readonly forTorch?: string;
  readonly model?: string;
  readonly output?: string;
}

/** What a file is under a policy; where it loads also its sha256, and what the policy comes to for it. */
async function modelUnder(context: Context, target: string, policy: Policy, mode: Mode) {
  const file = await fileOnDisk(context, target);
  const traced = await withTracer((tracer) => file.read(tracer.trace));
  const { verdict } = judgeTracedFile(traced, policy, mode);
  if (verdict !== "loads") return { verdict };
  return { verdict, filled: filledPolicy(traced, policy, mode), sha256: await sha256(resolvePath(context, target)) };
}

function loaderModule(policy: Policy, mode: Mode, model: string | null): string {
  const module = writeLoader(policy, mode, model);
  if (!module.ok) throw new UsageError(module.error.message);
  return module.value;
}

/** The two lines; where torch would let in more than the policy, or less, that is what is said instead. */
function safeGlobalLines(policy: Policy, release: string): string {
  const { text, shortfalls } = safeGlobals(policy, weightsOnlyOf(release));
  if (shortfalls.length === 0) return text;
  const reasons = shortfalls.map(({ callable, message }) => `  ${callable}: ${message}`);
  throw new UsageError(
    `add_safe_globals is not enough for ${policy.name}; without --for-torch a loader is written that is\n${reasons.join("\n")}`,
  );
}
