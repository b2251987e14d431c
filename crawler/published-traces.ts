/**
 * PickleBall's table of traces (its `traced_models.csv`) as a survey: what fickling saw each file look up, by name alone.
 * Calls, opcodes and offsets were not published, so a file can be found to be blocked, and never said to load.
 */
import { createHash } from "node:crypto";
import type { Trace } from "../analyzer/containers/trace.ts";
import type { ImportFact } from "../analyzer/pickle/facts.ts";
import type { Policy } from "../analyzer/policy/policy.ts";
import { capabilityOf } from "../analyzer/verdict/capability.ts";
import type { Store } from "../db/connection.ts";
import type { FileRole } from "../db/schema.ts";
import { writePolicy } from "../db/stored-policy.ts";
import { writeTrace } from "../db/stored-trace.ts";
import { filesOf, modelsIn } from "../db/work.ts";
import { type Candidate, type ChosenClass, setClass } from "../db/writes-class.ts";
import { markRead, setModelState } from "../db/writes-crawl.ts";
import { openSurvey, placeholderId, writePage } from "../db/writes-listing.ts";
import { chooseFiles } from "./candidates.ts";
import { normalizeName } from "./distributions.ts";
import { GIVEN_ENGINE } from "./engine.ts";
import { COMPLETE } from "./list.ts";

