/**
 * What bytes are, by what they begin with: a magic number, or a header that is hardly ever met by chance. What has none
 * (pickles, numpy arrays, tar, text, a zip with something before it) is tried by whoever asks.
 */
import type { ContainerName } from "./containers.ts";
import { isSafetensors } from "./safetensors.ts";

/** How many of the first bytes detection looks at. */
export const DETECTION_BYTES = 4096;

/** What detection can tell: everything that `readers.ts` has a reader for. */
export type DetectedContainer = Extract<
  ContainerName,
  | "gzip"
  | "zlib"
  | "joblib-zfile"
  | "bzip2"
  | "xz"
  | "lzma"
  | "lz4"
  | "zstd"
  | "7z"
  | "safetensors"
  | "gguf"
  | "ggml"
  | "hdf5"
  | "tflite"
  | "image"
  | "media"
  | "parquet"
  | "sqlite"
  | "git-lfs-pointer"
>;

interface Signature {
  readonly container: DetectedContainer;
  readonly matches: (head: Uint8Array, size: number) => boolean;
}

/** A signature that begins with these bytes at `offset`; a string stands for its Latin-1 bytes. */
function magic(container: DetectedContainer, bytes: string, offset = 0): Signature {
  return { container, matches: (head) => hasBytes(head, bytes, offset) };
}

/** A frame of LZ4 or Zstandard, which may have frames in front of it that are to be skipped: they share those. */
function frame(container: DetectedContainer, bytes: string): Signature {
  return { container, matches: (head) => hasBytes(head, bytes, firstFrame(head)) };
}

/** Where the first frame begins that is not to be skipped (RFC 8878, 3.1.2: sixteen magic numbers, and a length). */
function firstFrame(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let at = 0;
  while (at + 8 <= head.length && (view.getUint32(at, true) & ~15) >>> 0 === 0x184d2a50) at += 8 + view.getUint32(at + 4, true);
  return at;
}

const HDF5 = "\x89HDF\r\n\x1a\n";

const SIGNATURES: readonly Signature[] = [
  magic("gzip", "\x1f\x8b"),
  { container: "bzip2", matches: isBzip2 },
  magic("xz", "\xfd7zXZ\0"),
  ...["\x04\x22\x4d\x18", "\x02\x21\x4c\x18"].map((bytes) => frame("lz4", bytes)),
  frame("zstd", "\x28\xb5\x2f\xfd"),
  magic("7z", "7z\xbc\xaf\x27\x1c"),
  { container: "joblib-zfile", matches: isZfile },
  { container: "zlib", matches: isZlib },
  { container: "lzma", matches: isLzma },
  { container: "safetensors", matches: isSafetensors },
  magic("gguf", "GGUF"),
  ...["lmgg", "fmgg", "tjgg", "algg"].map((bytes) => magic("ggml", bytes)),
  magic("hdf5", HDF5),
  magic("tflite", "TFL3", 4),
  magic("image", "\x89PNG\r\n\x1a\n"),
  magic("image", "\xff\xd8\xff"),
  magic("image", "GIF8"),
  magic("image", "II*\0"),
  magic("image", "MM\0*"),
  { container: "image", matches: (head) => hasBytes(head, "RIFF", 0) && hasBytes(head, "WEBP", 8) },
  { container: "image", matches: isBitmap },
  { container: "media", matches: (head) => hasBytes(head, "RIFF", 0) && !hasBytes(head, "WEBP", 8) },
  ...["OggS", "ID3", "fLaC", "%PDF-", "wOFF", "wOF2", "OTTO", "\0\x01\0\0\0"].map((bytes) => magic("media", bytes)),
  magic("media", "ftyp", 4),
  magic("parquet", "PAR1"),
  magic("parquet", "ARROW1"),
  magic("sqlite", "SQLite format 3\0"),
  magic("git-lfs-pointer", "version https://git-lfs.github.com/spec/v1\n"),
];

/** The container that `head` (the first `DETECTION_BYTES` of `size`) begins like; its reader has the last word. */
export function detect(head: Uint8Array, size: number): DetectedContainer | null {
  return SIGNATURES.find((signature) => signature.matches(head, size))?.container ?? null;
}

/** Whether `head` begins as a zip does: with an entry, with the end of an empty archive, or with the mark of a split one. */
export function isZip(head: Uint8Array): boolean {
  return ["PK\x03\x04", "PK\x05\x06", "PK\x07\x08"].some((bytes) => hasBytes(head, bytes, 0));
}

/** Whether HDF5 begins behind a block of the user's, which may be anything: at 512 bytes, or twice as many, and so on. */
export function hasHdf5Behind(head: Uint8Array): boolean {
  for (let at = 512; at < head.length; at *= 2) if (hasBytes(head, HDF5, at)) return true;
  return false;
}

function hasBytes(head: Uint8Array, bytes: string, offset: number): boolean {
  if (head.length < offset + bytes.length) return false;
  for (let index = 0; index < bytes.length; index++) if (head[offset + index] !== bytes.charCodeAt(index)) return false;
  return true;
}

/** Level 1 to 9, then the magic of a block or of an empty stream's end. */
function isBzip2(head: Uint8Array): boolean {
  if (!hasBytes(head, "BZh", 0) || head[3]! < 0x31 || head[3]! > 0x39) return false;
  return hasBytes(head, "1AY&SY", 4) || hasBytes(head, "\x17\x72\x45\x38\x50\x90", 4);
}

/** A length as Python's `int(field, 16)` takes it; Python 2 wrote an `L` behind it. */
const ZFILE_LENGTH = /^\s*[+-]?(?:0x_?)?[0-9a-f](?:_?[0-9a-f])*L?\s*$/i;

function isZfile(head: Uint8Array): boolean {
  return hasBytes(head, "ZF", 0) && ZFILE_LENGTH.test(String.fromCharCode(...head.subarray(2, 21)));
}

/** Method 8 with a window of at most 32 KiB, and a header that is a multiple of 31 (RFC 1950, 2.2). */
function isZlib(head: Uint8Array): boolean {
  if (head.length < 8) return false;
  const [method, flags] = [head[0]!, head[1]!];
  return (method & 15) === 8 && method >>> 4 <= 7 && ((method << 8) | flags) % 31 === 0 && (head[2]! & 6) !== 6;
}

/** Properties below 225, a dictionary of 2^n or 2^n + 2^(n-1), a size that is unknown or below 256 GB: what xz-utils demands. */
function isLzma(head: Uint8Array): boolean {
  if (head.length < 14 || head[0]! >= 225) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const dictionary = view.getUint32(1, true);
  if (dictionary !== 0xffffffff && !isPowerOrHalfMore(dictionary)) return false;
  const size = view.getBigUint64(5, true);
  // The range coder's first byte is always 0.
  return (size === 0xffffffffffffffffn || size < 1n << 38n) && head[13] === 0;
}

function isPowerOrHalfMore(value: number): boolean {
  if (value === 0) return false;
  const lowest = value & -value;
  const rest = (value ^ lowest) >>> 0;
  return rest === 0 || rest === lowest * 2;
}

/** The size it says is that of the file. */
function isBitmap(head: Uint8Array, size: number): boolean {
  if (!hasBytes(head, "BM", 0) || head.length < 14) return false;
  return new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(2, true) === size;
}
