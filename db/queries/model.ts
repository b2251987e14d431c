/** One model: what it was in a survey, its files, what each policy says of them, and everything they import and call. */
import type { Finding } from "../../analyzer/containers/trace.ts";
import type { Failure, Outcome } from "../../analyzer/pickle/facts.ts";
import type { Capability, Mode, VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { ClassState, FileRole, FileState, ModelState, PolicySlot } from "../schema.ts";
import { callableName } from "./callable-name.ts";
import { countOf } from "./fact-count.ts";
import { type Judgement, SLOT_ORDER } from "./judgements.ts";

/** A model at the commit that a survey saw. */
export interface Model {
  readonly modelId: number;
  readonly revisionId: number;
  readonly name: string;
  readonly commitSha: string;
  readonly createdAt: string | null;
  readonly modifiedAt: string | null;
  readonly library: string | null;
  readonly task: string | null;
  readonly downloads: number;
  readonly likes: number;
  readonly gated: boolean;
  readonly state: ModelState;
  /** Why it goes no further, for the states that are an end. */
  readonly failure: string | null;
  /** The class it loads as, where one was found, and why that one. */
  readonly class: string | null;
  readonly classReason: string | null;
  /** How the search for it ended; null before it began. */
  readonly classState: ClassState | null;
}

/** A candidate file, with its content once that was read. */
export interface ModelFile {
  readonly fileId: number;
  readonly path: string;
  readonly size: number;
  readonly role: FileRole;
  readonly state: FileState;
  readonly failure: string | null;
  readonly blob: {
    readonly blobId: number;
    readonly sha256: string;
    readonly container: string;
    readonly outcome: Outcome;
    readonly failure: Failure | null;
    readonly findings: readonly Finding[];
    readonly requests: number;
    readonly bytesRead: number;
    readonly pickles: number;
  } | null;
  readonly verdicts: readonly FileVerdict[];
}

/** The verdict on a file under one of the policies that its model was judged by. */
export interface FileVerdict extends Judgement {
  readonly policyId: number;
  readonly verdict: VerdictKind;
  readonly message: string | null;
}

/** The verdict on a model's files of one role, and the policy it was judged by. */
export interface JudgedModel extends Judgement {
  readonly role: FileRole;
  readonly verdict: VerdictKind;
  readonly policyId: number;
  readonly policy: string;
}

/** A callable that the model's files look up or call. */
export interface UsedCallable {
  readonly callableId: number;
  readonly callable: string;
  readonly capability: Capability;
  readonly imports: number;
  readonly calls: number;
}

/** The model called `name` in a survey, or null. Where a repository was renamed and its name taken, the one seen last. */
export async function findModel(store: Store, surveyId: number, name: string): Promise<Model | null> {
  const row = await store
    .selectFrom("model")
    .innerJoin("survey_model", "survey_model.model_id", "model.model_id")
    .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
    .where("model.name", "=", name)
    .where("survey_model.survey_id", "=", surveyId)
    .orderBy("model.model_id", "desc")
    .select([
      "model.model_id as modelId",
      "revision.revision_id as revisionId",
      "model.name",
      "commit_sha as commitSha",
      "created_at as createdAt",
      "modified_at as modifiedAt",
      "library",
      "task",
      "downloads",
      "likes",
      "gated",
      "state",
      "failure",
      "class",
      "class_reason as classReason",
      "class_state as classState",
    ])
    .executeTakeFirst();
  return row === undefined ? null : { ...row, gated: row.gated === 1 };
}

/** The verdicts on a model, weights before side files, in the order of the policy slots. */
export async function judgedModel(store: Store, surveyId: number, modelId: number): Promise<JudgedModel[]> {
  const rows = await store
    .selectFrom("model_verdict")
    .innerJoin("policy", "policy.policy_id", "model_verdict.policy_id")
    .where("survey_id", "=", surveyId)
    .where("model_id", "=", modelId)
    .select(["model_verdict.slot", "mode", "role", "verdict", "policy.policy_id as policyId", "policy.name as policy"])
    .execute();
  return rows.sort(
    (a, b) => b.role.localeCompare(a.role) || SLOT_ORDER.indexOf(a.slot) - SLOT_ORDER.indexOf(b.slot) || b.mode.localeCompare(a.mode),
  );
}

/** The candidate files of a revision, weights first, each with its verdicts under the policies in `judged`. */
export async function modelFiles(store: Store, revisionId: number, judged: readonly JudgedModel[]): Promise<ModelFile[]> {
  const files = await store
    .selectFrom("file")
    .leftJoin("blob", "blob.blob_id", "file.blob_id")
    .where("revision_id", "=", revisionId)
    .select(({ selectFrom }) => [
      "file_id",
      "path",
      "file.size",
      "role",
      "state",
      "file.failure",
      "blob.blob_id",
      "sha256",
      "container",
      "outcome",
      "blob.failure as blob_failure",
      "findings",
      "requests",
      "bytes_read",
      selectFrom("pickle")
        .whereRef("pickle.blob_id", "=", "blob.blob_id")
        .select(({ fn }) => fn.countAll<number>().as("n"))
        .as("pickles"),
    ])
    .orderBy("role", "desc")
    .orderBy("path")
    .execute();
  const verdicts = await fileVerdicts(
    store,
    files.flatMap((file) => file.blob_id ?? []),
    judged,
  );
  return files.map((file) => ({
    fileId: file.file_id,
    path: file.path,
    size: file.size,
    role: file.role,
    state: file.state,
    failure: file.failure,
    blob:
      file.blob_id === null
        ? null
        : {
            blobId: file.blob_id,
            sha256: file.sha256!,
            container: file.container!,
            outcome: file.outcome!,
            failure: file.blob_failure === null ? null : (JSON.parse(file.blob_failure) as Failure),
            findings: JSON.parse(file.findings!) as Finding[],
            requests: file.requests!,
            bytesRead: file.bytes_read!,
            pickles: file.pickles ?? 0,
          },
    verdicts: judged
      .filter((judgement) => judgement.role === file.role)
      .flatMap(({ slot, mode, policyId }) => {
        const verdict = verdicts.find((row) => row.blobId === file.blob_id && row.policyId === policyId && row.mode === mode);
        return verdict === undefined ? [] : [{ slot, mode, policyId, verdict: verdict.verdict, message: verdict.message }];
      }),
  }));
}

function fileVerdicts(
  store: Store,
  blobIds: readonly number[],
  judged: readonly JudgedModel[],
): Promise<{ blobId: number; policyId: number; mode: Mode; verdict: VerdictKind; message: string | null }[]> {
  return store
    .selectFrom("verdict")
    .where("blob_id", "in", blobIds)
    .where("policy_id", "in", [...new Set(judged.map((judgement) => judgement.policyId))])
    .select(["blob_id as blobId", "policy_id as policyId", "mode", "verdict", "message"])
    .execute();
}

/** Every callable that the files of a revision look up or call, with how often; by name, at most `limit` of them. */
export function usedCallables(store: Store, revisionId: number, limit: number): Promise<UsedCallable[]> {
  return store
    .selectFrom("file")
    .innerJoin("pickle", "pickle.blob_id", "file.blob_id")
    .innerJoin("fact", "fact.pickle_id", "pickle.pickle_id")
    .innerJoin("callable", "callable.callable_id", "fact.callable_id")
    .where("file.revision_id", "=", revisionId)
    .groupBy("callable.callable_id")
    .select([
      "callable.callable_id as callableId",
      callableName.$notNull().as("callable"),
      "capability",
      countOf("import").as("imports"),
      countOf("call").as("calls"),
    ])
    .orderBy("callable")
    .limit(limit)
    .execute();
}

/** The ids of the callables that the files of a revision that have a role look up or call. */
export async function neededCallables(store: Store, revisionId: number, role: FileRole): Promise<number[]> {
  const rows = await store
    .selectFrom("file")
    .innerJoin("pickle", "pickle.blob_id", "file.blob_id")
    .innerJoin("fact_set_member", "fact_set_member.fact_set_id", "pickle.fact_set_id")
    .where("file.revision_id", "=", revisionId)
    .where("file.role", "=", role)
    .where("fact_set_member.callable_id", "is not", null)
    .select("fact_set_member.callable_id as callableId")
    .$narrowType<{ callableId: number }>()
    .distinct()
    .execute();
  return rows.map(({ callableId }) => callableId);
}

/** What other surveys said of a model under the same judgements, the latest first. */
export function modelHistory(
  store: Store,
  modelId: number,
): Promise<{ survey: string; startedAt: string; commitSha: string; slot: PolicySlot; mode: Mode; role: FileRole; verdict: VerdictKind }[]> {
  return store
    .selectFrom("survey_model")
    .innerJoin("survey", "survey.survey_id", "survey_model.survey_id")
    .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
    .innerJoin("model_verdict", (join) =>
      join.onRef("model_verdict.survey_id", "=", "survey_model.survey_id").onRef("model_verdict.model_id", "=", "survey_model.model_id"),
    )
    .where("survey_model.model_id", "=", modelId)
    .select(["survey.name as survey", "started_at as startedAt", "commit_sha as commitSha", "slot", "mode", "role", "verdict"])
    .orderBy("started_at", "desc")
    .execute();
}
