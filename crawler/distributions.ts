/**
 * From what the Hub and pickles call a library to the name of its distribution on the package index, where they differ.
 * Everything else is looked up under its own name, and believed only if the distribution contains the module.
 */

interface KnownDistribution {
  readonly distribution: string;
  /** The Hub's library tags. */
  readonly tags?: readonly string[];
  /** Top-level modules. */
  readonly modules?: readonly string[];
}

const KNOWN: readonly KnownDistribution[] = [
  { distribution: "scikit-learn", tags: ["sklearn", "skops"], modules: ["sklearn"] },
  { distribution: "torch", tags: ["pytorch"], modules: ["torch"] },
  { distribution: "open-clip-torch", tags: ["open_clip"], modules: ["open_clip"] },
  { distribution: "nemo-toolkit", tags: ["nemo"], modules: ["nemo"] },
  { distribution: "pyannote-audio", tags: ["pyannote-audio", "pyannote"], modules: ["pyannote"] },
  { distribution: "adapters", tags: ["adapter-transformers"], modules: ["adapters"] },
  { distribution: "pytorch-lightning", tags: ["pytorch-lightning", "lightning"], modules: ["pytorch_lightning"] },
  { distribution: "tf-keras", tags: ["tf-keras"], modules: ["tf_keras"] },
  { distribution: "paddlepaddle", tags: ["paddle", "paddlepaddle"], modules: ["paddle"] },
  { distribution: "mlagents", tags: ["ml-agents"], modules: ["mlagents"] },
  { distribution: "imbalanced-learn", modules: ["imblearn"] },
  { distribution: "gensim", modules: ["gensim"] },
  { distribution: "xgboost", modules: ["xgboost"] },
  { distribution: "lightgbm", modules: ["lightgbm"] },
  { distribution: "catboost", modules: ["catboost"] },
  { distribution: "ultralytics", modules: ["ultralytics"] },
  { distribution: "speechbrain", modules: ["speechbrain"] },
];

/** A project's name as package indexes compare it (PEP 503). */
export function normalizeName(name: string): string {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}

/** The distribution that the Hub's library tag means; null for a tag that cannot be a project's name (PEP 508). */
export function distributionOfTag(tag: string): string | null {
  const known = KNOWN.find(({ tags }) => tags?.includes(tag.toLowerCase()));
  if (known !== undefined) return known.distribution;
  return /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i.test(tag) ? normalizeName(tag) : null;
}

/**
 * The distribution that a pickle's own word for its class means, where the table knows it. A name in a pickle is its
 * author's choice, and so could a project be: no other is looked up by it.
 */
export function distributionOfModule(topModule: string): string | null {
  return KNOWN.find(({ modules }) => modules?.includes(topModule))?.distribution ?? null;
}
