/**
 * Which files of a model could hold a pickle, by their names: the tables of extensions and of side files. A name only
 * decides what is looked at; what a file is, its content says. How large it is does not matter, as little of it is read.
 */
import type { ModelFormat } from "../db/schema.ts";
import type { Candidate } from "../db/writes-listing.ts";
import { isFilePath } from "./remote-file.ts";

/** Extensions under which libraries save pickles, or containers of pickles, and who does. */
const EXTENSIONS: readonly { readonly saved: string; readonly extensions: string }[] = [
  { saved: "torch.save, torch.jit.save, Lightning", extensions: "bin pt pth ckpt chkpt th pt2 ptl jit torchscript tar model" },
  { saved: "pickle, cloudpickle, dill", extensions: "pkl pickle pk p pck pcl cpkl cpickle dill dat data sav" },
  { saved: "joblib", extensions: "joblib jbl mdl" },
  { saved: "numpy", extensions: "npy npz" },
  { saved: "gensim", extensions: "kv wv wordvectors d2v w2v" },
  { saved: "NeMo, TorchServe, skops, Stable Baselines, Paddle", extensions: "nemo mar skops zip pdparams pdopt" },
  { saved: "archives", extensions: "7z tgz" },
];

/** Names that have such an extension and a format of their own, in so many models that looking at each would cost more than all the rest. */
const OTHER_FORMATS: readonly { readonly format: string; readonly name: RegExp }[] = [
  { format: "SentencePiece", name: /(^|[._-])(tokenizer|spiece|sentencepiece|sp|spm|bpe)(\.bpe)?\.model$/i },
  { format: "GGML, GGUF", name: /^gg(ml|uf)-.*\.bin$/i },
  { format: "OpenVINO", name: /^openvino_.*\.bin$/i },
];

/** What is put behind any of them. */
const COMPRESSIONS = "gz bz2 xz lzma zst zstd lz4 z zlib gzip";

/** What training leaves beside the weights; no library loads it to have the model (reference: issue of mixing them, DESIGN.md). */
const SIDE_FILES: readonly { readonly left: string; readonly name: RegExp }[] = [
  { left: "transformers.Trainer: its arguments", name: /^training_args\.(bin|pt|pkl)$/ },
  { left: "transformers.Trainer, accelerate: optimizer", name: /^optimi[sz]er([_-].*|\d*)?\.(bin|pt|pth|ckpt)$/ },
  { left: "transformers.Trainer, accelerate: scheduler", name: /^(lr_)?scheduler([_-].*|\d*)?\.(bin|pt|pth)$/ },
  { left: "transformers.Trainer: random state of each process", name: /^rng_state([_-]\d+)?\.(pth|pt|bin)$/ },
  { left: "accelerate: random state of each process", name: /^random_states_\d+\.pkl$/ },
  { left: "accelerate, transformers.Trainer: gradient scaler", name: /^scaler\.(pt|pth|bin)$/ },
  { left: "accelerate: sampler", name: /^sampler([_-]\d+)?\.(bin|pt)$/ },
  { left: "accelerate: what a script registered", name: /^custom_checkpoint_\d+\.pkl$/ },
  { left: "DeepSpeed: optimizer of each process", name: /_optim_states\.pt$/ },
  { left: "Paddle: optimizer", name: /\.pdopt$/ },
  { left: "Stable Baselines: experience", name: /^replay_buffer.*\.pkl$/ },
];

const EXTENSION = new RegExp(
  `\\.(${EXTENSIONS.map(({ extensions }) => extensions.replaceAll(" ", "|")).join("|")})(\\.(${COMPRESSIONS.replaceAll(" ", "|")}))*$`,
  "i",
);

/** The files among `paths` that could hold a pickle, each with its role, by path. Paths that are no paths are left out. */
export function chooseFiles(paths: readonly string[]): Candidate[] {
  return paths
    .filter((path) => isFilePath(path) && EXTENSION.test(path) && !OTHER_FORMATS.some(({ name }) => name.test(fileName(path))))
    .map((path): Candidate => ({ path, role: SIDE_FILES.some(({ name }) => name.test(fileName(path))) ? "side" : "weights" }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What a model comes in, by the names of its files: the formats of PickleBall's figure 3. */
export function formatOf(paths: readonly string[]): ModelFormat {
  const pickle = chooseFiles(paths).some(({ role }) => role === "weights");
  if (paths.some((path) => /\.safetensors$/i.test(path))) return pickle ? "pickle+safetensors" : "safetensors";
  if (pickle) return "pickle";
  return paths.some((path) => /\.gguf$/i.test(path)) ? "gguf" : "other";
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
