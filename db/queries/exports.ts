/**
 * The research tables: what each column is, and its rows, streamed. The `export` command and the downloads of the pages
 * both render from here, so that a number is the same everywhere. `export-formats.ts` writes them.
 */
import { type Mode, VERDICT_KINDS, type VerdictKind } from "../../analyzer/verdict/verdict.ts";
import type { Store } from "../connection.ts";
import type { FileRole, PolicySlot } from "../schema.ts";
import { callableName } from "./callable-name.ts";
import { ALL_MODELS, type Cursor, comesAfter, type ModelQuery, SORTS } from "./filters.ts";
import { type Lens, MODES, POLICY_SLOTS, ROLES, sameLens, tally } from "./judgements.ts";
import { listVerdicts, matching } from "./models.ts";
import { loadSuccess } from "./success.ts";

export interface ExportColumn {
  readonly name: string;
  readonly type: "text" | "integer" | "boolean";
  /** What a row's value says, and what null means where it can be null. */
  readonly meaning: string;
}

export type ExportRow = Readonly<Record<string, string | number | boolean | null>>;

export interface ExportTable {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly ExportColumn[];
  /** The rows of a survey, each with a value for every column, in an order that is always the same. */
  rows(store: Store, surveyId: number): AsyncIterable<ExportRow>;
}

/** Models read at once: enough to make a statement worth its while, few enough to keep memory flat. */
const BATCH = 500;

const text = (name: string, meaning: string): ExportColumn => ({ name, type: "text", meaning });
const integer = (name: string, meaning: string): ExportColumn => ({ name, type: "integer", meaning });
const boolean = (name: string, meaning: string): ExportColumn => ({ name, type: "boolean", meaning });

const KINDS = Object.keys(VERDICT_KINDS) as VerdictKind[];
const LENSES: readonly Lens[] = (Object.keys(POLICY_SLOTS) as PolicySlot[]).flatMap((slot) =>
  (Object.keys(MODES) as Mode[]).flatMap((mode) => (Object.keys(ROLES) as FileRole[]).map((role) => ({ slot, mode, role }))),
);

/** The column of the `models` table that holds a verdict: `verdict_class_open_strict_weights`. */
function verdictColumn({ slot, mode, role }: Lens): string {
  return `verdict_${slot.replaceAll(/\W/g, "_")}_${mode}_${role}`;
}

const MODEL_COLUMNS = [
  text("model", "Repository on the Hub, owner/name."),
  text("commit_sha", "The commit that was surveyed."),
  text("created_at", "When the repository was created; null if the Hub did not say."),
  text("modified_at", "When the commit was made; null if the Hub did not say."),
  text("library", "The Hub's library_name; null if none is stated."),
  text("task", "The Hub's pipeline_tag; null if none is stated."),
  integer("downloads", "Downloads in the last 30 days, as the Hub said when the survey listed the model."),
  integer("likes", "Likes, at the same time."),
  boolean("gated", "Whether the Hub asks for permission before it gives the files."),
  text("state", "How far the survey came with the model: judged, or where and why it ended."),
  text("class", "The class that it loads as; null if none was found."),
  text("class_reason", "Why that class was chosen."),
  integer("files_weights", "Candidate files that the library loads."),
  integer("files_side", "Candidate files that training left beside them."),
  ...LENSES.map((lens) =>
    text(
      verdictColumn(lens),
      `Verdict on its ${ROLES[lens.role].label}, ${POLICY_SLOTS[lens.slot].label}, ${lens.mode}; null if not judged so.`,
    ),
  ),
];

/** The rows of the `models` table: all models of a survey, or those that `query` asks for, in its order. */
export async function* modelRows(store: Store, surveyId: number, query: ModelQuery = ALL_MODELS): AsyncGenerator<ExportRow> {
  const { column, direction } = SORTS[query.sort];
  let cursor: Cursor | null = null;
  do {
    const rows = await matching(store, surveyId, query)
      .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
      .where(comesAfter(query.sort, cursor))
      .select(({ selectFrom }) => {
        const files = (role: FileRole) =>
          selectFrom("file")
            .whereRef("file.revision_id", "=", "survey_model.revision_id")
            .where("file.role", "=", role)
            .select(({ fn }) => fn.countAll<number>().as("n"))
            .$asScalar()
            .$notNull();
        return ["survey_model.model_id", files("weights").as("files_weights"), files("side").as("files_side")] as const;
      })
      .select(["model.name", "commit_sha", "created_at", "modified_at", "library", "task", "downloads", "likes", "gated"])
      .select(["state", "class", "class_reason"])
      .orderBy(column, direction)
      .orderBy("survey_model.model_id")
      .limit(BATCH)
      .execute();
    const verdicts = await listVerdicts(
      store,
      surveyId,
      rows.map((row) => row.model_id),
    );
    for (const { model_id, name, gated, ...row } of rows) {
      const verdictOf = (wanted: Lens) => verdicts.get(model_id)!.find((verdict) => sameLens(verdict, wanted))?.verdict ?? null;
      yield {
        model: name,
        gated: gated === 1,
        ...row,
        ...Object.fromEntries(LENSES.map((lens) => [verdictColumn(lens), verdictOf(lens)])),
      };
    }
    const last = rows.at(-1);
    cursor = rows.length < BATCH || last === undefined ? null : { value: last[query.sort], modelId: last.model_id };
  } while (cursor !== null);
}

