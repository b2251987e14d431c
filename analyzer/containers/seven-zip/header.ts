/**
 * The header of a 7z archive (7zFormat.txt of the LZMA SDK): which packed streams there are, how each is decoded, and
 * which files lie in what comes out. Every count is checked against the bytes that would have to be there for it.
 */

/** One step of decoding. */
export interface Coder {
  /** Method id in hexadecimal: `00` Copy, `030101` LZMA, `21` LZMA2 ... */
  readonly method: string;
  readonly properties: Uint8Array;
  /** Bytes that come out of it. */
  readonly size: number;
}

/** What is decoded as one stream: a packed stream, the coders it passes through, and the files that come out. */
export interface Folder {
  /** In the order in which the packed stream passes through them. */
  readonly coders: readonly Coder[];
  /** More than one packed stream, or coders with several inputs: a filter such as BCJ2. */
  readonly branches: boolean;
  readonly packStart: number;
  readonly packSize: number;
  readonly size: number;
  /** Sizes of the files in it, in order. */
  readonly fileSizes: readonly number[];
}

/** A header: folders, and the names of the files, those without bytes left out. */
export interface SevenZipHeader {
  readonly folders: readonly Folder[];
  readonly names: readonly string[];
}

const END = 0x00;
const HEADER = 0x01;
const ARCHIVE_PROPERTIES = 0x02;
const MAIN_STREAMS = 0x04;
const FILES = 0x05;
const PACK_INFO = 0x06;
const UNPACK_INFO = 0x07;
const SUBSTREAMS_INFO = 0x08;
const SIZES = 0x09;
const DIGESTS = 0x0a;
const FOLDERS = 0x0b;
const UNPACK_SIZES = 0x0c;
const STREAM_COUNTS = 0x0d;
const EMPTY_STREAM = 0x0e;
const NAMES = 0x11;
const ENCODED_HEADER = 0x17;

/** Bytes before the packed streams. */
export const SIGNATURE_BYTES = 32;

/** A header that is not valid; it never leaves this folder. */
export class HeaderFault {
  constructor(readonly message: string) {}
}

/** Reads the numbers and bytes of a header; throws a `HeaderFault` beyond its end. */
class HeaderReader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new HeaderFault("the header ends too early");
    return byte;
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new HeaderFault("the header ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A number whose first byte says, by its leading ones, how many more follow. */
  number(): number {
    const first = this.byte();
    let value = 0;
    for (let more = 0, mask = 0x80; more < 8; more++, mask >>>= 1) {
      if (!(first & mask)) return value + (first & (mask - 1)) * 2 ** (8 * more);
      value += this.byte() * 2 ** (8 * more);
    }
    return value;
  }

  /** How many of something follow, each of which takes at least a bit of the header. */
  count(): number {
    const count = this.number();
    if (count > 8 * this.bytes.length) throw new HeaderFault(`a count of ${count} in a header of ${this.bytes.length} bytes`);
    return count;
  }

  bits(count: number): boolean[] {
    const bytes = this.take(Math.ceil(count / 8));
    return Array.from({ length: count }, (_, index) => (bytes[index >>> 3]! & (0x80 >>> (index & 7))) !== 0);
  }

  expect(id: number): void {
    const found = this.byte();
    if (found !== id) throw new HeaderFault(`a field of kind ${found} where one of kind ${id} belongs`);
  }
}

/** Parses a header, or the description of the stream that holds the header: then `encoded` is set. */
export function parseHeader(bytes: Uint8Array): { header: SevenZipHeader; encoded: boolean } {
  const reader = new HeaderReader(bytes);
  const kind = reader.byte();
  if (kind === ENCODED_HEADER) return { header: { folders: readStreams(reader), names: [] }, encoded: true };
  if (kind !== HEADER) throw new HeaderFault(`a header of kind ${kind}`);
  let folders: Folder[] = [];
  let names: string[] = [];
  for (let id = reader.byte(); id !== END; id = reader.byte()) {
    if (id === MAIN_STREAMS) folders = readStreams(reader);
    else if (id === FILES) names = readFiles(reader);
    else if (id === ARCHIVE_PROPERTIES)
      for (let property = reader.byte(); property !== END; property = reader.byte()) reader.take(reader.number());
    else throw new HeaderFault(`a field of kind ${id} in the header`);
  }
  return { header: { folders, names }, encoded: false };
}

function readStreams(reader: HeaderReader): Folder[] {
  let packStart = SIGNATURE_BYTES;
  let packSizes: number[] = [];
  let folders: UnplacedFolder[] = [];
  let fileSizes: number[][] | null = null;
  for (let id = reader.byte(); id !== END; id = reader.byte()) {
    if (id === PACK_INFO) {
      packStart += reader.number();
      packSizes = readPackInfo(reader);
    } else if (id === UNPACK_INFO) folders = readFolders(reader);
    else if (id === SUBSTREAMS_INFO) fileSizes = readSubstreams(reader, folders);
    else throw new HeaderFault(`a field of kind ${id} among the streams`);
  }
  let stream = 0;
  return folders.map((folder, index) => {
    const sizes = packSizes.slice(stream, stream + folder.packedStreams);
    stream += folder.packedStreams;
    const start = packStart;
    packStart += sizes.reduce((sum, size) => sum + size, 0);
    const { coders, size } = folder;
    return { coders, branches: folder.branches, size, packStart: start, packSize: sizes[0] ?? 0, fileSizes: fileSizes?.[index] ?? [size] };
  });
}

