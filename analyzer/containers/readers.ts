/** Who reads what detection recognised. A reader that returns null found that the content is something else after all. */
import { heldInMemory } from "../bytes/held-source.ts";
import type { Failure } from "../pickle/facts.ts";
import { type Codec, decompress, outcomeOf } from "./compressed/decompress.ts";
import { DETECTION_BYTES, type DetectedContainer, detect } from "./detect.ts";
import { readSafetensors } from "./safetensors.ts";
import { readSevenZip } from "./seven-zip/archive.ts";
import { type Content, failure, memberPath, type Reading, type Tracing, worse } from "./tracing.ts";

type Reader = (content: Content, tracing: Tracing) => Promise<Reading | null>;

/** For formats in which no loader finds a pickle; `code` says what else of theirs a loader may run. */
function withoutPickles(container: DetectedContainer, code?: string): Reader {
  return async (content, tracing) => {
    if (code) tracing.find({ kind: "code", message: code, entry: content.entry });
    return { container, outcome: "ok" };
  };
}

/** The specification's own limit. */
const LONGEST_POINTER = 1024;

/** Formats whose header is met by chance: they count if the stream is whole, or holds something that is known. */
const WEAK: ReadonlySet<DetectedContainer> = new Set(["zlib", "lzma"]);

/** For compressed streams: what they hold is content of its own. */
function compressed(container: DetectedContainer & Codec): Reader {
  return async (content, tracing) => {
    const { entry, depth } = content;
    const found = tracing.findings.length;
    const { content: inflated, failure, consumed } = await decompress(content.source, container, entry, tracing);
    const broken = failure !== undefined && failure.kind !== "limit";
    if (broken) tracing.find({ ...failure, entry });
    if (!failure && consumed < content.source.size) {
      const message = `${content.source.size - consumed} bytes after the compressed stream`;
      tracing.find({ kind: "trailing-bytes", message, entry, offset: consumed });
    }
    const mixed = !failure && (await goesOn(content, container, consumed)) ? reportMixed(content, consumed, tracing) : undefined;
    const inner: Content = { ...content, source: heldInMemory(inflated), entry: memberPath(entry, container), depth: depth + 1 };
    const reading = await tracing.whileHolding(inflated.size, () => tracing.read(inner, tracing));
    const isKnown = !["unknown", "text", "empty"].includes(reading.container);
    if (broken && !isKnown && failure.kind !== "stream-unsupported" && (inflated.size === 0 || WEAK.has(container))) {
      tracing.findings.length = found;
      return null;
    }
    // What joblib before 0.10 compressed is a pickle, or the raw items of one array (ZNDArrayWrapper).
    if (container === "joblib-zfile" && !isKnown) return { container, outcome: failure ? outcomeOf(failure) : "ok" };
    if (mixed) return { container, outcome: worse(reading.outcome, "unsupported"), failure: reading.failure ?? mixed };
    if (!failure) return { ...reading, container };
    return { container, outcome: worse(reading.outcome, outcomeOf(failure)), failure };
  };
}

/** Whether Python's `lzma` goes on behind a stream: with one of either of its formats, where decoders know one of them. */
async function goesOn({ source }: Content, container: Codec, consumed: number): Promise<boolean> {
  if (container !== "xz" && container !== "lzma") return false;
  const next = detect(await source.read(consumed, Math.min(source.size, consumed + DETECTION_BYTES)), source.size - consumed);
  return next === "xz" || next === "lzma";
}

function reportMixed({ entry }: Content, offset: number, tracing: Tracing): Failure {
  const message = "behind the stream is one of another format, which is not read here";
  tracing.find({ kind: "stream-mixed", message, entry, offset });
  return failure("stream-mixed", message, offset);
}

/** A Git LFS pointer (git-lfs's docs/spec.md): a few lines of text in place of a file that was never fetched. */
async function readPointer(content: Content, tracing: Tracing): Promise<Reading> {
  const text = new TextDecoder().decode(await content.source.read(0, LONGEST_POINTER));
  const [, id = "?"] = /^oid (\S+)$/m.exec(text) ?? [];
  const [, size = "?"] = /^size ([0-9]+)$/m.exec(text) ?? [];
  const message = `the content is a Git LFS pointer to ${size} bytes, ${id}, which are not here`;
  tracing.find({ kind: "git-lfs-pointer", message, entry: content.entry, offset: 0 });
  return { container: "git-lfs-pointer", outcome: "unsupported", failure: failure("git-lfs-pointer", message, 0) };
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
  "git-lfs-pointer": readPointer,
};