const BLOCKED_COLUMNS = [
  text("model", "Repository on the Hub, owner/name."),
  text("commit_sha", "The commit that was surveyed."),
  text("file", "Path in the repository."),
  text("role", "weights, or side: what training left beside them."),
  text("container", "How the file holds its pickles."),
  text("sha256", "Of the file's content; git:ID where the Hub tells only the git blob's id."),
  text("entry", "The archive member that holds the pickle; null for the file itself."),
  integer("pickle", "Index of the pickle in the file, in the order of reading."),
  integer("offset", "Byte offset of the opcode in the content that holds the pickle."),
  text("opcode", "The opcode, as CPython names it."),
  text("callable", "module.qualified.name; null where no callable is concerned."),
  text("capability", "What the callable could do, from what is known of it; null where no callable is concerned."),
  text("slot", "Which of the policies judged side by side: weights-only, class ..."),
  text("policy", "Name of the policy that stood in the slot."),
  text("mode", "strict or lazy."),
  integer("position", "Place among what the policy blocks in the file, in execution order; the one at 0 stops the load."),
  integer("count", "How often it happens in the pickle, for the same reason; the offset is of the first."),
  text("reason", "Why it is blocked."),
];

/** The rows of the `blocked` table, by model, file, policy and position. */
async function* blockedRows(store: Store, surveyId: number): AsyncGenerator<ExportRow> {
  let lastModel = -1;
  for (;;) {
    const models = await store
      .selectFrom("survey_model")
      .where("survey_id", "=", surveyId)
      .where("model_id", ">", lastModel)
      .orderBy("model_id")
      .limit(BATCH)
      .select("model_id")
      .execute();
    if (models.length === 0) return;
    const first = models[0]!.model_id;
    lastModel = models.at(-1)!.model_id;
    yield* await blockedOf(store, surveyId, first, lastModel);
  }
}

function blockedOf(store: Store, surveyId: number, firstModel: number, lastModel: number): Promise<ExportRow[]> {
  return store
    .selectFrom("model_verdict")
    .innerJoin("survey_model", (join) =>
      join.onRef("survey_model.survey_id", "=", "model_verdict.survey_id").onRef("survey_model.model_id", "=", "model_verdict.model_id"),
    )
    .innerJoin("model", "model.model_id", "survey_model.model_id")
    .innerJoin("revision", "revision.revision_id", "survey_model.revision_id")
    .innerJoin("file", (join) => join.onRef("file.revision_id", "=", "revision.revision_id").onRef("file.role", "=", "model_verdict.role"))
    .innerJoin("blob", "blob.blob_id", "file.blob_id")
    .innerJoin("blocked", (join) =>
      join
        .onRef("blocked.blob_id", "=", "file.blob_id")
        .onRef("blocked.policy_id", "=", "model_verdict.policy_id")
        .onRef("blocked.mode", "=", "model_verdict.mode"),
    )
    .innerJoin("pickle", "pickle.pickle_id", "blocked.pickle_id")
    .innerJoin("policy", "policy.policy_id", "blocked.policy_id")
    .leftJoin("callable", "callable.callable_id", "blocked.callable_id")
    .where("model_verdict.survey_id", "=", surveyId)
    .where("model_verdict.model_id", ">=", firstModel)
    .where("model_verdict.model_id", "<=", lastModel)
    .select(["model.name as model", "commit_sha", "file.path as file", "file.role", "blob.container", "blob.sha256", "pickle.entry"])
    .select(["pickle.ordinal as pickle", "blocked.offset", "blocked.opcode", callableName.as("callable"), "callable.capability"])
    .select([
      "model_verdict.slot",
      "policy.name as policy",
      "blocked.mode",
      "blocked.ordinal as position",
      "blocked.count",
      "blocked.reason",
    ])
    .orderBy("model.model_id")
    .orderBy("file.path")
    .orderBy("policy.name")
    .orderBy("blocked.mode")
    .orderBy("blocked.ordinal")
    .execute();
}

const SUCCESS_COLUMNS = [
  text("slot", "Which of the policies judged side by side."),
  text("mode", "strict or lazy."),
  text("role", "weights, or side: what training left beside them."),
  ...KINDS.map((kind) => integer(kind, `Models. ${VERDICT_KINDS[kind].meaning}`)),
  integer("none", "Models with no verdict: no policy for their class, or not judged yet."),
  integer("could_not_tell", "The sum of what is neither success nor failure."),
  integer("models", "All of them: the denominator."),
];

/** The rows of the `load-success` table: the numbers of the overview. */
async function* successRows(store: Store, surveyId: number): AsyncGenerator<ExportRow> {
  for (const { slot, mode, role, counts } of await loadSuccess(store, surveyId)) {
    const { unknown, total } = tally(counts);
    yield { slot, mode, role, ...counts, could_not_tell: unknown, models: total };
  }
}

/** Every research table, by the name that the command line and the URLs know it by. */
export const EXPORTS: Readonly<Record<"models" | "blocked" | "load-success", ExportTable>> = {
  models: {
    name: "models",
    description: "One row for each model of the survey, with its verdict under each policy, weights and side files apart.",
    columns: MODEL_COLUMNS,
    rows: (store, surveyId) => modelRows(store, surveyId),
  },
  blocked: {
    name: "blocked",
    description: "One row for each thing that a policy blocked: model, file, opcode, byte offset, callable, policy.",
    columns: BLOCKED_COLUMNS,
    rows: blockedRows,
  },
  "load-success": {
    name: "load-success",
    description: "How many models load under each policy, and how many could not be told.",
    columns: SUCCESS_COLUMNS,
    rows: successRows,
  },
};
