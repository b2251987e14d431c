/** What torch itself says where it refuses a file: told as its words, without advice that nobody should take. */
import type { Policy } from "../analyzer/policy/policy.ts";
import { isWeightsOnly, type UnpicklerRules } from "../analyzer/policy/weights-only.ts";
import type { Blocked } from "../analyzer/verdict/verdict.ts";

/**
 * The reason of something blocked, for people. Where it is torch's own error text, that is said; torch proposes to allow what
 * it refuses, whatever it is, and that part is left out where the file needs something that could do harm.
 */
export function reasonOf({ reason, capability }: Blocked, policy: Policy | undefined, needsHarmful: boolean): string {
  if (policy === undefined || !isWeightsOnly(policy) || !isSaidBy(policy.unpickler, reason)) return reason;
  const [fact = "", advice] = reason.split(" Please use ", 2);
  return `torch says: ${advice === undefined || needsHarmful || capability !== "unknown" ? fact : reason}`;
}

/** Texts of the unpickler's own, whatever is in their holes; others are ours, of what it would do without a word. */
function isSaidBy({ messages, hints, archives }: UnpicklerRules, reason: string): boolean {
  const whole = [...hints.values(), ...Object.values(archives)];
  return whole.includes(reason) || Object.values(messages).some((message) => patternOf(message).test(reason));
}

function patternOf(message: string): RegExp {
  return new RegExp(
    `^${message
      .split(/\{[^}]+\}/)
      .map(escaped)
      .join(".*")}$`,
    "s",
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
