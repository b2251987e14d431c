/** `census scan`: files, folders and models on the Hub, judged by torch's weights-only unpickler and by given policies. */
import { Argument, Option } from "commander";
import { WEIGHTS_ONLY, type WeightsOnlyPolicy } from "../../analyzer/policy/weights-only.ts";
import { judgeTrace } from "../../analyzer/verdict/judge.ts";
import type { Mode, Verdict, VerdictKind } from "../../analyzer/verdict/verdict.ts";
import { CensusCommand, type Context, printJson } from "../context.ts";
import { type Ending, worstEnding } from "../exit-codes.ts";
import { endingOf, type JudgedFile, judgeFile, type Standing, verdictJson } from "../judging.ts";
import { loadPolicy, RELEASES, weightsOnlyOf } from "../policy-files.ts";
import { startProgress } from "../progress.ts";
import { withHub } from "../remote.ts";
import { isWorthSaying, reportFile, reportTotals } from "../report.ts";
import { filesOf } from "../targets.ts";

interface Options {
  readonly policy: readonly string[];
  readonly torch: string;
  readonly mode: Mode;
  readonly hub?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function scanCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "scan", "Judge files, folders and models on the Hub", [
    "census scan pytorch_model.bin",
    "census scan checkpoints/ --policy tagger.json",
    "census scan hf://owner/name@main/model.bin --json",
  ]);
  return withHub(command)
    .addArgument(new Argument("<TARGET...>", "a file, a folder, or hf://owner/name[@revision][/path]"))
    .addOption(
      new Option("--policy <FILE>", "judge by this policy as well, and end by it alone; may be repeated")
        .argParser(collect)
        .default([], "none"),
    )
    .addOption(new Option("--torch <VERSION>", "the release whose weights-only unpickler judges").choices(RELEASES).default("2.6"))
    .addOption(new Option("--mode <MODE>", "how a name outside a given policy is taken").choices(["strict", "lazy"]).default("strict"))
    .option("--json", "print JSON")
    .option("-q, --quiet", "print nothing: the exit code says it")
    .runs(async (targets: readonly string[], options: Options) => {
      const given = await Promise.all(options.policy.map((file) => loadPolicy(context, file)));
      const standing: Standing[] = [
        { policy: weightsOnlyOf(options.torch), mode: "strict" },
        ...given.map((policy) => ({ policy, mode: options.mode })),
      ];
      return scan(context, targets, standing, options);
    });
}

async function scan(context: Context, targets: readonly string[], standing: readonly Standing[], options: Options): Promise<Ending> {
  const { effects } = context;
  const progress = startProgress(effects, "files");
  const files: object[] = [];
  const kinds: VerdictKind[] = [];
  let unsaid = 0;
  try {
    for await (const target of filesOf(context, targets, options)) {
      if (effects.signal.aborted) return "interrupted";
      const judged = await judgeFile(target, standing);
      kinds.push(decisive(judged.verdicts));
      if (options.json) files.push(fileJson(judged));
      else if (!target.isNamed && !isWorthSaying(judged)) unsaid++;
      else if (!options.quiet) await effects.print(reportFile({ ...judged, loadsFrom: loadsFrom(judged) }, effects.terminal));
      if (options.json || options.quiet) progress.update(kinds.length, 0, judged.name);
    }
  } finally {
    progress.stop();
  }
  if (options.json) await printJson(context, { files });
  else if (!options.quiet && kinds.length !== 1) await effects.print(reportTotals(kinds, unsaid));
  return worstEnding(kinds.map(endingOf));
}

/** The verdict that a run ends by: the worst under the given policies where there are any, else torch's. */
function decisive([weightsOnly, ...given]: readonly Verdict[]): VerdictKind {
  const kinds = (given.length > 0 ? given : [weightsOnly!]).map(({ verdict }) => verdict);
  const ending = worstEnding(kinds.map(endingOf));
  return kinds.find((kind) => endingOf(kind) === ending)!;
}

/** The first release after the one it was judged by that takes a file which that one blocks. */
function loadsFrom({ trace, verdicts }: JudgedFile): WeightsOnlyPolicy | null {
  const [weightsOnly] = verdicts;
  if (trace === null || weightsOnly?.verdict !== "blocked") return null;
  const later = WEIGHTS_ONLY.slice(WEIGHTS_ONLY.findIndex(({ name }) => name === weightsOnly.policy) + 1);
  return later.find((policy) => judgeTrace(trace, policy, "strict").verdict === "loads") ?? null;
}

function fileJson({ name, role, trace, verdicts }: JudgedFile) {
  return { file: name, role, container: trace?.container ?? null, verdicts: verdicts.map((verdict) => verdictJson(name, verdict)) };
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
