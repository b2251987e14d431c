/** The tables of policies: each of them, what it allows and why, and how the models of its class fare. */
import type { Reason } from "../../analyzer/policy/policy.ts";
import type { Store } from "../connection.ts";
import { callableName } from "../queries/callable-name.ts";
import { listPolicies } from "../queries/policies.ts";
import { type ExportRow, type ExportTable, integer, text } from "./table.ts";

export const policiesTable: ExportTable = {
  name: "policies",
  description: "Every policy of the store: of which class, from which source, how much it allows.",
  columns: [
    text("policy", "Its name."),
    text("slot", "Which of the policies judged side by side it is one of."),
    text("class", "The class it is of; null for policies of no class."),
    text("library", "The distribution whose source it was inferred from; null for none."),
    text("library_version", "Of that distribution."),
    text("source_sha256", "Of the released file that the source was read from."),
    text("engine", "Version of the inference or the extraction that made it."),
    integer("imports", "Callables that may be looked up."),
    integer("calls", "Callables that may be called."),
  ],
  rows: async function* (store) {
    for (const { policyId: _, name, libraryVersion, sourceSha256, ...policy } of await listPolicies(store))
      yield { policy: name, ...policy, library_version: libraryVersion, source_sha256: sourceSha256 };
  },
};

export const policyEntriesTable: ExportTable = {
  name: "policy-entries",
  description: "What each policy allows, with the reason, as a chain from the class to the name.",
  columns: [
    text("policy", "Its name."),
    text("kind", "import or call."),
    text("callable", "module.qualified.name."),
    text("capability", "What it could do, from what is known of it by name."),
    text("reason", "The chain of reasons, each followed by its place in the source, joined by arrows."),
  ],
  rows: entryRows,
};

async function* entryRows(store: Store): AsyncGenerator<ExportRow> {
  for (const { policyId, name } of await listPolicies(store)) {
    const rows = await store
      .selectFrom("policy_entry")
      .innerJoin("callable", "callable.callable_id", "policy_entry.callable_id")
      .where("policy_id", "=", policyId)
      .select(["kind", callableName.$notNull().as("callable"), "capability", "reasons"])
      .orderBy("callable")
      .orderBy("kind", "desc")
      .execute();
    for (const { reasons, ...row } of rows) yield { policy: name, ...row, reason: chain(JSON.parse(reasons) as Reason[]) };
  }
}

function chain(reasons: readonly Reason[]): string {
  const place = ({ file, line }: Reason) => (file === undefined ? "" : ` (${file}${line === undefined ? "" : `:${line}`})`);
  return reasons.map((reason) => `${reason.kind} ${reason.text}${place(reason)}`).join(" -> ");
}
