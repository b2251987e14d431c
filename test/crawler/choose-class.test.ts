import { describe, expect, test } from "vitest";
import { bySureness, type ClassEvidence, classCandidates, mayNameClass, reasonFor } from "../../crawler/choose-class.ts";
import { distributionOfModule, distributionOfTag } from "../../crawler/distributions.ts";
import { contentsOf, requirementsOf } from "../../crawler/library-source.ts";
import type { Source } from "../../db/stored-source.ts";

function source(files: Record<string, string>): Source {
  const listed = Object.entries(files).map(([path, text]) => ({ path, text }));
  return { distribution: "flair", version: "0.13", filename: "flair-0.13-py3-none-any.whl", sha256: "0", releasedAt: null, files: listed };
}

const library = contentsOf(
  source({
    "flair/__init__.py": "",
    "flair/models/tagger.py": "class SequenceTagger(Base):\n  pass\n",
    "flair/a.py": "class Twice: pass\n",
    "flair/b.py": "class Twice: pass\nclass SequenceTaggerBase: pass\n",
    "flair.data/purelib/extra/__init__.py": "",
    "flair-0.13.dist-info/METADATA": "",
  }),
);
const nothing: ClassEvidence = { roots: [], architectures: [], card: [] };
const choose = (evidence: Partial<ClassEvidence>) => {
  const [first, ...others] = classCandidates({ ...nothing, ...evidence }, library);
  return first === undefined ? null : { class: first.class, confidence: first.confidence, reason: reasonFor([first, ...others]) };
};

describe("the class of a model", () => {
  test("is what its pickle returns, before anything else", () => {
    const roots = [
      { path: "a.pkl", root: "collections.OrderedDict" },
      { path: "b.pkl", root: "flair.models.Other" },
    ];
    expect(choose({ roots })).toEqual({
      class: "flair.models.Other",
      confidence: "certain",
      reason: "b.pkl holds one, and flair contains its module (certain)",
    });
    expect(choose({ roots, architectures: ["SequenceTagger"] })?.reason).toBe(
      "b.pkl holds one, and flair contains its module (certain); it might be flair.models.tagger.SequenceTagger (likely: config.json names SequenceTagger as the architecture)",
    );
  });

  test("is the architecture that the configuration names, if the library defines one class of that name", () => {
    expect(choose({ architectures: ["SequenceTagger"] })).toMatchObject({ class: "flair.models.tagger.SequenceTagger" });
    expect(choose({ architectures: ["Twice"] })).toBeNull();
    expect(choose({ architectures: [".*"] })).toBeNull();
  });

  test("is none of the library where the architecture is the repository's own code", () => {
    expect(choose({ architectures: ["SequenceTagger"], autoMap: ["modeling_tagger.SequenceTagger"] })).toBeNull();
    expect(choose({ architectures: ["SequenceTagger"], autoMap: ["modeling_tagger.Other"] })).not.toBeNull();
  });

  test("is the one that the card uses", () => {
    const card = [
      { name: "torch.nn.Linear", line: "Linear(1)" },
      { name: "flair.models.SequenceTagger", line: "SequenceTagger.load()" },
    ];
    expect(choose({ card })).toEqual({
      class: "flair.models.SequenceTagger",
      confidence: "possible",
      reason: "the model card uses it: SequenceTagger.load() (possible)",
    });
  });

  test("is the surest of several, each named once with how sure it is", () => {
    const candidates = classCandidates(
      {
        roots: [
          { path: "a.pkl", root: "flair.models.Other" },
          { path: "b.pkl", root: "flair.models.Other" },
        ],
        architectures: ["SequenceTagger"],
        card: [{ name: "flair.models.Other", line: "Other()" }],
      },
      library,
    );
    expect(candidates.map(({ class: name, confidence }) => [name, confidence])).toEqual([
      ["flair.models.Other", "certain"],
      ["flair.models.tagger.SequenceTagger", "likely"],
    ]);
  });

  test("of several libraries, too: those that are as sure in their order", () => {
    const candidates = (["possible", "certain", "likely", "certain"] as const).map((confidence, index) => ({ confidence, index }));
    expect(candidates.sort(bySureness).map(({ index }) => index)).toEqual([1, 3, 2, 0]);
  });

  test("is none of a module that the distribution does not contain, whatever its name", () => {
    expect(choose({ roots: [{ path: "a.pkl", root: "flairy.models.Evil" }] })).toBeNull();
    expect(choose({ roots: [{ path: "a.pkl", root: "os.system" }], card: [{ name: "evil.Thing", line: "Thing()" }] })).toBeNull();
  });
});

test("library source is asked for only where something could name a class", () => {
  expect(mayNameClass(nothing)).toBe(false);
  expect(mayNameClass({ ...nothing, roots: [{ path: "a", root: "collections.OrderedDict" }] })).toBe(false);
  expect(mayNameClass({ ...nothing, roots: [{ path: "a", root: "sklearn.svm.SVC" }] })).toBe(true);
});

test("the modules of a distribution are those that its files are", () => {
  expect([...library.modules].sort()).toEqual(["extra", "flair"]);
});

test("the Hub's tags and the pickles' modules lead to distributions, as far as their names are trusted", () => {
  expect(distributionOfTag("sklearn")).toBe("scikit-learn");
  expect(distributionOfTag("Sentence_Transformers")).toBe("sentence-transformers");
  expect(distributionOfTag("../../etc/passwd")).toBeNull();
  expect(distributionOfTag("a b")).toBeNull();
  expect(distributionOfModule("sklearn")).toBe("scikit-learn");
  expect(distributionOfModule("evil_package")).toBeNull();
});

test("what a library requires: not what its extras do", () => {
  const METADATA = [
    "Metadata-Version: 2.1",
    "Name: flair",
    "Requires-Dist: torch>=1.5",
    "Requires-Dist: scikit_learn (>=1.0) ; python_version >= '3.8'",
    'Requires-Dist: pytest ; extra == "test"',
    "Requires-Dist: torch",
    "",
    "Requires-Dist: not-in-the-header",
  ].join("\n");
  expect(requirementsOf(source({ "flair-0.13.dist-info/METADATA": METADATA }))).toEqual(["torch", "scikit-learn"]);
});
