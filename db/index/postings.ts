/** What posting lists are gathered from: containers, imports and calls, and what is blocked, for some thousand models at a time. */
import { sql } from "kysely";
import { spellingOf } from "../callables.ts";
import type { Store } from "../connection.ts";
import { blockedInModels, blockedOpcode } from "../queries/blocked-in-models.ts";
import { isOfClass, type Lens } from "../queries/judgements.ts";
import type { Postings, RankedModels } from "./build-index.ts";
import { blockedKind } from "./published.ts";

/** Which models hold which containers. */
export async function readContainers(store: Store, surveyId: number, models: RankedModels, postings: Postings): Promise<void> {
  for (const ids of models.batches()) {
    const rows = await filesOf(store, surveyId, ids)
      .innerJoin("blob", "blob.blob_id", "file.blob_id")
      .select(["model_id", "container"])
      .distinct()
      .execute();
    for (const { model_id, container } of rows) postings.add("container", container, null, models.rankOf.get(model_id)!);
  }
}

/** Which models import and call what. Sets of facts are few: each is read once, however many pickles have it. */
export async function readFacts(store: Store, surveyId: number, models: RankedModels, postings: Postings): Promise<void> {
  const members = new Map<number, { kind: "import" | "call"; callable: string; callableId: number }[]>();
  for (const ids of models.batches()) {
    const rows = await filesOf(store, surveyId, ids)
      .innerJoin("pickle", "pickle.blob_id", "file.blob_id")
      .select(["model_id", "fact_set_id"])
      .distinct()
      .execute();
    const unread = [...new Set(rows.map(({ fact_set_id }) => fact_set_id))].filter((id) => !members.has(id));
    for (const id of unread) members.set(id, []);
    for (const member of await membersOf(store, unread)) {
      const { kind } = member;
      if (kind === "import" || kind === "call")
        members.get(member.fact_set_id)!.push({ kind, callable: spellingOf(member), callableId: member.callable_id! });
    }
    for (const { model_id, fact_set_id } of rows) {
      const rank = models.rankOf.get(model_id)!;
      for (const { kind, callable, callableId } of members.get(fact_set_id)!) postings.add(kind, callable, callableId, rank);
    }
  }
}

function membersOf(store: Store, factSetIds: readonly number[]) {
  return store
    .selectFrom("fact_set_member")
    .innerJoin("callable", "callable.callable_id", "fact_set_member.callable_id")
    .select(["fact_set_id", "kind", "fact_set_member.callable_id", "module", "name"])
    .where("fact_set_id", "in", factSetIds)
    .execute();
}

/** Which models are blocked on what under a lens: on which callable, of which module and capability, or on which opcode. */
export async function readBlocked(store: Store, surveyId: number, models: RankedModels, lens: Lens, postings: Postings): Promise<void> {
  for (const ids of models.batches()) {
    const rows = await blockedInModels(store, surveyId)
      .where("model_verdict.model_id", "in", ids)
      // Not by an index of verdicts, which would go through all of the lens for each batch of models.
      .where(sql<boolean>`model_verdict.slot || '' = ${lens.slot}`)
      .where("model_verdict.mode", "=", lens.mode)
      .where("model_verdict.role", "=", lens.role)
      .where("model_verdict.verdict", "=", "blocked")
      .select("model_verdict.model_id")
      .select(["blocked.callable_id", "callable.module", "callable.name", "callable.capability", blockedOpcode.as("opcode")])
      .distinct()
      .execute();
    for (const { module, name, capability, ...row } of rows) {
      const rank = models.rankOf.get(row.model_id)!;
      if (module === null || name === null) {
        postings.add(blockedKind(lens, "opcode"), row.opcode!, null, rank);
        continue;
      }
      const callable = spellingOf({ module, name });
      postings.add(blockedKind(lens), callable, row.callable_id, rank);
      const library = models.codes.library.valueAt(rank);
      if (library !== null) postings.add(`${blockedKind(lens, "library")} ${library}`, callable, row.callable_id, rank);
      const cls = models.codes.class.valueAt(rank);
      if (cls !== null && isOfClass(lens)) postings.add(`${blockedKind(lens, "class")} ${cls}`, callable, row.callable_id, rank);
      postings.add(blockedKind(lens, "module"), module.split(".", 1)[0]!, null, rank);
      postings.add(blockedKind(lens, "capability"), capability!, null, rank);
    }
  }
}

function filesOf(store: Store, surveyId: number, modelIds: readonly number[]) {
  return store
    .selectFrom("survey_model")
    .innerJoin("file", "file.revision_id", "survey_model.revision_id")
    .where("survey_id", "=", surveyId)
    .where("model_id", "in", modelIds);
}
