/**
 * The tables, as kysely sees them. What each column means is said here once; `migrations/` creates them.
 * Instants are ISO 8601 text in UTC, booleans 0 or 1, JSON is text.
 */
import type { Generated } from "kysely";
import type { Loader } from "../analyzer/containers/trace.ts";
import type { Outcome } from "../analyzer/pickle/facts.ts";
import type { Capability, Mode, VerdictKind } from "../analyzer/verdict/verdict.ts";

/** One named, dated run over a population of models. */
export interface SurveyTable {
  survey_id: Generated<number>;
  name: string;
  hub: string;
  /** JSON: the population asked for (sort, limit, filters or list of names). */
  query: string;
  started_at: string;
  /** Null while it runs, or after it was interrupted. */
  finished_at: string | null;
  /** Where the listing is to go on; null before the first page, empty once the last was stored. */
  cursor: string | null;
  /** Entries of the listing that could not be read as a model, and so are in no other table. */
  unreadable: Generated<number>;
  /** HTTP requests sent and body bytes received, the listing and the package index included. */
  requests: Generated<number>;
  bytes_read: Generated<number>;
  /** Hex sha256 over what was found, once it is finished: `manifest.ts`. */
  manifest: string | null;
  /** JSON: SurveyTotals, once it is finished. */
  totals: string | null;
  /** Of the derived index that holds now; 0 where none was built. */
  generation: Generated<number>;
}

/** A repository, across surveys. */
export interface ModelTable {
  model_id: Generated<number>;
  /** The Hub's `_id`: stays when the repository is renamed. `name:` and the name where the Hub did not tell: it had no such model. */
  hub_id: string;
  name: string;
  created_at: string | null;
}

/** A model at a commit: unchanged models share it between surveys. */
export interface RevisionTable {
  revision_id: Generated<number>;
  model_id: number;
  /** Empty where the Hub did not tell. */
  commit_sha: string;
  modified_at: string | null;
  /** JSON: what of the card and the configuration the class is chosen by; null where the Hub told nothing. */
  metadata: string | null;
}

/**
 * Where a model stands in a survey: how far it has come, or why it goes no further. `listed`: on the Hub's list;
 * `resolved`: its candidate files are in `file`; `traced`: each of them was read, or is recorded as unavailable; `judged`:
 * under every policy. `gated`: no file could be had without the owner's consent; `missing`: the Hub has no such model;
 * `failed`: the Hub did not answer; where its commit is known, the next run tries again.
 */
export type ModelState = "listed" | "resolved" | "traced" | "judged" | "gated" | "disabled" | "missing" | "failed";

/** What a model comes in, by the names of its files: `pickle` and `safetensors` where it has both kinds. */
export type ModelFormat = "pickle" | "pickle+safetensors" | "safetensors" | "gguf" | "other";

/**
 * How the search for a model's class, or for the policy of a candidate, ended. `inferred`: `model_policy` has it; `no-class`: nothing says which
 * class; `no-source`: the package index has no source of it that can be read; `no-policy`: the class is not in the source, or
 * inference did not finish; `unavailable`: the package index did not answer, or none was named; the next run tries again.
 */
export type ClassState = "inferred" | "no-class" | "no-source" | "no-policy" | "unavailable";

/** What was true of a model when a survey listed it. */
export interface SurveyModelTable {
  survey_id: number;
  model_id: number;
  revision_id: number;
  /** Position in the listing, from 0. */
  position: number;
  /** As it was called then. */
  listed_name: string;
  downloads: number;
  likes: number;
  /** The Hub's `library_name`, or null. */
  library: string | null;
  task: string | null;
  gated: number;
  state: ModelState;
  /** For people: for the states that are an end, what happened; for the others, how many files could not be had. */
  failure: string | null;
  /** The class it loads as, the first candidate, where one was found; why that one; and where there is no policy of it, why not. */
  class: string | null;
  class_reason: string | null;
  /** Null before a class was looked for; it is where there are facts. */
  class_state: ClassState | null;
  /** Version of the inference that looked for it. */
  class_engine: string | null;
  /** By the names of its files; null where they were not told. */
  format: ModelFormat | null;
}

/** How sure it is that a model loads as a class: its pickle holds one; the configuration names it; somebody's example uses it. */
export type Confidence = "certain" | "likely" | "possible";

/** A class that a model may load as. Those that have a policy come first, then the surest; the first counts for the model. */
export interface ModelCandidateTable {
  survey_id: number;
  model_id: number;
  /** From 0. */
  candidate: number;
  class: string;
  confidence: Confidence;
  /** What points at it, for people. */
  evidence: string;
  state: ClassState;
  /** Why it has no policy, or not in every slot, or what of the library could not be read; else null. */
  failure: string | null;
}

/** The policies that a model is judged by, as one of its candidates, in the slots that depend on the class. */
export interface ModelPolicyTable {
  survey_id: number;
  model_id: number;
  candidate: number;
  slot: PolicySlot;
  policy_id: number;
}

