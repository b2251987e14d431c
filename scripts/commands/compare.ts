/** `census compare`: what has changed from one survey to another. */

import type { Store } from "../../db/connection.ts";
import { compareSurveys } from "../../db/queries/comparison.ts";
import { type DifferingModels, differencesOf } from "../../db/queries/differences.ts";
import { formatShares } from "../../db/queries/formats.ts";
import { listJudgements } from "../../db/queries/judgements.ts";
import { CensusCommand, type Context, printJson } from "../context.ts";
import type { Ending } from "../exit-codes.ts";
import { knownSurvey } from "../known-survey.ts";
import { plural } from "../quantities.ts";
import { databasePath, openForReading, withDatabase } from "../store.ts";

interface Options {
  readonly database?: string;
  readonly json?: boolean;
}

export function compareCommand(context: Context): CensusCommand {
  const command = new CensusCommand(context, "compare", "Compare two surveys: models new, gone and changed, formats, verdicts", [
    "census compare spring autumn",
    "census compare spring autumn --json",
  ]);
  command.argument("<before>", "the earlier survey").argument("<after>", "the later survey");
  return withDatabase(command)
    .option("--json", "print JSON")
    .runs((before: string, after: string, options: Options) => compare(context, before, after, options));
}

async function compare(context: Context, before: string, after: string, options: Options): Promise<Ending> {
  const store = await openForReading(databasePath(context, options.database));
  try {
    const comparison = await comparisonOf(store, (await knownSurvey(store, before)).surveyId, (await knownSurvey(store, after)).surveyId);
    if (options.json) await printJson(context, { before, after, ...comparison });
    else await context.effects.print(reportComparison(before, after, comparison));
    return "done";
  } finally {
    await store.destroy();
  }
}

type Comparison = Awaited<ReturnType<typeof comparisonOf>>;

/** The differences, the formats in each, and how the verdicts on weights moved under each policy. */
async function comparisonOf(store: Store, before: number, after: number) {
  const [formatsBefore, formatsAfter] = [await formatShares(store, before), await formatShares(store, after)];
  const formats = [...new Set([...formatsAfter, ...formatsBefore].map(({ format }) => format))].map((format) => {
    const models = (shares: typeof formatsAfter) => shares.find((share) => share.format === format)?.models ?? 0;
    return { format, before: models(formatsBefore), after: models(formatsAfter) };
  });
  const verdicts = [];
  for (const judgement of await listJudgements(store, after)) {
    const { moves } = await compareSurveys(store, before, after, { ...judgement, role: "weights" }, 0);
    verdicts.push(...moves.map((move) => ({ ...judgement, ...move })));
  }
  return { ...(await differencesOf(store, before, after)), formats, verdicts };
}

function reportComparison(before: string, after: string, comparison: Comparison): string {
  const kinds = (["new", "gone", "changed", "renamed"] as const).flatMap((kind) => modelLines(kind, comparison[kind]));
  const states = comparison.states.map((row) => `  ${row.before} to ${row.after}: ${row.models}`);
  const formats = comparison.formats.map((row) => `  ${row.format ?? "not told"}: ${row.before} to ${row.after}`);
  const verdicts = comparison.verdicts
    .filter((row) => row.before !== row.after)
    .map((row) => `  ${row.slot} ${row.mode}: ${row.before ?? "none"} to ${row.after ?? "none"}: ${row.models}`);
  return [
    `${plural(comparison.common, "model")} in both ${before} and ${after}`,
    ...kinds,
    ...section("states", states),
    ...section("formats", formats),
    ...section("verdicts that changed", verdicts),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

function modelLines(kind: string, { models, first }: DifferingModels): string[] {
  return [`${kind}: ${models}`, ...first.map(({ model, downloads }) => `  ${model} (${plural(downloads, "download")})`)];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}
