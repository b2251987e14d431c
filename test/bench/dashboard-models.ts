/**
 * A survey of invented models for the bench of the dashboard: as many as asked for, from a seed, with the repetition and
 * the skew of real ones (names by Zipf, downloads by Pareto, shared sets of facts). Rows only: nothing is analysed.
 */
import type BetterSqlite3 from "better-sqlite3";

const CALLABLES = 20_000;
const FACT_SETS = 26_000;
const CLASS_POLICIES = 3_000;
const LIBRARIES = [
  "transformers",
  "diffusers",
  "sentence-transformers",
  "pytorch",
  "flair",
  "pyannote-audio",
  "ultralytics",
  "sklearn",
  "fastai",
  "timm",
];
const TASKS = ["text-generation", "text-classification", "fill-mask", "image-classification", "token-classification", "feature-extraction"];
const CONTAINERS = ["torch-zip", "torch-zip", "torch-zip", "torch-zip", "torch-legacy", "pickle", "joblib", "npz", "torch-tar"];
const WORDS = [
  "bert",
  "roberta",
  "large",
  "base",
  "tagger",
  "ner",
  "segment",
  "tiny",
  "finetuned",
  "v2",
  "distil",
  "gpt",
  "audio",
  "vision",
  "multi",
];

/** The same numbers from 0 to 1 each time (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Small numbers far more often than large ones, below `limit`. */
function skewed(random: () => number, limit: number): number {
  return Math.min(limit - 1, Math.floor(limit ** random()) - 1);
}

export function pick<T>(random: () => number, values: readonly T[]): T {
  return values[skewed(random, values.length + 1) % values.length]!;
}

/** What is shared by the models of all surveys: callables, sets of facts, a program, policies. */
export function writeCommon(database: BetterSqlite3.Database, random: () => number): void {
  const insert = inserting(database);
  const capabilities = ["unknown", "unknown", "unknown", "unknown", "calls-callables", "runs-code", "reads"];
  for (let id = 1; id <= CALLABLES; id++)
    insert("callable", [id, `library${id % 300}.module${id % 41}`, `Callable${id}`, capabilities[id % 97 === 0 ? id % 7 : 0]!]);
  insert("program", [1, "p", Buffer.from([3, 0]), "[]", "[]", Buffer.from([3, 0])]);
  for (let set = 1; set <= FACT_SETS; set++) {
    insert("fact_set", [set, `set ${set}`]);
    for (let ordinal = 0; ordinal < 8 + Math.floor(random() * 4); ordinal++) {
      const callable = 1 + skewed(random, CALLABLES);
      insert("fact_set_member", [set, ordinal, ordinal % 2 ? "call" : "import", ordinal % 2 ? "REDUCE" : "GLOBAL", callable]);
    }
  }
  insert("policy", [1, "weights-only", "weights-only@torch-2.6", null, "torch", "2.6.0", null, "bench", "[]", null, null]);
  for (let id = 2; id < 2 + CLASS_POLICIES; id++) {
    const library = LIBRARIES[id % LIBRARIES.length]!;
    insert("policy", [
      id,
      "class",
      `class:${className(id)}@${library}-1.${id % 9}`,
      className(id),
      library,
      `1.${id % 9}`,
      null,
      "bench",
      "[]",
      null,
      null,
    ]);
    const allowed = new Set(Array.from({ length: 40 }, () => 1 + skewed(random, CALLABLES)));
    for (const callable of allowed)
      insert("policy_entry (policy_id, kind, callable_id, module, same_as, reasons)", [
        id,
        "import",
        callable,
        null,
        null,
        '[{"kind":"class","text":"bench"}]',
      ]);
  }
}

/** What is written of a model in a survey; the rest has a value that goes without saying. */
const SURVEY_MODEL =
  "survey_model (survey_id, model_id, revision_id, position, listed_name, downloads, likes, library, task, class, class_state, format, gated, state)";

/** Ids that are given out in order, so that a second writer goes on where the first ended. */
export interface NextIds {
  model: number;
  blob: number;
}

/** The class that a policy is of, by the policy's id. */
export function className(policy: number): string {
  return `${LIBRARIES[policy % LIBRARIES.length]}.Class${policy}`;
}