/** `weights`: what the library loads. `side`: optimizer, scheduler, arguments, random state. */
export type FileRole = "weights" | "side";
/** `unavailable`: the bytes could not be had, `failure` says why; the next survey tries again. */
export type FileState = "listed" | "read" | "unavailable";

/** A candidate file of a model. */
export interface FileTable {
  file_id: Generated<number>;
  revision_id: number;
  path: string;
  /** 0 until it was resolved. */
  size: number;
  role: FileRole;
  state: FileState;
  blob_id: number | null;
  failure: string | null;
}

/** What the Hub's own scanners said of a file, where they were asked. */
export interface HubScanTable {
  file_id: number;
  /** The Hub's word; null where it said nothing of the file. */
  status: string | null;
  /** JSON: what each scanner says, by the Hub's name for it. */
  scanners: string;
  asked_at: string;
}

/** A callable that the Hub's scanner found a file to import. */
export interface HubScanImportTable {
  file_id: number;
  callable_id: number;
  /** `innocuous`, `suspicious` or `dangerous`. */
  safety: string;
}

/** A file's content. One row however many models hold it. */
export interface BlobTable {
  blob_id: Generated<number>;
  /** Hex. The Hub's for files in large storage; the git blob's id prefixed `git:` for small ones, whose sha256 it does not tell. */
  sha256: string;
  size: number;
  container: string;
  outcome: Outcome;
  /** JSON: Failure of the container itself, or null. */
  failure: string | null;
  /** JSON: Finding[]. */
  findings: string;
  /** Requests and body bytes that reading it took. */
  requests: number;
  bytes_read: number;
}

/** One pickle program inside a blob. */
export interface PickleTable {
  pickle_id: Generated<number>;
  blob_id: number;
  /** Index in the trace, in the order of reading. */
  ordinal: number;
  entry: string | null;
  start: number;
  length: number;
  protocol: number;
  outcome: Outcome;
  /** JSON: Failure, or null. */
  failure: string | null;
  /** JSON: Divergence[], or null where all loaders agree. */
  divergences: string | null;
  /** Which loader gets to it, where several would read the file differently. */
  loader: Loader | null;
  root: string | null;
  program_id: number;
  fact_set_id: number;
  /** JSON: for each member of the set, by its ordinal, the offset of the first and how many there are. */
  places: string;
}

/** A program with everything the machine saw it do: those that are the same in every byte and place share a row. */
export interface ProgramTable {
  program_id: Generated<number>;
  /** Hex, over all the other columns. */
  sha256: string;
  /** The program, deflated (RFC 1951), and JSON: Program["segments"]. */
  bytes: Buffer;
  segments: string;
  /** JSON: OpcodeUse[]. */
  opcodes: string;
  /** JSON, deflated: Fact[], in execution order. */
  facts: Buffer;
}

/** What pickles look up and call: those that do the same, in any order and at any place, share a set. */
export interface FactSetTable {
  fact_set_id: Generated<number>;
  /** Hex, over its members. */
  sha256: string;
}

export interface FactSetMemberTable {
  fact_set_id: number;
  ordinal: number;
  kind: FactKind;
  opcode: string;
  callable_id: number | null;
}

export type FactKind = "import" | "call" | "kept" | "persistent-id" | "extension";

/** A view: the facts of a pickle, one for each kind, opcode and callable. */
export interface FactView {
  pickle_id: number;
  ordinal: number;
  kind: FactKind;
  opcode: string;
  callable_id: number | null;
  /** Of the first, in the content that holds the pickle. */
  offset: number;
  /** How many of them there are. */
  count: number;
}

/** One row for each spelling `module.qualified.name`, cut at its last dot: how a pickle or a policy cuts it makes no other callable. */
export interface CallableTable {
  callable_id: Generated<number>;
  module: string;
  name: string;
  capability: Capability;
}

/** Which of the policies judged side by side. */
export type PolicySlot = "weights-only" | "class" | "class+open" | "class-range" | "observed";

export interface PolicyTable {
  policy_id: Generated<number>;
  slot: PolicySlot;
  name: string;
  class: string | null;
  library: string | null;
  library_version: string | null;
  source_sha256: string | null;
  /** Version of the inference or of the extraction that made it. */
  engine: string;
  /** JSON: paths of the library's files that are not Python as the grammar knows it; the rest of each was read. */
  unparsed: Generated<string>;
  /** JSON: OpenSlot[] and Filler[]; null where the policy has none. */
  open_slots: string | null;
  fillers: string | null;
}

/** What inferring a policy cost, the last time that it was. */
export interface InferenceTable {
  policy_id: number;
  /** By the wall clock, from the source's being handed over to the policy. */
  milliseconds: number;
  /** The library and its dependencies whose source was given, their files, and the bytes of those in UTF-8. */
  distributions: number;
  files: number;
  bytes: number;
}

