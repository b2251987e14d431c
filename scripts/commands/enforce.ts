/** `census enforce`: one file under one policy. */
import { Argument, Option } from "commander";
import type { Enforcer, Mode } from "../../analyzer/verdict/verdict.ts";
import { NO_ADVICE } from "../advice.ts";
import { CensusCommand, type Context, printJson } from "../context.ts";
import { withTracer } from "../file-tracer.ts";
import { endingOf, holdsNothing, judgeFile, NOTHING, verdictJson } from "../judging.ts";
import { loadPolicy } from "../policy-files.ts";
import { reportFile } from "../report.ts";
import { fileOnDisk } from "../targets.ts";

interface Options {
  readonly policy: string;
  readonly mode: Mode;
  readonly enforcer: Enforcer;
  readonly json?: boolean;
}

export function enforceCommand(context: Context): CensusCommand {
  return new CensusCommand(context, "enforce", "Judge a file by a policy", [
    "census enforce model.pkl --policy tagger.json",
    "census enforce model.pt --policy weights-only@torch-2.8",
    "census enforce model.pkl --policy tagger.json --enforcer pickleball --mode lazy",
  ])
    .addArgument(new Argument("<FILE>", "the file"))
    .requiredOption("--policy <FILE>", "a policy file, ours or PickleBall's, or the name of a built-in one")
    .addOption(
      new Option("--mode <MODE>", "strict: a name outside the policy blocks; lazy: it becomes a stub, and blocks once it is used")
        .choices(["strict", "lazy"])
        .default("strict"),
    )
    .addOption(
      new Option("--enforcer <WHOSE>", "whose rules: ours, or PickleBall's, gaps included, for comparison")
        .choices(["census", "pickleball"])
        .default("census"),
    )
    .option("--json", "print JSON")
    .runs(async (target: string, { policy: given, mode, enforcer, json }: Options) => {
      const policy = await loadPolicy(context, given);
      const file = await fileOnDisk(context, target);
      const judged = await withTracer((tracer) => judgeFile(file, [{ policy, mode, enforcer }], tracer));
      const verdict = judged.verdicts[0]!;
      if (json)
        await printJson(context, {
          ...verdictJson(target, verdict),
          ...(holdsNothing(judged) && { verdict: null }),
          pickles: judged.trace?.pickles.length ?? null,
        });
      else await context.effects.print(reportFile({ ...judged, advice: NO_ADVICE, opinions: [] }, context.effects.terminal));
      return holdsNothing(judged) ? NOTHING.ending : endingOf(verdict.verdict);
    });
}