/** One repository of the table. */
export interface PublishedModel {
  readonly name: string;
  /** As the Hub had them: its library and its task are among them. */
  readonly tags: readonly string[];
  /** `module.name` of every import, by the file's path; empty where the table has no trace of it. */
  readonly files: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads the table: `repository|tags|file|from M import N,...|hooks|file|...`, without a header. A repository that was
 * traced twice is one, and so is its file, with what either trace saw.
 */
export function readPublishedTraces(table: string): PublishedModel[] {
  const models = new Map<string, Map<string, Set<string>>>();
  const tags = new Map<string, string[]>();
  for (const line of table.split(/\r?\n/)) {
    const [name, list = "", ...fields] = line.split("|");
    if (name === undefined || name === "") continue;
    const files = models.get(name) ?? new Map<string, Set<string>>();
    models.set(name, files);
    tags.set(
      name,
      Array.from(list.matchAll(/'([^']*)'/g), ([, tag]) => tag!),
    );
    for (let at = 0; at + 2 < fields.length; at += 3) {
      const imports = files.get(fields[at]!) ?? new Set<string>();
      files.set(fields[at]!, imports);
      for (const [, module, imported] of fields[at + 1]!.matchAll(/from (\S+) import ([^\s,]+)/g)) imports.add(`${module}.${imported}`);
    }
  }
  return Array.from(models, ([name, files]) => ({
    name,
    tags: tags.get(name)!,
    files: new Map(Array.from(files, ([file, imports]) => [file, [...imports].sort()])),
  }));
}

/** A policy of a class of a library. */
export type ClassPolicy = Policy & { readonly class: string; readonly library: NonNullable<Policy["library"]> };

/**
 * Writes the models with their facts as a survey that is read to its end and waits to be judged: each by the policies, of
 * those given, whose library is among its tags. Of several the first counts.
 */
export async function importTraces(
  store: Store,
  survey: { readonly name: string; readonly hub: string; readonly query: string; readonly startedAt: string },
  models: readonly PublishedModel[],
  policies: readonly ClassPolicy[],
): Promise<void> {
  const { MODEL_LIBRARIES_UI_ELEMENTS, PIPELINE_TYPES } = await import("@huggingface/tasks");
  const known = { libraries: new Set(Object.keys(MODEL_LIBRARIES_UI_ELEMENTS)), tasks: new Set<string>(PIPELINE_TYPES) };
  await store.transaction().execute(async (transaction) => {
    const { survey_id: surveyId } = await openSurvey(transaction, survey);
    const listed = models.map((model) => toList(model, known));
    await writePage(transaction, surveyId, { models: listed, unreadable: 0, cursor: COMPLETE });
    const byName = new Map(models.map((model) => [model.name, model]));
    for await (const { modelId, revisionId, name } of modelsIn(transaction, surveyId, { states: ["resolved"] })) {
      for (const { fileId, path } of await filesOf(transaction, revisionId)) {
        const blobId = await writeImports(transaction, byName.get(name)!.files.get(path)!);
        await markRead(transaction, fileId, { size: 0, blobId });
      }
      await setModelState(transaction, surveyId, modelId, { state: "traced", failure: null });
    }
    const candidates: { readonly library: string; readonly candidate: Candidate }[] = [];
    for (const policy of policies)
      candidates.push({ library: normalizeName(policy.library.name), candidate: await toCandidate(transaction, policy) });
    for await (const { modelId, name } of modelsIn(transaction, surveyId, { states: ["traced", "judged"] })) {
      const tags = new Set(byName.get(name)!.tags.map(normalizeName));
      const own = candidates.filter(({ library }) => tags.has(library)).map(({ candidate }) => candidate);
      await setClass(transaction, surveyId, modelId, chosenOf(own), GIVEN_ENGINE);
    }
  });
}

async function toCandidate(store: Store, policy: ClassPolicy): Promise<Candidate> {
  // What a file says may change under the same name, and of the same source.
  const content = createHash("sha256").update(JSON.stringify(policy)).digest("hex");
  const policyId = await writePolicy(store, { slot: "class", policy, engine: `${GIVEN_ENGINE}, content ${content}` }, capabilityOf);
  const evidence = `its tags name ${policy.library.name}, of which this class's policy was given`;
  return {
    class: policy.class,
    confidence: "possible",
    evidence,
    state: "inferred",
    failure: null,
    policies: [{ slot: "class", policyId }],
  };
}

function chosenOf(candidates: readonly Candidate[]): ChosenClass {
  const [first] = candidates;
  if (first !== undefined) return { state: "inferred", class: first.class, reason: first.evidence, candidates };
  const reason = "the table of traces tells neither what the pickles return nor how the model is loaded";
  return { state: "no-class", class: null, reason, candidates };
}

/** `known`: the tags by which the Hub tells a library and a task; the first of each is the model's. */
function toList(
  { name, tags, files }: PublishedModel,
  known: { readonly libraries: ReadonlySet<string>; readonly tasks: ReadonlySet<string> },
): Parameters<typeof writePage>[2]["models"][number] {
  const unknown = { commit: "", createdAt: null, modifiedAt: null, metadata: null, format: null };
  return {
    ...unknown,
    hubId: placeholderId(name),
    name,
    library: tags.find((tag) => known.libraries.has(tag)) ?? null,
    task: tags.find((tag) => known.tasks.has(tag)) ?? null,
    downloads: 0,
    likes: 0,
    gated: false,
    candidates: Array.from(files.keys(), (path) => ({ path, role: roleOf(path) })),
    end: files.size > 0 ? null : { state: "failed", failure: "the table has no trace of it" },
  };
}

export interface TraceCounts {
  readonly repositories: number;
  /** Of them, those of which the table has no file. */
  readonly untraced: number;
  /** What torch's weights-only unpickler refuses by name: repositories with such a file, such files, and of how many. */
  readonly blocked: BlockedCount;
  /** The same without what training left beside the weights. */
  readonly blockedWeights: BlockedCount;
}

interface BlockedCount {
  readonly repositories: number;
  readonly files: number;
  readonly ofFiles: number;
}

/** What a judged survey of published traces comes to, in the figures of PickleBall's section 3.2. */
export async function countBlockedTraces(store: Store, surveyId: number): Promise<TraceCounts> {
  const { repositories, untraced } = await store
    .selectFrom("survey_model")
    .select(({ fn }) => [
      fn.countAll<number>().as("repositories"),
      fn.countAll<number>().filterWhere("state", "=", "failed").as("untraced"),
    ])
    .where("survey_id", "=", surveyId)
    .executeTakeFirstOrThrow();
  const files = await store
    .selectFrom("survey_model")
    .innerJoin("file", "file.revision_id", "survey_model.revision_id")
    .innerJoin("verdict", "verdict.blob_id", "file.blob_id")
    .innerJoin("policy", (join) => join.onRef("policy.policy_id", "=", "verdict.policy_id").on("policy.slot", "=", "weights-only"))
    .select(["survey_model.model_id", "file.role", "verdict.verdict"])
    .where("survey_id", "=", surveyId)
    .execute();
  const count = (among: typeof files): BlockedCount => {
    const blocked = among.filter(({ verdict }) => verdict === "blocked");
    return { repositories: new Set(blocked.map(({ model_id }) => model_id)).size, files: blocked.length, ofFiles: among.length };
  };
  const weights = files.filter(({ role }) => role === "weights");
  return { repositories, untraced, blocked: count(files), blockedWeights: count(weights) };
}

/** The table's files were all traced, whatever they are called. */
function roleOf(path: string): FileRole {
  return chooseFiles([path])[0]?.role ?? "weights";
}

/** The blob that stands for a file of which only names are known: files with the same names share it. */
function writeImports(store: Store, imports: readonly string[]): Promise<number> {
  const sha256 = `imports:${createHash("sha256").update(imports.join("\n")).digest("hex")}`;
  const program = { deflated: new Uint8Array(), segments: [] };
  return writeTrace(store, { sha256, trace: traceOf(imports), programs: [program], requests: 0, bytesRead: 0 }, capabilityOf);
}

function traceOf(imports: readonly string[]): Trace {
  const failure = { kind: "imports-only", message: "of this file only the names that it looks up are known", offset: 0 };
  const facts = imports.map((callable): ImportFact => {
    const dot = callable.lastIndexOf(".");
    const name = { callable, spelt: callable, module: callable.slice(0, dot), name: callable.slice(dot + 1) };
    return { kind: "import", opcode: "GLOBAL", offset: 0, origin: "named", ...name };
  });
  const pickle = {
    entry: null,
    offset: 0,
    length: 0,
    protocol: 0,
    outcome: "unsupported",
    failure,
    facts,
    opcodes: [],
    root: null,
  } as const;
  return { size: 0, container: "unknown", outcome: "unsupported", failure, findings: [], pickles: [pickle] };
}
