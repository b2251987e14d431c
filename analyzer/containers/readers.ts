/** Who reads what detection recognised. A reader that returns null found that the content is something else after all. */
import { heldInMemory } from "../bytes/held-source.ts";
import { type Codec, decompress } from "./compressed/decompress.ts";
import type { DetectedContainer } from "./detect.ts";
import { readSafetensors } from "./safetensors.ts";
import { readSevenZip } from "./seven-zip/archive.ts";
import { type Content, memberPath, type Reading, type Tracing, worse } from "./tracing.ts";

type Reader = (content: Content, tracing: Tracing) => Promise<Reading | null>;

/** For formats in which no loader finds a pickle; `code` says what else of theirs a loader may run. */
function withoutPickles(container: DetectedContainer, code?: string): Reader {
  return async (content, tracing) => {
    if (code) tracing.find({ kind: "code", message: code, entry: content.entry });
    return { container, outcome: "ok" };
  };
}

/** For compressed streams: what they hold is content of its own. */
function compressed(container: DetectedContainer & Codec): Reader {
  return async (content, tracing) => {
    const { content: inflated, failure, consumed } = await decompress(content.source, container, content.entry, tracing);
    if (failure && failure.kind !== "limit") {
      // Nothing came out: the first bytes only looked like this format.
      if (inflated.size === 0) return null;
      tracing.find({ ...failure, entry: content.entry });
    } else if (!failure && consumed < content.source.size) {
      const message = `${content.source.size - consumed} bytes after the compressed stream`;
      tracing.find({ kind: "trailing-bytes", message, entry: content.entry, offset: consumed });
    }
    const inner: Content = {
      ...content,
      source: heldInMemory(inflated),
      entry: memberPath(content.entry, container),
      depth: content.depth + 1,
    };
    const reading = await tracing.whileHolding(inflated.size, () => tracing.read(inner, tracing));
    // What joblib before 0.10 compressed is a pickle, or the raw items of one array (ZNDArrayWrapper).
    if (container === "joblib-zfile" && reading.container === "unknown") return { container, outcome: failure ? "malformed" : "ok" };
    if (!failure) return { ...reading, container };
    return { container, outcome: worse(reading.outcome, failure.kind === "limit" ? "unfinished" : "malformed"), failure };
  };
}

export const READERS: Readonly<Record<DetectedContainer, Reader>> = {
  gzip: compressed("gzip"),
  zlib: compressed("zlib"),
  "joblib-zfile": compressed("joblib-zfile"),
  bzip2: compressed("bzip2"),
  xz: compressed("xz"),
  lzma: compressed("lzma"),
  lz4: compressed("lz4"),
  zstd: compressed("zstd"),
  "7z": readSevenZip,
  safetensors: readSafetensors,
  gguf: withoutPickles("gguf", "a GGUF file may bring a chat template, which some loaders run as Jinja"),
  ggml: withoutPickles("ggml"),
  hdf5: withoutPickles("hdf5", "a Keras model in HDF5 may bring Lambda layers, whose code Keras runs"),
  tflite: withoutPickles("tflite"),
  image: withoutPickles("image"),
  media: withoutPickles("media"),
  parquet: withoutPickles("parquet"),
  sqlite: withoutPickles("sqlite"),
  "git-lfs-pointer": withoutPickles("git-lfs-pointer"),
};
