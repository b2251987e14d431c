/** Classes that models load as: what their policies are made of, in the words of the class itself. */
import type { Reason } from "../../analyzer/policy/policy.ts";
import type { AllowedCallable } from "./policies.ts";

/** A step of reasons that stands in the source, with how many allowed callables it leads to. */
export interface SourceStep {
  readonly text: string;
  readonly file: string;
  readonly line: number | null;
  readonly callables: number;
}

/** The steps of one kind in the reasons of a policy's entries, by text: attributes of the class, states that are set. */
export function stepsOf(entries: readonly AllowedCallable[], kind: Reason["kind"]): SourceStep[] {
  const steps = new Map<string, SourceStep>();
  for (const entry of entries) {
    const chains = [...(entry.import ?? []), ...(entry.call ?? [])];
    // Once for each callable, however often its reasons name the step.
    const own = new Map(
      chains.filter((reason) => reason.kind === kind && reason.file !== undefined).map((reason) => [keyOf(reason), reason]),
    );
    for (const [key, { text, file, line }] of own) {
      const known = steps.get(key);
      steps.set(key, { text, file: file!, line: line ?? null, callables: (known?.callables ?? 0) + 1 });
    }
  }
  return [...steps.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}

function keyOf({ text, file, line }: Reason): string {
  return `${text}\n${file}:${line}`;
}
