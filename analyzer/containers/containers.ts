/**
 * Every kind of container: the one table of their names, read by detection, pages and `docs/containers.md`. A file's
 * kind says what its bytes are, whatever the file is called.
 */

/** What a kind of container is, and what is done with it. */
export interface ContainerKind {
  readonly title: string;
  /**
   * `pickles`: pickle programs lie in it. `content`: other content lies in it, which is looked into in turn.
   * `none`: it cannot hold a pickle that a loader of the format would reach. `elsewhere`: it stands for content that
   * is not here. `unknown`: nobody can say.
   */
  readonly holds: "pickles" | "content" | "none" | "elsewhere" | "unknown";
  /** How it is told from everything else. */
  readonly detected: string;
  /** Which bytes are read. */
  readonly read: string;
}

export const CONTAINERS = {
  pickle: {
    title: "Pickle",
    holds: "pickles",
    detected:
      "a run from the first byte reaches STOP, or looks something up or calls something before it fails, or the file begins with PROTO",
    read: "from the start in steps, until what follows the last STOP is no pickle",
  },
  joblib: {
    title: "joblib",
    holds: "pickles",
    detected: "a pickle that builds a NumpyArrayWrapper",
    read: "the opcodes; the bytes of arrays between them are skipped by their computed length",
  },
  "torch-zip": {
    title: "PyTorch, zip",
    holds: "pickles",
    detected: "a zip with an entry data.pkl",
    read: "the directory, data.pkl, and every entry that no persistent id of data.pkl names as a storage",
  },
  torchscript: {
    title: "TorchScript",
    holds: "pickles",
    detected: "a zip with the entries data.pkl and constants.pkl in one folder",
    read: "as a PyTorch zip; its pickles are read by torch's C++ unpickler, its code is TorchScript and listed as code",
  },
  "torch-legacy": {
    title: "PyTorch before 1.6",
    holds: "pickles",
    detected: "the first pickle is torch's magic number",
    read: "from the start in steps: magic number, protocol, system, object, storage keys; not the storages after them",
  },
  "torch-tar": {
    title: "PyTorch 0.1.1, tar",
    holds: "pickles",
    detected: "a tar with the members pickle, storages and tensors",
    read: "every pickle of the three members; raw data between them is skipped by its length",
  },
  npy: {
    title: "NumPy array",
    holds: "pickles",
    detected: "magic \\x93NUMPY",
    read: "the header; the pickle of an array of objects; not the bytes of any other array",
  },
  npz: { title: "NumPy arrays, zip", holds: "content", detected: "a zip of .npy arrays", read: "each entry, as a .npy file" },
  mar: {
    title: "TorchServe archive",
    holds: "content",
    detected: "a zip or tar with the entry MAR-INF/MANIFEST.json",
    read: "every entry; its handlers are Python and listed as code",
  },
  nemo: { title: "NeMo", holds: "content", detected: "a tar with the member model_config.yaml", read: "every member" },
  skops: { title: "skops", holds: "content", detected: "a zip with the entry schema.json", read: "every entry" },
  "stable-baselines": {
    title: "Stable Baselines",
    holds: "content",
    detected: "a zip with an entry _stable_baselines3_version, or with pickles in the JSON of its entry data",
    read: "every entry, and the pickles that are written in base64 in data",
  },
  zip: { title: "zip", holds: "content", detected: "an end record with a directory before it", read: "the directory and every entry" },
  tar: { title: "tar", holds: "content", detected: "a member header with a valid checksum", read: "every header and every member" },
  "7z": {
    title: "7z",
    holds: "content",
    detected: "magic 7z\\xbc\\xaf\\x27\\x1c",
    read: "whole; the methods Copy, LZMA, LZMA2, deflate and bzip2, and the x86 filter",
  },
  gzip: { title: "gzip", holds: "content", detected: "magic \\x1f\\x8b", read: "whole, inflated as a stream" },
  zlib: {
    title: "zlib",
    holds: "content",
    detected: "a valid header; the stream is whole, or holds something that is known",
    read: "whole, inflated as a stream",
  },
  "joblib-zfile": {
    title: "joblib before 0.10, compressed",
    holds: "content",
    detected: "magic ZF and a length in hexadecimal",
    read: "whole, inflated",
  },
  bzip2: { title: "bzip2", holds: "content", detected: "magic BZh and a block's magic", read: "whole, decompressed" },
  xz: { title: "xz", holds: "content", detected: "magic \\xfd7zXZ\\0", read: "whole, decompressed" },
  lzma: {
    title: "LZMA",
    holds: "content",
    detected: "a plausible header; the stream is whole, or holds something that is known",
    read: "whole, decompressed",
  },
  lz4: {
    title: "LZ4 frame",
    holds: "content",
    detected: "magic \\x04\\x22\\x4d\\x18 or \\x02\\x21\\x4c\\x18, behind frames that are to be skipped",
    read: "whole, decompressed",
  },
  zstd: {
    title: "Zstandard",
    holds: "content",
    detected: "magic \\x28\\xb5\\x2f\\xfd, behind frames that are to be skipped",
    read: "whole, decompressed",
  },
  safetensors: { title: "safetensors", holds: "none", detected: "a length and a JSON header that describes tensors", read: "the header" },
  gguf: { title: "GGUF", holds: "none", detected: "magic GGUF", read: "the first bytes" },
  ggml: { title: "GGML before GGUF", holds: "none", detected: "magic ggml, ggmf, ggjt or ggla", read: "the first bytes" },
  onnx: {
    title: "ONNX",
    holds: "none",
    detected: "a protocol buffer whose outermost fields are a ModelProto's, to the last byte",
    read: "the outermost fields' tags and lengths",
  },
  hdf5: { title: "HDF5, Keras", holds: "none", detected: "magic \\x89HDF\\r\\n\\x1a\\n", read: "the first bytes" },
  tensorflow: {
    title: "TensorFlow saved model",
    holds: "none",
    detected: "a protocol buffer whose outermost fields are a SavedModel's, to the last byte",
    read: "the outermost fields' tags and lengths",
  },
  tflite: { title: "TensorFlow Lite", holds: "none", detected: "TFL3 at byte 4", read: "the first bytes" },
  json: {
    title: "JSON",
    holds: "none",
    detected: "text that parses",
    read: "whole, and the pickles that Stable Baselines writes into it in base64",
  },
  text: { title: "Text", holds: "none", detected: "begins as UTF-8 without control characters, and is no pickle", read: "the first bytes" },
  image: { title: "Image", holds: "none", detected: "magic of PNG, JPEG, GIF, BMP, WebP or TIFF", read: "the first bytes" },
  media: { title: "Audio, video, fonts, documents", holds: "none", detected: "magic", read: "the first bytes" },
  parquet: { title: "Parquet, Arrow", holds: "none", detected: "magic PAR1 or ARROW1", read: "the first bytes" },
  sqlite: { title: "SQLite", holds: "none", detected: "magic SQLite format 3", read: "the first bytes" },
  "git-lfs-pointer": {
    title: "Git LFS pointer",
    holds: "elsewhere",
    detected: "the first line names the specification",
    read: "whole; what it points at is not here",
  },
  empty: { title: "Empty", holds: "unknown", detected: "no bytes", read: "nothing" },
  unknown: { title: "Unknown", holds: "unknown", detected: "everything else", read: "the first bytes" },
} as const satisfies Record<string, ContainerKind>;

export type ContainerName = keyof typeof CONTAINERS;
