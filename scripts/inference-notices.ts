/** What an inference noticed, for people. Boundary: words only; what is noticed is `analyzer/policy/inference/flow/`'s. */
import type { Notice } from "../analyzer/policy/inference/flow/flow.ts";
import { plural } from "./quantities.ts";

/** Lines that tell the notices, a place each; those that a library of torch's kind has at dozens of places are summed up in the last line. */
export function noticeLines(notices: readonly Notice[], isEachTold: boolean): readonly string[] {
  const single = isEachTold ? notices : notices.filter(({ kind }) => kind === undefined);
  const lines = single.map(({ text, file, line }) => `${file}:${line}: ${text}\n`);
  const sum = sumOf(notices);
  return sum === null || isEachTold ? lines : [...lines, sum];
}

function sumOf(notices: readonly Notice[]): string | null {
  const count = (kind: Notice["kind"]) => notices.filter((notice) => notice.kind === kind).length;
  const left = count("left");
  const widened = count("widened");
  const parts = [
    ...(left > 0
      ? [`in ${plural(left, "place")} an object may be of too many classes to mean any: the policy has those that the library makes itself`]
      : []),
    ...(widened > 0 ? [`in ${plural(widened, "place")} a name is computed: the policy has every class that it may mean`] : []),
  ];
  if (parts.length === 0) return null;
  return `note: ${parts.join("; ")} (--explain or --verbose tells each; docs/inference.md, "Notices", what that means)\n`;
}
