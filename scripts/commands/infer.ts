/** `census infer`: the policy of a class, from the source of its library. */
import { Option } from "commander";
import { explainPolicy } from "../../analyzer/policy/explain.ts";
import { writePickleball, writePolicy } from "../../analyzer/policy/format.ts";
import { openPolicy } from "../../analyzer/policy/inference/fill.ts";
import { infer, inferCheckpoint, inferRecorded, openLibrary } from "../../analyzer/policy/inference/infer.ts";
import { type InferredReleases, inferReleases, type Release } from "../../analyzer/policy/inference/releases.ts";
import type { Policy } from "../../analyzer/policy/policy.ts";
import { keepUnits } from "../../analyzer/python/lower-module.ts";
import type { PythonParser } from "../../analyzer/python/parser.ts";
import { openParseCache, type ParseCache, parseCacheFile } from "../../crawler/parse-cache.ts";
import { loadPythonParser } from "../../crawler/python-grammar.ts";
import { CensusCommand, type Context, repeatable, UsageError } from "../context.ts";
import { noticeLines } from "../inference-notices.ts";
import { openOutput } from "../output-file.ts";
import { drawLine } from "../progress.ts";
import { plural } from "../quantities.ts";
import { readIdentifiedTree, readSourceTree, severalDistributions } from "../source-trees.ts";
import { fileOnDisk } from "../targets.ts";

interface Options {
  readonly class?: string;
  readonly checkpoint?: boolean;
  readonly libraryVersion?: string;
  readonly format: "census" | "pickleball";
  readonly open: readonly string[];
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly output?: string;
}

/** A `--source`, and the `--dependency`s that follow it. */
interface GivenRelease {
  readonly source: string;
  readonly dependencies: string[];
}

export function inferCommand(context: Context): CensusCommand {
  const releases: GivenRelease[] = [];
  const shared: string[] = [];
  return new CensusCommand(context, "infer", "Infer the policy of a class from the source of its library", [
    "census infer --source brine/ --class brine.models.SequenceTagger -o tagger.json",
    "census infer --source brine-0.2.0-py3-none-any.whl --class brine.models.SequenceTagger --explain",
    "census infer --source brine-0.1.0/ --source brine-0.2.0/ --class brine.models.SequenceTagger",
    "census infer --source brine-0.2.0/ --checkpoint --explain",
    "census infer --source sklearn/ --class sklearn.pipeline.Pipeline --open model.pkl -o model.json",
    "census infer --class argparse.Namespace",
  ])
    .option(
      "--source <DIR>",
      "the library: a folder of Python source, or a wheel; repeated for its releases, from the earliest to the latest; not needed for a class whose pickles were recorded",
      (source) => releases.push({ source, dependencies: [] }),
    )
    .option(
      "--dependency <DIR>",
      "source that the library imports; may be repeated; belongs to the --source before it, or to all if it comes first",
      (dependency) => (releases.at(-1)?.dependencies ?? shared).push(dependency),
    )
    .option("--class <NAME>", "the class, by its full name: pkg.mod.Class")
    .option("--checkpoint", "instead of a class: what the library itself saves, wherever it calls torch.save, pickle.dump and the like")
    .addOption(
      repeatable(
        "--open <FILE>",
        "class+open: fill the slots that the class leaves open with what this file names, where that is inert to load",
      ),
    )
    .option("--library-version <VERSION>", "the version of the last --source (default: the one it states, or is installed as)")
    .addOption(new Option("--format <FORMAT>", "how the policy is written").choices(["census", "pickleball"]).default("census"))
    .option("--explain", "print the reasons for each name, for people")
    .option("-o, --output <FILE>", "write to a file")
    .option("--json", "print JSON, as it does without --explain; with both, the reasons are in it")
    .runs(async (options: Options) => {
      const write = await openOutput(context, options.output);
      const given = releases.map(({ source, dependencies }) => ({ source, dependencies: [...dependencies, ...shared] }));
      const cacheFile = parseCacheFile(context.effects.environment);
      const cache = cacheFile === null ? null : openParseCache(cacheFile);
      // The grammar is compiled while folders are read.
      const [parser, trees] = await Promise.all([
        loadPythonParser(cache),
        Promise.all(given.map((release) => readRelease(context, release, cache, options.class))),
      ]);
      const [policy, said] =
        trees.length > 0 ? await inferPolicy(context, parser, trees, options) : [recordedPolicy(parser, options, shared.length > 0), []];
      const isForPeople = options.explain && !options.json;
      await write(isForPeople ? explainPolicy(policy) : options.format === "census" ? writePolicy(policy) : writePickleball(policy));
      for (const line of said) context.effects.report(line);
      keepUnits(parser);
      cache?.close();
      return "done";
    });
}