export interface PolicyEntryTable {
  policy_id: number;
  kind: "import" | "call";
  callable_id: number;
  /** The module within the callable, where the name in it is dotted; null: all before the last dot. */
  module: string | null;
  /** The entry whose object this one is, under another name; null where it is its own. */
  same_as: string | null;
  /** JSON: Reason[]. */
  reasons: string;
  /** `shared`, where a pickle may not change what the call returns; else null. */
  returns: string | null;
  /** Whether a pickle may make partials of it, which nothing of the pickle calls. */
  bound: Generated<number>;
}

/** The verdict on a blob under a policy. */
export interface VerdictTable {
  blob_id: number;
  policy_id: number;
  mode: Mode;
  verdict: VerdictKind;
  message: string | null;
}

/** What was outside the policy, in execution order. */
export interface BlockedTable {
  blob_id: number;
  policy_id: number;
  mode: Mode;
  ordinal: number;
  pickle_id: number;
  callable_id: number | null;
  opcode: string;
  offset: number;
  reason: string;
  /** How often it happens in this pickle, for the same reason; `offset` is the first place. */
  count: Generated<number>;
}

/** The verdict on a model: the worst over its files of a role, under the policy that stood in a slot. */
export interface ModelVerdictTable {
  survey_id: number;
  model_id: number;
  slot: PolicySlot;
  mode: Mode;
  role: FileRole;
  policy_id: number;
  verdict: VerdictKind;
}

/** The same of the candidates that do not count for the model: all but the first. */
export interface CandidateVerdictTable {
  survey_id: number;
  model_id: number;
  candidate: number;
  slot: PolicySlot;
  mode: Mode;
  role: FileRole;
  policy_id: number;
  verdict: VerdictKind;
}

/** The source of a released distribution. */
export interface SourceTable {
  source_id: Generated<number>;
  distribution: string;
  version: string;
  filename: string;
  sha256: string;
  released_at: string | null;
}

export interface SourceFileTable {
  source_id: number;
  path: string;
  text: string;
}

/** A window of the Hub's rate limit, shared by every process that asks as the same identity. Instants in milliseconds of the store's clock. */
export interface RateLimitTable {
  /** Of whom the Hub counts: a hash of the token, or the address that requests come from. */
  identity: string;
  bucket: string;
  remaining: number;
  resets_at: number;
  quota: number | null;
  length: number | null;
  in_flight: number;
}

/** A column of a survey's models in the order of their ranks: by downloads, then by model. */
export interface SurveyColumnTable {
  survey_id: number;
  generation: number;
  name: string;
  /** How `data` is to be read: unsigned integers, the least byte first; or UTF-8, a line for each model. */
  type: "uint8" | "uint16" | "uint32" | "text";
  /** JSON: what codes stand for, in their order, from 0; null where numbers or lines stand for themselves. */
  labels: string | null;
  data: Buffer;
}

/** Which models do something, and how many, and how often they are downloaded together. */
export interface SurveyPostingTable {
  survey_id: number;
  generation: number;
  /** `import`, `call`, `container`, or `blocked` and what under: `blocked class strict weights`. */
  kind: string;
  value: string;
  callable_id: number | null;
  models: number;
  downloads: number;
  /** The models' ranks. */
  data: Buffer;
}

/** Counts of models by verdict, over all and by each value of a dimension. */
export interface SurveyCellTable {
  survey_id: number;
  generation: number;
  dimension: string;
  /** Empty for `all`, and for those of which none is stated. */
  value: string;
  slot: PolicySlot;
  mode: Mode;
  role: FileRole;
  /** `none`: models with files of the role that were judged, but not under this. */
  verdict: VerdictKind | "none";
  models: number;
  downloads: number;
}

export interface Database {
  rate_limit: RateLimitTable;
  survey_column: SurveyColumnTable;
  survey_posting: SurveyPostingTable;
  survey_cell: SurveyCellTable;
  program: ProgramTable;
  fact_set: FactSetTable;
  fact_set_member: FactSetMemberTable;
  survey: SurveyTable;
  model: ModelTable;
  revision: RevisionTable;
  survey_model: SurveyModelTable;
  model_candidate: ModelCandidateTable;
  model_policy: ModelPolicyTable;
  file: FileTable;
  hub_scan: HubScanTable;
  hub_scan_import: HubScanImportTable;
  blob: BlobTable;
  pickle: PickleTable;
  callable: CallableTable;
  fact: FactView;
  policy: PolicyTable;
  policy_entry: PolicyEntryTable;
  inference: InferenceTable;
  verdict: VerdictTable;
  blocked: BlockedTable;
  model_verdict: ModelVerdictTable;
  candidate_verdict: CandidateVerdictTable;
  source: SourceTable;
  source_file: SourceFileTable;
}
