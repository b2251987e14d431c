/** `census infer`: the policy of a class, from the source of its library. */
import { writeFile } from "node:fs/promises";
import { Option } from "commander";
import { explainPolicy } from "../../analyzer/policy/explain.ts";
import { writePickleball, writePolicy } from "../../analyzer/policy/format.ts";
import { infer } from "../../analyzer/policy/infer.ts";
import { loadPythonParser } from "../../crawler/python-grammar.ts";
import { CensusCommand, type Context, resolvePath, UsageError } from "../context.ts";
import type { Ending } from "../exit-codes.ts";
import { plural } from "../quantities.ts";
import { readSourceTree } from "../source-trees.ts";

interface Options {
  readonly source: string;
  readonly dependency: readonly string[];
  readonly class: string;
  readonly libraryVersion?: string;
  readonly format: "census" | "pickleball";
  readonly explain?: boolean;
  readonly output?: string;
}

export function inferCommand(context: Context): CensusCommand {
  return new CensusCommand(context, "infer", "Infer the policy of a class from the source of its library", [
    "census infer --source flair/ --class flair.models.SequenceTagger -o tagger.json",
    "census infer --source brine-0.2.0-py3-none-any.whl --class brine.models.SequenceTagger --explain",
  ])
    .requiredOption("--source <DIR>", "the library: a folder of Python source, or a wheel")
    .option(
      "--dependency <DIR>",
      "source that the library imports; may be repeated",
      (value, before: readonly string[]) => [...before, value],
      [],
    )
    .requiredOption("--class <NAME>", "the class, by its full name: pkg.mod.Class")
    .option("--library-version <VERSION>", "the version to name in the policy (default: the wheel's)")
    .addOption(new Option("--format <FORMAT>", "how the policy is written").choices(["census", "pickleball"]).default("census"))
    .option("--explain", "print the reasons for each name, for people")
    .option("-o, --output <FILE>", "write to a file")
    .option("--json", "print JSON, as it does without --explain")
    .runs((options: Options) => inferPolicy(context, options));
}

async function inferPolicy(context: Context, options: Options): Promise<Ending> {
  const { effects } = context;
  const [library, ...dependencies] = await Promise.all(
    [options.source, ...options.dependency].map((given) => readSourceTree(context, given)),
  );
  const version = options.libraryVersion ?? library!.version;
  const parser = await loadPythonParser();
  const inferred = infer({ parser, library: { ...library!, version }, dependencies, class: options.class });
  if (!inferred.ok) throw new UsageError(inferred.error.message);
  const { policy, notices, unparsed } = inferred.value;
  for (const { text, file, line } of notices) effects.report(`${file}:${line}: ${text}\n`);
  if (unparsed.length > 0)
    effects.report(`${plural(unparsed.length, "file")} with syntax that was not understood: ${unparsed.join(", ")}\n`);
  const text = options.explain ? explainPolicy(policy) : options.format === "census" ? writePolicy(policy) : writePickleball(policy);
  if (options.output === undefined) await effects.print(text);
  else await writeFile(resolvePath(context, options.output), text);
  return "done";
}