/** Writes one judged model of a survey with its files, pickles, verdicts and what was blocked. */
export function writeModel(database: BetterSqlite3.Database, random: () => number, surveyId: number, position: number, ids: NextIds): void {
  const insert = inserting(database);
  const model = ids.model++;
  const library = random() < 0.15 ? null : pick(random, LIBRARIES);
  const words = Array.from({ length: 3 }, () => pick(random, WORDS)).join("-");
  const name = `author${skewed(random, 90_000)}/${words}-${model}`;
  const year = 2019 + Math.floor(8 * random() ** 0.5);
  insert("model", [model, `id${model}`, name, `${year}-0${1 + (model % 9)}-11T08:00:00.000Z`]);
  insert("revision", [model, model, model.toString(16).padStart(40, "0"), `${year}-11-11T08:00:00.000Z`, null]);
  const downloads = Math.floor(20 / random() ** 1.2) - 20;
  const format = pick(random, ["pickle+safetensors", "pickle", "safetensors", "gguf", "other"]);
  const policy = library !== null && random() < 0.7 ? 2 + skewed(random, CLASS_POLICIES) : null;
  const state = policy === null ? "no-class" : "inferred";
  insert(SURVEY_MODEL, [
    ...[surveyId, model, model, position, name, downloads, Math.floor(downloads ** 0.6), library, pick(random, TASKS)],
    ...[policy === null ? null : className(policy), state, format, 0, "judged"],
  ]);
  const side = random() < 0.12;
  const judged = new Map<string, string>();
  for (let file = 0; file < (side ? 3 : 2); file++) {
    const role = file === 2 ? "side" : "weights";
    const blob = ids.blob++;
    insert("blob", [blob, `sha${blob}`, 1_000_000 + model, pick(random, CONTAINERS), "ok", null, "[]", 2, 70_000]);
    insert("file", [blob, model, `file${file}.bin`, 1_000_000 + model, role, "read", blob, null]);
    insert("pickle", [blob, blob, 0, "archive/data.pkl", 0, 900, 2, "ok", null, null, null, null, 1, 1 + skewed(random, FACT_SETS), "[]"]);
    for (const [slot, mode, id] of lensesOf(policy)) {
      const loads = random() < (slot === "class" ? 0.8 : 0.55);
      insert("verdict", [blob, id, mode, loads ? "loads" : "blocked", null]);
      if (!loads)
        for (let ordinal = 0; ordinal < 2; ordinal++)
          insert("blocked", [
            blob,
            id,
            mode,
            ordinal,
            blob,
            1 + skewed(random, CALLABLES),
            "GLOBAL",
            20 + ordinal,
            "outside the policy",
            1,
          ]);
      const key = `${slot} ${mode} ${role}`;
      if (!loads || !judged.has(key)) judged.set(key, loads ? "loads" : "blocked");
    }
  }
  for (const [slot, mode, id] of lensesOf(policy))
    for (const role of side ? ["weights", "side"] : ["weights"])
      insert("model_verdict", [surveyId, model, slot, mode, role, id, judged.get(`${slot} ${mode} ${role}`)!]);
}

function lensesOf(policy: number | null): (readonly [slot: string, mode: string, policyId: number])[] {
  const weightsOnly = ["weights-only", "strict", 1] as const;
  return policy === null ? [weightsOnly] : [weightsOnly, ["class", "strict", policy], ["class", "lazy", policy]];
}

const statements = new WeakMap<BetterSqlite3.Database, Map<string, BetterSqlite3.Statement>>();

/** Inserts a row by its values in the order of the table's columns, or of those that are named; one prepared statement a table. */
function inserting(database: BetterSqlite3.Database): (table: string, values: readonly unknown[]) => void {
  const known = statements.get(database) ?? new Map<string, BetterSqlite3.Statement>();
  statements.set(database, known);
  return (table, values) => {
    const statement = known.get(table) ?? database.prepare(`insert into ${table} values (${values.map(() => "?").join(", ")})`);
    known.set(table, statement);
    statement.run(...(values as unknown[]));
  };
}
