/** The labelled corpus by judge, as `docs/judging.md` shows it: how often each loads, blocks, or cannot tell. */
import type { Trace } from "../../../analyzer/containers/trace.ts";
import type { Policy } from "../../../analyzer/policy/policy.ts";
import { WEIGHTS_ONLY } from "../../../analyzer/policy/weights-only.ts";
import { forbiddenNames } from "../../../analyzer/verdict/deny-list.ts";
import { judgeTrace } from "../../../analyzer/verdict/judge.ts";
import { VERDICT_KINDS, type VerdictKind } from "../../../analyzer/verdict/verdict.ts";

export interface Sample {
  readonly expected: string;
  readonly trace: Trace;
}

type Says = (trace: Trace) => VerdictKind;

/** A table in Markdown: a row a judge, benign and malicious files apart. */
export function corpusTable(samples: readonly Sample[], policies: readonly Policy[]): string {
  const judges: (readonly [string, Says])[] = [
    ...WEIGHTS_ONLY.map((by) => [`\`${by.name}\``, (trace: Trace) => judgeTrace(trace, by, "strict").verdict] as const),
    ...policies.flatMap((by) => [
      [`\`${by.name}\``, (trace: Trace) => judgeTrace(trace, by, "strict").verdict] as const,
      [`\`${by.name}\`, lazy`, (trace: Trace) => judgeTrace(trace, by, "lazy").verdict] as const,
      [`\`${by.name}\`, PickleBall's rules`, (trace: Trace) => judgeTrace(trace, by, "lazy", "pickleball").verdict] as const,
    ]),
    ["deny-list, for contrast", (trace) => (forbiddenNames(trace).length > 0 ? "blocked" : "loads")],
  ];
  const rows = judges.map(([name, says]) => [name, ...counts(samples, "benign", says), ...counts(samples, "malicious", says)]);
  const head = ["judge", ...["benign", "malicious"].flatMap((label) => [`${label}: loads`, "blocked", "cannot tell"])];
  return [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function counts(samples: readonly Sample[], label: string, says: Says): number[] {
  const kinds = samples.filter(({ expected }) => expected === label).map(({ trace }) => VERDICT_KINDS[says(trace)].counts);
  return (["success", "failure", "unknown"] as const).map((kind) => kinds.filter((each) => each === kind).length);
}

/** What torch's default release stops benign files for first, the most frequent names first. */
export function firstBlocked(samples: readonly Sample[], by: Policy): readonly (readonly [string, number])[] {
  const found = new Map<string, number>();
  for (const { expected, trace } of samples) {
    const [first] = expected === "benign" ? judgeTrace(trace, by, "strict").blocked : [];
    if (first !== undefined) found.set(first.callable ?? first.opcode, (found.get(first.callable ?? first.opcode) ?? 0) + 1);
  }
  return [...found].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
}
