/**
 * Invented models for the pages' tests: one of every state a page can be in, hostile names among them, and enough plain
 * ones to fill lists. What they import is real; that they exist is not. Nothing here was crawled.
 */
import type { Outcome } from "../../analyzer/pickle/facts.ts";
import type { Capability } from "../../analyzer/verdict/verdict.ts";
import type { ClassState, FileRole, ModelState } from "../../db/schema.ts";

export interface SampleFile {
  readonly path: string;
  readonly role?: FileRole;
  readonly container: string;
  readonly entry?: string;
  /** In order: `+` before a callable that is called as well. */
  readonly callables: readonly string[];
  readonly size: number;
  readonly outcome?: Outcome;
  readonly message?: string;
  /** Why the bytes could not be had; then there is nothing else. */
  readonly unavailable?: string;
}

export interface SampleModel {
  readonly name: string;
  readonly library: string | null;
  readonly task: string | null;
  readonly downloads: number;
  readonly state?: ModelState;
  readonly failure?: string;
  /** The class policy it is judged by: a key of `CLASSES`. */
  readonly class?: string;
  readonly classState?: ClassState;
  readonly files: readonly SampleFile[];
}

const TENSORS = ["+collections.OrderedDict", "+torch._utils._rebuild_tensor_v2", "torch.FloatStorage"];
const ARRAYS = ["+numpy.core.multiarray._reconstruct", "numpy.ndarray", "+numpy.dtype"];
const TAGGER = "flair.models.sequence_tagger_model.SequenceTagger";
const PIPELINE = "sklearn.pipeline.Pipeline";
const DETECTOR = "ultralytics.nn.tasks.DetectionModel";
const VECTORS = "gensim.models.keyedvectors.KeyedVectors";

/** What the class policies allow beyond the class itself, and the reasons given for it. */
export const CLASSES: Readonly<Record<string, { library: string; version: string; file: string; allows: readonly string[] }>> = {
  [TAGGER]: {
    library: "flair",
    version: "0.13.1",
    file: "flair/models/sequence_tagger_model.py",
    allows: [
      ...TENSORS,
      "+flair.data.Dictionary",
      "+flair.embeddings.token.WordEmbeddings",
      "+torch.nn.modules.rnn.LSTM",
      "+torch.nn.modules.linear.Linear",
      "torch.device",
    ],
  },
  [PIPELINE]: {
    library: "scikit-learn",
    version: "1.4.2",
    file: "sklearn/pipeline.py",
    allows: [...ARRAYS, "+sklearn.preprocessing._data.StandardScaler", "+sklearn.linear_model._logistic.LogisticRegression"],
  },
  [DETECTOR]: {
    library: "ultralytics",
    version: "8.3.40",
    file: "ultralytics/nn/tasks.py",
    allows: [...TENSORS, "+ultralytics.nn.modules.conv.Conv", "+torch.nn.modules.conv.Conv2d", "+torch.nn.modules.container.Sequential"],
  },
  [VECTORS]: { library: "gensim", version: "4.3.3", file: "gensim/models/keyedvectors.py", allows: [...ARRAYS] },
};

/** What torch's weights-only allows of the names above. */
export const WEIGHTS_ONLY = [...TENSORS, "+torch.nn.parameter.Parameter", "torch.device"];

export const CAPABILITIES_OF: Readonly<Record<string, Capability>> = {
  "posix.system": "runs-code",
  "builtins.eval": "runs-code",
  "builtins.getattr": "calls-callables",
  "webbrowser.open": "network",
  "cloudpickle.cloudpickle._make_function": "embedded-code",
  "importlib.import_module": "imports",
};

const stateDict = (size: number): SampleFile => ({
  path: "pytorch_model.bin",
  container: "torch-zip",
  entry: "archive/data.pkl",
  callables: TENSORS,
  size,
});
const trainingArguments: SampleFile = {
  path: "training_args.bin",
  role: "side",
  container: "torch-zip",
  entry: "training_args/data.pkl",
  callables: ["+transformers.training_args.TrainingArguments", "transformers.trainer_utils.IntervalStrategy", "+torch.device"],
  size: 4_536,
};
const instance = (type: string, path: string, container: string, more: readonly string[], size: number): SampleFile => ({
  path,
  container,
  ...(container === "torch-zip" && { entry: "archive/data.pkl" }),
  callables: [`+${type}`, ...more],
  size,
});

const PLACES = ["ashford", "brindle", "caldera", "dunmore", "elmfield", "fenwick", "glasswort", "harrow", "ironwood", "juniper"];

