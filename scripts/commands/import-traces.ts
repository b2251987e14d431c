/** `census import-traces`: PickleBall's published table of traces, as a survey that is judged like any other. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Argument } from "commander";
import {
  type ClassPolicy,
  countBlockedTraces,
  importTraces,
  readPublishedTraces,
  type TraceCounts,
} from "../../crawler/published-traces.ts";
import { judgeAll } from "../../crawler/survey.ts";
import { findSurveyRow } from "../../db/writes-listing.ts";
import { CensusCommand, type Context, repeatable, resolvePath, UsageError } from "../context.ts";
import { loadPolicy } from "../policy-files.ts";
import { plural } from "../quantities.ts";
import { databasePath, openForWriting, withDatabase } from "../store.ts";
import { runStage } from "../survey-options.ts";

interface Options {
  readonly name?: string;
  readonly policy: readonly string[];
  readonly database?: string;
  readonly json?: boolean;
}

/** Where the models of the table are from. */
const HUB = "https://huggingface.co";

export function importTracesCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "import-traces", "Make a survey of PickleBall's published table of traces, and judge it", [
    "census import-traces traced_models.csv --name pickleball-2025",
    "census import-traces traced_models.csv --policy tagger.json --policy detector.json",
  ]);
  return withDatabase(command)
    .addArgument(new Argument("<CSV>", "the table: repository|tags|file|imports|hooks|file|..."))
    .option("--name <NAME>", "the survey (default: after the table)")
    .addOption(repeatable("--policy <FILE>", "a class policy: judge the models by it, too, whose tags name its library"))
    .option("--json", "print JSON")
    .runs(async (table: string, options: Options) => {
      const text = await readFile(resolvePath(context, table), "utf8").catch(() => {
        throw new UsageError(`no such table: ${table}`);
      });
      const models = readPublishedTraces(text);
      if (models.every(({ files }) => files.size === 0)) throw new UsageError(`${table} holds no traces`);
      const policies = await Promise.all(options.policy.map((file) => loadClassPolicy(context, file)));
      const name = options.name ?? path.basename(table, ".csv");
      const query = JSON.stringify({ kind: "models", names: models.map((model) => model.name) });
      const store = await openForWriting(databasePath(context, options.database));
      try {
        const known = await findSurveyRow(store, name);
        if (known !== null && known.query !== query)
          throw new UsageError(`there is a survey ${name} of other models: give this one another name`);
        await importTraces(store, { name, hub: HUB, query, startedAt: context.effects.date().toISOString() }, models, policies);
      } finally {
        await store.destroy();
      }
      let counts: TraceCounts | undefined;
      const ending = await runStage(context, { ...options, name, filter: [] }, async (request, effects) => {
        const summary = await judgeAll(request, effects);
        const survey = await findSurveyRow(effects.store, name);
        counts = await countBlockedTraces(effects.store, survey!.survey_id);
        return { ...summary, traces: counts };
      });
      if (counts !== undefined && !options.json) await context.effects.print(reportCounts(counts));
      return ending;
    });
}

async function loadClassPolicy(context: Context, file: string): Promise<ClassPolicy> {
  const { class: named, library, ...policy } = await loadPolicy(context, file);
  if (named !== null && library !== null) return { ...policy, class: named, library };
  throw new UsageError(`${file} is not the policy of a library's class, as census infer writes it`);
}

function reportCounts({ repositories, untraced, blocked, blockedWeights }: TraceCounts): string {
  const line = (what: string, count: TraceCounts["blocked"]) =>
    `${what}: ${plural(count.repositories, "repository", "repositories")} and ${plural(count.files, "file")} of ${count.ofFiles} blocked\n`;
  return [
    `\n${plural(repositories, "repository", "repositories")}, of ${untraced} no file was traced\n`,
    line("all files", blocked),
    line("without side files", blockedWeights),
    "Of the others only names are known: what is not blocked by name may still be by a call.\n",
  ].join("");
}
