import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { inferPolicy } from "../../../../analyzer/policy/inference/infer.ts";
import type { Policy } from "../../../../analyzer/policy/policy.ts";
import type { PythonParser } from "../../../../analyzer/python/parser.ts";
import { loadPythonParser } from "../../../../crawler/python-grammar.ts";
import { sourceTree } from "../source.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures");
const VERSIONS = readdirSync(join(FIXTURES, "brine")).sort();

interface RecordedFact {
  readonly kind: string;
  readonly callable: string;
}

/** What CPython looked up and called when it loaded a model, recorded beside the model. */
function recordings(): { model: string; facts: RecordedFact[]; version: string }[] {
  const models = join(FIXTURES, "models");
  const paths = readdirSync(models, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".cpython.json"));
  return paths.sort().flatMap((model) => {
    const { pickles } = JSON.parse(readFileSync(join(models, model), "utf8"));
    const facts: RecordedFact[] = pickles.flatMap((pickle: { facts: RecordedFact[] }) => pickle.facts);
    const isWhole = pickles.every((pickle: { loads: boolean }) => pickle.loads);
    if (!isWhole || !facts[0]?.callable?.startsWith("brine.")) return [];
    const card = readFileSync(join(models, dirname(model), "README.md"), "utf8");
    const version = VERSIONS.find((each) => card.includes(each)) ?? VERSIONS.at(-1)!;
    return [{ model, facts, version }];
  });
}

let parser: PythonParser;
beforeAll(async () => {
  parser = await loadPythonParser();
});

function policyOf(version: string, class_: string): Policy {
  const library = sourceTree(join(FIXTURES, "brine", version), "brine", version);
  const result = inferPolicy({ parser, library, dependencies: [], class: class_ });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe("brine's models load under the policy inferred from its source", () => {
  const all = recordings();

  test("there are models to try", () => {
    expect(all.length).toBeGreaterThan(5);
  });

  test.each(all)("$model", ({ facts, version }) => {
    const policy = policyOf(version, facts[0]!.callable);
    const allowed = { import: namesOf(policy.imports), call: namesOf(policy.calls) };
    const isCovered = (fact: RecordedFact) => (fact.kind === "import" ? allowed.import : allowed.call).has(fact.callable);
    const blocked = facts.filter((fact) => (fact.kind === "import" || fact.kind === "call") && !isCovered(fact));
    expect(blocked).toEqual([]);
  });

  test("the policy of the tagger allows nothing that is not part of one", () => {
    const policy = policyOf("0.2.0", "brine.SequenceTagger");
    expect(policy.class).toBe("brine.models.sequence_tagger.SequenceTagger");
    const names = policy.imports.filter((entry) => entry.sameAs === undefined).map((entry) => entry.callable);
    const own = names.filter((name) => name.startsWith("brine."));
    expect(own).toEqual([
      "brine.dictionary._restore_dictionary",
      "brine.embeddings.character.CharacterEmbeddings",
      "brine.embeddings.gazetteer.Entry",
      "brine.embeddings.gazetteer.GazetteerEmbeddings",
      "brine.embeddings.stacked.StackedEmbeddings",
      "brine.embeddings.tensor.TensorEmbeddings",
      "brine.embeddings.word.WordEmbeddings",
      "brine.labels.LabelScheme",
      "brine.models.sequence_tagger.SequenceTagger",
      "brine.models.transitions.TransitionTable",
      "brine.training.EpochResult",
      "brine.training.TrainingReport",
    ]);
  });

  test("every name has a chain from the class, and the chain names lines of the source", () => {
    const policy = policyOf("0.2.0", "brine.SequenceTagger");
    for (const entry of [...policy.imports, ...policy.calls]) {
      expect(entry.reasons[0]).toMatchObject({ kind: "class", name: "brine.models.sequence_tagger.SequenceTagger" });
      expect(entry.reasons.at(-1)?.name).toBe(entry.callable);
    }
    const dictionary = policy.calls.find((entry) => entry.callable === "brine.dictionary._restore_dictionary");
    expect(dictionary?.reasons.map(({ kind, file }) => ({ kind, file }))).toEqual([
      { kind: "class", file: "brine/models/sequence_tagger.py" },
      { kind: "attribute", file: "brine/models/base.py" },
      { kind: "reduce", file: "brine/dictionary.py" },
    ]);
  });
});

function namesOf(entries: Policy["imports"]): Set<string> {
  return new Set(entries.map((entry) => entry.callable));
}