/** Plain models, ten of each kind, with downloads that fall off as those of the Hub do. */
const PLAIN: readonly SampleModel[] = PLACES.flatMap((place, index): SampleModel[] => {
  const downloads = (rank: number) => Math.round(2_400_000 / (rank * 10 + index + 1) ** 1.35);
  return [
    {
      name: `${place}/bert-base-${place}`,
      library: "transformers",
      task: "fill-mask",
      downloads: downloads(0),
      classState: "no-class",
      files: [stateDict(438_012_345), ...(index % 2 === 0 ? [trainingArguments] : [])],
    },
    {
      name: `${place}/ner-${place}`,
      library: "flair",
      task: "token-classification",
      downloads: downloads(1),
      class: TAGGER,
      files: [
        instance(
          TAGGER,
          "pytorch_model.bin",
          "torch-zip",
          index === 7 ? [...CLASSES[TAGGER]!.allows, "+builtins.getattr"] : CLASSES[TAGGER]!.allows,
          432_176_557,
        ),
      ],
    },
    {
      name: `${place}/yolo-${place}`,
      library: "ultralytics",
      task: "object-detection",
      downloads: downloads(2),
      class: DETECTOR,
      files: [
        instance(
          DETECTOR,
          "best.pt",
          "torch-zip",
          index % 3 === 0 ? [...CLASSES[DETECTOR]!.allows, "+models.yolo.Model"] : CLASSES[DETECTOR]!.allows,
          22_534_112,
        ),
      ],
    },
    {
      name: `${place}/churn-${place}`,
      library: "sklearn",
      task: "tabular-classification",
      downloads: downloads(3),
      class: PIPELINE,
      files: [instance(PIPELINE, "model.joblib", "joblib", CLASSES[PIPELINE]!.allows, 84_213)],
    },
    {
      name: `${place}/policy-${place}`,
      library: "stable-baselines3",
      task: "reinforcement-learning",
      downloads: downloads(4),
      classState: "no-policy",
      files: [
        { path: "policy.pkl", container: "pickle", callables: ["+cloudpickle.cloudpickle._make_function", ...TENSORS], size: 145_880 },
      ],
    },
  ];
});

/** One of every state that a page has to show. */
const STATES: readonly SampleModel[] = [
  {
    name: "mallory/totally-safe-bert",
    library: "transformers",
    task: "text-classification",
    downloads: 18_211,
    classState: "no-class",
    files: [{ ...stateDict(438_012_345), callables: ["+posix.system", "+builtins.eval", ...TENSORS] }],
  },
  {
    name: "mallory/tagger-with-a-surprise",
    library: "flair",
    task: "token-classification",
    downloads: 941,
    class: TAGGER,
    files: [
      instance(
        TAGGER,
        "pytorch_model.bin",
        "torch-zip",
        ["+webbrowser.open", "+importlib.import_module", ...CLASSES[TAGGER]!.allows],
        432_176_557,
      ),
    ],
  },
  {
    name: "mallory/<script>alert(1)</script>",
    library: '"><img src=x onerror=alert(1)>',
    task: "\u202Egnitirw-ot-egami",
    downloads: 666,
    classState: "no-class",
    files: [
      {
        path: "=cmd|' /C calc'!A1.pkl",
        container: "pickle",
        callables: [
          "+os.\u202Emetsys",
          "+<svg onload=alert(1)>.eval",
          "+..",
          `+${"x".repeat(65_000)}.y`,
          "+\u200B.zero\u00A0width\n\u001B[31m",
        ],
        size: 412,
      },
    ],
  },
  {
    name: "wordhoard/vectors-300d",
    library: "gensim",
    task: null,
    downloads: 51_004,
    class: VECTORS,
    files: [
      instance(VECTORS, "vectors.kv", "pickle", CLASSES[VECTORS]!.allows, 1_204_883),
      { path: "vectors.kv.vectors.npy", container: "npy", callables: [], size: 958_400_128 },
    ],
  },
  {
    name: "torn-page/half-uploaded",
    library: "transformers",
    task: "summarization",
    downloads: 3_310,
    classState: "no-class",
    files: [
      {
        ...stateDict(99_120_001),
        callables: ["+collections.OrderedDict"],
        outcome: "malformed",
        message: "the program ends within the argument of BINUNICODE",
      },
    ],
  },
  {
    name: "archivist/weights-in-7z",
    library: null,
    task: null,
    downloads: 212,
    classState: "no-class",
    files: [
      {
        path: "model.7z",
        container: "7z",
        callables: [],
        size: 771_220_114,
        outcome: "unsupported",
        message: "encrypted 7z archives are not read",
      },
    ],
  },
  {
    name: "matryoshka/nested-too-deep",
    library: null,
    task: null,
    downloads: 77,
    classState: "no-class",
    files: [
      {
        path: "model.pkl",
        container: "pickle",
        callables: [],
        size: 2_048,
        outcome: "unfinished",
        message: "nestedPickles: the limit of 4 levels was reached",
      },
    ],
  },
  {
    name: "velvet-rope/private-beta",
    library: "transformers",
    task: "text-generation",
    downloads: 120_440,
    state: "gated",
    failure: "HTTP 403 GatedRepo: access is granted by the owner",
    files: [],
  },
  {
    name: "gone/withdrawn-model",
    library: "transformers",
    task: null,
    downloads: 14,
    state: "disabled",
    failure: "HTTP 403 DisabledRepo: disabled by the Hub",
    files: [],
  },
  { name: "nobody/never-was", library: null, task: null, downloads: 0, state: "missing", failure: "HTTP 404 RepoNotFound", files: [] },
  {
    name: "slow-host/no-answer",
    library: "flair",
    task: "token-classification",
    downloads: 96,
    classState: "no-class",
    files: [
      {
        path: "final-model.pt",
        container: "torch-zip",
        callables: [],
        size: 255_000_000,
        unavailable: "the file host was silent for 60 s, five times",
      },
    ],
  },
  { name: "modern/safetensors-only", library: "transformers", task: "text-generation", downloads: 880_120, files: [] },
  {
    name: "modern/nothing-but-numbers",
    library: null,
    task: null,
    downloads: 5,
    classState: "no-class",
    files: [{ path: "weights.npy", container: "npy", callables: [], size: 80_128 }],
  },
];

export const SAMPLE_MODELS: readonly SampleModel[] = [...PLAIN, ...STATES];
