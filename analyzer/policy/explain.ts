/** A policy as text for people: every name, and the chain of reasons that leads to it. Boundary: rendering only. */
import type { Policy, PolicyEntry, Reason } from "./policy.ts";

/** The policy, one paragraph a name. A name that is both looked up and called is told once. */
export function explainPolicy(policy: Policy): string {
  const calls = new Map(policy.calls.map((entry) => [entry.callable, useOf(entry)]));
  const imports = new Set(policy.imports.map((entry) => entry.callable));
  const callsOnly = policy.calls.filter((entry) => !imports.has(entry.callable));
  const library = policy.library ? ` from ${policy.library.name} ${policy.library.version ?? "(no version)"}` : "";
  const head = `${policy.name}${library}: ${policy.imports.length} imports, ${policy.calls.length} calls`;
  const paragraphs = [
    ...policy.imports.map((entry) =>
      explainEntry(entry, ["import", ...(entry.bound ? ["in a partial"] : []), ...(calls.get(entry.callable) ?? [])].join(", ")),
    ),
    ...callsOnly.map((entry) => explainEntry(entry, useOf(entry).join(", "))),
  ];
  return `${[head, ...paragraphs].join("\n\n")}\n`;
}

function useOf({ returns }: PolicyEntry): readonly string[] {
  return returns === "shared" ? ["call", "what it returns may not be changed"] : ["call"];
}

/** One name and its chain, the class first. */
export function explainEntry(entry: PolicyEntry, use: string): string {
  return [`${entry.callable}  [${use}]`, ...entry.reasons.map((reason, depth) => `${"  ".repeat(depth + 1)}${explainReason(reason)}`)].join(
    "\n",
  );
}

function explainReason(reason: Reason): string {
  const name = reason.name === undefined || reason.text.includes(reason.name) ? "" : ` -> ${reason.name}`;
  const place = reason.file === undefined ? "" : ` (${reason.file}${reason.line === undefined ? "" : `:${reason.line}`})`;
  return `${reason.kind}: ${reason.text}${name}${place}`;
}
