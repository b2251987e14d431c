/**
 * Torch checkpoints of any size whose tensors are zeros: a real zip directory and a real `data.pkl` around storages that
 * are never held. For benchmarks and tests that must not read weights; nothing here is a model.
 */
import { crc32 } from "node:zlib";
import { assemble } from "../../analyzer/pickle/assembler.ts";
import { type Content, sparseContent } from "./content.ts";

/** An entry of an archive: its bytes, or how many zeros it is. */
export type SparseEntry = { readonly name: string } & ({ readonly bytes: Uint8Array } | { readonly zeros: number });

/** A state dict of float tensors, `elements` each, as `torch.save` lays it out. One `name`, one content. */
export function checkpoint(name: string, tensors: number, elements: number): Content {
  const storages = Array.from({ length: tensors }, (_, index) => ({ name: `archive/data/${index}`, zeros: elements * 4 }));
  const program = assembled(stateDict(name, tensors, elements));
  return sparseZip(`checkpoint ${name}`, [{ name: "archive/data.pkl", bytes: program }, ...storages, VERSION]);
}

/** A `training_args.bin`: an object of a class that no weights-only loader allows, and no tensor. */
export function trainingArguments(name: string): Content {
  const program = assembled(`
    PROTO 2
    GLOBAL "transformers.training_args TrainingArguments"
    EMPTY_TUPLE
    NEWOBJ
    EMPTY_DICT
    BINUNICODE "output_dir"
    BINUNICODE "${name}"
    SETITEM
    BUILD
    STOP`);
  return sparseZip(`training arguments ${name}`, [{ name: "archive/data.pkl", bytes: program }, VERSION]);
}

const VERSION = { name: "archive/version", bytes: Buffer.from("3\n") };
const MOST_32 = 0xffff_ffff;

/**
 * A zip of stored entries (PKWARE APPNOTE 4.3), in the zip64 format where it is longer than 4 GB. Entries must be
 * shorter than that.
 */
export function sparseZip(name: string, entries: readonly SparseEntry[]): Content {
  const pieces: { offset: number; bytes: Uint8Array }[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const put = (bytes: Uint8Array) => {
    pieces.push({ offset, bytes });
    offset += bytes.length;
  };
  for (const entry of entries) {
    const size = "zeros" in entry ? entry.zeros : entry.bytes.length;
    const checksum = "zeros" in entry ? crcOfZeros(entry.zeros) : crc32(entry.bytes);
    // Version, flags, method, time, date, checksum, sizes, length of the name: the same in both headers.
    const common = [
      [2, 45],
      [2, 0],
      [2, 0],
      [2, 0],
      [2, 0x21],
      [4, checksum],
      [4, size],
      [4, size],
      [2, entry.name.length],
    ] as const;
    const far = offset > MOST_32 ? fields([2, 1], [2, 8], [8, offset]) : Buffer.alloc(0);
    const rest = [
      [2, far.length],
      [2, 0],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, Math.min(offset, MOST_32)],
    ] as const;
    directory.push(fields([4, 0x02014b50], [2, 45], ...common, ...rest), Buffer.from(entry.name), far);
    put(Buffer.concat([fields([4, 0x04034b50], ...common, [2, 0]), Buffer.from(entry.name)]));
    if ("zeros" in entry) offset += entry.zeros;
    else put(entry.bytes);
  }
  const start = offset;
  put(Buffer.concat(directory));
  const count = entries.length;
  const [size, end] = [offset - start, offset];
  if (start > MOST_32) {
    put(fields([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, start]));
    put(fields([4, 0x07064b50], [4, 0], [8, end], [4, 1]));
  }
  put(fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, Math.min(start, MOST_32)], [2, 0]));
  return sparseContent(name, offset, pieces);
}

function stateDict(name: string, tensors: number, elements: number): string {
  const tensor = (index: number) => `
    BINUNICODE "${name}.${index}.weight"
    GLOBAL "torch._utils _rebuild_tensor_v2"
    MARK
    MARK
    BINUNICODE "storage"
    GLOBAL "torch FloatStorage"
    BINUNICODE "${index}"
    BINUNICODE "cpu"
    BININT ${elements}
    TUPLE
    BINPERSID
    BININT1 0
    BININT ${elements}
    TUPLE1
    BININT1 1
    TUPLE1
    NEWFALSE
    GLOBAL "collections OrderedDict"
    EMPTY_TUPLE
    REDUCE
    TUPLE
    REDUCE`;
  return `
    PROTO 2
    GLOBAL "collections OrderedDict"
    EMPTY_TUPLE
    REDUCE
    MARK
    ${Array.from({ length: tensors }, (_, index) => tensor(index)).join("")}
    SETITEMS
    STOP`;
}

function assembled(listing: string): Uint8Array {
  const program = assemble(listing);
  if (!program.ok) throw new Error(`line ${program.error.line}: ${program.error.message}`);
  return program.value;
}

const ZEROS = Buffer.alloc(2 ** 20);
const checksums = new Map<number, number>();

function crcOfZeros(count: number): number {
  let checksum = checksums.get(count);
  if (checksum === undefined) {
    checksum = 0;
    for (let left = count; left > 0; left -= ZEROS.length) checksum = crc32(ZEROS.subarray(0, left), checksum);
    checksums.set(count, checksum);
  }
  return checksum;
}

/** Unsigned little-endian integers by width in bytes and value. */
function fields(...values: readonly (readonly [width: 2 | 4 | 8, value: number])[]): Buffer {
  return Buffer.concat(
    values.map(([width, value]) => {
      const bytes = Buffer.alloc(width);
      if (width === 8) bytes.writeBigUInt64LE(BigInt(value));
      else bytes.writeUIntLE(value, 0, width);
      return bytes;
    }),
  );
}
