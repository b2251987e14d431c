/**
 * The manifest of a survey: one hash over what it found, by which two people can tell that they have the same. Over the
 * models, their commits, the contents of their files, the policies and the verdicts; not over when it ran, what it cost,
 * or how popular the models were, which differ from day to day.
 */
import { createHash } from "node:crypto";
import { chunksOf } from "./chunks.ts";
import type { Store } from "./connection.ts";

/** Hex sha256 over a line of JSON for each policy, by name, and for each model, by the Hub's id. */
export async function computeManifest(store: Store, surveyId: number): Promise<string> {
  const hash = createHash("sha256");
  for (const policy of await policiesOf(store, surveyId)) hash.update(`${JSON.stringify(policy)}\n`);
  for (const ids of chunksOf(await modelIds(store, surveyId))) {
    const models = await modelsOf(store, surveyId, ids);
    const files = grouped(
      await filesOf(
        store,
        models.map((model) => model.revision_id),
      ),
      (file) => file.revision_id,
    );
    const verdicts = grouped(await verdictsOf(store, surveyId, ids), (verdict) => verdict.model_id);
    for (const { hub_id, listed_name, commit_sha, state, class: cls, revision_id, model_id } of models) {
      const contents = (files.get(revision_id) ?? []).map(({ path, role, state: read, sha256 }) => [path, role, read, sha256]);
      const judged = (verdicts.get(model_id) ?? []).map(({ slot, mode, role, policy, verdict }) => [slot, mode, role, policy, verdict]);
      hash.update(`${JSON.stringify([hub_id, listed_name, commit_sha, state, cls, contents, judged])}\n`);
    }
  }
  return hash.digest("hex");
}

function policiesOf(store: Store, surveyId: number) {
  return store
    .selectFrom("policy")
    .select(["name", "engine", "source_sha256"])
    .where("policy_id", "in", store.selectFrom("model_verdict").select("policy_id").where("survey_id", "=", surveyId))
    .orderBy("name")
    .execute();
}

/** The models of a survey by the Hub's id: read once, as SQLite would sort all of them again for each batch. */
async function modelIds(store: Store, surveyId: number): Promise<number[]> {
  const rows = await store
    .selectFrom("model")
    .innerJoin("survey_model", "survey_model.model_id", "model.model_id")
    .select("model.model_id")
    .where("survey_id", "=", surveyId)
    .orderBy("hub_id")
    .execute();
  return rows.map(({ model_id }) => model_id);
}

function modelsOf(store: Store, surveyId: number, ids: readonly number[]) {
  return store
    .selectFrom("model")
    .innerJoin("survey_model", "survey_model.model_id", "model.model_id")
    .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
    .select(["model.model_id", "revision.revision_id", "hub_id", "listed_name", "commit_sha", "state", "class"])
    .where("survey_id", "=", surveyId)
    .where("survey_model.model_id", "in", ids)
    .orderBy("hub_id")
    .execute();
}

function filesOf(store: Store, revisionIds: readonly number[]) {
  return store
    .selectFrom("file")
    .leftJoin("blob", "blob.blob_id", "file.blob_id")
    .select(["revision_id", "path", "role", "state", "sha256"])
    .where("revision_id", "in", revisionIds)
    .orderBy("path")
    .execute();
}

function verdictsOf(store: Store, surveyId: number, modelIds: readonly number[]) {
  return (
    store
      .selectFrom("model_verdict")
      .innerJoin("policy", "policy.policy_id", "model_verdict.policy_id")
      .select(["model_id", "model_verdict.slot", "mode", "role", "policy.name as policy", "verdict"])
      .where("survey_id", "=", surveyId)
      .where("model_id", "in", modelIds)
      // By model first, which is the order of the key: asked for by slot, SQLite walks every verdict of the survey for each batch.
      .orderBy("model_id")
      .orderBy("model_verdict.slot")
      .orderBy("mode")
      .orderBy("role")
      .execute()
  );
}

function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => number): ReadonlyMap<number, readonly Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row)) ?? [];
    group.push(row);
    groups.set(keyOf(row), group);
  }
  return groups;
}