async function readRelease(
  context: Context,
  { source, dependencies }: GivenRelease,
  cache: ParseCache | null,
  class_: string | undefined,
): Promise<Release> {
  const several = severalDistributions(context, source, class_);
  if (several !== null) context.effects.report(`warning: ${several}\n`);
  const library = await readIdentifiedTree(context, source, cache);
  return { library, dependencies: await Promise.all(dependencies.map((given) => readSourceTree(context, given, cache))) };
}

/** The policy of a class without the source of a library. */
function recordedPolicy(
  parser: PythonParser,
  { class: class_, checkpoint, open, libraryVersion }: Options,
  hasDependency: boolean,
): Policy {
  const needing = [
    ...(checkpoint ? ["--checkpoint"] : []),
    ...(hasDependency ? ["--dependency"] : []),
    ...(open.length > 0 ? ["--open"] : []),
    ...(libraryVersion !== undefined ? ["--library-version"] : []),
  ];
  if (needing.length > 0) throw new UsageError(`${needing[0]} needs the --source of the library: its folder, or a wheel`);
  if (class_ === undefined) throw new UsageError("give the --source of the library (its folder, or a wheel), and --class or --checkpoint");
  const inferred = inferRecorded(parser, class_);
  if (!inferred.ok) throw new UsageError(`without --source, ${inferred.error.message}`);
  return inferred.value.policy;
}

/** The policy that was asked for, and lines about what the inference noticed. */
async function inferPolicy(
  context: Context,
  parser: PythonParser,
  releases: readonly Release[],
  options: Options,
): Promise<readonly [Policy, readonly string[]]> {
  const { effects } = context;
  const last = releases.at(-1)!;
  const version = options.libraryVersion ?? last.library.version;
  const all = [...releases.slice(0, -1), { ...last, library: { ...last.library, version } }];
  const inferred = inferAsked(context, parser, all, options);
  drawLine(effects, "");
  if (!inferred.ok) throw new UsageError(inferred.error.message);
  const { policy, notices, unparsed } = inferred.value;
  const { without = [] } = inferred.value as Partial<InferredReleases>;
  const said = [
    ...(unparsed.length > 0 ? [`${plural(unparsed.length, "file")} with syntax that was not understood: ${unparsed.join(", ")}\n`] : []),
    ...(without.length > 0 ? [`${options.class} is not in ${without.join(", ")}\n`] : []),
    ...noticeLines(notices, options.explain === true || effects.terminal.verbose === true),
  ];
  if (options.open.length === 0) return [policy, said];
  if (options.class === undefined || all.length > 1) throw new UsageError("--open takes a --class of one --source");
  const { candidate } = openLibrary({ parser, ...all[0]!, class: options.class });
  return [openPolicy(policy, await namesIn(context, options.open), candidate), said];
}

/** The callables that some files look up. */
async function namesIn(context: Context, files: readonly string[]): Promise<string[]> {
  const { traceFile } = await import("../../analyzer/containers/trace-file.ts");
  const traced = await Promise.all(files.map(async (file) => (await fileOnDisk(context, file)).read(traceFile)));
  const facts = traced.flatMap(({ trace }) => trace.pickles.flatMap((pickle) => pickle.facts));
  return facts.flatMap((fact) => (fact.kind === "import" ? [fact.callable] : []));
}

/** Of a class, in one release or in several together; or of what the library saves. */
function inferAsked({ effects }: Context, parser: PythonParser, releases: readonly Release[], { class: class_, checkpoint }: Options) {
  if ((class_ === undefined) === (checkpoint === undefined)) throw new UsageError("give either --class or --checkpoint");
  const [first, ...others] = releases as [Release, ...Release[]];
  if (class_ !== undefined) {
    drawLine(effects, `Inferring what ${class_} needs${others.length > 0 ? ` in ${plural(releases.length, "release")}` : ""}`);
    return effects.withoutPause(() =>
      others.length === 0 ? infer({ parser, ...first, class: class_ }) : inferReleases({ parser, releases, class: class_ }),
    );
  }
  if (others.length > 0) throw new UsageError("--checkpoint takes one --source");
  return effects.withoutPause(() =>
    inferCheckpoint({ parser, ...first }, (saver, done, all) => drawLine(effects, `${done} of ${all} that save; following ${saver}`)),
  );
}
