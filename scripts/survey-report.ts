/** What a survey comes to and what it would cost, for people. */
import { VERDICT_KINDS, type VerdictKind } from "../analyzer/verdict/verdict.ts";
import type { SurveyPlan } from "../crawler/plan.ts";
import { REFUSED, type SurveySummary } from "../crawler/summary.ts";
import { bytes, duration, plural, received } from "./quantities.ts";

/** The summary, with a table of models by verdict. */
export function reportSummary(summary: SurveySummary): string {
  const { survey, outcome, models, files, pickles, verdicts } = summary;
  const lines = [
    `survey ${survey}: ${outcome}`,
    `${plural(models, "model")}, ${plural(files, "file")} that could hold pickles, ${plural(pickles, "pickle")}`,
    received(summary),
    ...classLine(summary.classes),
    ...verdictTable(verdicts),
    ...refusedLines(summary),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Those without a class policy are judged by weights-only alone: how many they are, and why. */
function classLine({ inferred = 0, ...without }: SurveySummary["classes"]): string[] {
  const judged = `class policies for ${plural(inferred, "model")}`;
  const reasons = Object.entries(without);
  if (reasons.length === 0) return inferred === 0 ? [] : [judged];
  const total = reasons.reduce((sum, [, models]) => sum + models, 0);
  return [`${judged}, none for ${total} (${reasons.map(([state, models]) => `${state.replace("-", " ")}: ${models}`).join(", ")})`];
}

/** The models that could not be had: which, and why, as far as the summary names them. */
function refusedLines({ survey, refused, states }: SurveySummary): string[] {
  if (refused.length === 0) return [];
  const count = REFUSED.reduce((sum, state) => sum + (states[state] ?? 0), 0);
  const more = count - refused.length;
  return [
    "",
    `${plural(count, "model")} could not be had`,
    ...refused.map(({ model, state, failure }) => `  ${model}: ${failure ?? state}`),
    ...(more > 0 ? [`  and ${more} more: census export models --survey ${JSON.stringify(survey)}`] : []),
  ];
}

function verdictTable(verdicts: SurveySummary["verdicts"]): string[] {
  const policies = Object.keys(verdicts);
  if (policies.length === 0) return [];
  const kinds = (Object.keys(VERDICT_KINDS) as VerdictKind[]).filter((kind) =>
    policies.some((policy) => (verdicts[policy]![kind] ?? 0) > 0),
  );
  const width = Math.max(...policies.map((policy) => policy.length));
  const head = ["models".padEnd(width), ...kinds.map((kind) => VERDICT_KINDS[kind].label)];
  const rows = policies.map((policy) => [
    policy.padEnd(width),
    ...kinds.map((kind) => String(verdicts[policy]![kind] ?? 0).padStart(VERDICT_KINDS[kind].label.length)),
  ]);
  return ["", ...[head, ...rows].map((cells) => cells.join("  "))];
}

/** The plan, before anything is done. */
export function reportPlan({ survey, models, plannedModels, files, requests, bytes: planned, seconds }: SurveyPlan): string {
  const scope = models === null ? `the first ${plural(plannedModels, "model")} of those that match` : plural(models, "model");
  return `survey ${survey} would take, for ${scope}:\n${plural(files, "file")}, ${plural(requests, "request")}, ${bytes(planned)}, ${duration(seconds)} at least\n`;
}