function readPackInfo(reader: HeaderReader): number[] {
  const count = reader.count();
  let sizes: number[] = [];
  for (let id = reader.byte(); id !== END; id = reader.byte()) {
    if (id === SIZES) sizes = Array.from({ length: count }, () => reader.number());
    else if (id === DIGESTS) skipDigests(reader, count);
    else throw new HeaderFault(`a field of kind ${id} among the packed streams`);
  }
  return sizes;
}

function skipDigests(reader: HeaderReader, count: number): boolean[] {
  const defined = reader.byte() !== 0 ? Array.from({ length: count }, () => true) : reader.bits(count);
  reader.take(4 * defined.filter(Boolean).length);
  return defined;
}

interface UnplacedFolder {
  coders: Coder[];
  readonly branches: boolean;
  readonly packedStreams: number;
  /** Number of outputs, and in which order the packed stream passes through them. */
  readonly outputs: number;
  readonly order: readonly number[];
  size: number;
  hasDigest: boolean;
}

function readFolders(reader: HeaderReader): UnplacedFolder[] {
  reader.expect(FOLDERS);
  const count = reader.count();
  if (reader.byte() !== 0) throw new HeaderFault("folders that are described elsewhere");
  const folders = Array.from({ length: count }, () => readFolder(reader));
  reader.expect(UNPACK_SIZES);
  for (const folder of folders) {
    const sizes = Array.from({ length: folder.outputs }, () => reader.number());
    if (!folder.branches) folder.coders = folder.order.map((index) => ({ ...folder.coders[index]!, size: sizes[index]! }));
    folder.size = sizes[folder.order.at(-1) ?? 0] ?? 0;
  }
  for (let id = reader.byte(); id !== END; id = reader.byte()) {
    if (id !== DIGESTS) throw new HeaderFault(`a field of kind ${id} among the folders`);
    for (const [index, defined] of skipDigests(reader, count).entries()) folders[index]!.hasDigest = defined;
  }
  return folders;
}

function readFolder(reader: HeaderReader): UnplacedFolder {
  const coders: Coder[] = [];
  const count = reader.count();
  let inputs = 0;
  let outputs = 0;
  for (let index = 0; index < count; index++) {
    const flags = reader.byte();
    const method = Buffer.from(reader.take(flags & 0x0f)).toString("hex");
    inputs += flags & 0x10 ? reader.count() : 1;
    outputs += flags & 0x10 ? reader.count() : 1;
    coders.push({ method, properties: flags & 0x20 ? reader.take(reader.number()) : new Uint8Array(0), size: 0 });
  }
  /** Which input reads which output. */
  const readers = new Map<number, number>();
  const fed = new Set<number>();
  for (let pair = 0; pair < outputs - 1; pair++) {
    const input = reader.number();
    readers.set(reader.number(), input);
    fed.add(input);
  }
  const packedStreams = inputs - (outputs - 1);
  if (packedStreams > 1) for (let stream = 0; stream < packedStreams; stream++) reader.number();
  const branches = inputs !== count || outputs !== count || packedStreams !== 1;
  const order: number[] = [];
  const first = Array.from({ length: inputs }, (_, index) => index).find((index) => !fed.has(index));
  for (let next = first; next !== undefined && order.length < count; next = readers.get(next)) order.push(next);
  if (!branches && order.length !== count) throw new HeaderFault("coders that do not form a chain");
  return { coders, branches, packedStreams, outputs, order, size: 0, hasDigest: false };
}

function readSubstreams(reader: HeaderReader, folders: readonly UnplacedFolder[]): number[][] {
  let counts = folders.map(() => 1);
  let id = reader.byte();
  if (id === STREAM_COUNTS) {
    counts = folders.map(() => reader.count());
    id = reader.byte();
  }
  const sizes = folders.map((folder, index) => {
    const count = counts[index]!;
    if (count === 0) return [];
    const listed = id === SIZES ? Array.from({ length: count - 1 }, () => reader.number()) : [];
    return [...listed, folder.size - listed.reduce((sum, size) => sum + size, 0)];
  });
  if (id === SIZES) id = reader.byte();
  for (; id !== END; id = reader.byte()) {
    if (id !== DIGESTS) throw new HeaderFault(`a field of kind ${id} among the files of folders`);
    const unknown = folders.reduce((sum, folder, index) => sum + (counts[index] === 1 && folder.hasDigest ? 0 : counts[index]!), 0);
    skipDigests(reader, unknown);
  }
  return sizes;
}

/** The names of files that have bytes, in the order of those. */
function readFiles(reader: HeaderReader): string[] {
  const count = reader.count();
  let names: string[] = [];
  let empty: boolean[] = [];
  for (let id = reader.byte(); id !== END; id = reader.byte()) {
    const property = new HeaderReader(reader.take(reader.number()));
    if (id === EMPTY_STREAM) empty = property.bits(count);
    if (id === NAMES) {
      if (property.byte() !== 0) throw new HeaderFault("names that are stored elsewhere");
      names = Array.from({ length: count }, () => readName(property));
    }
  }
  return names.filter((_, index) => !empty[index]);
}

function readName(reader: HeaderReader): string {
  let name = "";
  for (;;) {
    const [low, high] = [reader.byte(), reader.byte()];
    if (low === 0 && high === 0) return name;
    name += String.fromCharCode(low | (high << 8));
  }
}
