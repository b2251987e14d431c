/** A 7z archive: its header, which may itself be compressed, and the files in each of its streams. */
import { heldInMemory } from "../../bytes/held-source.ts";
import { memorySource } from "../../bytes/memory-source.ts";
import { sliceSource } from "../../bytes/slice-source.ts";
import { LIMITS } from "../../limits.ts";
import { type Codec, type Decompressed, decompress, outcomeOf } from "../compressed/decompress.ts";
import { undoX86Filter } from "../compressed/x86-filter.ts";
import { type Content, failure, memberPath, type Reading, readingOf, type Tracing } from "../tracing.ts";
import { type Folder, HeaderFault, parseHeader, type SevenZipHeader, SIGNATURE_BYTES } from "./header.ts";

/** How the methods that are read here are decoded (Methods.txt of 7-Zip). */
const METHODS: Readonly<Record<string, Codec | "copy">> = {
  "00": "copy",
  "030101": "7z-lzma",
  "21": "lzma2",
  "040108": "deflate",
  "040202": "bzip2",
};

/** Methods by name, for saying what is not read. */
const METHOD_NAMES: Readonly<Record<string, string>> = {
  "00": "Copy",
  "03": "Delta",
  "030101": "LZMA",
  "03030103": "BCJ",
  "0303011b": "BCJ2",
  "03030501": "ARM",
  "030401": "PPMd",
  "21": "LZMA2",
  "040109": "Deflate64",
  "06f10701": "AES",
};

type Part = Omit<Reading, "container">;

/** Reads every file of the archive in `content`. */
export async function readSevenZip(content: Content, tracing: Tracing): Promise<Reading> {
  tracing.recognise(content, "7z");
  const broken = (kind: string, message: string, offset: number, outcome: Reading["outcome"] = "malformed"): Part => {
    tracing.find({ kind, message, entry: content.entry, offset });
    return { outcome, failure: failure(kind, message, offset) };
  };
  const { source } = content;
  const signature = await source.read(0, SIGNATURE_BYTES);
  if (signature.length < SIGNATURE_BYTES) return readingOf("7z", [broken("7z-header", "the file ends inside the signature", 0)]);
  const view = new DataView(signature.buffer, signature.byteOffset, SIGNATURE_BYTES);
  const start = SIGNATURE_BYTES + Number(view.getBigUint64(12, true));
  const size = Number(view.getBigUint64(20, true));
  if (size === 0) return readingOf("7z", []);
  if (start + size > source.size) return readingOf("7z", [broken("7z-header", "the header lies beyond the end of the file", 12)]);

  tracing.openArchive(source.size);
  const parts: Part[] = [];
  try {
    const header = await readHeader(content, await source.read(start, start + size), tracing);
    if (typeof header === "string") return readingOf("7z", [broken("7z-method", header, start, "unsupported")]);
    let name = 0;
    for (const folder of header.folders) {
      const names = folder.fileSizes.map(() => header.names[name++] ?? "");
      parts.push(...(await readFolder(content, folder, names, broken, tracing)));
    }
  } catch (error) {
    if (!(error instanceof HeaderFault)) throw error;
    parts.push(broken("7z-header", error.message, start));
  }
  return readingOf("7z", parts);
}

/** The header proper; a reason where it is compressed by a method that is not read here. */
async function readHeader(content: Content, bytes: Uint8Array, tracing: Tracing): Promise<SevenZipHeader | string> {
  let next = bytes;
  // A header may be compressed, and the header that says so too; nobody does it twice.
  for (let level = 0; level < 4; level++) {
    const { header, encoded } = parseHeader(next);
    if (!encoded) return header;
    const [folder] = header.folders;
    if (!folder) throw new HeaderFault("a compressed header that lies nowhere");
    const unpacked = await unpack(content, folder, tracing);
    if (typeof unpacked === "string") return unpacked;
    next = await unpacked.content.read(0, folder.size);
  }
  throw new HeaderFault("headers inside headers");
}

async function readFolder(
  content: Content,
  folder: Folder,
  names: readonly string[],
  broken: (kind: string, message: string, offset: number, outcome?: Reading["outcome"]) => Part,
  tracing: Tracing,
): Promise<Part[]> {
  if (!tracing.countEntryBytes(Math.min(folder.packSize, content.source.size))) {
    const message = "the packed streams read so far have more bytes than the archive: they overlap; this one was not read";
    return [{ outcome: "unfinished", failure: tracing.limit("overlappingBytes", content.entry, folder.packStart, message) }];
  }
  const unpacked = await unpack(content, folder, tracing);
  if (typeof unpacked === "string") return [broken("7z-method", unpacked, folder.packStart, "unsupported")];
  const parts: Part[] = [];
  const fault = unpacked.failure;
  if (fault?.kind === "limit") parts.push({ outcome: "unfinished", failure: fault });
  else if (fault) parts.push(broken(fault.kind, fault.message, folder.packStart + fault.offset, outcomeOf(fault)));
  await tracing.whileHolding(unpacked.content.size, async () => {
    let at = 0;
    for (const [index, size] of folder.fileSizes.entries()) {
      const source = heldInMemory(sliceSource(unpacked.content, at, at + size));
      at += size;
      const entry = memberPath(content.entry, names[index]!);
      parts.push(await tracing.read({ ...content, source, entry, depth: content.depth + 1 }, tracing));
    }
  });
  return parts;
}

/** Filters keep sizes, and are undone in one piece. */
const X86_FILTER = "03030103";
const LONGEST_FILTERED = LIMITS.inflatedBytes.limit / 2;

/** What comes out of a folder's coders; a reason where one of them is not read here. */
async function unpack(content: Content, folder: Folder, tracing: Tracing): Promise<Decompressed | string> {
  const [coder, filter, ...more] = folder.coders;
  const method = coder && METHODS[coder.method];
  const known = method && more.length === 0 && (filter === undefined || filter.method === X86_FILTER);
  if (!known || folder.branches) {
    const methods = folder.coders.map(({ method }) => METHOD_NAMES[method] ?? method).join(", ");
    return `7z methods ${methods} are not read here`;
  }
  const packed = sliceSource(content.source, folder.packStart, folder.packStart + folder.packSize);
  const { properties, size } = coder;
  const unpacked: Decompressed =
    method === "copy"
      ? { content: packed, consumed: packed.size }
      : await decompress(packed, method, content.entry, tracing, { properties, size });
  if (filter === undefined) return unpacked;
  if (unpacked.content.size > LONGEST_FILTERED) return `a filtered stream of ${unpacked.content.size} bytes is not read here`;
  // A copy, also where the source is of a `Buffer`, whose `slice` is a view: the source is read again, and not to be changed.
  const bytes = new Uint8Array(await unpacked.content.read(0, unpacked.content.size));
  undoX86Filter(bytes);
  return { ...unpacked, content: memorySource(bytes) };
}
